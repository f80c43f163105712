"""The journal of some months: for each month its entries, each balanced to the cent, with a line for each account.

The balance of deferred revenue and gift vouchers is the unused value that the roll-forward computes; breakage is never
income by itself, since only what the owner writes off leaves deferred revenue for income.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.work import reading
from plugin.courses.journal.accounts import Account, Role
from plugin.courses.journal.chart import Chart, chart_in
from plugin.courses.journal.pairs import POSTINGS, Section
from plugin.courses.journal.rows import PairSum, pair_sums
from plugin.courses.reports.books import closed_through_in
from plugin.courses.reports.period import Period, month_of, months_in
from plugin.courses.reports.sums import what_sums
from plugin.errors import InvalidField
from plugin.store.offers import Package
from plugin.wording import _

MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One account of an entry; `net` above zero is a debit, below it a credit."""

    account: Account
    net: Money

    @property
    def debit(self) -> Money | None:
        """Return the debit, None for a credit."""
        return self.net if self.net.amount > 0 else None

    @property
    def credit(self) -> Money | None:
        """Return the credit, None for a debit."""
        return -self.net if self.net.amount < 0 else None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry of a month: its number, such as `CK-2026-11-1`, the last day of the month, and lines that balance."""

    number: str
    section: Section
    day: date
    lines: tuple[JournalLine, ...]

    @property
    def total(self) -> Money:
        """Return the sum of its debits, which is that of its credits."""
        debits = [each.net for each in self.lines if each.net.amount > 0]
        return Money(sum(each.amount for each in debits), self.lines[0].net.currency)


@dataclass(frozen=True, slots=True)
class JournalMonth:
    """The entries of one month."""

    period: Period
    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of some months in a row, in one currency. `currencies`: what others there are."""

    currency: str
    chart: Chart
    months: tuple[JournalMonth, ...]
    currencies: tuple[str, ...]
    closed_through: date | None

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """Return all entries, in order."""
        return tuple(entry for month in self.months for entry in month.entries)

    @property
    def is_closed(self) -> bool:
        """Return whether the books are closed through the last month."""
        return self.closed_through is not None and self.months[-1].period.last <= self.closed_through


def journal_in(session: Session, period: Period, *, currency: str = "") -> Journal:
    """Return the journal of the months that the period touches; raises InvalidField for more than three years."""
    clinic = clinic_in(session)
    chart, wanted = chart_in(session), currency or clinic.currency
    whole = Period(month_of(period.first).first, month_of(period.last).last)
    months = list(months_in(whole))
    if len(months) > MOST_MONTHS:
        raise InvalidField(_("Ask for at most {n} months.", n=MOST_MONTHS), field="to")
    found = session.scalars(select(Package.currency).distinct().order_by(Package.currency))
    return Journal(
        currency=wanted,
        chart=chart,
        months=tuple(_months(session, months, chart, wanted)),
        currencies=tuple(dict.fromkeys((clinic.currency, *found))),
        closed_through=closed_through_in(session),
    )


journal = reading(journal_in)


def _months(
    session: Session, months: Sequence[Period], chart: Chart, currency: str
) -> Iterator[JournalMonth]:
    changed = what_sums(session, months, currency)
    for month in months:
        whats, has_money = changed.get(month.first, {}), not chart.is_money_elsewhere
        sums = pair_sums(session, month, currency, whats, has_money=has_money)
        yield JournalMonth(month, tuple(_entries(month, sums, chart, currency)))


def _entries(month: Period, sums: Iterable[PairSum], chart: Chart, currency: str) -> Iterator[JournalEntry]:
    by_section: defaultdict[Section, defaultdict[Role, int]] = defaultdict(lambda: defaultdict(int))
    for each in sums:
        nets = by_section[POSTINGS[each.what].section]
        nets[each.debit] += each.amount
        nets[each.credit] -= each.amount
    for number, section in enumerate(Section, start=1):
        lines = tuple(
            JournalLine(chart.accounts[role], Money(net, currency))
            for role in Role
            if (net := by_section[section][role])
        )
        if lines:
            yield JournalEntry(f"CK-{month.first:%Y-%m}-{number}", section, month.last, _debits_first(lines))


def _debits_first(lines: tuple[JournalLine, ...]) -> tuple[JournalLine, ...]:
    return tuple(sorted(lines, key=lambda each: each.net.amount < 0))
