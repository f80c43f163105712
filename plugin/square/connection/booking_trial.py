"""Whether Square lets Coursekeeper book appointments, tried where the owner switches it on; and what can be booked."""

from dataclasses import dataclass

from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client.asking import NO_PLAN
from plugin.square.client.connection import granted_scopes
from plugin.square.connection.scopes import lacks_booking
from plugin.square.parsing import Json, records, text, words
from plugin.wording import _

_PLAIN = ("", "regular", "standard", "default")


@dataclass(frozen=True, slots=True)
class Bookable:
    """The services and the team members that can be booked, as (id, name); `problem`: why Square did not say."""

    services: tuple[tuple[str, str], ...] = ()
    team: tuple[tuple[str, str], ...] = ()
    problem: str = ""


def why_not_booking(services: Services) -> str:
    """Return why Square does not let Coursekeeper book, "" where it does; nothing is booked for it."""
    try:
        if lacks_booking(granted_scopes(services.square.token_status())):
            return _(
                "Square has not granted the permission to book. Connect again under Settings, Square, and allow it."
            )
        profile = services.square.business_booking_profile()
    except SquareFailed as error:
        return error.message
    if profile.get("support_seller_level_writes") is not True:
        return NO_PLAN
    return ""


def bookable(services: Services) -> Bookable:
    """Ask Square what and who can be booked."""
    try:
        offered = tuple(pair for item in services.square.services() for pair in _variations(item))
        team = tuple(
            (text(one.get("team_member_id")), words(one.get("display_name"), 80))
            for one in services.square.bookable_team()
        )
    except SquareFailed as error:
        return Bookable(problem=error.message)
    return Bookable(tuple(sorted(offered, key=lambda pair: pair[1].casefold())), team)


def _variations(item: Json) -> list[tuple[str, str]]:
    data = item.get("item_data") or {}
    name = words(data.get("name"), 100)
    return [(text(one.get("id")), _named(name, one)) for one in records(data.get("variations"), "variations")]


def _named(item: str, variation: Json) -> str:
    name = words((variation.get("item_variation_data") or {}).get("name"), 50)
    return item if name.casefold() in _PLAIN or name == item else f"{item}, {name}"
