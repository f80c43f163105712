"""The last visits of clients with what was written about them, for those who treat; many clients at once."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, require
from plugin.courses.base.attendance import IS_VALID, OPTIONS_OF_NOTE, option_names
from plugin.courses.visits.note_views import may_read_points
from plugin.store import Store
from plugin.store.tables import Staff, Visit, VisitNote

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
        for each in (*_visits(session, client_ids, before, LAST), *_drafts(session, client_ids, before)):
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


def _drafts(session: Session, client_ids: Collection[str], before: date) -> Iterator[PastVisit]:
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
