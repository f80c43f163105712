"""The letters that were written: to one client, to all, and what followed them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from plugin.core.letters import LetterKind
from plugin.courses.base.attendance import IS_VALID
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.columns import Column, Columns, Kind, Share
from plugin.courses.base.views import Page, from_row
from plugin.courses.clients.clients import living_client_in
from plugin.courses.letters.kinds import TITLES
from plugin.courses.reports.period import Period, by_month
from plugin.store import Store
from plugin.store.tables import Client, ClientLetter, Course, Visit
from plugin.wording import _

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
                Visit.client_id.in_(clients), Visit.visited_on >= local_date(clinic, since), IS_VALID
            )
        )
    )
    bought = _by_client(
        (client_id, local_date(clinic, at))
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
        on, is_sent = local_date(clinic, done_at), state == "sent"
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
    Column(_("Month"), lambda row: row.month.key, Kind.MONTH),
    Column(_("E-mail"), lambda row: TITLES[row.kind], Kind.TEXT),
    Column(_("Sent"), lambda row: row.sent),
    Column(_("Came within 30 days"), lambda row: Share(row.came, row.sent), Kind.SHARE),
    Column(_("Bought within 30 days"), lambda row: Share(row.bought, row.sent), Kind.SHARE),
    Column(_("Not sent"), lambda row: row.not_sent),
)


def _views(session: Session, query: Any) -> Iterator[LetterView]:
    for row in session.execute(query):
        yield _view(row)


def _view(row: Row[Any]) -> LetterView:
    letter: ClientLetter = row.ClientLetter
    return from_row(
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
