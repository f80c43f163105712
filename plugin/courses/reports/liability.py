"""Deferred revenue rolled forward: the liability before a period, what changed it, and the liability after.

Opening and all the lines between add up to closing, to the cent and in sessions, for any period, in each
currency and at each Square location; the closing of one period is the opening of the next. An undone entry is
subtracted from the line of what it undid, on the day of the undoing. The day on which an entry counts:
`books`. What has expired is shown separately and never recognized: the owner decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, false, func, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import REVERSED, closed_through_in, counts_at, entry_kind
from plugin.courses.reports.lines import LINE_OF, Late, Liability, Line, LineView, RollForward
from plugin.courses.reports.period import Period
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.square_side import Connection


@dataclass(slots=True)
class _Sum:
    """The sum of one group of entries."""

    value: int = 0
    sessions: int = 0
    entries: int = 0

    def add(self, row: Any) -> None:
        self.value += int(row.value)
        self.sessions += int(row.sessions)
        self.entries += row.entries


@dataclass(slots=True)
class _Sums:
    lines: defaultdict[Line, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    expired: _Sum = field(default_factory=_Sum)
    made_after: _Sum = field(default_factory=_Sum)
    from_before: _Sum = field(default_factory=_Sum)

    def add(self, row: Any) -> None:
        line = LINE_OF[Kind(row.kind)] if row.is_within else Line.OPENING
        self.lines[line].add(row)
        self.lines[Line.CLOSING].add(row)
        if row.is_expired:
            self.expired.add(row)
        if row.is_within and row.is_made_after:
            self.made_after.add(row)
        if row.is_within and row.is_from_before:
            self.from_before.add(row)


def liability(store: Store, period: Period) -> Liability:
    """Return the roll-forward of the period."""
    with store.reading() as session:
        return liability_in(session, period)


def liability_in(session: Session, period: Period) -> Liability:
    """Return the roll-forward as seen by this session."""
    clinic = clinic_in(session)
    rows = session.execute(_sums(session, period, ZoneInfo(clinic.time_zone))).all()
    totals: defaultdict[str, _Sums] = defaultdict(_Sums)
    places: defaultdict[tuple[str, str | None], _Sums] = defaultdict(_Sums)
    for row in rows:
        totals[row.currency].add(row)
        places[row.currency, row.square_location_id].add(row)
    # The clinic's own currency is always shown.
    ordered = sorted(totals.keys() | {clinic.currency}, key=lambda code: (code != clinic.currency, code))
    return Liability(
        period=period,
        totals=tuple(_rolled(totals[currency], currency) for currency in ordered),
        places=tuple(_by_place(places, _place_names(session), ordered)),
        closed_through=closed_through_in(session),
    )


def _by_place(
    places: Mapping[tuple[str, str | None], _Sums], names: Mapping[str, str], currencies: Sequence[str]
) -> Iterator[RollForward]:
    for currency in currencies:
        ids = [place_id for known, place_id in places if known == currency]
        for place_id in sorted(ids, key=lambda each: (each is None, names.get(each or "", ""), each)):
            place = names.get(place_id or "", place_id or "")
            yield _rolled(places[currency, place_id], currency, place_id, place)


def _place_names(session: Session) -> dict[str, str]:
    """Return the names of the Square locations by their ids, as last read from Square."""
    connection = session.get(Connection, 1)
    places = connection.locations if connection is not None else []
    return {place["id"]: place["name"] for place in places if place.get("id") and place.get("name")}


def _rolled(sums: _Sums, currency: str, place_id: str | None = None, place: str = "") -> RollForward:
    return RollForward(
        currency=currency,
        square_location_id=place_id,
        place=place,
        lines=tuple(_line(line, sums.lines[line], currency) for line in Line),
        expired=_line(Line.EXPIRED, sums.expired, currency),
        made_after=_late(sums.made_after, currency),
        from_before=_late(sums.from_before, currency),
    )


def _line(line: Line, total: _Sum, currency: str) -> LineView:
    return LineView(line, Money(total.value, currency), total.sessions)


def _late(total: _Sum, currency: str) -> Late:
    return Late(total.entries, Money(total.value, currency), total.sessions)


def _sums(session: Session, period: Period, zone: ZoneInfo) -> Select[Any]:
    start, end = period.moments(zone)
    moment = counts_at(session)
    counted = (
        select(
            Entry.value_delta,
            Entry.sessions_delta,
            Course.currency,
            Course.square_location_id,
            entry_kind.label("kind"),
            (moment >= start).label("is_within"),
            (Entry.written_at >= end).label("is_made_after"),
            (Entry.happened_at < start).label("is_from_before"),
            # On hold, it does not expire meanwhile.
            and_(func.coalesce(Course.expires_on < period.last, false()), Course.frozen_at.is_(None)).label(
                "is_expired"
            ),
        )
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(REVERSED, REVERSED.id == Entry.reverses)
        .where(moment < end)
        .subquery()
        .c
    )
    # Grouped by name: a value bound twice is two values to PostgreSQL.
    marks = [counted[name] for name in _MARKS]
    return select(
        *marks,
        func.sum(counted.value_delta).label("value"),
        func.sum(counted.sessions_delta).label("sessions"),
        func.count().label("entries"),
    ).group_by(*marks)


_MARKS = (
    *("currency", "square_location_id", "kind"),
    *("is_within", "is_made_after", "is_from_before", "is_expired"),
)
