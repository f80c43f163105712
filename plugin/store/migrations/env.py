"""Alembic's environment: it connects through the given store, so that every pragma and constraint applies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event

from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.database import begin_writing
from plugin.store.tables import METADATA


def _plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    # A migration must not change when the model's types do, so it uses the database's types only.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


def run() -> None:
    """Run the migrations, each in a transaction of its own."""
    store: Store = context.config.attributes["store"]
    with store.engine.connect() as connection, _unguarded(connection, is_sqlite=store.is_sqlite):
        event.listen(connection, "begin", begin_writing)
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            render_as_batch=store.is_sqlite,
            compare_type=True,
            render_item=_plain_types,
            transaction_per_migration=True,
            on_version_apply=_check_references if store.is_sqlite else None,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _unguarded(connection: Connection, *, is_sqlite: bool) -> Iterator[None]:
    """Let SQLite alter a table that others refer to: dropping the old copy would cascade to their rows.

    The pragma has no effect within a transaction, so it is set outside the engine's own.
    """
    if not is_sqlite:
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_references(ctx: MigrationContext, step: Any, heads: Any, run_args: Any) -> None:  # noqa: ARG001
    assert ctx.connection is not None  # only `--sql` has none
    lost = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if lost:
        raise RuntimeError(
            f"The migration would leave {len(lost)} rows that refer to nothing; nothing was changed."
        )


run()
