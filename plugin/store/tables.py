"""All tables, for migrations and for code that processes every table."""

from plugin.store import (
    activity,
    agreements,
    bulk,
    changes,
    checks,
    documents,
    imports,
    journal,
    ledger,
    letters,
    listing,
    offers,
    people,
    queues,
    quotes,
    ratings,
    selling,
    square_side,
    totals,
    upkeep,
    versions,
    visit_notes,
    wallet,
    webhooks,
)
from plugin.store.base import Base

METADATA = Base.metadata


def models() -> dict[str, type[Base]]:
    """Return the class of each table by the table's name, a table after those it refers to."""
    classes = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return {table.name: classes[table.name] for table in Base.metadata.sorted_tables}
