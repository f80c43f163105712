"""The reserve: what is prepaid and unused now and at the ends of the last months, by package, in the clinic's currency.

Computed backwards from what is owed now, as the owner's month does: each month ended with that less what came after.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sheet import Sheet, major, sheet_of
from plugin.courses.reports.overview import DeferredView, deferred_in, package_names_in
from plugin.courses.reports.period import Period, months_up_to
from plugin.courses.reports.sums import package_month_sums
from plugin.courses.reports.totals import are_quick
from plugin.store import Store

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
    """Return the reserve as seen by this session."""
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
