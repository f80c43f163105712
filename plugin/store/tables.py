"""All tables, by one name each, for the use cases, for migrations and for code that processes every table."""

from plugin.store import bulk, documents, listing, queues, totals, upkeep, versions
from plugin.store.agreements import *
from plugin.store.base import Base
from plugin.store.bulk import *
from plugin.store.changes import *
from plugin.store.clinical import *
from plugin.store.documents import *
from plugin.store.ledger import *
from plugin.store.offers import *
from plugin.store.people import *
from plugin.store.queues import *
from plugin.store.selling import *
from plugin.store.square_side import *

METADATA = Base.metadata


def models() -> dict[str, type[Base]]:
    """Return the class of each table by the table's name, a table after those it refers to."""
    classes = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return {table.name: classes[table.name] for table in Base.metadata.sorted_tables}
