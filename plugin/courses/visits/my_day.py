"""The day of one practitioner: who comes and came, with the note of the day and the visits before it.

The last visits, with what was written about them, are read for many clients at once, and only for those who treat.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, require
from plugin.core.text import is_same_name
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import IS_VALID, OPTIONS_OF_NOTE, option_names
from plugin.courses.checks.answers import CheckView, checks_in
from plugin.courses.visits.arrivals import Arrival, arrivals_on
from plugin.courses.visits.note_views import may_read_points
from plugin.courses.visits.visits import DayVisit, visits_on
from plugin.store import Store
from plugin.store.tables import Client, Staff, Visit, VisitNote

LAST = 3


@dataclass(frozen=True, slots=True)
class PastVisit:
    """One visit, or a note that no session was used for: then `visit_id` is None.

    `points` and `observations` are "" for those who may not read them.
    """

    client_id: str
    visit_id: str | None
    on: date
    practitioner: str
    areas: tuple[str, ...]
    add_ons: tuple[str, ...]
    focus: str
    note: str
    interval_days: int | None
    points: str
    observations: str

    @property
    def all_areas(self) -> tuple[str, ...]:
        """Return the focus areas, with what was typed beside the list last."""
        return (*self.areas, *filter(None, [self.focus]))


def past_visits_of(store: Store, act: Act, client_id: str, *, before: date) -> tuple[PastVisit, ...]:
    """Return the last visits and unused notes of one client before a day, latest first."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    with store.reading() as session:
        return past_visits_in(session, act.actor, [client_id], before=before).get(client_id, ())


def past_visits_in(
    session: Session, actor: Actor, client_ids: Collection[str], *, before: date
) -> Mapping[str, tuple[PastVisit, ...]]:
    """Return each client's last visits and unused notes before a day, latest first, in two statements."""
    found: defaultdict[str, list[PastVisit]] = defaultdict(list)
    if client_ids:
        for each in (*_visits(session, client_ids, before, LAST), *_drafts_of(session, client_ids, before)):
            found[each.client_id].append(each if may_read_points(actor) else _without_private(each))
    return {
        client_id: tuple(sorted(visits, key=lambda each: each.on, reverse=True)[:LAST])
        for client_id, visits in found.items()
    }


def _without_private(visit: PastVisit) -> PastVisit:
    return replace(visit, points="", observations="")


_NOTE: tuple[Any, ...] = (
    func.coalesce(Staff.name, "").label("practitioner"),
    OPTIONS_OF_NOTE.label("options"),
    *(func.coalesce(getattr(VisitNote, name), "").label(name) for name in ("focus", "note")),
    VisitNote.interval_days,
    *(func.coalesce(getattr(VisitNote, name), "").label(name) for name in ("points", "observations")),
)


def _visits(session: Session, client_ids: Collection[str], before: date, last: int) -> Iterator[PastVisit]:
    latest = _latest(client_ids, before).subquery()
    rows = (
        select(Visit.client_id, Visit.id.label("visit_id"), Visit.visited_on.label("on_day"), *_NOTE)
        .join(latest, latest.c.id == Visit.id)
        .outerjoin(VisitNote, VisitNote.visit_id == Visit.id)
        .outerjoin(Staff, Staff.id == Visit.practitioner_id)
        .where(latest.c.place <= last)
        .order_by(Visit.id.desc())
    )
    return map(_past, session.execute(rows))


def _latest(client_ids: Collection[str], before: date) -> Select[Any]:
    in_order = (Visit.visited_on.desc(), Visit.id.desc())
    place = func.row_number().over(partition_by=Visit.client_id, order_by=in_order)
    return select(Visit.id, place.label("place")).where(
        Visit.client_id.in_(client_ids), Visit.visited_on < before, IS_VALID
    )


def _drafts_of(session: Session, client_ids: Collection[str], before: date) -> Iterator[PastVisit]:
    rows = (
        select(VisitNote.client_id, VisitNote.visit_id, VisitNote.on_day, *_NOTE)
        .outerjoin(Staff, Staff.id == VisitNote.practitioner_id)
        .where(VisitNote.visit_id.is_(None), VisitNote.client_id.in_(client_ids), VisitNote.on_day < before)
        .order_by(VisitNote.on_day.desc())
        .limit(LAST * len(client_ids))
    )
    return map(_past, session.execute(rows))


def _past(row: Any) -> PastVisit:
    areas, add_ons = option_names(row.options)
    same = (
        "client_id",
        "visit_id",
        "practitioner",
        "focus",
        "note",
        "interval_days",
        "points",
        "observations",
    )
    return PastVisit(
        on=row.on_day, areas=areas, add_ons=add_ons, **{name: getattr(row, name) for name in same}
    )


@dataclass(frozen=True, slots=True)
class DayClient:
    """One client of the day: booked, here, or both. `number` of `granted`: which session it is, or would be.

    `visit_id`: the visit to write about; None before the session is used. `has_note`: of this day.
    """

    client_id: str | None
    name: str
    starts_at: datetime | None
    what: str
    state: str
    number: int | None
    granted: int | None
    visit_id: str | None
    practitioner: str
    has_note: bool
    past: tuple[PastVisit, ...]
    check: CheckView | None = None

    @property
    def is_unassigned(self) -> bool:
        """Return whether nobody is named to treat."""
        return not self.practitioner


