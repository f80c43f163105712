"""The clinic of this database, and its local date."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core import opening_hours
from plugin.core.acts import Act, require
from plugin.core.moments import day_at
from plugin.core.text import NAME_LENGTH, optional, required
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.base.views import ClinicView, LogoView
from plugin.courses.base.work import reading
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Clinic, Hours, Logo
from plugin.wording import N_, _

_ADDRESS_LINES = 5
_ADDRESS_LINE_LENGTH = 75

# The logo is stored separately, under its SHA-256.
_KEPT = tuple(name for name in ClinicView.__dataclass_fields__ if name != "logo")

# Without the picture itself: the clinic is read for every page.
_COLUMNS: tuple[Any, ...] = (
    *(getattr(Clinic, name) for name in _KEPT),
    Logo.sha256,
    Logo.width,
    Logo.height,
)
_CLINIC = Prepared(select(*_COLUMNS).outerjoin(Logo, Logo.sha256 == Clinic.logo_sha256).where(Clinic.id == 1))
_IN_HAND = "clinic"
# As the log of changes calls them.
_LABELS = {
    "name": N_("Clinic"),
    "address": N_("Address"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "website": N_("Website"),
    "country": N_("Country"),
    "time_zone": N_("Time zone"),
    "currency": N_("Currency"),
    "language": N_("Language"),
    "accent": N_("Color"),
    "page_size": N_("Page size"),
    "square_location_id": N_("Square location"),
    "legal_name": N_("Legal name"),
    "tax_id": N_("Tax number"),
    "has_e_invoices": N_("E-invoices"),
    "sends_papers": N_("Papers by e-mail after each visit"),
    "offers_next_course": N_("Next package on the last summary"),
    "voucher_form": N_("Gift vouchers"),
    "address_place": N_("Client’s address on letters"),
    "map_url": N_("Map"),
    "parking": N_("Parking"),
    "entrance": N_("Entrance"),
}

_NO_CLINIC_YET = ClinicView(
    name=N_("Your clinic"),
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


def clinic_in(session: Session) -> ClinicView:
    """Return the clinic, plain defaults until Square or the owner has set its name; a session reads it once."""
    if _IN_HAND not in session.info:
        session.info[_IN_HAND] = _view(_CLINIC.first(session.connection(), {}))
    clinic: ClinicView = session.info[_IN_HAND]
    return clinic


read_clinic = reading(clinic_in)


def _view(row: Sequence[Any] | None) -> ClinicView:
    return _NO_CLINIC_YET if row is None or row[0] is None else _of_columns(tuple(row))


# Each page and each use reads it, and it hardly ever changes.
@lru_cache(maxsize=8)
def _of_columns(columns: tuple[Any, ...]) -> ClinicView:
    *kept, sha256, width, height = columns
    logo = LogoView(sha256, width, height) if sha256 is not None else None
    return ClinicView(**dict(zip(_KEPT, kept, strict=True)), logo=logo)


def is_named(store: Store) -> bool:
    """Return whether the clinic has been set up."""
    with store.reading() as session:
        return session.get(Clinic, 1) is not None


def save_clinic(store: Store, act: Act, clinic: ClinicView) -> ClinicView:
    """Save the clinic's details; raises InvalidField for what a paper can't show. The logo is unchanged."""
    require(act.actor)
    with store.writing() as session:
        return _recorded(session, store, act, clinic)


def change_clinic(store: Store, act: Act, changes: Mapping[str, Any]) -> ClinicView:
    """Change the given details by name, and no others; raises InvalidField."""
    require(act.actor)
    with store.writing() as session:
        return _recorded(session, store, act, replace(clinic_in(session), **changes))


def change_clinic_in(session: Session, changes: Mapping[str, Any]) -> ClinicView:
    """Change the given details within the transaction that read what they depend on; raises InvalidField."""
    return _save_in(session, replace(clinic_in(session), **changes))


def _recorded(session: Session, store: Store, act: Act, wanted: ClinicView) -> ClinicView:
    before = clinic_in(session)
    saved = _save_in(session, wanted)
    changed = [name for name in _KEPT if getattr(before, name) != getattr(saved, name)]
    if changed:
        was, now = (_in_words(each, changed) for each in (before, saved))
        record_activity(session, store, act, Did.SETTING_CHANGED, subject_id="clinic", before=was, after=now)
    return saved


def _in_words(clinic: ClinicView, names: Sequence[str]) -> str:
    values = ((name, getattr(clinic, name)) for name in names)
    shown = {name: "" if value is None else str(value).replace("\n", ", ") for name, value in values}
    # Joined, not formatted: what is stored is English.
    return "\n".join(": ".join((_LABELS[name], text or "–")) for name, text in shown.items())


def _save_in(session: Session, clinic: ClinicView) -> ClinicView:
    checked = checked_clinic(clinic)
    row = session.get(Clinic, 1)
    if row is None:
        row = Clinic(id=1)
        session.add(row)
    for name in _KEPT:
        setattr(row, name, getattr(checked, name))
    return checked


def local_date_in(session: Session, now: datetime) -> date:
    """Return the current date at this database's clinic."""
    return day_at(now, clinic_in(session).zone)


def noon_of(day: date, zone: ZoneInfo) -> datetime:
    """Return noon there: a day without a time of day is on that day in every list."""
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def hours_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day begins there and when the next one does; it may be 23, 24 or 25 hours long."""
    begins, ends = (
        datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1))
    )
    return begins, ends


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones, cached: finding them opens six hundred files."""
    return frozenset(available_timezones())


