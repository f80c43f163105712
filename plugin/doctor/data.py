"""The database and the ledger in it."""

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from plugin.alarms.machine_checks import CLOCK_MAY_DIFFER
from plugin.backups.anchors import disagreeing
from plugin.courses.audit import audit
from plugin.courses.base.clinic import read_clinic
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.creation import is_current, is_empty
from plugin.store.database import database_url
from plugin.store.postgresql import is_pooled as asks_pooler
from plugin.store.postgresql import refusal
from plugin.store.tables import Entry, Heartbeat, Inbox
from plugin.store.triggers import can_rewrite

_UPGRADE = "Run: coursekeeper upgrade"


def sqlite_file(url: str) -> Path | None:
    """Return the file of the database; None on PostgreSQL. Raises ConfigurationError."""
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return Path(parsed.database or "").expanduser().resolve()


class _UndoneError(Exception):
    """Ends a transaction that was only a try."""


def answers(store: Store) -> Iterator[Finding]:
    """Check that the database answers, has all tables, and can be written."""
    if failure := store.failure():
        yield _silent(store, failure)
        return
    if is_empty(store):
        yield wrong("Database", "It has no tables yet.", "Run: coursekeeper db upgrade")
        return
    if not is_current(store):
        yield wrong("Database", "It is of another version than this program.", _UPGRADE)
        return
    yield ok("Database", f"{store.url.get_backend_name()}, of this version")
    yield from pooler(store, is_pooled=is_behind_pooler(store))
    _try_writing(store)
    yield ok("Writing", "the database can be written")


def _silent(store: Store, failure: DBAPIError) -> Finding:
    if store.is_sqlite:
        said = f"The file can’t be used: {failure.orig}."
        return wrong(
            "Database", said, "Check that the disk has room, and who may read and write DATABASE_URL."
        )
    if said := refusal(failure):
        return wrong("Database", f"It answers: {said}.", "Correct user, password and name in DATABASE_URL.")
    return wrong("Database", "It does not answer.", "Start it, and check DATABASE_URL.")


def pooler(store: Store, *, is_pooled: bool) -> Iterator[Finding]:
    """Check that backups and upgrades go past a pooler, which would break them."""
    if is_pooled and store.direct_url == store.url:
        yield wrong(
            "Pooler",
            "There is one before the database, and backups and upgrades would go through it.",
            "Set DATABASE_DIRECT_URL to the database itself.",
        )
    elif is_pooled:
        yield ok("Pooler", "backups and upgrades go past it")


def is_behind_pooler(store: Store) -> bool:
    """Return whether a pooler is between us and a PostgreSQL."""
    if store.is_sqlite:
        return False
    with store.engine.connect() as connection:
        return asks_pooler(cast(Any, connection.connection.driver_connection))


def _try_writing(store: Store) -> None:
    try:
        with store.writing() as session:
            session.merge(Heartbeat(name="doctor", seen_at=datetime.fromtimestamp(0).astimezone()))
            session.flush()
            raise _UndoneError
    except _UndoneError:
        pass


def durability(store: Store) -> Iterator[Finding]:
    """Check that what was acknowledged survives a loss of power."""
    with store.reading() as session:
        if not store.is_sqlite:
            commits = session.scalar(text("SHOW synchronous_commit"))
            is_sure = session.scalar(text("SHOW fsync")) == "on" and commits not in ("off", None)
            said = f"synchronous_commit is {commits}"
        else:
            journal = session.scalar(text("PRAGMA journal_mode"))
            level = session.scalar(text("PRAGMA synchronous"))
            is_sure, said = (
                journal == "wal" and level == 2,
                f"journal {journal}, synchronous {_LEVELS.get(level)}",
            )
    if is_sure:
        yield ok("Durability", said)
    elif store.is_sqlite:
        yield wrong(
            "Durability",
            f"{said}; WAL and FULL are needed.",
            "Keep the file on a local disk, no network share.",
        )
    else:
        yield wrong(
            "Durability", f"{said}.", "Set fsync and synchronous_commit to on in PostgreSQL’s configuration."
        )


_LEVELS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def privacy_of_files(files: tuple[Path, ...]) -> Iterator[Finding]:
    """Check that nobody else on this machine can read the data and the secrets."""
    there = [each for each in files if each.exists()]
    open_to_all = [each for each in there if _mode(each) & 0o044 and _mode(each.parent) & 0o011]
    for path in open_to_all:
        said = f"Others on this machine may read {path} ({_mode(path):o})."
        yield warning("File modes", said, f"Run: chmod go= {path}")
    if there and not open_to_all:
        yield ok("File modes", "only this user can read the data and the secrets")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def clock(store: Store, now: datetime) -> Iterator[Finding]:
    """Check that the clock is not behind what was written already, and that the clinic's time zone is known."""
    zone = read_clinic(store).time_zone
    newest = [select(func.max(column)) for column in (Entry.written_at, Inbox.received_at, Heartbeat.seen_at)]
    with store.reading() as session:
        moments = [moment for query in newest if (moment := session.scalar(query)) is not None]
    if moments and max(moments) > now + CLOCK_MAY_DIFFER:
        yield wrong(
            "Clock",
            f"This machine says {now:%Y-%m-%d %H:%M} UTC, but something was written at {max(moments):%Y-%m-%d %H:%M}.",
            "Set the clock, and let it be kept right (timedatectl set-ntp true).",
        )
    else:
        yield ok("Clock", f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} in {zone}")


def ledger_role(store: Store) -> Iterator[Finding]:
    """Check that the program's own role on PostgreSQL can't change what is written once."""
    if store.is_sqlite:
        return
    with store.reading() as session:
        tables = can_rewrite(session)
    if tables:
        said = f"The role that the program uses may change {len(tables)} tables that are written once."
        mend = "Let another role own the tables: docs/operate.md, A role that can’t rewrite the ledger."
        yield warning("Ledger role", said, mend)
    else:
        yield ok("Ledger role", "the program’s role can’t change what is written once")


def ledger(settings: Settings, store: Store) -> Iterator[Finding]:
    """Audit the ledger and the documents, also against the heads that were kept."""
    findings = (*audit(store), *disagreeing(settings, store))
    if findings:
        said = f"{len(findings)} rows are wrong, the first: {findings[0].sentence}"
        yield wrong(
            "Audit", said, "Run coursekeeper audit, keep the database as it is, and compare with a backup."
        )
    else:
        yield ok("Audit", "the ledger and the documents add up")
