"""Deferred revenue rolled forward: the liability before a period, what changed it, and the liability after.

Opening and all the lines between add up to closing, to the cent and in sessions, for any period, in each
currency and at each Square location; the closing of one period is the opening of the next. An undone entry is
subtracted from the line of what it undid, on the day of the undoing. The day on which an entry counts:
`books`. What has expired is shown separately and never recognized: the owner decides.

The reserve is what is prepaid and unused now and at the ends of the last months, by package, in the clinic's currency:
computed backwards from what is owed now, as each month ended with that less what came after.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sheet import Cell, Sheet, major, sheet_of
from plugin.courses.base.work import reading
from plugin.courses.reports.books import (
    LINE_OF,
    Late,
    Liability,
    Line,
    LineView,
    RollForward,
    closed_through_in,
)
from plugin.courses.reports.breakage import PlaceSum, expired_sums
from plugin.courses.reports.overview import DeferredView, deferred_in, package_names_in
from plugin.courses.reports.period import Period, months_up_to
from plugin.courses.reports.sums import GroupSum, group_sums, package_month_sums
from plugin.courses.reports.totals import are_quick
from plugin.store import Store
from plugin.store.square_side import Connection


@dataclass(slots=True)
class _Sum:
    """The sum of one group of entries."""

    value: int = 0
    sessions: int = 0
    entries: int = 0

    def add(self, row: GroupSum) -> None:
        self.value += row.value
        self.sessions += row.sessions
        self.entries += row.entries


@dataclass(slots=True)
class _Sums:
    lines: defaultdict[Line, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    expired: _Sum = field(default_factory=_Sum)
    made_after: _Sum = field(default_factory=_Sum)
    from_before: _Sum = field(default_factory=_Sum)

    def add(self, row: GroupSum) -> None:
        line = LINE_OF[row.kind] if row.is_within else Line.OPENING
        self.lines[line].add(row)
        self.lines[Line.CLOSING].add(row)
        if row.is_within and row.is_made_after:
            self.made_after.add(row)
        if row.is_within and row.is_from_before:
            self.from_before.add(row)

    def add_expired(self, row: PlaceSum) -> None:
        self.expired.value += row.value
        self.expired.sessions += row.sessions


def liability_in(session: Session, period: Period) -> Liability:
    """Return the roll-forward of the period."""
    clinic = clinic_in(session)
    totals: defaultdict[str, _Sums] = defaultdict(_Sums)
    places: defaultdict[tuple[str, str | None], _Sums] = defaultdict(_Sums)
    for row in group_sums(session, period):
        totals[row.currency].add(row)
        places[row.currency, row.square_location_id].add(row)
    for expired in expired_sums(session, period):
        place = expired.currency, expired.square_location_id
        # Where nothing was entered before the end, what is left now and what came after it are equal.
        if place in places:
            totals[expired.currency].add_expired(expired)
            places[place].add_expired(expired)
    # The clinic's own currency is always shown.
    ordered = sorted(totals.keys() | {clinic.currency}, key=lambda code: (code != clinic.currency, code))
    return Liability(
        period=period,
        totals=tuple(_rolled(totals[currency], currency) for currency in ordered),
        places=tuple(_by_place(places, _place_names(session), ordered)),
        closed_through=closed_through_in(session),
    )


liability = reading(liability_in)


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


MONTHS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ReservedPackage:
    """One package: the value unused at the end of each month, then now."""

    package_id: str
    name: str
    values: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Reserve:
    """`months` have ended; the values of `packages` and `totals` are of their ends, and the last of now, `today`."""

    today: date
    months: tuple[Period, ...]
    packages: tuple[ReservedPackage, ...]
    totals: tuple[Money, ...]


def reserve(store: Store, today: date) -> Reserve | None:
    """Return the reserve as it is today; None while reading it would take long, as the totals are being made."""
    with store.reading() as session:
        return reserve_in(session, today) if are_quick(session) else None


def reserve_in(session: Session, today: date) -> Reserve:
    currency = clinic_in(session).currency
    months = months_up_to(today, MONTHS_SHOWN + 1)
    moved = package_month_sums(session, months, currency)
    now = {each.package_id: each for each in deferred_in(session) if each.value.currency == currency}
    names = package_names_in(session)
    rows = [
        ReservedPackage(
            package_id,
            names[package_id],
            _values(now.get(package_id), moved.get(package_id, {}), months, currency),
        )
        for package_id in {**now, **moved}
    ]
    shown = sorted(
        (each for each in rows if any(value.amount for value in each.values)),
        key=lambda each: (-each.values[-1].amount, each.name, each.package_id),
    )
    totals = (sum(each.values[place].amount for each in shown) for place in range(len(months)))
    return Reserve(today, months[:-1], tuple(shown), tuple(Money(each, currency) for each in totals))


def _values(
    now: DeferredView | None, moved: dict[date, int], months: tuple[Period, ...], currency: str
) -> tuple[Money, ...]:
    left = now.value.amount if now is not None else 0
    values = [left]
    # The running month is the last: taking what it changed away gives the end of the one before.
    for month in reversed(months[1:]):
        left -= moved.get(month.first, 0)
        values.append(left)
    return tuple(Money(each, currency) for each in reversed(values))


def reserve_sheet(seen: Reserve) -> Sheet:
    """Return the reserve as a table: a line for each package and day."""
    days = [*(month.last for month in seen.months), seen.today]
    lines = [
        (each, day, value) for each in seen.packages for day, value in zip(days, each.values, strict=True)
    ]
    return sheet_of(
        "Reserve",
        {
            "Package": lambda line: line[0].name,
            "As of": lambda line: line[1],
            "Unused": lambda line: major(line[2]),
            "Currency": lambda line: line[2].currency,
        },
        lines,
    )


ALL_PLACES = "All locations"
# A line, its name, and the roll-forward and location it is part of.
_SheetLine = tuple[LineView, str, RollForward, str]


def liability_sheet(report: Liability) -> Sheet:
    """Return the roll-forward: the totals first, then each location."""
    columns: Mapping[str, Callable[[_SheetLine], Cell]] = {
        "From": lambda _row: report.period.first,
        "To": lambda _row: report.period.last,
        "Currency": lambda row: row[2].currency,
        "Location": lambda row: row[3],
        "Line": lambda row: row[1],
        "Sessions": lambda row: row[0].sessions,
        "Value": lambda row: major(row[0].value),
    }
    parts = [(total, ALL_PLACES) for total in report.totals]
    parts += [(one, one.place or "No location") for one in report.places]
    return sheet_of(
        "Deferred revenue", columns, [line for one, place in parts for line in _sheet_lines(one, place)]
    )


def _sheet_lines(one: RollForward, place: str) -> list[_SheetLine]:
    lines = [(line, line.line.value, one, place) for line in one.lines]
    return [*lines, (one.expired, "of closing: expired", one, place)]
