"""A calendar year for the tax return: received, earned and carried over, by package and by method.

Read-only; the same rows as the journal, so that both say the same to the cent.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import YEAR_AMOUNTS, YearEnd, YearKind, YearLine, YearRow
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sheet import Cell, Sheet, major, sheet_of
from plugin.courses.base.words import paper_money
from plugin.courses.base.work import reading
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.journal.accounts import Role
from plugin.courses.journal.month import pair_sums
from plugin.courses.reports.books import EARNED_AHEAD, closed_through_in
from plugin.courses.reports.period import Period
from plugin.courses.reports.sums import owed_before, owed_of_older, package_what_sums
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.offers import Package
from plugin.wording import _

_RECEIVED = (Kind.PAID.value,)
_EARNED = (Kind.USED.value, EARNED_AHEAD)
_REFUNDED = (Kind.REFUNDED.value,)


@dataclass(frozen=True, slots=True)
class PackageYear:
    """One package, net of tax; carried in + received - earned - refunded + other = carried over.

    `other`: imported, written off, adjusted, moved. `older`: of carried over, in courses sold before the year.
    """

    package: str
    carried_in: Money
    received: Money
    earned: Money
    refunded: Money
    other: Money
    carried_over: Money
    older: Money


@dataclass(frozen=True, slots=True)
class Year:
    """A year in one currency. `lines`: amounts by kind, of which each method takes its own."""

    year: int
    currency: str
    rows: tuple[PackageYear, ...]
    lines: Mapping[YearKind, Money]
    is_closed: bool
    is_running: bool

    def of(self, kinds: tuple[YearKind, ...]) -> tuple[tuple[YearKind, Money], ...]:
        """Return these amounts, in their order."""
        return tuple((kind, self.lines[kind]) for kind in kinds)

    @property
    def cash_income(self) -> Money:
        """Return the income from sessions by the cash method."""
        return Money(sum(self.lines[kind].amount for kind in CASH), self.currency)

    @property
    def accrual_income(self) -> Money:
        """Return the income from sessions by the accrual method."""
        return Money(sum(self.lines[kind].amount for kind in ACCRUAL), self.currency)


CASH: tuple[YearKind, ...] = ("received", "refunded")
ACCRUAL: tuple[YearKind, ...] = ("earned", "written_off", "kept", "adjusted")
BESIDE: tuple[YearKind, ...] = ("tax", "tips", "fees")


def year_end_in(session: Session, year: int, *, now: datetime, currency: str = "") -> Year:
    """Return the year; raises InvalidField for one that has not begun."""
    clinic = clinic_in(session)
    today, wanted = day_at(now, clinic.zone), currency or clinic.currency
    if not 2000 <= year <= today.year:
        raise InvalidField(_("That year has not started yet."), field="year")
    period = Period(date(year, 1, 1), date(year, 12, 31))
    within = package_what_sums(session, period, wanted)
    closed = closed_through_in(session)
    return Year(
        year,
        wanted,
        tuple(_rows(session, period, wanted, within)),
        _lines(session, period, wanted, within),
        is_closed=closed is not None and closed >= period.last,
        is_running=today <= period.last,
    )


year_end = reading(year_end_in)


def year_pdf(store: Store, render: Render, year: int, *, now: datetime) -> bytes:
    """Render the year-end sheet; raises InvalidField, Refused, or PaperNotMade if a retry may help."""
    return drawn(store, render, year_paper(store, year, now=now))


def year_paper(store: Store, year: int, *, now: datetime) -> YearEnd:
    """Freeze the year, in the clinic's currency and language."""
    with store.reading() as session:
        clinic = clinic_in(session)
        found = year_end_in(session, year, now=now)
    return YearEnd(
        clinic=clinic_on_paper(clinic),
        year=year,
        issued_on=day_at(now, clinic.zone),
        rows=tuple(map(_paper_row, found.rows)),
        cash=_paper_lines(found, CASH),
        accrual=_paper_lines(found, ACCRUAL),
        beside=_paper_lines(found, BESIDE),
        is_closed=found.is_closed,
        language=clinic.language,
    )