def checked_clinic(clinic: ClinicView) -> ClinicView:
    """Return the details as they are stored; raises InvalidField for what a paper can't show."""
    if clinic.time_zone not in time_zones():
        raise InvalidField(
            _("{time_zone} is no time zone such as America/Los_Angeles.", time_zone=repr(clinic.time_zone)),
            field="time_zone",
        )
    if not re.fullmatch(r"[A-Z]{3}", clinic.currency):
        raise InvalidField(_("A currency is a code of three capitals, such as USD."), field="currency")
    if not re.fullmatch(r"[A-Z]{2}", clinic.country):
        raise InvalidField(_("A country is a code of two capitals, such as US."), field="country")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", clinic.language):
        raise InvalidField(_("A language is a tag such as en, es or zh-Hans."), field="language")
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", clinic.accent):
        raise InvalidField(_("Write the color like #0F6B5C."), field="accent")
    if clinic.page_size not in ("letter", "a4"):
        raise InvalidField(_("The page size is letter or a4."), field="page_size")
    if clinic.voucher_form not in ("fold", "pages", "dl"):
        raise InvalidField(
            _("A gift voucher is folded, has pages or is for a window envelope."), field="voucher_form"
        )
    if clinic.address_place not in ("plain", "window"):
        raise InvalidField(_("The address is plain or for a window envelope."), field="address_place")
    return replace(
        clinic,
        name=required(clinic.name, field="name", called=_("The clinic’s name")),
        address=_address(clinic.address),
        phone=optional(clinic.phone, field="phone", called=_("The phone number"), most=40),
        email=optional(clinic.email, field="email", called=_("The e-mail address"), most=254),
        website=optional(clinic.website, field="website", called=_("The website"), most=254),
        legal_name=optional(
            clinic.legal_name, field="legal_name", called=_("The legal name"), most=NAME_LENGTH
        ),
        tax_id=optional(clinic.tax_id, field="tax_id", called=_("The tax number"), most=40),
        map_url=_map(clinic.map_url),
        parking=optional(
            clinic.parking, field="parking", called=_("The sentence on parking"), most=NAME_LENGTH
        ),
        entrance=optional(
            clinic.entrance, field="entrance", called=_("The sentence on the entrance"), most=NAME_LENGTH
        ),
    )


def _map(typed: str) -> str:
    address = optional(typed, field="map_url", called=_("The address of the map"), most=254)
    if address and not re.fullmatch(r"https?://[!-~]+", address):
        raise InvalidField(
            _("The address of the map begins with https:// and has no spaces."), field="map_url"
        )
    return address


def _address(typed: str) -> str:
    lines = typed.splitlines()
    if len(lines) > _ADDRESS_LINES:
        raise InvalidField(
            _("An address has at most {address_lines} lines.", address_lines=_ADDRESS_LINES), field="address"
        )
    called = _("A line of the address")
    return "\n".join(
        optional(line, field="address", called=called, most=_ADDRESS_LINE_LENGTH) for line in lines
    )


def hours_in(session: Session) -> opening_hours.OpeningHours:
    """Return the opening hours in the clinic's time zone; assumed ones until someone has entered them."""
    zone = clinic_in(session).time_zone
    row = session.get(Hours, 1)
    if row is None:
        return opening_hours.assumed_hours(zone)
    week = tuple(tuple(opening_hours.Interval(*each) for each in day) for day in row.week)
    closed = tuple(opening_hours.ClosedDays(*map(date.fromisoformat, each)) for each in row.closed)
    return opening_hours.OpeningHours(week, zone, closed)


read_hours = reading(hours_in)


def closed_days_in(session: Session) -> frozenset[date]:
    """Return the days on which the clinic has said to be closed, such as public holidays."""
    return frozenset(
        each.first + timedelta(days=ahead)
        for each in hours_in(session).closed
        for ahead in range((each.last - each.first).days + 1)
    )


def save_hours(store: Store, act: Act, hours: opening_hours.OpeningHours) -> opening_hours.OpeningHours:
    """Save the opening hours; raises InvalidField. The time zone stays the clinic's."""
    require(act.actor)
    with store.writing() as session:
        checked = opening_hours.checked_hours(replace(hours, time_zone=clinic_in(session).time_zone))
        before, after = hours_text(hours_in(session)), hours_text(checked)
        if before != after:
            record_activity(session, store, act, Did.HOURS_CHANGED, before=before, after=after)
        session.merge(Hours(id=1, **_stored(checked), changed_at=act.now))
        return checked


def hours_text(hours: opening_hours.OpeningHours) -> str:
    """Return the hours in words, a line for each day and each closed time; "" for assumed ones."""
    if hours.is_assumed:
        return ""
    days = [f"{name}: {_day_text(day)}" for name, day in zip(opening_hours.WEEKDAYS, hours.week, strict=True)]
    return "\n".join([*days, *(f"Closed {each.first} to {each.last}" for each in hours.closed)])


def _day_text(day: tuple[opening_hours.Interval, ...]) -> str:
    return ", ".join(f"{_clock(each.opens)} to {_clock(each.closes)}" for each in day) or "closed"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _stored(hours: opening_hours.OpeningHours) -> dict[str, Any]:
    return {
        "week": [[[each.opens, each.closes] for each in day] for day in hours.week],
        "closed": [[each.first.isoformat(), each.last.isoformat()] for each in hours.closed],
    }
