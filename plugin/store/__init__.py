"""The database: tables, constraints, engine, migrations. The only place that creates engines."""

from plugin.store.database import Store

__all__ = ["Store"]
