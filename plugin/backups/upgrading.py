"""Upgrading the database: copied, migrated, audited; on failure, also a killed process, the copy is put back.

Whoever finds a journal puts the copy that it names back first: nobody has worked with a SQLite file that is half
upgraded. PostgreSQL may have other machines at work on it, whose rows no copy has: there migrations that failed are
taken back one by one, and after a kill the upgrade goes on, as each migration is one transaction.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import text

from plugin.backups.archive import error_in_words
from plugin.backups.folder import backup_folder, make_private, work_folder
from plugin.backups.journal import Journal, is_interrupted, journal_path, write_journal
from plugin.backups.versions import is_newer, last_version, note_version
from plugin.courses.audit import audit
from plugin.errors import ConfigurationError, CoursekeeperError
from plugin.instance_lock import nobody_running
from plugin.settings import Settings
from plugin.store import Store, creation
from plugin.store.backup import backup as copy_database
from plugin.store.backup import load
from plugin.version import VERSION

COPIES_KEPT = 3
# The oldest revision that a downgrade is tested to, with data.
OLDEST_DOWNGRADE = "0022"
_PREFIX = "before-upgrade-"
# Any number: all who upgrade a PostgreSQL database take turns by it.
_PG_LOCK = 6_077_342_310
Step = Callable[[str], None]


class UpgradeFailed(ConfigurationError):
    """The database could not be upgraded and is as it was before."""

    code = "upgrade_failed"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What was done: the revision before, "" for a new database; where the copy is; whether one was put back."""

    before: str
    after: str
    copy: Path | None
    was_interrupted: bool = False

    @property
    def in_words(self) -> str:
        again = "An upgrade had been interrupted; it was begun again. " if self.was_interrupted else ""
        if self.copy is None:
            return f"{again}The database is up to date."
        return f"{again}The database was upgraded to {VERSION}. A copy of it before is in {self.copy}."


def upgrade(
    settings: Settings,
    store: Store,
    *,
    now: datetime,
    despite_audit: bool = False,
    at_step: Step = lambda _name: None,
) -> Upgraded:
    """Bring the database to this version; raises UpgradeFailed, and leaves it as it was then.

    `at_step` is called at each step; a test can end the process there. `despite_audit`: go on although the
    ledger has errors.
    """
    with _one_at_a_time(settings, store):
        was_interrupted = _put_back_if_interrupted(settings, store)
        before = creation.current_revision(store)
        if before is None or creation.is_current(store):
            creation.upgrade(settings.direct_url)
            note_version(store, now)
            return Upgraded(before or "", creation.current_revision(store) or "", None, was_interrupted)
        refuse_unknown(store)
        with nobody_running(settings.database_url, settings.data_folder):
            copy = _change(settings, store, before, at_step, despite_audit=despite_audit)
        note_version(store, now)
        return Upgraded(before, creation.current_revision(store) or "", copy, was_interrupted)


def downgrade(settings: Settings, store: Store, revision: str) -> Path:
    """Bring the database to an older revision, for an older version; return the copy made before.

    Raises UpgradeFailed for a revision that is not known, newer, or older than what is tested.
    """
    with _one_at_a_time(settings, store), nobody_running(settings.database_url, settings.data_folder):
        known, now_at = creation.known_revisions(), creation.current_revision(store)
        refuse_unknown(store)
        older = known[known.index(now_at) + 1 :] if now_at in known else ()
        allowed = [each for each in older if each >= OLDEST_DOWNGRADE]
        if revision not in allowed:
            ways = ", ".join(allowed) or "none"
            raise UpgradeFailed(
                f"The database is of revision {now_at} and can go back to: {ways}. For an older one restore a"
                " backup of that time."
            )
        copy = _copy(settings, store, f"{now_at}")
        write_journal(settings, Journal(copy_file=str(copy), revision=f"{now_at}", version=VERSION))
        try:
            creation.downgrade(settings.direct_url, revision)
        except BaseException as error:
            _put_back(settings, store, copy, f"{now_at}")
            raise UpgradeFailed(f"The downgrade failed: {error_in_words(error)} {_AS_BEFORE}") from error
        journal_path(settings).unlink()
        return copy


