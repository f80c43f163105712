"""The journal as files for QuickBooks Online, Xero and Beancount; docs/journal.md cites what each of them asks for."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from plugin.courses.base.sheet import Columns, Format, Sheet, major, sheet_of, write
from plugin.courses.journal.accounts import ROLES, Account
from plugin.courses.journal.month import Journal, JournalEntry, JournalLine
from plugin.courses.journal.pairs import TITLES
from plugin.errors import InvalidField
from plugin.wording import _

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
