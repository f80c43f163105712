"""A file as a table of cells, and the amounts and days in them as other systems write them. Pure.

An amount or a day that can be read in two ways is refused, never guessed; of 03/04/2025 the column's other dates may
decide.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names
from babel.numbers import get_currency_symbol, get_group_symbol
from dateutil.parser import parse, parserinfo

from plugin.core.money import LARGEST_AMOUNT, minor_digits
from plugin.core.text import folded
from plugin.errors import InvalidField
from plugin.wording import _

# A workbook has typed numbers and dates; a text file has only text.
Cell = str | Decimal | date

LARGEST_FILE = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row and its line number, as shown to a person who opens the file."""

    line: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """Return the cell, "" if the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to decode a text file: Python's name of the encoding, ours, and some words decoded with it."""

    encoding: str
    called: str
    sample: str


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows below them; `read_as` describes how the file was read.

    `readings` contains this way and the others where the bytes alone don't decide which is right, else
    nothing.
    """

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    read_as: str
    readings: tuple[Reading, ...] = ()

    @property
    def sha256(self) -> str:
        """Return a digest of the cells, independent of how the file was saved."""
        cells = [self.headings, *([str(cell) for cell in row.cells] for row in self.rows)]
        written = json.dumps(cells, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    def values(self, column: int, most: int = 200) -> list[Cell]:
        """Return the first filled cells below a heading."""
        filled = (cell for row in self.rows if shown(cell := row.cell(column)))
        return [cell for cell, _ in zip(filled, range(most), strict=False)]

    def examples(self, column: int) -> list[str]:
        """Return a few different values of a column, shortened, to show what it contains."""
        texts = dict.fromkeys(shown(cell)[:60] for cell in self.values(column, 50))
        return list(texts)[:3]


def shown(cell: Cell) -> str:
    """Format a cell for people."""
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


_SPACES = str.maketrans(
    "", "", " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}'\N{RIGHT SINGLE QUOTATION MARK}"
)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*\Z")
_THREES = re.compile(r"\d{1,3}(?:[.,]\d{3})+\Z")
_MOST_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Currency:
    """The clinic's currency, how amounts are written there, and the thousands separator."""

    code: str
    symbols: tuple[str, ...]
    group: str

    @classmethod
    def of(cls, code: str, language: str, country: str) -> Currency:
        locale = _locale(language, country)
        symbol = get_currency_symbol(code, locale=locale)
        signs = {symbol, symbol.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), code}
        return cls(code, tuple(sorted(filter(None, signs), key=len, reverse=True)), get_group_symbol(locale))


def read_amount(cell: Cell, currency: Currency) -> int:
    """Return an amount in minor units. Raises InvalidField for text that is not an amount, or is ambiguous."""
    text = str(cell).strip()
    if isinstance(cell, Decimal):
        return _minor(cell, currency, text)
    plain = _without_currency(text, currency).translate(_SPACES)
    if len(plain) > _MOST_DIGITS or not _DIGITS.match(plain):
        raise _no_amount(text)
    return _minor(Decimal(_decimal(plain, currency, text)), currency, text)


def _without_currency(text: str, currency: Currency) -> str:
    for symbol in currency.symbols:
        if text.upper().startswith(symbol.upper()):
            return text[len(symbol) :]
        if text.upper().endswith(symbol.upper()):
            return text[: -len(symbol)]
    if re.search(r"[^\W\d_]|[$€£¥₹₩]", text):
        raise InvalidField(
            _(
                "“{text}” is not an amount in {code}, the clinic’s currency.",
                text=text[:40],
                code=currency.code,
            )
        )
    return text