def year_sheet(found: Year) -> Sheet:
    """Return the year as a table: a row for each package, then each amount of the methods."""
    rows: list[_Row] = [*found.rows, *_method_rows(found)]
    return sheet_of("Year end", _SHEET, rows)


def _paper_lines(found: Year, kinds: tuple[YearKind, ...]) -> tuple[YearLine, ...]:
    return tuple(YearLine(kind, paper_money(each)) for kind, each in found.of(kinds))


def _paper_row(row: PackageYear) -> YearRow:
    amounts = {name: getattr(row, name) for name in YEAR_AMOUNTS}
    return YearRow(
        package=row.package,
        **{name: paper_money(each) for name, each in amounts.items()},
    )


def _rows(
    session: Session, period: Period, currency: str, within: Mapping[str, Mapping[str, int]]
) -> Iterator[PackageYear]:
    before = owed_before(session, period.first, currency)
    older = owed_of_older(session, period, currency)
    ids = before.keys() | within.keys()
    names = session.execute(
        select(Package.id, Package.name).where(Package.id.in_(ids)).order_by(Package.name)
    )

    def money(amount: int) -> Money:
        return Money(amount, currency)

    for package_id, name in names:
        carried, moved = before.get(package_id, 0), within.get(package_id, {})
        received, earned, refunded = (
            sum(moved.get(what, 0) for what in kinds) for kinds in (_RECEIVED, _EARNED, _REFUNDED)
        )
        closing = carried + sum(moved.values())
        row = PackageYear(
            package=name,
            carried_in=money(carried),
            received=money(received),
            earned=money(-earned),
            refunded=money(-refunded),
            other=money(sum(moved.values()) - received - earned - refunded),
            carried_over=money(closing),
            older=money(older.get(package_id, 0)),
        )
        if any(each.amount for each in (row.carried_in, row.received, row.earned, row.refunded, row.other)):
            yield row


def _lines(
    session: Session, period: Period, currency: str, within: Mapping[str, Mapping[str, int]]
) -> dict[YearKind, Money]:
    """Return the amounts of the year: what adds to income is above zero."""
    changed: Counter[str] = Counter()
    for moved in within.values():
        changed.update(moved)
    nets: defaultdict[Role, int] = defaultdict(int)
    whats: defaultdict[str, int] = defaultdict(int)
    for each in pair_sums(session, period, currency, changed):
        nets[each.debit] += each.amount
        nets[each.credit] -= each.amount
        whats[each.what] += each.amount
    amounts: dict[YearKind, int] = {
        "received": whats[Kind.PAID.value],
        "refunded": -whats["refund_money"],
        "earned": -nets[Role.EARNED],
        "written_off": -nets[Role.WRITTEN_OFF],
        "kept": -nets[Role.REFUND_DIFFERENCE],
        "adjusted": -nets[Role.ADJUSTMENTS],
        "tax": -nets[Role.SALES_TAX],
        "tips": -nets[Role.TIPS],
        "fees": -nets[Role.FEES],
    }
    return {kind: Money(amount, currency) for kind, amount in amounts.items()}


def _method_rows(found: Year) -> Iterator[tuple[str, Money]]:
    for method, kinds in (("cash", CASH), ("accrual", ACCRUAL), ("beside", BESIDE)):
        for kind, amount in found.of(kinds):
            yield f"{method}: {kind}", amount


_Row = PackageYear | tuple[str, Money]


def _amount(name: str, row: _Row) -> Cell:
    return major(getattr(row, name)) if isinstance(row, PackageYear) else None


_SHEET: dict[str, Callable[[_Row], Cell]] = {
    "Package": lambda row: row.package if isinstance(row, PackageYear) else "",
    **{name.replace("_", " ").capitalize(): partial(_amount, name) for name in YEAR_AMOUNTS},
    "Line": lambda row: "" if isinstance(row, PackageYear) else row[0],
    "Amount": lambda row: None if isinstance(row, PackageYear) else major(row[1]),
    "Currency": lambda row: (row.received if isinstance(row, PackageYear) else row[1]).currency,
}
