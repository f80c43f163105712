"""Letters planned and on their way: written down once, enqueued, whether still due, what each says, its outcome.

Who would get what in the next days is read here as well. Wording is in `plugin.emails`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from invoices.papers import NextVisit
from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.batches import batched
from plugin.core.letters import LetterFacts, LetterKind, LetterRules, Occasion, choose, may_write, occasion
from plugin.core.moments import day_at
from plugin.core.status import IN_USE
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import course_in
from plugin.courses.base.state import DUE_ON
from plugin.courses.base.views import ClientView, ClinicView, CourseView, from_row
from plugin.courses.base.work import Work, in_session, require_row, transact
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.clients import living_client_in, view_of
from plugin.courses.documents.statement import pay_address_in
from plugin.courses.handouts.status import next_visit_in
from plugin.courses.handouts.visit_email import address_answered_in
from plugin.courses.letters.kinds import kinds_on_in, letter_kinds_in
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports.follow_ups import next_bookings
from plugin.courses.sales.buy_again import AgainOffer, offer_again_in
from plugin.store import Store
from plugin.store.listing import NEVER, NOT_YET, ListedCourse
from plugin.store.tables import Allowance, Client, ClientLetter, Course, LetterChoice
from plugin.wording import _

# The longest that any rule looks back and ahead (`plugin.core.letters`).
_BACK, _AHEAD = timedelta(days=61), timedelta(days=61)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Circumstances:
    """One client as letters see them; `done`: the keys of the occasions written about before."""

    client_id: str
    client_name: str
    courses: tuple[LetterFacts, ...]
    declined: frozenset[LetterKind]
    done: frozenset[tuple[str, str, str]]
    last_on: date | None

    def letter_on(self, day: date, rules: LetterRules, kinds: Collection[LetterKind]) -> Occasion | None:
        """Return the letter to write to them that day, None for none: the one rule of plans and previews."""
        if not may_write(self.last_on, day):
            return None
        return choose(self.courses, day, rules, set(kinds) - self.declined, self.done)


def circumstances_in(
    session: Session, now: datetime, rules: LetterRules, *, days: int = 0, client_ids: Collection[str] = ()
) -> Iterator[Circumstances]:
    """Yield the clients who can be written to and may have a letter due, by name, today or within so many days.

    `client_ids`: of these clients alone.
    """
    zone = clinic_in(session).zone
    today = day_at(now, zone)
    which = [or_(*_may_be_due(today, rules, timedelta(days=days)))]
    if client_ids:
        which = [ListedCourse.client_id.in_(client_ids)]
    by_client: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(_courses(now).where(*which)):
        by_client[row.client_id].append(row)
    for some in batched(by_client.items(), _AT_ONCE):
        yield from _known(session, dict(some), zone)


def _known(session: Session, courses: dict[str, list[Row[Any]]], zone: ZoneInfo) -> Iterator[Circumstances]:
    declined: defaultdict[str, set[LetterKind]] = defaultdict(set)
    chosen = select(LetterChoice.client_id, LetterChoice.kind).where(LetterChoice.client_id.in_(courses))
    for client_id, kind in session.execute(chosen):
        if kind in list(LetterKind):
            declined[client_id].add(LetterKind(kind))
    letters = _letters(session, courses)
    done = frozenset((row.course_id, row.kind, row.occasion) for row in letters)
    counted: defaultdict[str, list[date]] = defaultdict(list)
    for row in letters:
        if row.state != "left":
            counted[row.client_id].append(day_at(row.at, zone))
    for client_id, rows in courses.items():
        yield Circumstances(
            client_id,
            rows[0].client_name,
            tuple(_facts(row, zone) for row in rows),
            frozenset(declined[client_id]),
            done,
            max(counted[client_id], default=None),
        )


def _letters(session: Session, courses: Mapping[str, Sequence[Row[Any]]]) -> Sequence[Any]:
    """Return what was written to these clients or about these courses, which may have been another's before."""
    of = ClientLetter
    at = func.coalesce(of.done_at, of.planned_at, type_=of.planned_at.type).label("at")
    rows = select(of.client_id, of.course_id, of.kind, of.occasion, of.state, at)
    course_ids = [row.ListedCourse.course_id for each in courses.values() for row in each]
    return session.execute(rows.where(or_(of.client_id.in_(courses), of.course_id.in_(course_ids)))).all()


