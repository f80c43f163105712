"""The journal of some months: for each month its entries, each balanced to the cent, with a line for each account.

The balance of deferred revenue and gift vouchers is the unused value that the roll-forward computes; breakage is never
income by itself, since only what the owner writes off leaves deferred revenue for income.
"""

import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.sheet import Columns, Format, Sheet, major, sheet_of, write
from plugin.courses.base.work import reading
from plugin.courses.journal.accounts import (
    AGAINST_DEFERRED,
    GIVEN,
    POSTINGS,
    ROLES,
    TITLES,
    Account,
    Chart,
    Role,
    Section,
    chart_in,
)
from plugin.courses.reports.books import closed_through_in, counts_at, counts_within, with_courses
from plugin.courses.reports.period import Period, month_of, months_in
from plugin.courses.reports.sums import what_sums
from plugin.errors import InvalidField
from plugin.store.documents import MoneyPosting
from plugin.store.offers import Package
from plugin.store.tables import Allowance, Course, Entry, Gift
from plugin.wording import _

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class PairSum:
    """The sum of one kind of amount over some days."""

    what: str
    debit: Role
    credit: Role
    amount: int


def entries_within(
    session: Session, columns: Select[*Ts], start: datetime, end: datetime, currency: str
) -> Select[*Ts]:
    """Return the query over the entries with value that count in these days."""
    within = counts_within(counts_at(session), start, end)
    return with_courses(columns).where(within, Course.currency == currency, Entry.value_delta != 0)


def money_within(
    session: Session, columns: Select[*Ts], start: datetime, end: datetime, currency: str
) -> Select[*Ts]:
    """Return the query over the money of sales that counts in these days."""
    table = MoneyPosting
    within = counts_within(counts_at(session, table), start, end, table)
    return columns.select_from(table).where(within, table.currency == currency)


def pair_sums(
    session: Session,
    period: Period,
    currency: str,
    changed: Mapping[str, int],
    *,
    has_money: bool = True,
) -> Iterator[PairSum]:
    """Yield the sums of everything that counts in the period.

    `changed`: the value by what its entries of the ledger are (`reports.sums`).
    """
    for what, value in changed.items():
        yield PairSum(what, AGAINST_DEFERRED[what], Role.DEFERRED, value)
    start, end = period.moments(clinic_in(session).zone)
    if has_money:
        key = (MoneyPosting.what, MoneyPosting.debit, MoneyPosting.credit)
        sums = select(*key, func.sum(MoneyPosting.amount))
        for what, debit, credit, amount in session.execute(
            money_within(session, sums, start, end, currency).group_by(*key)
        ):
            yield PairSum(what, Role(debit), Role(credit), int(amount))
    given = sum(each.amount for each in gift_moves(session, start, end, currency))
    yield PairSum(GIVEN, Role.DEFERRED, AGAINST_DEFERRED[GIVEN], given)


@dataclass(frozen=True, slots=True)
class GiftMove:
    """Value that begins to wait as a gift; below zero where a voucher was redeemed or taken back."""

    course_id: str
    at: datetime
    amount: int


def gift_moves(session: Session, start: datetime, end: datetime, currency: str) -> Iterator[GiftMove]:
    """Yield what moves between courses and gift vouchers from `start` until before `end`.

    While a voucher waits, the value of its course is what the ledger has of it at that moment: at its start, with
    each entry, and back at its end.
    """
    ended_at = func.coalesce(Gift.redeemed_at, Gift.taken_back_at)
    gifts = session.execute(
        select(Gift.course_id, Gift.given_at, ended_at.label("ended_at"))
        .join(Course, Course.id == Gift.course_id)
        .where(
            Course.currency == currency,
            or_(Gift.given_at < end, ended_at < end),
            or_(ended_at.is_(None), ended_at >= start),
        )
        .order_by(Gift.id)
    ).all()
    entries = _entries_of(session, {each.course_id for each in gifts})
    for gift in gifts:
        for move in _moves(gift.course_id, gift.given_at, gift.ended_at, entries[gift.course_id]):
            if start <= move.at < end and move.amount:
                yield move


# Written at, counts at, and the change of value.
_Written = tuple[datetime, datetime, int]


def _moves(
    course_id: str, given_at: datetime, ended_at: datetime | None, entries: list[_Written]
) -> Iterator[GiftMove]:
    before = sum(value for written, _counts, value in entries if written <= given_at)
    yield GiftMove(course_id, given_at, before)
    while_waiting = [
        (counts, value)
        for written, counts, value in entries
        if written > given_at and (ended_at is None or written <= ended_at)
    ]
    for counts, value in while_waiting:
        yield GiftMove(course_id, max(counts, given_at), value)
    if ended_at is not None:
        yield GiftMove(course_id, ended_at, -before - sum(value for _counts, value in while_waiting))


