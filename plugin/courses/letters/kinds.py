"""Which kinds of letters the clinic sends, each in its own words where it has written some; all are off at first.

A client gets them all but for the kinds that they, or staff for them, declined.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.letters import LetterKind
from plugin.core.text import clean
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import known_client_in, living_client_in
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.documents import LetterChoice, LetterSetting
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
