"""Money and counts as the sentences of the use cases say them, in the clinic's language."""

from __future__ import annotations

from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from plugin.core.money import Money, minor_digits


def money_text(money: Money, *, language: str = "en", country: str = "US") -> str:
    """Write an amount as people there do: $1,650.00."""
    major = Decimal(money.amount).scaleb(-minor_digits(money.currency))
    return format_currency(major, money.currency, locale=_locale(language, country))


def _locale(language: str, country: str) -> Locale:
    for tag in (f"{language.replace('-', '_')}_{country}", language.replace("-", "_"), "en_US"):
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def sessions_text(count: int) -> str:
    """Return "1 session", "2 sessions"."""
    return f"{count} session" if count == 1 else f"{count} sessions"
