"""Which kinds of letters the clinic sends, each in its own words where it has written some; all are off at first.

A client gets them all but for the kinds that they, or staff for them, declined.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.letters import LetterKind
from plugin.core.moments import day_at
from plugin.core.text import clean
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.views import Page, from_row
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import known_client_in, living_client_in
from plugin.courses.reports.period import Period, by_month
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.tables import Client, ClientLetter, Course, LetterChoice, LetterSetting, Visit
from plugin.wording import N_, _

MOST_WORDS = 600


@dataclass(frozen=True, slots=True)
class LetterKindView:
    """A kind of letter; `words`: the clinic's own opening, by language, where it has one."""

    kind: LetterKind
    is_on: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


TITLES: dict[LetterKind, str] = {
    LetterKind.BALANCE_DUE: N_("Balance due"),
    LetterKind.EXPIRING: N_("Course expires soon"),
    LetterKind.FINISHED: N_("Course finished"),
    LetterKind.LOW: N_("One session left"),
    LetterKind.TWO_LEFT: N_("Two sessions left"),
    LetterKind.TOUCH_UP: N_("Touch-up due"),
    LetterKind.LAPSED: N_("Not seen for weeks"),
    LetterKind.REVIEW: N_("How was it?"),
}


def letter_kind(name: str) -> LetterKind:
    """Return the kind of this name; raises NotFound."""
    if name not in list(LetterKind):
        raise NotFound(_("There is no such e-mail."))
    return LetterKind(name)


def list_letter_kinds(store: Store) -> tuple[LetterKindView, ...]:
    """Return all kinds, the most urgent first."""
    with store.reading() as session:
        return tuple(letter_kinds_in(session).values())


def letter_kinds_in(session: Session) -> dict[LetterKind, LetterKindView]:
    """Return all kinds by name."""
    rows = {row.kind: row for row in session.scalars(select(LetterSetting))}
    found = ((kind, rows.get(kind.value)) for kind in LetterKind)
    return {
        kind: LetterKindView(kind, row.is_on, row.words) if row else LetterKindView(kind)
        for kind, row in found
    }


def kinds_on_in(session: Session) -> frozenset[LetterKind]:
    return frozenset(kind for kind, each in letter_kinds_in(session).items() if each.is_on)


@allowed()
def switch_letter(work: Work, kind: LetterKind, *, is_on: bool) -> None:
    """Switch a kind of letter on or off. Idempotent."""
    row = _row(work, kind)
    if row.is_on != is_on:
        _record(work, kind, *("on" if each else "off" for each in (row.is_on, is_on)))
    row.is_on, row.changed_at, row.by = is_on, work.now, work.act.actor.name


@allowed()
def word_letter(work: Work, kind: LetterKind, words: Mapping[str, str]) -> None:
    """Save the clinic's own opening by language; "" takes ours again. Raises InvalidField for one that is too long."""
    kept = {language: text for language, typed in words.items() if (text := _checked(language, typed))}
    row = _row(work, kind)
    if row.words != kept:
        _record(work, kind, *("\n".join(each.values()) for each in (row.words, kept)))
    row.words, row.changed_at, row.by = kept, work.now, work.act.actor.name


def words_field(language: str) -> str:
    """Return the field of a form that has the opening in this language: `words_zh` for zh-Hans."""
    return f"words_{language.partition('-')[0]}"


def _checked(language: str, typed: str) -> str:
    # Paragraphs stay; anything that is no letter, mark or space goes.
    text = "\n".join(line for each in typed.splitlines() if (line := clean(each)))
    if len(text) > MOST_WORDS:
        raise InvalidField(
            _("An opening has at most {n} characters.", n=MOST_WORDS), field=words_field(language)
        )
    return text


def _row(work: Work, kind: LetterKind) -> LetterSetting:
    row = work.session.get(LetterSetting, kind.value, with_for_update=True)
    if row is None:
        row = LetterSetting(
            kind=kind.value, is_on=False, words={}, changed_at=work.now, by=work.act.actor.name
        )
        work.session.add(row)
    return row


def _record(work: Work, kind: LetterKind, before: str, after: str) -> None:
    record_in(work, Did.LETTER_CHANGED, name=TITLES[kind], subject_id=kind.value, before=before, after=after)


def declined_by(store: Store, client_id: str) -> frozenset[LetterKind]:
    """Return the kinds that this client does not get."""
    with store.reading() as session:
        client = living_client_in(session, client_id)
        kinds = session.scalars(select(LetterChoice.kind).where(LetterChoice.client_id == client.id))
        return frozenset(LetterKind(each) for each in kinds if each in list(LetterKind))


@allowed(Role.DESK)
def choose_letter(work: Work, client_id: str, kind: LetterKind, *, is_wanted: bool) -> str:
    """Have a client get letters of this kind or not; return the client. Idempotent. Raises NotFound, Refused."""
    client = known_client_in(work.session, client_id)
    row = work.session.get(LetterChoice, (client.id, kind.value), with_for_update=True)
    if is_wanted == (row is None):
        return client.id
    if row is not None:
        work.session.delete(row)
    else:
        by = work.act.actor.name
        work.session.add(LetterChoice(client_id=client.id, kind=kind.value, declined_at=work.now, by=by))
    words = [f"{TITLES[kind]}: {'on' if each else 'off'}" for each in (not is_wanted, is_wanted)]
    record_in(work, Did.CLIENT_CHANGED, client_id=client.id, before=words[0], after=words[1])
    return client.id