def refuse_unknown(store: Store) -> None:
    """Raise ConfigurationError for a database that a newer version has migrated, or one from before 0.1.0."""
    revision = creation.current_revision(store)
    if creation.is_too_old(revision):
        raise ConfigurationError(
            "The database is of a version before 0.1.0, or between releases, from which this one can’t upgrade. One"
            " before 0.1.0 is first upgraded by 0.1.0."
        )
    if revision is not None and revision not in creation.known_revisions():
        version = last_version(store)
        named = f" ({version})" if is_newer(version, VERSION) else ""
        raise ConfigurationError(
            f"The database was used by a newer version of Coursekeeper{named}; this is {VERSION}. Start that version"
            " again, or restore a backup made by this one."
        )


_AS_BEFORE = "The database is as it was before."


def _change(settings: Settings, store: Store, before: str, at_step: Step, *, despite_audit: bool) -> Path:
    version = last_version(store)
    at_step("begun")
    copy = _copy(settings, store, before)
    at_step("copied")
    write_journal(settings, Journal(copy_file=str(copy), revision=before, version=version))
    at_step("journal")
    try:
        creation.upgrade(settings.direct_url)
        at_step("migrated")
        findings = () if despite_audit else audit(store)
        if findings:
            raise UpgradeFailed(
                f"the audit found {len(findings)} errors, the first: {findings[0].sentence} To upgrade all the"
                " same: coursekeeper upgrade --despite-audit"
            )
        at_step("audited")
    except BaseException as error:
        _put_back(settings, store, copy, before)
        old = f"version {version}" if version else "the version you had"
        raise UpgradeFailed(
            f"The upgrade to {VERSION} failed: {error_in_words(error)} {_AS_BEFORE} Start {old} again."
            f" A copy is in {copy}."
        ) from error
    journal_path(settings).unlink()
    at_step("done")
    return copy


def _copy(settings: Settings, store: Store, revision: str) -> Path:
    folder = backup_folder(settings)
    file = folder / f"{_PREFIX}{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.db"
    try:
        make_private(folder)
        copy_database(store, file)
    except (CoursekeeperError, OSError) as error:
        raise UpgradeFailed(
            f"No copy could be made before the upgrade: {error_in_words(error)} Nothing was changed."
        ) from error
    for old in sorted(folder.glob(f"{_PREFIX}*.db"), key=lambda each: each.stat().st_mtime)[:-COPIES_KEPT]:
        old.unlink()
    return file


def _put_back_if_interrupted(settings: Settings, store: Store) -> bool:
    """Put back the copy of an upgrade that was killed; raises UpgradeFailed where it is gone or can't be read."""
    if not is_interrupted(settings):
        return False
    path = journal_path(settings)
    if not store.is_sqlite:
        path.unlink()
        return True
    try:
        journal = Journal.model_validate_json(path.read_bytes())
    except ValidationError:
        raise UpgradeFailed(
            f"An upgrade was interrupted, and {path} can’t be read. Restore the newest {_PREFIX}* of the backup"
            f" folder, then delete {path}."
        ) from None
    copy = Path(journal.copy_file)
    if not copy.is_file():
        raise UpgradeFailed(
            f"An upgrade was interrupted, and the copy made before it is not in {copy}. Put it back there, or restore"
            f" a backup and delete {path}."
        )
    _put_back(settings, store, copy, journal.revision)
    return True


def _put_back(settings: Settings, store: Store, copy: Path, revision: str) -> None:
    if store.is_sqlite:
        with work_folder(settings) as work:
            load(store, copy, work)
    else:
        creation.move(settings.direct_url, revision)
    journal_path(settings).unlink()


@contextmanager
def _one_at_a_time(settings: Settings, store: Store) -> Iterator[None]:
    """Wait for others that upgrade: web and worker may start at the same moment."""
    folder = settings.data_folder
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "upgrade.lock").open("ab") as file, _one_on_postgresql(store):
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _one_on_postgresql(store: Store) -> Iterator[None]:
    if store.is_sqlite:
        yield
        return
    # A lock of a session: behind a pooler it would be held by whoever gets the connection next.
    direct = Store(store.direct_url.render_as_string(hide_password=False))
    with direct, direct.engine.connect() as connection:
        held = connection.execution_options(isolation_level="AUTOCOMMIT")
        held.execute(text(f"SELECT pg_advisory_lock({_PG_LOCK})"))
        try:
            yield
        finally:
            with suppress(Exception):
                held.execute(text(f"SELECT pg_advisory_unlock({_PG_LOCK})"))
