"""The database: tables, constraints, engine, migrations. The only place that makes engines; knows no use case."""

from plugin.store.database import Store

__all__ = ["Store"]