def _courses(now: datetime) -> Any:
    """Return the query for the listed courses of clients who can be written to."""
    of, other, booked = ListedCourse, aliased(ListedCourse), next_bookings(now).subquery()
    client_left = (
        select(func.coalesce(func.sum(other.main_left), 0))
        .where(other.client_id == of.client_id, other.status.in_(IN_USE))
        .scalar_subquery()
    )
    has_touch_ups = exists().where(Allowance.course_id == of.course_id, Allowance.kind == "touch_up")
    return (
        select(
            of,
            Client.name.label("client_name"),
            of.client_id.label("client_id"),
            client_left.label("client_left"),
            has_touch_ups.label("has_touch_ups"),
            DUE_ON.label("due_on"),
            booked.c.start_at,
        )
        .join(Client, Client.id == of.client_id)
        .join(Course, Course.id == of.course_id)
        .outerjoin(booked, booked.c.client_id == of.client_id)
        .where(*IS_REACHABLE)
        .order_by(Client.name_folded, Client.id, of.sold_at.desc(), of.course_id)
    )


# Never to an erased client, to one who unsubscribed, or to an address that bounced.
IS_REACHABLE = (
    Client.erased_at.is_(None),
    Client.merged_into.is_(None),
    Client.wants_mail.is_(True),
    Client.email.is_not(None),
    Client.email != "",
    Client.mail_problem == "",
)


def _may_be_due(today: date, rules: LetterRules, ahead: timedelta) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that no course with a letter due fails, so that few others are read."""
    of, away = ListedCourse, timedelta(weeks=rules.lapsed_weeks)
    in_use = of.status.in_(IN_USE)
    yield of.due > 0
    yield and_(in_use, of.expires_on.between(today, today + _AHEAD + ahead))
    yield of.last_visit_on >= today - _BACK
    yield and_(in_use, of.last_seen_on.between(today - away - _BACK, today - away + ahead))
    yield and_(in_use, of.main_left == 0, of.due_back_on.between(today - _BACK, today + ahead))


def _facts(row: Row[Any], zone: ZoneInfo) -> LetterFacts:
    of: ListedCourse = row.ListedCourse
    return from_row(
        LetterFacts,
        of,
        client_id=of.client_id or "",
        left=of.sessions_left,
        has_touch_ups=bool(row.has_touch_ups),
        is_due=of.due > 0,
        due_on=row.due_on,
        sold_on=day_at(of.sold_at, zone),
        expires_on=None if of.expires_on == NEVER else of.expires_on,
        last_visit_on=None if of.last_visit_on == NOT_YET else of.last_visit_on,
        client_left=int(row.client_left),
        booked_on=day_at(row.start_at, zone) if row.start_at else None,
    )


NO_LETTER = "There is no such e-mail."


@dataclass(frozen=True, slots=True)
class LetterToSend:
    """A letter with all it may mention. `words`: the clinic's own opening; `pay_url`: where the balance is paid.

    `package_name`: in the client's language. `again`: the same package as it is sold today."""

    id: str
    kind: LetterKind
    client: ClientView
    mail_to: str
    clinic: ClinicView
    course: CourseView
    package_name: str
    next_visit: NextVisit | None
    words: str
    pay_url: str
    again: AgainOffer


def is_pending(store: Store, letter_id: str) -> bool:
    """Return whether the letter still waits to be sent."""
    with store.reading() as session:
        row = session.get(ClientLetter, letter_id)
        return row is not None and row.done_at is None


