"""Making a copy: copied, packed, verified by restoring it, put in the folder, sent elsewhere."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from plugin.backups import records
from plugin.backups.anchors import against_manifest, seal_and_keep
from plugin.backups.archive import (
    DamagedCopy,
    Keys,
    Manifest,
    Proof,
    error_in_words,
    need_space,
    pack,
    sha256_of,
    unpack,
)
from plugin.backups.folder import (
    Note,
    backup_folder,
    make_private,
    name_of,
    names_in,
    names_to_drop,
    note_beside,
    work_folder,
)
from plugin.backups.remote import SendFailed, send_copies
from plugin.backups.versions import installation_uid
from plugin.core.fingerprint import LedgerHead
from plugin.courses.audit import audit
from plugin.courses.base.clinic import read_clinic
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.store import Store
from plugin.store.backup import backup as copy_database
from plugin.store.backup import engine_of, flush_to_disk, scratch
from plugin.store.creation import current_revision
from plugin.store.tables import Client, Course, Entry, Staff, Visit
from plugin.store.upkeep import BackupRun
from plugin.version import VERSION
from plugin.wording import N_, _

Step = Callable[[str], None]
_COUNTED = {"clients": Client, "courses": Course, "entries": Entry, "visits": Visit, "staff": Staff}
_LISTED_ONLY = N_("Its list of contents was read; this user may not create a database to restore it into.")


@dataclass(frozen=True, slots=True)
class Made:
    """A copy that was verified: its file, and what is said beside it."""

    file: Path
    note: Note


def run_backup(services: Services, cause: records.Cause) -> BackupRun:
    """Make a copy and send it; return the run as recorded.

    A failure is recorded, not raised: the next copy is due soon.
    """
    run_id = records.begin_run(services.store, cause, services.clock())

    def step(words: str) -> None:
        records.change_run(services.store, run_id, step=words)

    try:
        made = make_copy(services, step)
    except (CoursekeeperError, OSError, DBAPIError) as error:
        failed = {"state": "failed", "ended_at": services.clock(), "problem": error_in_words(error)}
        return records.change_run(services.store, run_id, **failed)
    step("Sending it elsewhere")
    _send(services, made)
    drop_old_copies(services)
    done = {"state": "good", "ended_at": services.clock(), "file_name": made.file.name, "step": ""}
    return records.change_run(services.store, run_id, **done)


def make_copy(services: Services, step: Step = lambda _words: None) -> Made:
    """Make a verified copy in the backup folder; raises Refused, OSError or DBAPIError, and leaves no part of it."""
    folder = make_private(backup_folder(services.settings))
    key = records.copy_key(services.store)
    begun = services.clock()
    target = folder / name_of(begun, is_encrypted=key is not None)
    with work_folder(services.settings) as work:
        size = _size_of(services.store)
        need_space(work, 3 * size)
        need_space(folder, size)
        step("Copying the database")
        head = seal_and_keep(services)
        database = work / "database"
        copy_database(services.store, database)
        manifest = _manifest(services, database, begun, head)
        step("Encrypting it" if key else "Packing it")
        part, proof = folder / f".{target.name}.part", Proof.new()
        try:
            pack(database, manifest, part, work, keys=_keys(services), key=key, proof=proof)
            database.unlink()
            step("Checking that it restores")
            checked = _verify(services, part, work, proof, manifest)
            return _put_in_place(services, part, target, manifest, checked)
        finally:
            part.unlink(missing_ok=True)


def drop_old_copies(services: Services) -> None:
    """Delete the copies that are no longer kept: the last of 24 hours, 14 days and 12 months are."""
    folder = backup_folder(services.settings)
    for name in names_to_drop(names_in(folder), zone_of(services.store)):
        note_beside(folder / name).unlink(missing_ok=True)
        (folder / name).unlink(missing_ok=True)


def zone_of(store: Store) -> ZoneInfo:
    """Return the clinic's time zone."""
    return read_clinic(store).zone


def _manifest(services: Services, database: Path, begun: datetime, head: LedgerHead | None) -> Manifest:
    store = services.store
    return Manifest(
        format=1,
        version=VERSION,
        revision=current_revision(store) or "",
        engine="sqlite" if store.is_sqlite else "postgresql",
        installation=installation_uid(store),
        clinic=read_clinic(store).name,
        created_at=begun,
        counts=_counts(store),
        sha256=sha256_of(database),
        size=database.stat().st_size,
        ledger_head=str(head or ""),
    )


def _counts(store: Store) -> dict[str, int]:
    with store.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(model)) or 0
            for name, model in _COUNTED.items()
        }


def _keys(services: Services) -> Keys:
    known = services.settings
    return Keys(
        secret_key=known.secret_key.get_secret_value(),
        encryption_keys=known.encryption_keys.get_secret_value(),
    )


def _verify(services: Services, file: Path, work: Path, proof: Proof, manifest: Manifest) -> str:
    """Open the file as it lies on the disk, restore it and audit it; return in words how it was checked."""
    opened = unpack(file, work, proof=proof)
    if opened.manifest != manifest:
        raise DamagedCopy(_("The copy does not read as it was written. Is the disk in order?"))
    with scratch(services.store, opened.database, work) as restored:
        opened.database.unlink()
        if restored is None:
            return _LISTED_ONLY
        findings = (*audit(restored), *against_manifest(restored, manifest))
    # The copy is as good as the database: an error there is told of, and is no reason to have no copies.
    if findings:
        return _("Restored into a database of its own; its ledger has {n} errors.", n=len(findings))
    return _("Restored into a database of its own; the ledger is clean.")


def _put_in_place(services: Services, part: Path, target: Path, manifest: Manifest, checked: str) -> Made:
    part.chmod(0o600)
    note = Note(
        manifest=manifest,
        sha256=sha256_of(part),
        size=part.stat().st_size,
        checked_at=services.clock(),
        checked=checked,
    )
    beside = note_beside(target)
    beside.write_text(note.model_dump_json(indent=1), encoding="utf-8")
    beside.chmod(0o600)
    flush_to_disk(part)
    os.replace(part, target)
    flush_to_disk(target.parent)
    return Made(target, note)


def _send(services: Services, made: Made) -> None:
    """Send the copy where the settings say; a failure is recorded beside the last success."""
    settings, store = services.settings, services.store
    if not settings.backup_remote:
        return
    try:
        if records.copy_key(store) is None:
            raise SendFailed(_("Copies are sent encrypted only. Make a passphrase first."))
        send_copies(settings, made.file.parent, made.file, zone_of(store))
    except (CoursekeeperError, OSError) as error:
        records.change_state(store, send_failed_at=services.clock(), send_problem=error_in_words(error))
    else:
        records.change_state(store, sent_at=services.clock(), send_failed_at=None, send_problem="")


def _size_of(store: Store) -> int:
    if engine_of(store) == "sqlite":
        return Path(store.url.database or "").stat().st_size
    with store.engine.connect() as connection:
        return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)
