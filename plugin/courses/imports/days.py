"""Parse days as people and programs write them.

03/04/2025 is ambiguous; the column's other dates may decide.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import get_day_names, get_month_names
from dateutil.parser import parse, parserinfo

from plugin.core.text import folded
from plugin.courses.imports.table import Cell
from plugin.errors import InvalidField
from plugin.wording import _

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
        raise _refused(text)
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
        raise _refused(text)
    raise TwoWays(text)


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _refused(text) from None


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
        raise _refused(text)
    return day


def _refused(text: str) -> InvalidField:
    return InvalidField(_("“{text}” is no date. Write it like 2025-03-31.", text=text[:40]))


class _Words(parserinfo):
    """The names of months and weekdays in several languages, folded.

    Two-digit years belong to this century.
    """

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
