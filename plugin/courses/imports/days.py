"""Days as people and programs write them. 03/04/2025 is two days; the file's other dates may tell which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names

from plugin.core.text import folded
from plugin.courses.imports.table import Cell
from plugin.errors import InvalidField

_TIME = r"(?:[ T,]+\d{1,2}:\d{2}.*)?\Z"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/. ](\d{{1,2}})[-/. ](\d{{1,2}}){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_DAY_NAMED = re.compile(rf"(\d{{1,2}})[ .-]*(?:de )?([^\W\d]+)[ .,-]*(?:de )?(\d{{4}}){_TIME}")
_MONTH_NAMED = re.compile(rf"([^\W\d]+)[ .-]*(\d{{1,2}})(?:st|nd|rd|th)?[ ,-]+(\d{{4}}){_TIME}")
_EAST = str.maketrans({"年": "-", "月": "-", "日": ""})
_LANGUAGES = ("en", "es", "fr", "de", "pt", "it")

_SOONEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)
_NO_DAY = "“{text}” is no date. Write it like 2025-03-31."


class TwoWays(ValueError):
    """A day that can be read in two ways, and nobody has said which is meant."""


def read_day(cell: Cell, *, is_day_first: bool | None) -> date:
    """Return the day in a cell; raises InvalidField, or TwoWays where only the owner knows."""
    if isinstance(cell, date):
        return _within(cell, cell.isoformat())
    text = str(cell).strip()
    if numbers := _numbers(text):
        first, second, year = numbers
        return _within(_in_order(first, second, year, text, is_day_first), text)
    return _within(_other(text), text)


def can_be_two(text: str) -> bool:
    """Say whether the text is a day in either order, and not the same one."""
    numbers = _numbers(text)
    return numbers is not None and numbers[0] <= 12 and numbers[1] <= 12 and numbers[0] != numbers[1]


def order_told(cells: Iterable[Cell]) -> bool | None:
    """Return whether the dates of a file put the day first, where any of them can be read in one way only."""
    orders = set()
    for cell in cells:
        numbers = _numbers(cell.strip()) if isinstance(cell, str) else None
        if numbers is not None and (numbers[0] > 12) != (numbers[1] > 12):
            orders.add(numbers[0] > 12)
    return orders.pop() if len(orders) == 1 else None


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _YEAR_LAST.match(text)
    # With points the day comes first wherever dates are written so.
    if found is None or found[2] == ".":
        return None
    return int(found[1]), int(found[3]), _year(found[4])


def _in_order(first: int, second: int, year: int, text: str, is_day_first: bool | None) -> date:
    if first > 12 >= second or (is_day_first and second <= 12):
        return _day(year, second, first, text)
    if second > 12 >= first or is_day_first is False:
        return _day(year, first, second, text)
    if first == second:
        return _day(year, first, second, text)
    raise TwoWays(text)


def _other(text: str) -> date:
    plain = text.translate(_EAST).rstrip("-")
    if found := _YEAR_FIRST.match(plain):
        return _day(int(found[1]), int(found[2]), int(found[3]), text)
    if found := _YEAR_LAST.match(plain):
        return _day(_year(found[4]), int(found[3]), int(found[1]), text)
    if found := _DAY_NAMED.match(plain):
        return _day(int(found[3]), _month(found[2], text), int(found[1]), text)
    if found := _MONTH_NAMED.match(plain):
        return _day(int(found[3]), _month(found[1], text), int(found[2]), text)
    raise _refused(text)


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _refused(text) from None


def _within(day: date, text: str) -> date:
    if not _SOONEST <= day <= _LATEST:
        raise _refused(text)
    return day


def _refused(text: str) -> InvalidField:
    return InvalidField(_NO_DAY.format(text=text[:40]))


def _month(name: str, text: str) -> int:
    number = _months().get(folded(name).rstrip("."))
    if number is None:
        raise _refused(text)
    return number


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {"sept": 9}
    for language in _LANGUAGES:
        try:
            locale = Locale.parse(language)
        except UnknownLocaleError:
            continue
        for width in ("abbreviated", "wide"):
            for number, name in get_month_names(width, locale=locale).items():
                names.setdefault(folded(name).rstrip("."), number)
    return names
