"""Make a new database, and migrate one by Alembic, from a checkout or an installed wheel.

A database of an earlier version gets the same by the migrations; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
from sqlalchemy import inspect, text

from plugin.store import listing, queues, totals, triggers, versions
from plugin.store.database import Store
from plugin.store.tables import METADATA

if TYPE_CHECKING:
    from alembic.script import Script

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
    yield from totals.creation_of_lists(engine)
    yield from totals.creation_for_follow_ups(engine)
    yield from listing.creation_of_digits(engine)
    yield from queues.creation(engine)


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


def _run(command_name: Literal["upgrade", "downgrade"], store: Store, revision: str) -> None:
    # Imported where it is needed: what serves a clinic does not migrate, and would keep 8 MB of it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["store"] = store
    getattr(command, command_name)(config, revision)


def migrations_folder() -> Path:
    return Path(str(resources.files("plugin.store") / "migrations"))


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade the database to `revision`; an empty one is made as the newest."""
    with Store(url) as store:
        if is_empty(store):
            create(store, newest_revision())
            return
        if revision == "head":
            # Also for a copy that is restored: what it says was true of the program that made it.
            let_older_serve(store)
        _run("upgrade", store, revision)


def downgrade(url: str, revision: str) -> None:
    """Downgrade the database to `revision`, 0022 at the oldest."""
    with Store(url) as store:
        _run("downgrade", store, revision)


def move(url: str, revision: str) -> None:
    """Bring the database to `revision`, be it older or newer than where it is."""
    with Store(url) as store:
        newest_first = known_revisions()
        is_older = newest_first.index(revision) > newest_first.index(current_revision(store) or revision)
        _run("downgrade" if is_older else "upgrade", store, revision)


def is_current(store: Store) -> bool:
    """Return whether the database is at the newest revision."""
    return current_revision(store) == newest_revision()


def can_serve(store: Store) -> bool:
    """Return whether this version may serve the database: of its own revision, or of newer ones that only add.

    So the old version goes on while the next one comes up elsewhere (docs/scale.md, "Upgrades while serving").
    """
    ours, current = newest_revision(), current_revision(store)
    if current == ours:
        return True
    # Also none between releases, whose migrations were merged into one since: a database of one lacks what came after.
    if current is None or current < ours:
        return False
    with store.engine.connect() as connection:
        oldest = connection.scalar(text("SELECT serves_from FROM installation"))
    return bool(oldest) and oldest <= ours


def let_older_serve(store: Store) -> None:
    """Note, before an upgrade, which older version may serve after it."""
    there = inspect(store.engine)
    columns = there.get_columns("installation") if there.has_table("installation") else []
    if "serves_from" not in {each["name"] for each in columns}:
        return
    breaking = (each for each in _revisions() if not getattr(each.module, "serves_older", False))
    oldest = next(breaking, _revisions()[-1]).revision
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE installation SET serves_from = :oldest"), {"oldest": oldest})


def current_revision(store: Store) -> str | None:
    """Return the revision of the database; None for one without our tables."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """Return the newest revision of this version, by the names of the files: loading them takes a tenth of a start."""
    return max(each.name for each in (migrations_folder() / "versions").glob("[0-9]*.py")).partition("_")[0]


def known_revisions() -> tuple[str, ...]:
    """Return all revisions of this version, newest first."""
    return tuple(each.revision for each in _revisions())


@lru_cache(maxsize=1)
def _revisions() -> tuple[Script, ...]:
    # Imported where it is needed, as above.
    from alembic.script import ScriptDirectory

    return tuple(ScriptDirectory(migrations_folder()).walk_revisions())


def is_too_old(revision: str | None) -> bool:
    """Return whether no migration leads on: a version before 0.1.0 made the database, or one between releases."""
    known = known_revisions()
    return revision is not None and revision not in known and revision < known[0]


def is_empty(store: Store) -> bool:
    """Return whether the database has no tables yet."""
    return not inspect(store.engine).get_table_names()