# What happens within so many days after a letter is counted as following it.
FOLLOWS_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter; state planned, sending, sent, left (no longer due) or refused (by the mail server).

    `said`: why it was not sent, or what is uncertain. `at`: when it came to its state, or was planned.
    """

    id: str
    kind: LetterKind
    client_id: str
    client_name: str
    course_id: str
    package_name: str
    state: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LetterMonth:
    """The letters of one kind that were sent in a month, and those that were not, for lack of a reason or by refusal.

    `came` and `bought`: of `sent`, those whose client did so within 30 days after that day.
    """

    month: Period
    kind: LetterKind
    sent: int
    came: int
    bought: int
    not_sent: int


def letters_of_client(store: Store, client_id: str) -> tuple[LetterView, ...]:
    """Return the last fifty letters to a client, newest first; raises NotFound."""
    with store.reading() as session:
        client = living_client_in(session, client_id)
        return tuple(_views(session, _LETTERS.where(ClientLetter.client_id == client.id).limit(50)))


def list_letters(store: Store, *, limit: int = 50, cursor: str | None = None) -> Page[LetterView]:
    """Return the letters to all clients, newest first."""
    query = _LETTERS.where(ClientLetter.id < cursor) if cursor else _LETTERS
    with store.reading() as session:
        rows = tuple(_views(session, query.limit(limit + 1)))
    return Page.of(rows, limit, lambda letter: letter.id)


def letters_by_month(store: Store, now: datetime) -> tuple[LetterMonth, ...]:
    """Return the last twelve months by kind, oldest first; a month without a letter of a kind has no row."""
    with store.reading() as session:
        months = by_month(session, now, lambda since: _done_since(session, since))
    return tuple(
        LetterMonth(
            month,
            kind,
            sent=sum(each.is_sent for each in of_kind),
            came=sum(each.came for each in of_kind),
            bought=sum(each.bought for each in of_kind),
            not_sent=sum(not each.is_sent for each in of_kind),
        )
        for month, done in months.items()
        for kind in LetterKind
        if (of_kind := [each for each in done if each.kind == kind])
    )


class _Done(NamedTuple):
    kind: str
    is_sent: bool
    came: bool
    bought: bool


def _done_since(session: Session, since: datetime) -> Iterator[tuple[datetime, _Done]]:
    of, clinic = ClientLetter, clinic_in(session)
    clients = select(of.client_id).where(of.state == "sent", of.done_at >= since)
    came = _by_client(
        session.execute(
            select(Visit.client_id, Visit.visited_on).where(
                Visit.client_id.in_(clients), Visit.visited_on >= day_at(since, clinic.zone), IS_VALID
            )
        )
    )
    bought = _by_client(
        (client_id, day_at(at, clinic.zone))
        for client_id, at in session.execute(
            select(Course.client_id, Course.booked_at).where(
                Course.client_id.in_(clients), Course.booked_at >= since
            )
        )
    )
    done = select(of.kind, of.client_id, of.state, of.done_at).where(of.done_at >= since)
    for kind, client_id, state, done_at in session.execute(done):
        if done_at is None:
            continue
        on, is_sent = day_at(done_at, clinic.zone), state == "sent"
        yield (
            done_at,
            _Done(
                kind,
                is_sent,
                is_sent and _follows(on, came[client_id]),
                is_sent and _follows(on, bought[client_id]),
            ),
        )


def _by_client(rows: Iterable[Any]) -> defaultdict[str, list[date]]:
    found: defaultdict[str, list[date]] = defaultdict(list)
    for client_id, on in rows:
        found[client_id].append(on)
    return found


def _follows(on: date, days: Iterable[date]) -> bool:
    return any(on < day <= on + FOLLOWS_WITHIN for day in days)


LETTERS: Columns[LetterMonth] = (
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH, sort="month"),
    Column(_("E-mail"), lambda row: TITLES[row.kind], Kind.TEXT, sort="kind"),
    Column(_("Sent"), lambda row: row.sent, sort="sent"),
    Column(_("Came within 30 days"), lambda row: Share(row.came, row.sent), Kind.SHARE, sort="came"),
    Column(_("Bought within 30 days"), lambda row: Share(row.bought, row.sent), Kind.SHARE, sort="bought"),
    Column(_("Not sent"), lambda row: row.not_sent, sort="not_sent"),
)


def _views(session: Session, query: Any) -> Iterator[LetterView]:
    for row in session.execute(query):
        letter: ClientLetter = row.ClientLetter
        yield from_row(
            LetterView,
            letter,
            kind=LetterKind(letter.kind),
            client_name=row.client_name,
            package_name=row.package_name,
            at=letter.done_at or letter.planned_at,
        )


_LETTERS = (
    select(ClientLetter, Client.name.label("client_name"), Course.package_name)
    .join(Client, Client.id == ClientLetter.client_id)
    .join(Course, Course.id == ClientLetter.course_id)
    .order_by(ClientLetter.id.desc())
)
