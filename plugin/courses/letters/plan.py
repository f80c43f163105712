"""Planning letters: each is written down once and enqueued; and who would get what in the next days."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.letters import LetterKind, LetterRules, Occasion
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, transact
from plugin.courses.letters.circumstances import Circumstances, circumstances_in
from plugin.courses.letters.kinds import kinds_on_in
from plugin.courses.lists.listing import renew_some
from plugin.store import Store
from plugin.store.tables import Client, ClientLetter

# The outbox job that sends one letter.
CLIENT_LETTER = "client_letter"
POSTMAN = Actor("Letters", Role.OWNER, Source.COMMAND)
# Of one round; a clinic that switches a letter on does not write to everybody within the hour.
MOST_AT_ONCE = 50
PREVIEW_DAYS = 7


@dataclass(frozen=True, slots=True)
class ComingLetter:
    """A letter that would be written that day, if nothing changes until then."""

    on: date
    kind: LetterKind
    client_id: str
    client_name: str
    course_id: str


def plan_letters(store: Store, now: datetime, rules: LetterRules) -> int:
    """Plan the letters due now; return how many. Nothing outside the hours for letters."""
    with store.reading() as session:
        kinds, zone = kinds_on_in(session), clinic_in(session).zone
    if not kinds or not rules.is_open(now, zone):
        return 0
    renew_some(store, now)
    with store.reading() as session:
        today = local_date_in(session, now)
        due = (
            each.client_id
            for each in circumstances_in(session, now, rules)
            if each.letter_on(today, rules, kinds)
        )
        chosen = [client_id for client_id, _ in zip(due, range(MOST_AT_ONCE), strict=False)]
    return sum(_plan(store, now, rules, client_id) for client_id in chosen)


def _plan(store: Store, now: datetime, rules: LetterRules, client_id: str) -> bool:
    """Plan a client's letter. Of two workers, the second sees what the first one wrote."""

    def do(work: Work) -> bool:
        work.session.execute(select(Client.id).where(Client.id == client_id).with_for_update())
        today, kinds = local_date_in(work.session, now), kinds_on_in(work.session)
        for each in circumstances_in(work.session, now, rules, client_ids=[client_id]):
            if found := each.letter_on(today, rules, kinds):
                _write_down(work, found)
                return True
        return False

    return transact(store, Act(POSTMAN, now, f"letter:{client_id}:{now.isoformat()}"), do)


def _write_down(work: Work, found: Occasion) -> None:
    letter = ClientLetter(
        id=work.new_id(),
        course_id=found.facts.course_id,
        kind=found.kind.value,
        occasion=found.mark,
        client_id=found.facts.client_id,
        planned_at=work.now,
    )
    work.add(letter)
    enqueue(work, CLIENT_LETTER, letter.id)


def coming_letters(
    store: Store, now: datetime, rules: LetterRules, *, days: int = PREVIEW_DAYS
) -> tuple[ComingLetter, ...]:
    """Return who would get which letter on each of the next days; nothing is planned or sent."""
    renew_some(store, now)
    with store.reading() as session:
        wanted = kinds_on_in(session)
        first = local_date_in(session, now)
        known = circumstances_in(session, now, rules, days=days) if wanted else ()
        found = [letter for each in known for letter in _coming(each, first, days, rules, wanted)]
    return tuple(sorted(found, key=lambda letter: letter.on))


def _coming(
    client: Circumstances, first: date, days: int, rules: LetterRules, kinds: frozenset[LetterKind]
) -> Iterator[ComingLetter]:
    for day in (first + timedelta(days=number) for number in range(days)):
        if found := client.letter_on(day, rules, kinds):
            client = replace(client, done=client.done | {found.key}, last_on=day)
            yield ComingLetter(day, found.kind, client.client_id, client.client_name, found.facts.course_id)
