"""What people type into forms, read as the clinic's country writes it. Raises InvalidField with the mend."""

from __future__ import annotations

from datetime import date

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal
from werkzeug.datastructures import MultiDict

from plugin.core.money import LARGEST_AMOUNT, Money, minor_digits
from plugin.errors import InvalidField

_MOST_DIGITS = 24


def typed_number(text: str, *, field: str, called: str) -> int:
    """Read a whole number; raises InvalidField when it is missing or no number."""
    plain = text.strip()
    if not plain:
        raise InvalidField(f"{called} is missing.", field=field)
    if len(plain) > _MOST_DIGITS or not plain.isdecimal():
        raise InvalidField(f"{called} is a whole number, such as 12.", field=field)
    return int(plain)


def typed_optional_number(text: str, *, field: str, called: str) -> int | None:
    """Read a whole number, None for an empty field."""
    return typed_number(text, field=field, called=called) if text.strip() else None


def known_charges(form: MultiDict[str, str]) -> int:
    """Return of how many charges of that day the desk had been told when it sent the form; none at first."""
    return max(0, form.get("known_charges", 0, type=int))


def typed_date(text: str, *, field: str) -> date | None:
    """Read the day a date field sends, None for an empty one."""
    plain = text.strip()
    try:
        return date.fromisoformat(plain) if plain else None
    except ValueError:
        raise InvalidField("That is no date.", field=field) from None


def typed_money(text: str, currency: str, locale: Locale, *, field: str, called: str) -> Money:
    """Read an amount such as 1,980.00 exactly; raises InvalidField for anything else or for too many decimals."""
    plain = text.strip().replace("\N{NO-BREAK SPACE}", " ").lstrip("$€£¥ ").strip()
    if not plain:
        raise InvalidField(f"{called} is missing.", field=field)
    example = f"{called} is an amount such as 165 or 1,980.00."
    if len(plain) > _MOST_DIGITS or any(ch.isalpha() for ch in plain):
        raise InvalidField(example, field=field)
    try:
        amount = parse_decimal(plain, locale=locale, strict=True)
    except NumberFormatError:
        raise InvalidField(example, field=field) from None
    minor = amount.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or abs(minor) > LARGEST_AMOUNT:
        raise InvalidField(example, field=field)
    return Money(int(minor), currency)
