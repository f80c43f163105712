"""Parse money as other systems write it. An ambiguous amount is refused, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_symbol, get_group_symbol

from plugin.core.money import LARGEST_AMOUNT, minor_digits
from plugin.courses.imports.table import Cell
from plugin.errors import InvalidField
from plugin.wording import _

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
    """Return an amount in minor units.

    Raises InvalidField for text that is not an amount, or is ambiguous.
    """
    text = str(cell).strip()
    if isinstance(cell, Decimal):
        return _minor(cell, currency, text)
    plain = _without_currency(text, currency).translate(_SPACES)
    if len(plain) > _MOST_DIGITS or not _DIGITS.match(plain):
        raise _refused(text)
    return _minor(Decimal(_decimal(plain, currency, text)), currency, text)


def _without_currency(text: str, currency: Currency) -> str:
    for symbol in currency.symbols:
        if text.upper().startswith(symbol.upper()):
            return text[len(symbol) :]
        if text.upper().endswith(symbol.upper()):
            return text[: -len(symbol)]
    if re.search(r"[^\W\d_]|[$€£¥₹₩]", text):
        raise InvalidField(
            _("“{text}” is no amount in {code}, the clinic’s currency.", text=text[:40], code=currency.code)
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
        return _three(whole, decimals, last, currency, text)
    return f"{whole}.{decimals}"


def _three(whole: str, decimals: str, mark: str, currency: Currency, text: str) -> str:
    # 1,650 is unambiguous where commas separate thousands, unless the currency itself has three decimals.
    is_group, has_three = mark == currency.group, minor_digits(currency.code) == 3
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


def _whole(digits: str, text: str) -> str:
    if not digits.isdecimal() and not _THREES.match(digits):
        raise _refused(text)
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
        raise _refused(text)
    return int(minor)


def _refused(text: str) -> InvalidField:
    return InvalidField(_("“{text}” is no amount. Write it like 1650.00.", text=text[:40]))


def _raise(text: str) -> str:
    raise _refused(text)


def _locale(language: str, country: str) -> Locale:
    try:
        return Locale.parse(f"{language.replace('-', '_')}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
