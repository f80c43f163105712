"""Trying an access token before it is saved: which business it opens, where that sells, and what it may not do.

And whether Square lets Coursekeeper book appointments, tried where the owner switches it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from plugin.courses.square_health import read_connection
from plugin.errors import InvalidField, Refused, SquareFailed
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient, SquareNotFound
from plugin.square.client.asking import NO_PLAN, Transport
from plugin.square.client.calls import granted_scopes
from plugin.square.connection.check import Scope, lacks_booking, missing
from plugin.square.parsing import Json, records, text, words
from plugin.wording import N_, _

LONGEST_TOKEN = 1000
_NAMES = {
    "practice": N_("The practice Square"),
    "sandbox": N_("Square’s sandbox"),
    "production": N_("Square (production)"),
}
# Square has the same answer for a token of the other one as for no token at all.
_OTHER = {"sandbox": "production", "production": "sandbox"}
_WRONG = N_(
    "Square does not know this token. Copy it again, whole, from the Square Developer Console:"
    " your application, Credentials, Access token."
)
_ENDED = N_("This token has expired or was revoked. Make a new one in the Square Developer Console.")


@dataclass(frozen=True, slots=True)
class TriedLocation:
    id: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class TokenTrial:
    """What a token that works opens."""

    environment: str
    square_merchant_id: str
    business: str
    locations: tuple[TriedLocation, ...]
    missing: tuple[Scope, ...]

    def is_another_business(self, services: Services) -> bool:
        """Return whether Coursekeeper has been connected to another business than this one."""
        known = read_connection(services.store).square_merchant_id
        return bool(known and self.square_merchant_id and known != self.square_merchant_id)


def try_square_token(
    token: str, environment: str, *, base_url: str = "", transport: Transport | None = None
) -> TokenTrial:
    """Ask Square about the token; nothing is saved. It waits some seconds at most for each of three answers.

    `base_url`: another server with Square's API, "" for that of the environment. Raises InvalidField in words for a
    wrong token and for one of another environment, Refused where Square does not answer.
    """
    if not token.isascii() or not token.isprintable() or " " in token or len(token) > LONGEST_TOKEN:
        raise InvalidField(_WRONG, field="square_access_token")
    try:
        with _client(token, environment, base_url, transport) as square:
            return _asked(square, environment)
    except SquareFailed as error:
        if error.code != "square_sign_in":
            raise Refused(_no_answer(environment, error), code=error.code) from error
        said = "" if base_url else _of_the_other(token, environment, transport)
        raise InvalidField(said or _why_not(error), field="square_access_token") from error


@contextmanager
def _client(
    token: str, environment: str, base_url: str, transport: Transport | None
) -> Iterator[SquareClient]:
    settings = Settings.model_validate(
        {
            "square_environment": environment,
            "square_base_url": base_url,
            "square_access_token": SecretStr(token),
        }
    )
    square = SquareClient(settings, transport=transport)
    try:
        yield square
    finally:
        square.close()


def _asked(square: SquareClient, environment: str) -> TokenTrial:
    merchant = square.merchant()
    return TokenTrial(
        environment=environment,
        square_merchant_id=text(merchant.get("id")),
        business=words(merchant.get("business_name"), 120),
        locations=tuple(_location(one) for one in square.locations()),
        missing=missing(_scopes(square)),
    )


def _scopes(square: SquareClient) -> tuple[str, ...]:
    try:
        return tuple(granted_scopes(square.token_status()))
    except SquareNotFound:
        # A server without this call: the permissions show when they are used.
        return ()


def _location(one: Json) -> TriedLocation:
    return TriedLocation(
        id=text(one.get("id"))[:192],
        name=words(one.get("name"), 120) or text(one.get("id"))[:192],
        is_active=one.get("status") != "INACTIVE",
    )


def _of_the_other(token: str, environment: str, transport: Transport | None) -> str:
    """Return the sentence for a token that the other environment accepts, "" where that does not either."""
    other = _OTHER.get(environment)
    if other is None:
        return ""
    try:
        with _client(token, other, "", transport) as square:
            square.merchant()
    except SquareFailed as error:
        # Any other refusal comes after the sign-in.
        if error.code != "square_scope":
            return ""
    return _(
        "This is a token of {names}, and {names2} is chosen. Choose {names}, or copy the token of {names2}.",
        names=_NAMES[other],
        names2=_NAMES[environment],
    )


def _why_not(error: SquareFailed) -> str:
    return _ENDED if "expired" in error.message or "revoked" in error.message else _WRONG


def _no_answer(environment: str, error: SquareFailed) -> str:
    if error.code in ("square_unreachable", "square_down", "square_busy"):
        return _(
            "{name} does not answer now. Nothing was saved; try again in a minute.", name=_NAMES[environment]
        )
    if error.code == "square_scope":
        return _(
            "This token may not read the business (MERCHANT_PROFILE_READ). Give it that permission in Square."
        )
    return _("{message_} Nothing was saved.", message_=error.message)


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
