"""Formats of texts, amounts and rates in the XML."""

from decimal import Decimal

from babel.numbers import get_currency_precision

# Inserted into papers for line breaks and right-to-left words.
_LAYOUT_MARKS = str.maketrans("", "", "\u200b\u200e\u200f")


def plain(text: str) -> str:
    """Return a text of a paper without its layout characters."""
    return text.translate(_LAYOUT_MARKS)


def decimal(amount: int, currency: str) -> Decimal:
    """Return minor units as a decimal with all its places."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def percent(rate: Decimal) -> str:
    """Return a rate such as 9.5 without an exponent."""
    return f"{rate:f}"
