"""Make a new database: the tables of the models, the triggers, and what a clinic starts with.

A database of an earlier version gets the same by the migrations; a test compares them.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from plugin.store import client_digits, list_totals, listing, totals, triggers, versions, webhooks
from plugin.store.database import Store
from plugin.store.tables import METADATA

# As Alembic makes it.
_REVISION = (
    "CREATE TABLE alembic_version"
    " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
# What a clinic starts with, in its own order: kind, name, Spanish, Chinese.
_FIRST_OPTIONS = (
    ("focus", "Fine lines", "Líneas finas", "细纹"),
    ("focus", "Jawline", "Contorno de la mandíbula", "下颌线"),
    ("focus", "Puffiness", "Hinchazón", "浮肿"),
    ("focus", "Dark circles", "Ojeras", "黑眼圈"),
    ("focus", "Complexion", "Tono de la piel", "肤色"),
    ("focus", "Breakouts", "Brotes de acné", "痘痘"),
    ("focus", "Redness", "Enrojecimiento", "泛红"),
    ("add_on", "LED light", "Luz LED", "LED 光照"),
)
# Not the models: a migration fills these tables as they were in its revision.
_OPTION = sa.table("visit_option", *map(sa.column, ("id", "kind", "name", "position")))
_TRANSLATION = sa.table("name_translation", *map(sa.column, ("name", "language", "text")))


def create(store: Store, revision: str) -> None:
    """Make everything in an empty database, in one transaction, and note the revision that it has."""
    with store.writing() as session:
        connection = session.connection()
        if sa.inspect(connection).get_table_names():
            # Web and worker start at once, and both found it empty.
            return
        create_tables(connection, METADATA)
        add_first_rows(connection)
        for statement in trigger_statements(connection.dialect.name):
            connection.execute(sa.text(statement))
        note_revision(connection, revision)


def create_tables(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Create the tables with their indexes, in the same order in every database.

    `MetaData.create_all` creates the indexes of a table in the order of a set, and of two that serve a query equally
    SQLite takes the one that was created last: the narrowest is.
    """
    for table in metadata.sorted_tables:
        connection.execute(sa.schema.CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: (-len(each.expressions), str(each.name))):
            connection.execute(sa.schema.CreateIndex(index))


def note_revision(connection: sa.Connection, revision: str) -> None:
    """Note the revision of a new database where Alembic looks for it."""
    connection.execute(sa.text(_REVISION))
    connection.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def trigger_statements(engine: str) -> Iterator[str]:
    """Yield the statements that create all triggers and their functions; `engine` is "sqlite" or "postgresql"."""
    yield from triggers.functions(engine, *triggers.FUNCTIONS)
    yield from triggers.creation(engine, *triggers.GUARDED)
    yield from versions.creation(engine)
    yield from totals.creation(engine)
    yield from totals.creation_for_moves(engine)
    yield from listing.creation(engine)
    yield from list_totals.creation(engine)
    yield from list_totals.creation_for_follow_ups(engine)
    yield from client_digits.creation(engine)
    yield from webhooks.creation(engine)


def add_first_rows(connection: sa.Connection) -> None:
    """Add what a clinic starts with: the state of the lists, and the words to choose from in a visit's note."""
    connection.execute(sa.text("INSERT INTO listing_state (id) VALUES (1)"))
    connection.execute(
        _OPTION.insert(),
        [
            {"id": f"{kind}-{at}", "kind": kind, "name": name, "position": at}
            for at, (kind, name, *_texts) in enumerate(_FIRST_OPTIONS)
        ],
    )
    connection.execute(
        _TRANSLATION.insert(),
        [
            {"name": name, "language": language, "text": text}
            for _kind, name, *texts in _FIRST_OPTIONS
            for language, text in zip(("es", "zh"), texts, strict=True)
        ],
    )
