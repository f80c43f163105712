"""Backup of the whole database while it is in use, and restore.

SQLite: VACUUM INTO, the one way that is consistent under writes and never starves (docs/reliability.md, D1).
PostgreSQL: its own pg_dump and pg_restore.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from plugin.errors import Refused
from plugin.store.database import Store


def backup(store: Store, file: Path) -> None:
    """Write a backup to `file`; raises Refused where it exists or can't be written. Leaves no partial file."""
    if file.exists():
        raise Refused(f"{file} exists already; choose another name.", code="file_exists")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        if store.is_sqlite:
            _copy_sqlite(store, part)
        else:
            _pg(store, "pg_dump", "--format=custom", f"--file={part}")
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def restore(store: Store, file: Path) -> None:
    """Restore a backup into an empty database; raises Refused where it would overwrite anything."""
    if not file.is_file():
        raise Refused(f"There is no file {file}.", code="no_file")
    if store.is_sqlite:
        _restore_sqlite(store, file)
    else:
        _pg(store, "pg_restore", "--exit-on-error", "--no-owner", "--single-transaction", str(file))


def _copy_sqlite(store: Store, part: Path) -> None:
    connection = sqlite3.connect(store.url.database or "")
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as error:
        raise Refused(f"The copy could not be written: {error}.", code="backup_failed") from None
    finally:
        connection.close()
    part.chmod(0o600)
    _check(part)


def _check(file: Path) -> None:
    connection = sqlite3.connect(file)
    try:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise Refused(f"{file} is no whole database: {error}.", code="broken_backup") from None
    finally:
        connection.close()
    if said != "ok":
        raise Refused(f"{file} is damaged: {said}.", code="broken_backup")


def _restore_sqlite(store: Store, file: Path) -> None:
    _check(file)
    target = Path(store.url.database or "")
    if target.exists() and target.stat().st_size > 0:
        raise Refused(f"{target} holds data; move it away first.", code="not_empty")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copyfile(file, part)
    part.chmod(0o600)
    os.replace(part, target)


def _pg(store: Store, tool: str, *options: str) -> None:
    if shutil.which(tool) is None:
        raise Refused(f"{tool} is not installed here; install PostgreSQL's client programs.", code="no_tool")
    url = store.url
    # The password is passed in the environment: a process list shows arguments to every user.
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    address = url.set(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own tool, our own arguments
        [tool, f"--dbname={address}", *options], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused(f"{tool} failed: {done.stderr.strip()[:300]}", code="backup_failed")
