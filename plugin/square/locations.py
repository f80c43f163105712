"""The clinic's details from its Square location. What a person has typed is never overwritten."""

from __future__ import annotations

from dataclasses import replace

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.clinic import is_named, read_clinic, save_clinic, time_zones
from plugin.courses.base.views import ClinicView
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.square.parsing import Json, postal_address, readable, square_id, text, words

LETTER_COUNTRIES = ("US", "CA", "MX")


def adopt_location(services: Services) -> bool:
    """Fill in the clinic from its Square location, once; False where Square can't be asked now."""
    clinic = read_clinic(services.store)
    if clinic.square_location_id is not None:
        return True
    try:
        location = services.square.location(services.settings.square_location_id or "main")
        adopted = _merged(clinic, location) if is_named(services.store) else _clinic(clinic, location)
        save_clinic(services.store, Act(SQUARE, services.clock(), "adopt-location"), adopted)
    except CoursekeeperError:
        # The desk works without it; the next start tries again.
        return False
    return True


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
