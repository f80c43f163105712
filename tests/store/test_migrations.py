"""The migrations: up, down and up again on both engines, and the same tables as the models."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, inspect, text

from plugin.core.fingerprint import ENTRY_FIELDS
from plugin.courses.audit import audit
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.follow_ups import count_follow_ups
from plugin.store import Store
from plugin.store.creation import (
    create,
    downgrade,
    is_current,
    known_revisions,
    migrations_folder,
    newest_revision,
    trigger_statements,
    upgrade,
)
from plugin.store.recorded import RECORDED
from plugin.store.tables import METADATA
from plugin.store.triggers import (
    ACTIVITY,
    APPEND_ONLY,
    ERASABLE,
    KEPT,
    SEAL,
    SEALED,
    SHOWN,
    SIGNED,
)
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.databases import new_database
from tests.store.version_0_1_0 import make_version_0_1_0


def differences(store: Store, metadata: MetaData = METADATA) -> list[object]:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_the_newest_revision_is_told_by_the_names_of_the_files() -> None:
    assert newest_revision() == known_revisions()[0]


def test_web_and_worker_that_both_found_a_new_database_empty_make_it_once(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path}/clinic.db") as store, ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(create, store, newest_revision()) for _ in range(4)]:
            done.result()
        assert is_current(store)
        assert audit(store) == ()


def triggers(store: Store) -> set[str]:
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if store.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with store.engine.connect() as connection:
        return set(connection.scalars(text(asked)))


def test_an_empty_database_comes_up_to_the_models(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert is_current(store)
        assert differences(store) == []
        names = set(inspect(store.engine).get_table_names())
    assert names == {*METADATA.tables, "alembic_version"}


@pytest.fixture
def other_empty_url(empty_database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second one on the same engine."""
    if empty_database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
    else:
        yield from new_database(request.getfixturevalue("postgres"), template="template0")


def test_down_to_0_1_0_and_up_again(empty_database_url: str, other_empty_url: str) -> None:
    upgrade(empty_database_url)
    downgrade(empty_database_url, "0022")
    make_version_0_1_0(other_empty_url)
    with Store(empty_database_url) as store, Store(other_empty_url) as as_it_was:
        assert not is_current(store)
        # Two columns that come back have a default, which they did not need.
        assert set(different(shape(store), shape(as_it_was))) == {"visit"}
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert is_current(store)
        assert differences(store) == []


def test_a_database_of_0_1_0_becomes_what_a_new_one_is(empty_database_url: str, other_empty_url: str) -> None:
    make_version_0_1_0(empty_database_url)
    upgrade(empty_database_url)
    upgrade(other_empty_url)
    with Store(empty_database_url) as upgraded, Store(other_empty_url) as new:
        assert different(shape(upgraded), shape(new)) == {}
        assert first_rows(upgraded) == first_rows(new)
        assert "visit_option" in first_rows(new)


def shape(store: Store) -> dict[str, set[str]]:
    """Return each table with all that it consists of, and the triggers and functions as SQL."""
    inspector = inspect(store.engine)
    found = {
        name: {
            str(sorted((key, _in_words(value)) for key, value in part.items()))
            for parts in (
                inspector.get_columns(name),
                [inspector.get_pk_constraint(name)],
                inspector.get_foreign_keys(name),
                inspector.get_indexes(name),
                inspector.get_unique_constraints(name),
                inspector.get_check_constraints(name),
            )
            for part in parts
        }
        for name in inspector.get_table_names()
    }
    asked = (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        if store.is_sqlite
        else "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    with store.engine.connect() as connection:
        found["triggers"] = set(connection.scalars(text(asked)))
    return found


def _in_words(value: object) -> str:
    # The condition of an index of some rows alone.
    return str({key: str(each) for key, each in value.items()}) if isinstance(value, dict) else str(value)


def different(found: dict[str, set[str]], wanted: dict[str, set[str]]) -> dict[str, set[str]]:
    tables = {*found, *wanted}
    return {name: each for name in tables if (each := found.get(name, set()) ^ wanted.get(name, set()))}


def first_rows(store: Store) -> dict[str, list[str]]:
    with store.engine.connect() as connection:
        rows = {
            name: connection.execute(text(f"SELECT * FROM {name}"))
            for name in ("visit_option", "listing_state", "name_translation", "version")
        }
        return {name: sorted(map(str, found)) for name, found in rows.items()}


def rows_of(store: Store) -> dict[str, int]:
    with store.engine.connect() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in LIVED_IN}


# What each step back and forth has to bring along; later tables are made anew.
LIVED_IN = ("clinic", "client", "treatment", "package", "course", "allowance", "entry", "visit", "operation")


