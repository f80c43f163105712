"""The one row about the connection to Square, as a value."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.store import Store
from plugin.store.square_side import Connection


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """The row at one moment; its secrets are sealed."""

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
        """Return whether there is a seller's permission by OAuth."""
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
    """Return the connection; empty before the first one."""
    with store.reading() as session:
        row = session.get(Connection, 1) or _NONE_YET
        fields = {name: getattr(row, name) for name in ConnectionView.__dataclass_fields__}
        return ConnectionView(**fields | {"scopes": tuple(row.scopes), "locations": tuple(row.locations)})
