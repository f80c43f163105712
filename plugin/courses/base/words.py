"""Money, dates and counts as text: as a string in the clinic's language, shown in that of who reads them."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency
from sqlalchemy.orm import Session

from invoices.papers import Money as PaperMoney
from invoices.papers import PaperRefused
from plugin.core.moments import day_at
from plugin.core.money import Money, minor_digits
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClinicView
from plugin.errors import Refused
from plugin.wording import N_, Later, N_n, _, spoken_tag


def paper_money(money: Money) -> PaperMoney:
    """Return an amount of the ledger as papers have it."""
    return PaperMoney(money.amount, money.currency)


def money_text(money: Money, clinic: ClinicView) -> str:
    """Format an amount in the locale of the reader: $1,650.00."""
    return _for_reader(clinic, lambda language: format_money(money, language, clinic.country))


def clinic_money(session: Session, money: Money) -> str:
    """Format an amount in the locale of the reader, at this session's clinic."""
    return money_text(money, clinic_in(session))


# A list writes the same prices, and a day the same times, again and again.
@lru_cache(maxsize=2048)
def format_money(money: Money, language: str = "en", country: str = "US") -> str:
    major = Decimal(money.amount).scaleb(-minor_digits(money.currency))
    return format_currency(major, money.currency, locale=_locale(language, country))


def day_text(day: date, clinic: ClinicView) -> str:
    """Format a day in the locale of the reader: Nov 22, 2026."""
    return _for_reader(
        clinic, lambda language: format_date(day, format="medium", locale=_locale(language, clinic.country))
    )


def time_text(moment: datetime, clinic: ClinicView) -> str:
    """Format the time at the clinic in the locale of the reader: 10:02 AM."""
    local = moment.astimezone(clinic.zone).time()
    return _for_reader(clinic, lambda language: format_clock(local, _locale(language, clinic.country)))


@lru_cache(maxsize=2048)
def format_clock(local: time, locale: Locale) -> str:
    """Format a time of day: 10:02 AM."""
    return str(format_time(local, "short", locale=locale))


def moment_text(moment: datetime, clinic: ClinicView) -> str:
    """Format a moment at the clinic in the locale of the reader: Nov 22, 2026, 10:02 AM."""
    day = day_at(moment, clinic.zone)
    return _("{day}, {time}", day=day_text(day, clinic), time=time_text(moment, clinic))


def sold_later(sold_on: date, clinic: ClinicView) -> str:
    """Return why a day before a course was sold can't be chosen, and which can."""
    return _("The course was sold on {day}. Choose that day or a later one.", day=day_text(sold_on, clinic))


def sessions_text(count: int) -> str:
    """Return "1 session", "2 sessions"."""
    return N_n("{n} session", "{n} sessions", count)


def _for_reader(clinic: ClinicView, write: Callable[[str], str]) -> str:
    stored = write(clinic.language)

    def shown() -> str:
        language = spoken_tag().partition("-")[0]
        return stored if language in ("", clinic.language) else write(language)

    return Later.of(stored, shown)


@lru_cache(maxsize=64)
def _locale(language: str, country: str) -> Locale:
    for tag in (f"{language.replace('-', '_')}_{country}", language.replace("-", "_"), "en_US"):
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def paper_refusal(error: PaperRefused) -> Refused:
    """Return the refusal of a paper with its sentence in the language of whoever reads it."""
    return Refused(N_(error.message, **error.values), code="paper_refused")
