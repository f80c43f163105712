"""All that the owner's page says of the connection, read from our own rows: it shows at once, whatever Square does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from plugin.courses.queues.square_state import SquareState, square_state
from plugin.courses.queues.stuck import StuckView, list_stuck
from plugin.house import House
from plugin.square.connection.asked_sweep import is_asked
from plugin.square.connection.authorize import return_address, why_not
from plugin.square.connection.row import ConnectionView, read_connection
from plugin.square.connection.scopes import SCOPES, Scope, missing
from plugin.square.connection.subscription import wanted_events, why_not_made
from plugin.store.offers import Clinic
from plugin.store.queues import Inbox

BY_TOKEN, BY_PERMISSION, NOT_AT_ALL = "token", "permission", "none"


@dataclass(frozen=True, slots=True)
class Place:
    """One location of the business, and whether its sales count."""

    id: str
    name: str
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How we are connected, what is missing, what came and what waits."""

    way: str
    environment: str
    address: str
    known: ConnectionView
    state: SquareState
    places: tuple[Place, ...]
    scopes: tuple[Scope, ...]
    missing: tuple[Scope, ...]
    stuck: tuple[StuckView, ...]
    why_not_connect: str
    return_address: str
    has_secret: bool
    webhook_address: str
    events: tuple[str, ...]
    has_settings_key: bool
    why_not_subscribe: str
    test_came_at: datetime | None
    is_sweeping: bool
    has_notes: bool

    @property
    def is_connected(self) -> bool:
        """Say whether there is a token to ask Square with."""
        return self.way != NOT_AT_ALL

    @property
    def is_subscribed(self) -> bool:
        """Say whether we made the subscription, and for the address that counts now."""
        made = self.known
        return made.signature_key_sealed is not None and made.subscription_url == self.webhook_address


def read_standing(house: House) -> Standing:
    """Return it; asks Square nothing."""
    known, settings = read_connection(house.store), house.settings
    return Standing(
        way=_way(house, known),
        environment=settings.square_environment,
        address=settings.square_address,
        known=known,
        state=square_state(house.store, house.clock()),
        places=_places(house, known),
        scopes=SCOPES,
        missing=missing(known.scopes),
        stuck=list_stuck(house.store, house.clock()),
        why_not_connect=why_not(house),
        return_address=return_address(house),
        has_secret=bool(settings.square_application_secret.get_secret_value()),
        webhook_address=settings.webhook_address,
        events=wanted_events(),
        has_settings_key=bool(settings.square_webhook_signature_key.get_secret_value()),
        why_not_subscribe=why_not_made(house),
        test_came_at=_came_at(house, known.test_event_id),
        is_sweeping=is_asked(house.store),
        has_notes=_has_notes(house),
    )


def _way(house: House, known: ConnectionView) -> str:
    if house.settings.square_access_token.get_secret_value():
        return BY_TOKEN
    return BY_PERMISSION if known.has_permission else NOT_AT_ALL


def _places(house: House, known: ConnectionView) -> tuple[Place, ...]:
    only = house.settings.square_location_id
    return tuple(
        Place(one["id"], one["name"], one["id"] == only if only else one["is_active"])
        for one in known.locations
    )


def _came_at(house: House, event_id: str | None) -> datetime | None:
    if event_id is None:
        return None
    with house.store.reading() as session:
        return session.scalar(select(Inbox.received_at).where(Inbox.event_id == event_id))


def _has_notes(house: House) -> bool:
    with house.store.reading() as session:
        return session.scalar(select(Clinic.has_square_notes)) is not False
