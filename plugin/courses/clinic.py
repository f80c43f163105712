"""The clinic of this database, and what day it is there."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.text import optional, required
from plugin.courses.views import ClinicView
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.offers import Clinic

_ADDRESS_LINES = 5
_ADDRESS_LINE_LENGTH = 75

_NO_CLINIC_YET = ClinicView(
    name="Your clinic",
    address="",
    phone="",
    email="",
    website="",
    country="US",
    time_zone="UTC",
    currency="USD",
    language="en",
    accent="#0F6B5C",
    page_size="letter",
    square_location_id=None,
)


def read_clinic(store: Store) -> ClinicView:
    """Return the clinic; plain defaults until Square or the owner has named it."""
    with store.reading() as session:
        return clinic_in(session)


def clinic_in(session: Session) -> ClinicView:
    """Return the clinic as seen by this session."""
    row = session.get(Clinic, 1)
    if row is None:
        return _NO_CLINIC_YET
    return ClinicView(**{name: getattr(row, name) for name in ClinicView.__dataclass_fields__})


def is_named(store: Store) -> bool:
    """Say whether the clinic has been filled in."""
    with store.reading() as session:
        return session.get(Clinic, 1) is not None


def save_clinic(store: Store, act: Act, clinic: ClinicView) -> ClinicView:
    """Keep the clinic's particulars; raises InvalidField for what a paper could not show."""
    require(act.actor)
    checked = _checked(clinic)
    with store.writing() as session:
        row = session.get(Clinic, 1)
        if row is None:
            row = Clinic(id=1)
            session.add(row)
        for name in ClinicView.__dataclass_fields__:
            setattr(row, name, getattr(checked, name))
    return checked


def local_date(clinic: ClinicView, now: datetime) -> date:
    """Return what day it is at the clinic."""
    return now.astimezone(ZoneInfo(clinic.time_zone)).date()


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones, looked for once: they are found by opening six hundred files."""
    return frozenset(available_timezones())


def _checked(clinic: ClinicView) -> ClinicView:
    if clinic.time_zone not in time_zones():
        raise InvalidField(
            f"{clinic.time_zone!r} is no time zone such as America/Los_Angeles.", field="time_zone"
        )
    if not re.fullmatch(r"[A-Z]{3}", clinic.currency):
        raise InvalidField("A currency is a code of three capitals, such as USD.", field="currency")
    if not re.fullmatch(r"[A-Z]{2}", clinic.country):
        raise InvalidField("A country is a code of two capitals, such as US.", field="country")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", clinic.language):
        raise InvalidField("A language is a tag such as en, es or zh-Hans.", field="language")
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", clinic.accent):
        raise InvalidField("The colour is written like #0F6B5C.", field="accent")
    if clinic.page_size not in ("letter", "a4"):
        raise InvalidField("The page size is letter or a4.", field="page_size")
    return ClinicView(
        name=required(clinic.name, field="name", called="The clinic's name"),
        address=_address(clinic.address),
        phone=optional(clinic.phone, field="phone", called="The phone number", most=40),
        email=optional(clinic.email, field="email", called="The e-mail address", most=254),
        website=optional(clinic.website, field="website", called="The website", most=254),
        country=clinic.country,
        time_zone=clinic.time_zone,
        currency=clinic.currency,
        language=clinic.language,
        accent=clinic.accent,
        page_size=clinic.page_size,
        square_location_id=clinic.square_location_id,
    )


def _address(typed: str) -> str:
    lines = typed.splitlines()
    if len(lines) > _ADDRESS_LINES:
        raise InvalidField(f"An address has at most {_ADDRESS_LINES} lines.", field="address")
    called = "A line of the address"
    return "\n".join(
        optional(line, field="address", called=called, most=_ADDRESS_LINE_LENGTH) for line in lines
    )
