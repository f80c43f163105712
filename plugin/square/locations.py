"""The clinic's details from its Square location. What a person has typed is never overwritten."""

from contextlib import suppress
from dataclasses import replace
from datetime import time

from plugin.core.acts import SQUARE, Act
from plugin.core.opening_hours import DAY_MINUTES, Interval, OpeningHours
from plugin.courses.base.clinic import is_named, read_clinic, read_hours, save_clinic, save_hours, time_zones
from plugin.courses.base.views import ClinicView
from plugin.errors import CoursekeeperError, InvalidField
from plugin.services import Services
from plugin.square.parsing import Json, postal_address, readable, square_id, text, words

# As Square names them, from Monday.
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
LETTER_COUNTRIES = ("US", "CA", "MX")


def adopt_location(services: Services) -> bool:
    """Fill in the clinic from its Square location, once; False where Square can't be asked now."""
    clinic = read_clinic(services.store)
    if clinic.square_location_id is not None:
        return True
    try:
        location = services.square.location(services.settings.square_location_id or "main")
        adopted = _merged(clinic, location) if is_named(services.store) else _clinic(clinic, location)
        act = Act(SQUARE, services.clock(), "adopt-location")
        save_clinic(services.store, act, adopted)
        _adopt_hours(services, act, location)
    except CoursekeeperError:
        # The desk works without it; the next start tries again.
        return False
    return True


def _adopt_hours(services: Services, act: Act, location: Json) -> None:
    """Save the opening hours that Square has, unless some were entered here; what can't be read is left."""
    week = _week(location.get("business_hours"))
    if any(week) and read_hours(services.store).is_assumed:
        with suppress(InvalidField):
            save_hours(services.store, act, OpeningHours(week))


def _week(business_hours: object) -> tuple[tuple[Interval, ...], ...]:
    periods = business_hours.get("periods") if isinstance(business_hours, dict) else None
    read = [each for each in periods if isinstance(each, dict)] if isinstance(periods, list) else []
    return tuple(
        tuple(interval for each in read if each.get("day_of_week") == day and (interval := _interval(each)))
        for day in _DAYS
    )


def _interval(period: Json) -> Interval | None:
    try:
        opens, closes = (
            time.fromisoformat(text(period.get(f"{end}_local_time"))) for end in ("start", "end")
        )
    except ValueError:
        return None
    # Midnight is the end of the day.
    until = closes.hour * 60 + closes.minute or DAY_MINUTES
    return Interval(opens.hour * 60 + opens.minute, until)


def currency_charged(services: Services) -> str:
    """Return the currency of the location whose sales count, "" where Square tells none; raises SquareFailed."""
    return text(services.square.location(services.settings.square_location_id or "main").get("currency"))


def watched_locations(services: Services) -> list[str]:
    """Return the ids of the locations whose sales count: the configured one, or all active ones."""
    if services.settings.square_location_id:
        return [services.settings.square_location_id]
    found = [one for one in services.square.locations() if one.get("status") != "INACTIVE"]
    return readable(lambda one: square_id(one.get("id"), "location id"), found, "location")


def _clinic(plain: ClinicView, location: Json) -> ClinicView:
    country = text(location.get("country")) or plain.country
    zone = text(location.get("timezone"))
    return replace(
        plain,
        name=words(location.get("business_name"), 120) or words(location.get("name"), 120) or plain.name,
        address=postal_address(location.get("address")),
        phone=words(location.get("phone_number"), 40),
        email=words(location.get("business_email"), 254),
        website=words(location.get("website_url"), 254),
        country=country,
        time_zone=zone if zone in time_zones() else plain.time_zone,
        currency=text(location.get("currency")) or plain.currency,
        page_size="letter" if country in LETTER_COUNTRIES else "a4",
        square_location_id=square_id(location.get("id"), "location id"),
    )


def _merged(typed: ClinicView, location: Json) -> ClinicView:
    found = _clinic(typed, location)
    return replace(
        typed,
        address=typed.address or found.address,
        phone=typed.phone or found.phone,
        email=typed.email or found.email,
        website=typed.website or found.website,
        square_location_id=found.square_location_id,
    )