def _decimal(plain: str, currency: Currency, text: str) -> str:
    """Return the digits with a decimal point."""
    marks = [ch for ch in plain if ch in ".,"]
    last = marks[-1] if marks else ""
    if len(set(marks)) == 2:
        whole, _other, decimals = plain.rpartition(last)
        return f"{_whole(whole, text)}.{decimals}" if marks.count(last) == 1 else _raise(text)
    if len(marks) != 1:
        return _whole(plain, text)
    whole, _other, decimals = plain.rpartition(last)
    if len(decimals) == 3 and len(whole) <= 3:
        # 1,650 is unambiguous where commas separate thousands, unless the currency itself has three decimals.
        is_group, has_three = last == currency.group, minor_digits(currency.code) == 3
        if is_group and not has_three:
            return whole + decimals
        if has_three and not is_group:
            return f"{whole}.{decimals}"
        ways = _(
            "“{text}” can be read as {whole}{decimals} or as {whole}.{decimals}.",
            text=text[:40],
            whole=whole,
            decimals=decimals,
        )
        raise InvalidField(_("{ways} Write it without a mark for thousands.", ways=ways))
    return f"{whole}.{decimals}"


def _whole(digits: str, text: str) -> str:
    if not digits.isdecimal() and not _THREES.match(digits):
        raise _no_amount(text)
    return re.sub("[.,]", "", digits)


def _minor(amount: Decimal, currency: Currency, text: str) -> int:
    minor = amount.scaleb(minor_digits(currency.code))
    if minor < 0:
        raise InvalidField(
            _("“{text}” is less than nothing. Write what was paid, or leave it empty.", text=text[:40])
        )
    if minor != minor.to_integral_value():
        most = minor_digits(currency.code) or _("none")
        raise InvalidField(
            _(
                "“{text}” has more decimals than {code} has: {most}.",
                text=text[:40],
                code=currency.code,
                most=most,
            )
        )
    if minor > LARGEST_AMOUNT:
        raise _no_amount(text)
    return int(minor)


def _no_amount(text: str) -> InvalidField:
    return InvalidField(_("“{text}” is not an amount. Write it like 1650.00.", text=text[:40]))


def _raise(text: str) -> str:
    raise _no_amount(text)


def _locale(language: str, country: str) -> Locale:
    try:
        return Locale.parse(f"{language.replace('-', '_')}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


_SLASHED = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+\d{1,2}:\d{2}.*)?\Z", re.ASCII)
# Unambiguous forms: the year first, or a month by its name.
_PLAIN = re.compile(r"\d{4}[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?\d|.*[^\W\d]{3}", re.ASCII)
# The library reads GMT-8 as eight hours behind London's time, as Unix zone files do.
_BEFORE_OFFSET = re.compile(r"\b(?:GMT|UTC)(?=[+-]\d)")
_EAST = str.maketrans({"年": "-", "月": "-", "日": " "})
_LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
_LONGEST = 60

_SOONEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)
# Excel's epoch, and the serial numbers that are plausible dates.
_EXCEL_ZERO = date(1899, 12, 30)
_EXCEL_DAYS = range((_SOONEST - _EXCEL_ZERO).days, (_LATEST - _EXCEL_ZERO).days)
# Missing parts are taken from the default: two different defaults show whether it is a whole date.
_DEFAULTS = tuple(datetime.fromisoformat(day) for day in ("2001-01-01", "2004-02-02"))


class TwoWays(ValueError):
    """An ambiguous day: only the owner knows which is meant."""


def read_moment(cell: Cell, *, is_day_first: bool | None) -> date | datetime:
    """Return the day in a cell, or the moment where it names its zone; raises InvalidField or TwoWays."""
    if isinstance(cell, date):
        return _within(cell, cell.isoformat())
    text = format(cell, "f") if isinstance(cell, Decimal) else cell.strip()
    if numbers := _numbers(text):
        return _within(_in_order(*numbers, text, is_day_first), text)
    moment = _parsed(text)
    if moment is None:
        raise _no_date(text)
    _within(moment.date() if isinstance(moment, datetime) else moment, text)
    return moment


