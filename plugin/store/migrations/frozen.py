"""What migrations that create many tables share. Frozen: what they make must not change with the models."""

from typing import Any

import sqlalchemy as sa

MOMENT = sa.DateTime(timezone=True)
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Tables(sa.MetaData):
    """The tables of a migration, with our names of constraints and indexes."""

    def __init__(self) -> None:
        super().__init__(naming_convention=_NAMING)

    def add(self, name: str, *items: sa.Column[Any] | sa.Constraint | sa.Index) -> sa.Table:
        return sa.Table(name, self, *items)


def where(condition: str) -> dict[str, Any]:
    """Return the arguments of an index that holds only some rows."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
