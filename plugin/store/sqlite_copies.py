"""Copies of a SQLite database.

VACUUM INTO is the one way that is consistent under writes and never starves (docs/reliability.md, D1).
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from plugin.errors import Refused
from plugin.store.database import Store
from plugin.wording import _

_WAIT_S = 15


def dump(store: Store, file: Path) -> None:
    """Write a copy of the database; raises Refused."""
    with closing(sqlite3.connect(store.url.database or "", timeout=_WAIT_S)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(file),))
        except sqlite3.Error as error:
            raise Refused(
                _("The copy could not be written: {error}.", error=_said(error)), code="backup_failed"
            ) from None
    check(file)


def check(file: Path) -> None:
    """Check every page of a copy; raises Refused for one that is damaged."""
    try:
        with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise Refused(_("The copy is damaged: {error}.", error=_said(error)), code="damaged_copy") from None
    if said != "ok":
        raise Refused(_("The copy is damaged: {error}.", error=said[:200]), code="damaged_copy")


def load(store: Store, file: Path, _folder: Path) -> None:
    """Replace the content of the database by that of a copy; raises Refused.

    SQLite's own backup runs the other way round: one transaction of the database that is in use. Replacing the
    file instead would leave the log of the old one beside it.
    """
    check(file)
    target = Path(store.url.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    is_new = not target.exists()
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as source,
            closing(sqlite3.connect(target, timeout=_WAIT_S)) as connection,
        ):
            source.backup(connection)
    except sqlite3.Error as error:
        raise Refused(
            _("The copy could not be put in place: {error}.", error=_said(error)), code="restore_failed"
        ) from None
    if is_new:
        target.chmod(0o600)


@contextmanager
def scratch(_store: Store, file: Path, folder: Path) -> Iterator[Store]:
    """Open a copy of the file as a database of its own."""
    check(file)
    place = folder / "scratch.db"
    shutil.copyfile(file, place)
    place.chmod(0o600)
    try:
        with Store(f"sqlite:///{place}") as opened:
            yield opened
    finally:
        for left in folder.glob(f"{place.name}*"):
            left.unlink()


def _said(error: sqlite3.Error) -> str:
    return str(error).rstrip(".")