def test_a_database_that_is_lived_in_goes_down_and_up_with_all_its_rows(
    empty_database_url: str, clock: HandMovedClock
) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        desk = Desk(store, clock)
        desk.use(desk.sell(desk.package(sessions=2), paid=33000))
        keep_listing(store, clock)
        before = rows_of(store)
    # With rows of the list, whose reasons for a call and sums are made by the migration.
    downgrade(empty_database_url, "0069")
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert count_follow_ups(store, clock()) == 1
        assert audit(store) == ()
    for revision in ("0049", "0022"):
        downgrade(empty_database_url, revision)
        upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert rows_of(store) == before
        assert min(before.values()) > 0
        assert audit(store) == ()
        assert differences(store) == []


def hashes(store: Store) -> list[str]:
    # The salt of a reason is a random one each time.
    without = "SELECT sha256 FROM entry WHERE reason = '' ORDER BY id"
    with store.engine.connect() as connection:
        return list(connection.scalars(text(without)))


def test_entries_from_before_they_had_hashes_get_those_they_would_have_now(
    empty_database_url: str, clock: HandMovedClock
) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        desk = Desk(store, clock)
        desk.use(desk.sell())
        desk.undo(desk.use(desk.sell(order="O")).entry.id)
        before = hashes(store)
    downgrade(empty_database_url, "0050")
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert hashes(store) == before
        assert None not in before
        assert audit(store) == ()


def test_the_migrations_that_hash_what_was_there_cover_what_is_hashed_now() -> None:
    # A column that is hashed from now on needs a migration of its own, which hashes again.
    of_entries = import_module("plugin.store.migrations.versions.0051_hashes_of_entries")
    of_records = import_module("plugin.store.migrations.versions.0052_seals")
    assert (*of_entries._STORED, "reason_sha256") == ENTRY_FIELDS
    assert of_records._RECORDED == RECORDED
    # And one that is guarded a migration that guards it.
    for table, (kept, erasable) in (of_entries._GUARDED | of_records._GUARDED).items():
        assert (*kept, *erasable) == (*KEPT[table], *ERASABLE[table])


def test_coming_up_twice_changes_nothing(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        assert differences(store) == []


def test_what_is_written_once_is_guarded_after_the_migration(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        found = triggers(store)
        deeds = ("update", "delete") if store.is_sqlite else ("change", "truncate")
        engine = store.engine.dialect.name
        made = re.findall(r"CREATE TRIGGER (\w+)", "\n".join(trigger_statements(engine)))
        counting = {name for name in made if "_refuses_" not in name}
    wanted = {f"{table}_refuses_{deed}" for table in (*APPEND_ONLY, SEAL, SEALED) for deed in deeds}
    of_activity = deeds if store.is_sqlite else (*deeds, "delete")
    wanted |= {f"{ACTIVITY}_refuses_{deed}" for deed in of_activity}
    wanted |= {f"{SIGNED}_refuses_{deed}" for deed in deeds} | {f"{SHOWN}_refuses_update"}
    assert found - counting == wanted
    assert counting <= found


def test_every_check_of_the_models_stands_in_the_database(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        inspector = inspect(store.engine)
        for table in METADATA.sorted_tables:
            wanted = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
            found = {str(each["name"]) for each in inspector.get_check_constraints(table.name)}
            assert found == wanted, table.name


def test_a_planted_difference_is_found(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    planted = MetaData()
    for table in METADATA.sorted_tables:
        table.to_metadata(planted)
    planted.tables["entry"].append_column(Column("tip", Integer))
    Table("planted", planted, Column("id", Integer, primary_key=True))
    with Store(empty_database_url) as store:
        found = {change[0] for change in differences(store, planted) if isinstance(change, tuple)}
    assert {"add_column", "add_table"} <= found


def test_a_missing_table_is_found(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with Store(empty_database_url) as store:
        with store.engine.connect() as connection:
            connection.execute(text("DROP TABLE sweep"))
            connection.commit()
        assert differences(store) != []


def _breaks(migration: str) -> bool:
    """Return whether an older program would miss something after it, or could not write a row."""
    up = migration[migration.index("def upgrade") : migration.index("def downgrade")]
    added = [each for each in up.split("op.") if each.startswith("add_column")]
    has_to_know = any("nullable=False" in each and "server_default" not in each for each in added)
    return has_to_know or re.search(r"drop_|rename|alter_column|execute", up) is not None


def test_what_lets_the_version_before_go_on_only_adds() -> None:
    texts = {path.name: path.read_text() for path in (migrations_folder() / "versions").glob("[0-9]*.py")}
    declared = {name: text for name, text in texts.items() if "serves_older = True" in text}
    assert declared
    assert [name for name, text in declared.items() if _breaks(text)] == []


@pytest.mark.parametrize(
    "planted",
    [
        'op.drop_column("client", "name")',
        'op.add_column("client", sa.Column("age", sa.Integer, nullable=False))',
    ],
)
def test_a_migration_that_takes_away_is_found(planted: str) -> None:
    assert _breaks(f"def upgrade():\n    {planted}\n\ndef downgrade():\n    pass\n")
