"""The one row about the connection to Square, read for what only looks at it."""

from plugin.store import Store
from plugin.store.square_side import Connection


def read_connection(store: Store) -> Connection:
    """Return the connection as it is now; empty before the first one."""
    with store.reading() as session:
        return session.get(Connection, 1) or Connection(
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
