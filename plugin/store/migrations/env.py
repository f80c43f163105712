"""How Alembic reaches the database: through the store it is given, so that every pragma and rule holds."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.tables import METADATA


def _plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    # A migration must not change when the model's types do, so it speaks of the database's types only.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


def run() -> None:
    """Run the migrations in one transaction."""
    store: Store = context.config.attributes["store"]
    with store.engine.connect() as connection:
        writer = connection.execution_options(coursekeeper_writes=True)
        context.configure(
            connection=writer,
            target_metadata=METADATA,
            render_as_batch=store.is_sqlite,
            compare_type=True,
            render_item=_plain_types,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