@dataclass(frozen=True, slots=True)
class _Row:
    arrival: Arrival | None
    visit: DayVisit | None

    @property
    def client_id(self) -> str | None:
        """Return who comes or came: also on a course of somebody else's."""
        if self.visit is not None:
            return self.visit.visit.client_id
        return self.arrival.client_id if self.arrival else None


def my_day(
    store: Store, act: Act, *, everyone: bool = False, with_checks: bool = False
) -> tuple[DayClient, ...]:
    """Return the clients of the day by time; those of nobody are everybody's.

    `everyone`: those of the others, too. `with_checks`: with what they answered before the treatment.
    """
    require(act.actor, Role.PRACTITIONER)
    with store.reading() as session:
        today = local_date_in(session, act.now)
        names = _names(session, act)
    arrivals = arrivals_on(store, today, now=act.now) or ()
    visits = visits_on(store, today, today=today)
    rows = [each for each in _rows(arrivals, visits) if everyone or _is_mine(each, act, names)]
    with store.reading() as session:
        ids = {each.client_id for each in rows if each.client_id}
        past = past_visits_in(session, act.actor, ids, before=today)
        drafts = _drafts(session, ids, today)
        clients = dict(session.execute(select(Client.id, Client.name).where(Client.id.in_(ids))).all())
        checks = checks_in(session, ids, today) if with_checks else {}
    found = [
        replace(
            _client(each, clients, drafts, past.get(each.client_id or "", ())),
            check=checks.get(each.client_id or ""),
        )
        for each in rows
    ]
    return tuple(
        sorted(found, key=lambda each: (each.starts_at is None, each.starts_at or act.now, each.name))
    )


def _names(session: Session, act: Act) -> tuple[str, ...]:
    """Return the names by which Square may know this person."""
    row = session.get(Staff, act.actor.staff_id) if act.actor.staff_id else None
    return tuple(filter(None, (row.name, row.printed_name))) if row else ()


def _rows(arrivals: Iterable[Arrival], visits: Sequence[DayVisit]) -> Iterator[_Row]:
    left = sorted(visits, key=lambda each: each.visit.id)
    for arrival in arrivals:
        came = next((each for each in left if _belongs(each, arrival)), None)
        if came is not None:
            left.remove(came)
        yield _Row(arrival, came)
    # What was used beside it, such as an add-on, is of the same appointment.
    shown: set[str] = set()
    for each in left:
        if each.visit.client_id not in shown:
            shown.add(each.visit.client_id)
            yield _Row(None, each)


def _belongs(visit: DayVisit, arrival: Arrival) -> bool:
    is_theirs = arrival.client_id is not None and visit.visit.client_id == arrival.client_id
    return is_theirs and arrival.state in ("used", "expected")


def _is_mine(row: _Row, act: Act, names: Sequence[str]) -> bool:
    named = row.visit.visit.practitioner_id if row.visit else None
    if named is not None:
        return named == act.actor.staff_id
    booked = row.arrival.practitioner if row.arrival else ""
    return not booked or any(is_same_name(booked, name) for name in names)


def _drafts(session: Session, client_ids: Iterable[str], today: date) -> set[str]:
    rows = select(VisitNote.client_id).where(
        VisitNote.visit_id.is_(None), VisitNote.client_id.in_(client_ids), VisitNote.on_day == today
    )
    return {client_id for client_id in session.scalars(rows) if client_id}


def _client(row: _Row, names: dict[str, str], drafts: set[str], past: tuple[PastVisit, ...]) -> DayClient:
    arrival, visit = row.arrival, row.visit
    number, granted = _number(row)
    practitioner = (visit.visit.practitioner if visit else "") or (arrival.practitioner if arrival else "")
    what = ", ".join(dict.fromkeys(visit.visit.treatments)) if visit else arrival.service if arrival else ""
    has_note = bool(visit.visit.noted_by or visit.visit.noted_at) if visit else row.client_id in drafts
    return DayClient(
        client_id=row.client_id,
        name=names.get(row.client_id or "", arrival.name if arrival else ""),
        starts_at=arrival.start_at if arrival else None,
        what=what,
        state="used" if visit else arrival.state if arrival else "used",
        number=number,
        granted=granted,
        visit_id=visit.visit.id if visit else None,
        practitioner=practitioner,
        has_note=has_note,
        past=past,
    )


def _number(row: _Row) -> tuple[int | None, int | None]:
    if row.visit is not None:
        number = row.visit.visit.number
        return number, row.visit.course.granted if number else None
    arrival = row.arrival
    if arrival is None or arrival.course is None or arrival.state != "expected":
        return None, None
    if arrival.allowance is None or arrival.allowance.kind != "main":
        return None, None
    return arrival.course.used + 1, arrival.course.granted
