"""The names behind a booking's ids. Asked for once a week each: the bookings we keep remember them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from sqlalchemy import select

from plugin.core.text import NAME_LENGTH, full_name
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, optional_id, record, text, words
from plugin.store.square_side import Booking

_REMEMBERED = timedelta(days=7)
# What Square and its sellers call the only variation of an item.
_PLAIN = ("", "regular", "standard", "default")


def service_name(services: Services, variation_id: str | None) -> str:
    """Return the booked service as the clinic calls it: "Touch-up, 45 min"; "" where Square does not say."""
    if variation_id is None:
        return ""
    return _remembered(services, "service", variation_id) or _asked_service(services, variation_id)


def team_member_name(services: Services, team_member_id: str | None) -> str:
    """Return who gives the treatment; "" where Square does not say or may not be asked."""
    if team_member_id is None:
        return ""
    return _remembered(services, "team_member", team_member_id) or _asked_team_member(
        services, team_member_id
    )


def _remembered(services: Services, what: Literal["service", "team_member"], id_: str) -> str:
    known = {
        "service": (Booking.square_variation_id, Booking.service_name),
        "team_member": (Booking.square_team_member_id, Booking.team_member_name),
    }
    square_id, name = known[what]
    lately = select(name).where(
        square_id == id_, name != "", Booking.seen_at >= services.clock() - _REMEMBERED
    )
    with services.store.reading() as session:
        return session.scalar(lately.order_by(Booking.seen_at.desc()).limit(1)) or ""


def _asked_service(services: Services, variation_id: str) -> str:
    try:
        variation = _data(services.square.catalog_object(variation_id), "item_variation_data")
        item_id = optional_id(variation.get("item_id"), "item_id")
        item = _data(services.square.catalog_object(item_id), "item_data") if item_id else {}
    except SquareFailed as error:
        return _or_nothing(error)
    of_item, of_variation = words(item.get("name"), 100), words(variation.get("name"), 50)
    if of_item and (of_variation.casefold() in _PLAIN or of_variation == of_item):
        return of_item
    return ", ".join(name for name in (of_item, of_variation) if name)


def _asked_team_member(services: Services, team_member_id: str) -> str:
    try:
        member = services.square.team_member(team_member_id)
    except SquareFailed as error:
        return _or_nothing(error)
    return full_name(text(member.get("given_name")), text(member.get("family_name")))[:NAME_LENGTH]


def _or_nothing(error: SquareFailed) -> str:
    # An appointment is shown without the name of a service that was deleted, or of a team we may not see.
    if isinstance(error, SquareNotFound) or error.code == "square_scope":
        return ""
    raise error


def _data(answer: Json, name: str) -> Json:
    return record(answer.get(name) or {}, name)
