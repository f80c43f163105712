"""What an owner's month can hold. One that does not add up to the cent is refused: nobody could file it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

from invoices.papers import (
    Money,
    MonthPoint,
    OwnersMonth,
    PackageRow,
    PaperRefused,
    RollKind,
    RollLine,
)

PACKAGES_CAP = 200
PEOPLE_CAP = 60
MONTHS_SHOWN = 12
_MOST = 10**13
_CURRENCY = re.compile("[A-Z]{3}")
_LINES: tuple[RollKind, ...] = get_args(RollKind)
# Undone in a later month, a use or a sale counts below zero there.
SIGNED: dict[type, frozenset[str]] = {
    RollLine: frozenset({"sessions"}),
    PackageRow: frozenset({"sold", "used", "sold_sessions"}),
    MonthPoint: frozenset({"sold_sessions", "used_sessions"}),
}


def check_month(paper: OwnersMonth) -> OwnersMonth:
    """Return the month as it is. Raises PaperRefused where it holds too much or its parts are not its sums."""
    if tuple(line.kind for line in paper.roll_forward) != _LINES:
        raise PaperRefused("A month has the nine lines of the roll-forward, each once and in their order.")
    if len(paper.packages) > PACKAGES_CAP or len(paper.follow_ups) > PEOPLE_CAP:
        raise PaperRefused(f"A month holds {PACKAGES_CAP} packages and {PEOPLE_CAP} reasons to call.")
    if paper.month.day != 1 or paper.issued_on < paper.month:
        raise PaperRefused("A month is named by its first day, and printed once it has begun.")
    _check_money(paper)
    lines = {line.kind: line for line in paper.roll_forward}
    _check_roll_forward(paper.roll_forward)
    _check_packages(paper.packages, lines)
    _check_trend(paper, lines)
    return paper


def _check_money(paper: OwnersMonth) -> None:
    amounts = list(_amounts(paper))
    is_sane = all(abs(money.amount) <= _MOST and _CURRENCY.fullmatch(money.currency) for money in amounts)
    counts = [line.sessions for line in paper.roll_forward]
    if not is_sane or any(abs(count) > _MOST for count in counts):
        raise PaperRefused("An amount of money needs a currency of three capital letters and a sane size.")
    if len({money.currency for money in amounts}) != 1:
        raise PaperRefused("A month is told in one currency.")


def _amounts(paper: OwnersMonth) -> Iterator[Money]:
    for line in paper.roll_forward:
        yield line.value
    if paper.expired:
        yield paper.expired.value
    for package in paper.packages:
        yield from (package.sold_value, package.used_value)
    for point in paper.trend:
        yield from (point.sold, point.used, point.owed)


def _check_roll_forward(lines: tuple[RollLine, ...]) -> None:
    *moved, closing = lines
    if sum(line.value.amount for line in moved) != closing.value.amount:
        raise PaperRefused("The money of the month does not add up: its lines are not what is owed after it.")
    if sum(line.sessions for line in moved) != closing.sessions:
        raise PaperRefused(
            "The sessions of the month do not add up: its lines are not what is left after it."
        )


def _check_packages(packages: tuple[PackageRow, ...], lines: dict[RollKind, RollLine]) -> None:
    said = (
        sum(each.sold_value.amount for each in packages),
        sum(each.sold_sessions for each in packages),
        sum(each.used_value.amount for each in packages),
        sum(each.used for each in packages),
    )
    used = lines["used"]
    if said != (lines["paid"].value.amount, lines["sold"].sessions, -used.value.amount, -used.sessions):
        raise PaperRefused("The packages of the month are not its sums: what was sold and used differs.")


def _check_trend(paper: OwnersMonth, lines: dict[RollKind, RollLine]) -> None:
    if len(paper.trend) != MONTHS_SHOWN or _months(paper.trend) != list(_months_up_to(paper.month)):
        raise PaperRefused(f"The charts show the {MONTHS_SHOWN} months up to the one that is printed.")
    last = paper.trend[-1]
    said = (last.sold.amount, last.used.amount, last.owed.amount, last.sold_sessions, last.used_sessions)
    paid, used = lines["paid"], lines["used"]
    wanted = (
        paid.value.amount,
        -used.value.amount,
        lines["closing"].value.amount,
        lines["sold"].sessions,
        -used.sessions,
    )
    if said != wanted:
        raise PaperRefused("The last month of the charts is not the month that is printed.")


def _months(trend: tuple[MonthPoint, ...]) -> list[date]:
    return [point.month for point in trend]


def _months_up_to(month: date) -> Iterator[date]:
    months = [month]
    while len(months) < MONTHS_SHOWN:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    yield from reversed(months)
