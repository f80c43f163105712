"""The one row that says how we are let into Square, as a value. Must not know what Square is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.store import Store
from plugin.store.square_side import Connection


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """The row as it stood at one moment; everything secret in it is sealed."""

    square_merchant_id: str | None
    merchant_name: str
    access_token_sealed: str | None
    refresh_token_sealed: str | None
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    connected_at: datetime | None
    connected_by: str
    refreshed_at: datetime | None
    scopes: tuple[str, ...]
    locations: tuple[dict[str, Any], ...]
    checked_at: datetime | None
    problem: str
    problem_at: datetime | None
    square_subscription_id: str | None
    subscription_url: str
    signature_key_sealed: str | None
    test_asked_at: datetime | None
    test_event_id: str | None
    test_said: str
    failing_since: datetime | None
    failing_code: str

    @property
    def has_permission(self) -> bool:
        """Say whether the seller's permission, given on Square's page, is kept."""
        return self.access_token_sealed is not None


_NONE_YET = Connection(
    id=1,
    merchant_name="",
    connected_by="",
    scopes=[],
    locations=[],
    problem="",
    subscription_url="",
    test_said="",
    failing_code="",
)


def read_connection(store: Store) -> ConnectionView:
    """Return the connection; empty where nobody has connected yet."""
    with store.reading() as session:
        row = session.get(Connection, 1) or _NONE_YET
        fields = {name: getattr(row, name) for name in ConnectionView.__dataclass_fields__}
        return ConnectionView(**fields | {"scopes": tuple(row.scopes), "locations": tuple(row.locations)})
