"""The state of the connection for the owner's page, read from our own rows. Makes no network call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from plugin.courses.failed_jobs import FailedJobView, failed_jobs
from plugin.courses.square_health import SquareMode, SquareState, read_connection, square_mode, square_state
from plugin.services import Services
from plugin.square.connection.authorize import return_address, why_not
from plugin.square.connection.check import Scope, missing, scopes_in_use
from plugin.square.connection.subscription import wanted_events, why_not_made
from plugin.square.sync.requested import is_asked
from plugin.store.square_side import Connection
from plugin.store.tables import Clinic, Inbox

BY_TOKEN, BY_PERMISSION, NOT_AT_ALL = "token", "permission", "none"


@dataclass(frozen=True, slots=True)
class Place:
    """One location of the business, and whether its sales count."""

    id: str
    name: str
    is_counted: bool


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How we are connected, what is missing, which events were received and which are pending."""

    way: str
    environment: str
    address: str
    known: Connection
    state: SquareState
    places: tuple[Place, ...]
    scopes: tuple[Scope, ...]
    missing: tuple[Scope, ...]
    stuck: tuple[FailedJobView, ...]
    why_not_connect: str
    return_address: str
    webhook_address: str
    events: tuple[str, ...]
    has_settings_key: bool
    why_not_subscribe: str
    test_came_at: datetime | None
    is_sweeping: bool
    has_notes: bool
    mode: SquareMode

    @property
    def is_connected(self) -> bool:
        """Return whether there is an access token."""
        return self.way != NOT_AT_ALL

    @property
    def is_subscribed(self) -> bool:
        """Return whether Coursekeeper created the subscription, for the current address."""
        is_ours = self.known.signature_key_sealed is not None
        return is_ours and self.known.subscription_url == self.webhook_address


def connection_status(services: Services) -> ConnectionStatus:
    """Return the status; makes no network call."""
    known, settings = read_connection(services.store), services.settings
    return ConnectionStatus(
        way=_way(services, known),
        environment=settings.square_environment,
        address=settings.square_address,
        known=known,
        state=square_state(services.store, services.clock()),
        places=_places(services, known),
        scopes=scopes_in_use(books=settings.book_appointments),
        missing=missing(known.scopes, books=settings.book_appointments),
        stuck=failed_jobs(services.store, services.clock()),
        why_not_connect=why_not(services),
        return_address=return_address(services),
        webhook_address=settings.webhook_address,
        events=wanted_events(),
        has_settings_key=bool(settings.square_webhook_signature_key.get_secret_value()),
        why_not_subscribe=why_not_made(services),
        test_came_at=_came_at(services, known.test_event_id),
        is_sweeping=is_asked(services.store),
        has_notes=_has_notes(services),
        mode=square_mode(services.store, services.clock()),
    )


def is_connected(services: Services) -> bool:
    """Return whether there is an access token; makes no network call."""
    return _way(services, read_connection(services.store)) != NOT_AT_ALL


def _way(services: Services, known: Connection) -> str:
    if services.settings.square_access_token.get_secret_value():
        return BY_TOKEN
    return BY_PERMISSION if known.has_permission else NOT_AT_ALL


def _places(services: Services, known: Connection) -> tuple[Place, ...]:
    only = services.settings.square_location_id
    return tuple(
        Place(one["id"], one["name"], one["id"] == only if only else one["is_active"])
        for one in known.locations
    )


def _came_at(services: Services, event_id: str | None) -> datetime | None:
    if event_id is None:
        return None
    with services.store.reading() as session:
        return session.scalar(select(Inbox.received_at).where(Inbox.event_id == event_id))


def _has_notes(services: Services) -> bool:
    with services.store.reading() as session:
        return session.scalar(select(Clinic.has_square_notes)) is not False
