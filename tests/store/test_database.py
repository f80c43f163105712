"""The engine: its pragmas on every connection, its two kinds of transaction, its times and ids."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from plugin.errors import ConfigurationError
from plugin.store import Store
from plugin.store.database import IdMaker, database_url
from plugin.store.ledger import Operation
from plugin.store.queues import Inbox

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def operation(key: str, at: datetime = NOW) -> Operation:
    return Operation(key=key, request_sha256="x", answer={}, at=at)


@contextmanager
def another_writing(store: Store) -> Iterator[sqlite3.Connection]:
    """A connection as another process has it, in a transaction that writes."""
    with closing(sqlite3.connect(store.url.database or "", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


class TestSqlite:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("foreign_keys", 1),
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("recursive_triggers", 1),
            ("cache_size", -8000),
            ("busy_timeout", 15000),
        ],
    )
    def test_every_connection_of_the_pool_is_guarded(
        self, sqlite_url: str, pragma: str, value: object
    ) -> None:
        with Store(sqlite_url) as store:
            several = [store.engine.connect() for _ in range(12)]
            found = {connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for connection in several}
            for connection in several:
                connection.close()
            with store.engine.connect() as again:
                found.add(again.exec_driver_sql(f"PRAGMA {pragma}").scalar())
        assert found == {value}

    def test_its_folder_is_made(self, tmp_path: Path) -> None:
        with Store(f"sqlite:///{tmp_path / 'var' / 'deep' / 'a.db'}") as store:
            assert store.is_alive()

    def test_a_folder_that_is_gone_is_a_database_that_does_not_answer(self, tmp_path: Path) -> None:
        with Store(f"sqlite:///{tmp_path / 'var' / 'a.db'}") as store:
            (tmp_path / "var").rmdir()
            assert not store.is_alive()


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///var/a.db", "sqlite"),
        ("postgresql://u:p@host/name", "postgresql+psycopg"),
        ("postgres://u:p@host/name", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@host/name", "postgresql+psycopg"),
    ],
)
def test_an_address_names_its_driver(written: str, driver: str) -> None:
    assert database_url(written).drivername == driver


@pytest.mark.parametrize("written", ["", "nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_another_address_is_refused_with_the_mend(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL .*: write sqlite:///path"):
        database_url(written)


class TestWriting:
    def test_what_ends_well_is_kept(self, store: Store) -> None:
        with store.writing() as session:
            session.add(operation("a"))
        with store.reading() as session:
            assert session.get(Operation, "a") is not None

    def test_what_fails_is_undone_whole(self, store: Store) -> None:
        def fail() -> None:
            with store.writing() as session:
                session.add(operation("a"))
                session.flush()
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        with store.reading() as session:
            assert session.get(Operation, "a") is None

    def test_writers_on_sqlite_come_one_after_the_other(self, sqlite_url: str) -> None:
        with Store(sqlite_url) as store:
            order: list[str] = []
            inside = threading.Event()

            def second() -> None:
                inside.wait(10)
                with store.writing():
                    order.append("second")

            thread = threading.Thread(target=second)
            thread.start()
            with store.writing() as session:
                inside.set()
                session.add(operation("a"))
                order.append("first")
            thread.join(20)
        assert order == ["first", "second"]

    def test_who_waits_for_another_process_asks_again_each_millisecond(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        naps: list[float] = []
        with Store(sqlite_url) as store, another_writing(store) as other:

            def end_the_other(seconds: float) -> None:
                naps.append(seconds)
                if len(naps) == 40:
                    other.commit()

            monkeypatch.setattr(time, "sleep", end_the_other)
            with store.writing() as session:
                session.add(operation("a"))
            with store.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15000
        assert naps == [0.001] * 40

    def test_a_damaged_file_is_an_error_of_the_database(self, sqlite_url: str) -> None:
        with Store(sqlite_url) as store:
            with store.writing() as session:
                session.add(operation("a"))
            with another_writing(store) as other:
                # What the kept connection has read of the file is no longer so.
                other.execute("DELETE FROM operation")
                other.commit()
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with Path(store.url.database or "").open("r+b") as file:
                file.write(b"no database")
            with pytest.raises(DatabaseError, match="not a database"), store.writing():
                pass

    def test_who_gives_way_pauses_for_as_long_as_it_wrote_and_not_as_it_waited(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now, naps = 0.0, list[float]()

        def nap(seconds: float) -> None:
            nonlocal now
            now += 1
            naps.append(seconds)
            if len(naps) == 3:
                other.commit()

        def write(session: Session) -> None:
            nonlocal now
            now += 2
            session.add(operation("a"))

        monkeypatch.setattr(time, "sleep", nap)
        monkeypatch.setattr(time, "monotonic", lambda: now)
        with Store(sqlite_url) as store, another_writing(store) as other:
            store.gives_way = True
            store.transact(write)
        assert naps == [0.001, 0.001, 0.001, 2]

    def test_what_stays_locked_is_told_after_a_while(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seconds = count()
        monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
        with Store(sqlite_url) as store, another_writing(store) as other:
            with pytest.raises(OperationalError, match="database is locked"), store.writing():
                pass
            other.rollback()
            with store.writing() as session:
                session.add(operation("a"))
        assert next(seconds) < 100


class TestReading:
    def test_nothing_it_does_is_kept(self, store: Store) -> None:
        # PostgreSQL refuses it at once.
        refused = nullcontext() if store.is_sqlite else pytest.raises(OperationalError, match="read-only")
        with refused, store.reading() as session:
            session.add(operation("a"))
            session.flush()
        with store.reading() as session:
            assert session.get(Operation, "a") is None

    def test_it_sees_one_moment_whatever_is_written_meanwhile(self, store: Store) -> None:
        count = text("SELECT count(*) FROM operation")
        with store.reading() as session:
            before = session.scalar(count)
            with store.writing() as writer:
                writer.add(operation("a"))
            assert session.scalar(count) == before
        with store.reading() as session:
            assert session.scalar(count) == (before or 0) + 1

    def test_a_writer_that_follows_on_the_same_connection_sees_the_newest(self, store: Store) -> None:
        for number in range(3):
            with store.reading() as session:
                session.scalar(text("SELECT 1"))
            with store.writing() as session:
                assert session.scalar(text("SELECT count(*) FROM operation")) == number
                session.add(operation(f"key {number}"))


class TestTransact:
    def test_a_lost_race_is_run_again_and_finds_the_winner_s_work(self, store: Store) -> None:
        tries: list[bool] = []

        def work(session: Session) -> str:
            found = session.get(Operation, "a") is not None
            tries.append(found)
            if not found:
                # The winner comes between our look and our writing; on SQLite it can only have come before.
                session.rollback()
                with store.writing() as winner:
                    winner.add(operation("a"))
                with store.writing() as late:
                    late.add(operation("a"))
            return "found"

        assert store.transact(work) == "found"
        assert tries == [False, True]

    def test_a_race_lost_again_and_again_is_told(self, store: Store) -> None:
        with store.writing() as session:
            session.add(operation("a"))
        tries: list[int] = []

        def work(session: Session) -> None:
            tries.append(1)
            session.add(operation("a"))
            session.flush()

        with pytest.raises(IntegrityError):
            store.transact(work)
        assert len(tries) == 6

    def test_a_rule_that_is_broken_is_told_at_once(self, store: Store) -> None:
        tries: list[int] = []

        def work(session: Session) -> None:
            tries.append(1)
            session.add(
                Inbox(
                    id="i", event_id="e", event_type="t", body="", received_at=NOW, due_at=NOW, state="lost"
                )
            )
            session.flush()

        with pytest.raises(IntegrityError):
            store.transact(work)
        assert len(tries) == 1

    def test_another_error_is_told_at_once_and_nothing_kept(self, store: Store) -> None:
        def work(session: Session) -> None:
            session.add(operation("a"))
            session.flush()
            raise LookupError

        with pytest.raises(LookupError):
            store.transact(work)
        with store.reading() as session:
            assert session.get(Operation, "a") is None


class TestTimes:
    @pytest.mark.parametrize(
        "at", [NOW, NOW.astimezone(timezone(timedelta(hours=-8))), NOW + timedelta(microseconds=1)], ids=str
    )
    def test_a_time_comes_back_as_the_same_moment_in_utc(self, store: Store, at: datetime) -> None:
        with store.writing() as session:
            session.add(operation("a", at))
        with store.reading() as session:
            kept = session.get_one(Operation, "a").at
        assert kept == at
        assert kept.utcoffset() == timedelta(0)

    def test_a_time_without_a_zone_is_refused(self, store: Store) -> None:
        with pytest.raises(StatementError, match="carries its zone"), store.writing() as session:
            session.add(operation("a", datetime(2026, 11, 22, 18)))  # noqa: DTZ001 - the point of the test

    def test_times_compare_as_moments_in_the_database(self, store: Store) -> None:
        east = (NOW - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9)))
        with store.writing() as session:
            session.add_all([operation("early", east), operation("late", NOW)])
        with store.reading() as session:
            keys = session.query(Operation.key).where(Operation.at < NOW).all()
        assert [key for (key,) in keys] == ["early"]


class TestIds:
    def test_they_sort_in_the_order_they_were_made(self) -> None:
        make = IdMaker()
        made = [make() for _ in range(5000)]
        assert made == sorted(made)
        assert {len(each) for each in made} == {32}

    def test_they_are_all_different_though_threads_make_them(self) -> None:
        make = IdMaker()
        made: list[str] = []

        def many() -> None:
            made.extend(make() for _ in range(1000))

        threads = [threading.Thread(target=many) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(made)) == 8000

    def test_two_makers_do_not_meet(self) -> None:
        assert not {IdMaker()() for _ in range(500)} & {IdMaker()() for _ in range(500)}


def test_a_new_database_is_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Store(f"sqlite:///{folder}/clinic.db") as store, store.writing() as session:
        session.execute(text("CREATE TABLE one (number INTEGER)"))
        modes = {each.name: each.stat().st_mode & 0o077 for each in (folder, *folder.iterdir())}
    assert set(modes) == {"data", "clinic.db", "clinic.db-wal", "clinic.db-shm"}
    assert set(modes.values()) == {0}