def can_be_two(cell: Cell) -> bool:
    """Return whether the cell is a day in either order, and not the same one."""
    numbers = _numbers(cell.strip()) if isinstance(cell, str) else None
    return numbers is not None and numbers[0] <= 12 and numbers[1] <= 12 and numbers[0] != numbers[1]


def order_told(cells: Iterable[Cell]) -> bool | None:
    """Return whether the dates of a column put the day first, decided by those that are unambiguous."""
    orders = set()
    for cell in cells:
        numbers = _numbers(cell.strip()) if isinstance(cell, str) else None
        if numbers is not None and (numbers[0] > 12) != (numbers[1] > 12):
            orders.add(numbers[0] > 12)
    return orders.pop() if len(orders) == 1 else None


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _SLASHED.match(text)
    # With points, the day comes first everywhere.
    if found is None or found[2] == ".":
        return None
    return int(found[1]), int(found[3]), _words().convertyear(int(found[4]), len(found[4]) == 4)


def _in_order(first: int, second: int, year: int, text: str, is_day_first: bool | None) -> date:
    if first > 12 >= second or (is_day_first and second <= 12):
        return _day(year, second, first, text)
    if second > 12 >= first or is_day_first is False or first == second:
        return _day(year, first, second, text)
    if first > 12:
        raise _no_date(text)
    raise TwoWays(text)


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_date(text) from None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> date | datetime | None:
    if len(text) > _LONGEST:
        return None
    if text.isdecimal() and len(text) != 8:
        is_excel = len(text) == 5 and int(text) in _EXCEL_DAYS
        return _EXCEL_ZERO + timedelta(days=int(text)) if is_excel else None
    plain = folded(_BEFORE_OFFSET.sub("", text.translate(_EAST))).rstrip("-. ")
    is_dotted = _SLASHED.match(plain) is not None
    if not is_dotted and not _PLAIN.match(plain):
        return None
    try:
        one, other = (
            parse(plain.upper(), _words(), default=default, dayfirst=is_dotted, tzinfos=_zone)
            for default in _DEFAULTS
        )
    except (ValueError, OverflowError, ArithmeticError, TypeError, LookupError, AttributeError):
        return None
    if one != other:
        return None
    return one if one.tzinfo else one.date()


def _zone(_name: str | None, offset_s: int | None) -> tzinfo | int | None:
    # A name such as EST means several zones; a time without an offset is the clinic's own.
    return offset_s


def _within(day: date, text: str) -> date:
    if not _SOONEST <= day <= _LATEST:
        raise _no_date(text)
    return day


def _no_date(text: str) -> InvalidField:
    return InvalidField(_("“{text}” is not a date. Write it like 2025-03-31.", text=text[:40]))


class _Words(parserinfo):
    """The names of months and weekdays in several languages, folded. Two-digit years belong to this century."""

    JUMP = []
    MONTHS = []
    # A weekday adds nothing to the date, and some are spelled like a month.
    WEEKDAYS = []

    def convertyear(self, year: int, century_specified: bool = False) -> int:
        return year if century_specified or year >= 100 else 2000 + year


@cache
def _words() -> parserinfo:
    months = [_names(get_month_names, number) for number in range(1, 13)]
    months[8].append("sept")
    weekdays = {name for number in range(7) for name in _names(get_day_names, number)}
    _Words.MONTHS = [tuple(names) for names in months]  # type: ignore[misc]  # the stubs know English alone
    _Words.JUMP = [*parserinfo.JUMP, "de", "del", "le", "den", "el", *weekdays.difference(*months)]
    return _Words()


def _names(names_of: Callable[..., Mapping[int, str]], number: int) -> list[str]:
    """Return the full and short names of a month or a weekday."""
    locales = [Locale.parse(language) for language in _LANGUAGES]
    called = [
        names_of(width, locale=locale)[number] for width in ("wide", "abbreviated") for locale in locales
    ]
    return [folded(name).rstrip(".") for name in called]