def _entries_of(session: Session, course_ids: set[str]) -> defaultdict[str, list[_Written]]:
    found: defaultdict[str, list[_Written]] = defaultdict(list)
    if not course_ids:
        return found
    rows = select(Allowance.course_id, Entry.written_at, counts_at(session), Entry.value_delta).join(
        Allowance, Allowance.id == Entry.allowance_id
    )
    for course_id, written, counts, value in session.execute(rows.where(Allowance.course_id.in_(course_ids))):
        found[course_id].append((written, counts, value))
    return found


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


# Xero takes at most so many lines in one file.
XERO_LINES = 300
_Line = tuple[JournalEntry, JournalLine]


class JournalFormat(StrEnum):
    """The programs that a journal can be saved for."""

    QUICKBOOKS = "quickbooks"
    XERO = "xero"
    BEANCOUNT = "beancount"


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A file: a table, or a text."""

    name: str
    content: Sheet | str

    @property
    def media_type(self) -> str:
        return "text/plain; charset=utf-8" if isinstance(self.content, str) else Format.CSV.media_type

    def to_bytes(self) -> bytes:
        """Return the file: a text, or a CSV without the BOM that accounting programs stumble over."""
        if isinstance(self.content, str):
            return self.content.encode()
        out = io.BytesIO()
        write(self.content, Format.CSV, out, for_people=False)
        return out.getvalue()


def journal_file(journal: Journal, form: JournalFormat) -> JournalFile:
    """Return the journal as a file; raises InvalidField where an account lacks what the program asks for."""
    first, last = journal.months[0].period.first, journal.months[-1].period.last
    days = f"{first:%Y-%m}" if first.month == last.month and first.year == last.year else f"{first}-to-{last}"
    return _MAKERS[form](journal, f"journal-{form.value}-{days}")


def _quickbooks(journal: Journal, name: str) -> JournalFile:
    columns: Columns[_Line] = {
        "Journal No": lambda row: row[0].number,
        "Journal Date": lambda row: f"{row[0].day:%m/%d/%Y}",
        "Account Name": lambda row: row[1].account.name,
        "Debits": lambda row: major(row[1].debit) if row[1].debit else None,
        "Credits": lambda row: major(row[1].credit) if row[1].credit else None,
        "Description": lambda row: _title(row[0]),
        "Currency": lambda row: row[1].net.currency,
    }
    return JournalFile(f"{name}.csv", sheet_of(name, columns, list(_lines(journal))))


def _xero(journal: Journal, name: str) -> JournalFile:
    lines = list(_lines(journal))
    if len(lines) > XERO_LINES:
        raise InvalidField(
            _("Xero takes {n} lines in one file. Save fewer months.", n=XERO_LINES), field="to"
        )
    for _entry, line in lines:
        if not line.account.number:
            raise InvalidField(
                _("Xero needs a number for {name}. Enter it under Accounts.", name=line.account.name),
                field=f"number:{line.account.role}",
            )
    columns: Columns[_Line] = {
        "*Narration": lambda row: f"{row[0].number} {_title(row[0])}",
        "*Date": lambda row: f"{row[0].day:%d/%m/%Y}",
        "Description": lambda row: row[1].account.name,
        "*AccountCode": lambda row: row[1].account.number,
        "*TaxRate": lambda _row: journal.chart.xero_tax_rate,
        "*Amount": lambda row: major(row[1].net),
        "TrackingName1": lambda _row: "",
        "TrackingOption1": lambda _row: "",
        "TrackingName2": lambda _row: "",
        "TrackingOption2": lambda _row: "",
    }
    return JournalFile(f"{name}.csv", sheet_of(name, columns, lines))


def _beancount(journal: Journal, name: str) -> JournalFile:
    accounts = {line.account.role: _beancount_name(line.account) for _entry, line in _lines(journal)}
    opened = journal.months[0].period.first
    parts = ["; Coursekeeper, journal", f'option "operating_currency" "{journal.currency}"', ""]
    parts += [f"{opened} open {each} {journal.currency}" for each in dict.fromkeys(accounts.values())]
    for entry in journal.entries:
        parts += ["", f'{entry.day} * "{entry.number}" "{_title(entry)}"']
        parts += [
            f"  {accounts[line.account.role]}  {major(line.net):f} {line.net.currency}"
            for line in entry.lines
        ]
    return JournalFile(f"{name}.beancount", "\n".join([*parts, ""]))


def _beancount_name(account: Account) -> str:
    """Return the type and one component: letters, digits and dashes, beginning with a capital or a digit."""
    plain = (
        unicodedata.normalize("NFKD", f"{account.number} {account.name}").encode("ascii", "ignore").decode()
    )
    words = [word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", plain)]
    return (
        f"{ROLES[account.role].type.value}:{'-'.join(words) or account.role.value.title().replace('_', '-')}"
    )


def _title(entry: JournalEntry) -> str:
    return TITLES[entry.section][:]


def _lines(journal: Journal) -> Iterator[_Line]:
    return ((entry, line) for entry in journal.entries for line in entry.lines)


_MAKERS: Mapping[JournalFormat, Callable[[Journal, str], JournalFile]] = {
    JournalFormat.QUICKBOOKS: _quickbooks,
    JournalFormat.XERO: _xero,
    JournalFormat.BEANCOUNT: _beancount,
}