def wait_until(store: Store, now: datetime, rules: LetterRules) -> datetime | None:
    """Return when letters may go out again, None if they may now."""
    with store.reading() as session:
        zone = clinic_in(session).zone
    return None if rules.is_open(now, zone) else rules.next_open(now, zone)


@in_session
def claim_letter(session: Session, letter_id: str, now: datetime, rules: LetterRules) -> LetterToSend | str:
    """Mark the letter as being sent and return it, or close it and return why it is not sent.

    A letter that an earlier worker was sending is never sent again: it may have arrived.
    """
    row = require_row(session, ClientLetter, letter_id, NO_LETTER, is_locked=True)
    if row.state == "sending":
        said = _("The worker ended while sending it: it may have arrived. It is not sent twice.")
        _close(row, "sent", said, now)
        return said
    found = _look(session, row, now, rules)
    if isinstance(found, str):
        _close(row, "left", found, now)
        return found
    row.state, row.mail_to = "sending", found.mail_to
    return found


@in_session
def put_back(session: Session, letter_id: str) -> None:
    """Have a letter that the mail server did not take for now wait for its next try."""
    row = require_row(session, ClientLetter, letter_id, NO_LETTER, is_locked=True)
    if row.state == "sending":
        row.state = "planned"


@in_session
def close_letter(session: Session, letter: LetterToSend, now: datetime, said: str = "") -> None:
    """Record that the letter was accepted, or with `said` why the mail server refused it for good."""
    row = require_row(session, ClientLetter, letter.id, NO_LETTER, is_locked=True)
    _close(row, "refused" if said else "sent", said, now)
    address_answered_in(session, letter.client.id, letter.mail_to, said)


@in_session
def give_up(session: Session, letter_id: str, said: str, now: datetime) -> None:
    """Record that the letter could not be sent in time, unless it has an outcome."""
    row = session.get(ClientLetter, letter_id, with_for_update=True)
    if row is not None and row.done_at is None:
        _close(row, "refused", said, now)


def _close(row: ClientLetter, state: str, said: str, now: datetime) -> None:
    row.state, row.said, row.done_at = state, said[:400], now


def _look(session: Session, row: ClientLetter, now: datetime, rules: LetterRules) -> LetterToSend | str:
    kind = letter_kinds_in(session)[LetterKind(row.kind)]
    client, clinic = living_client_in(session, row.client_id), clinic_in(session)
    if not kind.is_on:
        return _("The clinic switched this e-mail off.")
    if said := _why_not(session, row, client.id, now, rules):
        return said
    course = course_in(session, session.get_one(Course, row.course_id), today=day_at(now, clinic.zone))
    if course.client_id != client.id:
        return _("The course belongs to someone else now.")
    return LetterToSend(
        id=row.id,
        kind=kind.kind,
        client=view_of(session, client),
        mail_to=client.email or "",
        clinic=clinic,
        course=course,
        package_name=names_in(session, client.language)(course.package_name),
        next_visit=next_visit_in(session, [client.id], now),
        words=kind.words.get(client.language) or kind.words.get(client.language.split("-")[0]) or "",
        pay_url=pay_address_in(session, course.square_order_id or "") if course.due.amount else "",
        again=offer_again_in(session, session.get_one(Course, row.course_id)),
    )


def _why_not(session: Session, row: ClientLetter, client_id: str, now: datetime, rules: LetterRules) -> str:
    """Return why the letter is not due any more, by the same rule that it was planned by; "" if it is."""
    today = local_date_in(session, now)
    client = next(circumstances_in(session, now, rules, client_ids=[client_id]), None)
    if client is None:
        return _("This client gets no e-mails, or has no address that works.")
    if LetterKind(row.kind) in client.declined:
        return _("The client wants no e-mails of this kind.")
    marks = (
        occasion(LetterKind(row.kind), each, today, rules)
        for each in client.courses
        if each.course_id == row.course_id
    )
    is_due = any(found is not None and found.mark == row.occasion for found in marks)
    return "" if is_due else _("There is no longer a reason for it.")


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
