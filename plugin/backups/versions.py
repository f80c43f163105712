"""Which version is newer, and which used the database last."""

import re
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from plugin.settings import Settings
from plugin.store import Store
from plugin.store.upkeep import Installation
from plugin.version import VERSION

# Written into the data folder by whatever fetches new versions, such as a script that pulls images.
LATEST = "latest"
# So much is read of what says a version, in bytes.
LONGEST = 1024
_VERSION = re.compile(r"v?([0-9]{1,4}(?:\.[0-9]{1,4}){1,3})\b")


def parse_version(said: str) -> str:
    """Return the version that a text begins with, "" where it begins with none."""
    found = _VERSION.match(said.strip())
    return found[1] if found else ""


def is_newer(version: str, than: str) -> bool:
    """Return whether a version is newer than another; an unknown one is not."""
    return bool(version) and _numbers(version) > _numbers(than)


def last_version(store: Store) -> str:
    """Return the newest version that has used the database, "" where it does not say; it may be of any revision."""
    if not inspect(store.engine).has_table("installation"):
        return ""
    with store.engine.connect() as connection:
        return parse_version(connection.scalar(text("SELECT version FROM installation")) or "")


def note_version(store: Store, now: datetime) -> None:
    """Record that this version uses the database, unless a newer one has."""
    before = last_version(store)
    if is_newer(VERSION, before):
        change_installation(store, version=VERSION, version_at=now)


def installation_uid(store: Store) -> str:
    """Return the name of this installation, as its backups carry it; it is made when it is first asked for."""
    with store.reading() as session:
        uid = session.scalar(select(Installation.uid))
    return uid or change_installation(store)


def change_installation(store: Store, **values: Any) -> str:
    """Change columns of the installation's row; return its name."""

    def work(session: Session) -> str:
        row = session.get(Installation, 1)
        if row is None:
            row = Installation(id=1, uid=secrets.token_hex(16))
            session.add(row)
        for name, value in values.items():
            setattr(row, name, value)
        return row.uid

    return store.transact(work)


def newest_known(settings: Settings, store: Store) -> str:
    """Return the newest version known here: published, fetched, or seen at work; this one where none is newer."""
    with store.reading() as session:
        known = session.execute(select(Installation.version, Installation.published)).first() or ()
    return max((VERSION, *filter(None, map(parse_version, (*known, _fetched(settings))))), key=_numbers)


def newer_version(settings: Settings, store: Store) -> str:
    """Return the newest version known here, "" where none is newer than this one."""
    newest = newest_known(settings, store)
    return newest if is_newer(newest, VERSION) else ""


def _fetched(settings: Settings) -> str:
    try:
        with (settings.data_folder / LATEST).open("rb") as file:
            return file.read(LONGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")) if version else ()
