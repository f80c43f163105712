"""Money, dates and counts as text for messages, in the language of who reads them, else the clinic's."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency
from sqlalchemy.orm import Session

from plugin.core.money import Money, minor_digits
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClinicView
from plugin.wording import spoken_tag


def money_text(money: Money, clinic: ClinicView) -> str:
    """Format an amount in the clinic's locale: $1,650.00."""
    return format_money(money, _language(clinic), clinic.country)


def clinic_money(session: Session, money: Money) -> str:
    """Format an amount in the locale of this session's clinic."""
    return money_text(money, clinic_in(session))


def format_money(money: Money, language: str = "en", country: str = "US") -> str:
    """Format an amount for a language and a country."""
    major = Decimal(money.amount).scaleb(-minor_digits(money.currency))
    return format_currency(major, money.currency, locale=_locale(language, country))


def _language(clinic: ClinicView) -> str:
    return spoken_tag().partition("-")[0] or clinic.language


def _locale(language: str, country: str) -> Locale:
    for tag in (f"{language.replace('-', '_')}_{country}", language.replace("-", "_"), "en_US"):
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def day_text(day: date, clinic: ClinicView) -> str:
    """Format a day in the clinic's locale: Nov 22, 2026."""
    return format_date(day, format="medium", locale=_locale(_language(clinic), clinic.country))


def time_text(moment: datetime, clinic: ClinicView) -> str:
    """Format the time at the clinic in its locale: 10:02 AM."""
    zone = ZoneInfo(clinic.time_zone)
    locale = _locale(_language(clinic), clinic.country)
    return str(format_time(moment.astimezone(zone), "short", tzinfo=zone, locale=locale))


def moment_text(moment: datetime, clinic: ClinicView) -> str:
    """Format a moment at the clinic in its locale: Nov 22, 2026, 10:02 AM."""
    day = moment.astimezone(ZoneInfo(clinic.time_zone)).date()
    return f"{day_text(day, clinic)}, {time_text(moment, clinic)}"


def sessions_text(count: int) -> str:
    """Return "1 session", "2 sessions"."""
    return f"{count} session" if count == 1 else f"{count} sessions"
