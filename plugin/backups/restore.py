"""Restoring a copy: opened and checked as a database of its own, brought up to date, then put in place at once.

Its secrets are sealed again with this installation's keys, or taken over where it has none.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Column, select, update
from sqlalchemy.orm import Session

from plugin.backups.anchors import against_manifest
from plugin.backups.archive import FOREIGN, DamagedCopy, Keys, Manifest, need_space, newer_copy, unpack
from plugin.backups.folder import backup_folder, make_private, work_folder
from plugin.configuration.stored import sealing
from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.audit import Finding, audit
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.sealing import mark_restored_in
from plugin.courses.base.work import Work
from plugin.courses.documents.paper_emails import PAPER_MAIL
from plugin.courses.handouts.visit_email import VISIT_MAIL
from plugin.courses.letters.sending import CLIENT_LETTER
from plugin.courses.sales.checkouts import CHECKOUT_EMAIL
from plugin.errors import ConfigurationError, Refused
from plugin.secrets_file import FILE_NAME, keep_secrets
from plugin.settings import Settings
from plugin.square.sync import OVERLAP
from plugin.square.sync.requested import SWEEP
from plugin.store import Store
from plugin.store.backup import backup as copy_database
from plugin.store.backup import engine_of, holds_data, kind_of_file, load, scratch
from plugin.store.creation import current_revision, is_too_old, known_revisions, upgrade
from plugin.store.tables import METADATA, ClientLetter, Outbox, SignIn, Staff
from plugin.store.upkeep import BackupRun
from plugin.vault import Vault
from plugin.wording import N_n, _

# The secret of an authenticator app; other sealed columns have names that end so.
_SECOND_FACTOR = "totp_secret"


def reseal(copy: Store, settings: Settings, keys: Keys | None) -> bool:
    """Seal again with this installation's keys what those of the copy sealed; return whether some can't be opened."""
    ours = _with_missing(settings, keys)
    openers = [sealing(ours)] + ([sealing(_with(settings, keys))] if keys else [])
    # Tokens and passwords are sealed with ENCRYPTION_KEYS only; second factors also without any.
    tokens, factors = Vault(ours.encryption_keys.get_secret_value()), sealing(ours)
    is_lost = False
    with copy.writing() as session:
        for column in _sealed_columns():
            for (sealed,) in session.execute(select(column).where(column.is_not(None))).all():
                plain = _opened(sealed, openers)
                sealer = factors if column.name == _SECOND_FACTOR else tokens
                if plain is None or not sealer.has_keys:
                    is_lost = True
                    continue
                changed = update(column.table).where(column == sealed)
                session.execute(changed.values({column.name: sealer.seal(plain)}))
    return is_lost


def _sealed_columns() -> Iterator[Column[Any]]:
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if column.name.endswith("sealed") or column.name == _SECOND_FACTOR:
                yield column


def _opened(sealed: str, openers: list[Vault]) -> str | None:
    for vault in openers:
        with suppress(ConfigurationError):
            return vault.open(sealed)
    return None


def _with(settings: Settings, keys: Keys) -> Settings:
    """Return the settings with the secrets of the copy."""
    secrets_of_copy = {name: SecretStr(value) for name, value in keys.model_dump().items()}
    return settings.model_copy(update=secrets_of_copy)


def _with_missing(settings: Settings, keys: Keys | None) -> Settings:
    """Return the settings with the secrets that are taken from the copy, as `adopt_keys` keeps them."""
    if keys is None or (settings.data_folder / FILE_NAME).exists():
        return settings
    theirs, missing = _with(settings, keys), [name.lower() for name in settings.missing_secrets]
    return settings.model_copy(update={name: getattr(theirs, name) for name in missing})


def adopt_keys(settings: Settings, keys: Keys | None) -> None:
    """Take the secrets of the copy where this installation has none yet: an empty machine becomes the old one."""
    taken = _with_missing(settings, keys)
    values = {name: getattr(taken, name.lower()).get_secret_value() for name in settings.missing_secrets}
    if any(values.values()):
        keep_secrets(settings.data_folder, {name: value for name, value in values.items() if value})


Prepare = Callable[[Store], tuple[tuple[Finding, ...], bool]]
_RESTORE = Actor("Restore", Role.OWNER, Source.COMMAND)
_CALLED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# Sent long ago, as far as the copy can't know: a client must not get them twice.
_LETTERS = (VISIT_MAIL, CHECKOUT_EMAIL, PAPER_MAIL, CLIENT_LETTER)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `made_at`: the time of the copy, where it says so; `replaced`: where the old content is.

    `has_lost_keys`: tokens and passwords in the copy are sealed with keys that are not here.
    """

    manifest: Manifest | None
    made_at: datetime | None
    findings: tuple[Finding, ...]
    has_lost_keys: bool
    replaced: Path | None

    @property
    def to_check(self) -> tuple[str, ...]:
        """Return what a person should look at now, in sentences."""
        when = f"{self.made_at:%Y-%m-%d %H:%M} UTC" if self.made_at else _("the copy was made")
        told = [
            _(
                "Sales and refunds since {when} are fetched from Square, which takes a few minutes.",
                when=when,
            ),
            _(
                "Sessions used since {when} are not in the copy: enter them again from the appointments or a"
                " paper list.",
                when=when,
            ),
            _("Everybody signs in again, with the password they had then."),
            _(
                "Staff who were deactivated and API tokens that were revoked since then are let in again: check"
                " Settings, Staff."
            ),
            _("Clients who were erased since then are back: erase them again."),
        ]
        if self.has_lost_keys:
            told.append(
                _(
                    "Tokens and passwords in the copy can’t be opened here: connect to Square again, and enter"
                    " the mail password again."
                )
            )
        if self.findings:
            told.append(
                N_n(
                    "The ledger of the copy has {n} error. Run: coursekeeper audit",
                    "The ledger of the copy has {n} errors. Run: coursekeeper audit",
                    len(self.findings),
                )
            )
        return tuple(told)


def restore(
    settings: Settings,
    store: Store,
    file: Path,
    *,
    now: datetime,
    passphrase: str = "",
    replaces: bool = False,
) -> Restored:
    """Put a copy in place of the database, which holds no data unless `replaces`; its old content is kept then.

    The database changes at once and completely, or not at all. Raises Refused for a copy that is damaged, not
    ours, of a newer version or of the other engine, WrongPassphrase, and Refused where data would be lost.
    """
    if not file.is_file():
        raise Refused(_("There is no file {file}.", file=file), code="no_file")
    _refuse_data(store, replaces=replaces)
    with work_folder(settings) as work:
        opened = unpack(file, work, passphrase=passphrase)
        _refuse_engine(store, opened.database)
        need_space(work, 3 * opened.database.stat().st_size)
        prepare = partial(_prepare, settings, manifest=opened.manifest, keys=opened.keys, now=now)
        with scratch(store, opened.database, work) as copy:
            if copy is None:
                replaced = _keep_old(settings, store)
                findings, has_lost_keys = _restore_first(store, opened.database, work, prepare)
            else:
                findings, has_lost_keys = prepare(copy)
                ready = work / "ready"
                copy_database(copy, ready)
                _refuse_data(store, replaces=replaces)
                replaced = _keep_old(settings, store)
                load(store, ready, work)
    adopt_keys(settings, opened.keys)
    made_at = opened.manifest.created_at if opened.manifest else None
    return Restored(opened.manifest, made_at, findings, has_lost_keys, replaced)


def _restore_first(
    store: Store, database: Path, work: Path, prepare: Prepare
) -> tuple[tuple[Finding, ...], bool]:
    """Restore where PostgreSQL lets this user create no database to prepare the copy in; put back what was there."""
    before = work / "before"
    copy_database(store, before)
    load(store, database, work)
    try:
        return prepare(store)
    except BaseException:
        load(store, before, work)
        raise


def _refuse_data(store: Store, *, replaces: bool) -> None:
    if not replaces and holds_data(store):
        raise Refused(
            _("The database holds data; nothing was changed. Move it away, or replace it with --replace."),
            code="not_empty",
        )


def _refuse_engine(store: Store, database: Path) -> None:
    kind, ours = kind_of_file(database), engine_of(store)
    if kind is None:
        raise DamagedCopy(FOREIGN, code="foreign_copy")
    if kind != ours:
        raise Refused(
            _(
                "This copy is of a {its} database, and this installation uses {ours}. Set DATABASE_URL to a {its}"
                " database, then restore.",
                its=_CALLED[kind],
                ours=_CALLED[ours],
            ),
            code="other_engine",
        )


def _prepare(
    settings: Settings, copy: Store, *, manifest: Manifest | None, keys: Keys | None, now: datetime
) -> tuple[tuple[Finding, ...], bool]:
    """Check that the copy is ours, migrate it, and end in it what must not go on; return errors, and lost keys."""
    _refuse_revision(copy, manifest)
    upgrade(copy.direct_url.render_as_string(hide_password=False))
    findings = (*audit(copy), *against_manifest(copy, manifest))
    since = (manifest.created_at if manifest else now) - OVERLAP
    act = Act(_RESTORE, now, f"restore-{secrets.token_hex(8)}")

    def work(session: Session) -> None:
        session.execute(update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=now))
        for person in session.scalars(select(Staff)):
            person.session_mark = secrets.token_hex(32)
        unsent = update(Outbox).where(Outbox.kind.in_(_LETTERS), Outbox.state == "pending")
        session.execute(unsent.values(state="done", done_at=now, outcome="Not sent: a backup was restored."))
        planned = update(ClientLetter).where(ClientLetter.done_at.is_(None))
        session.execute(planned.values(state="left", done_at=now, said="A backup was restored."))
        left = update(BackupRun).where(BackupRun.state == "running")
        session.execute(left.values(state="failed", ended_at=now, problem="A backup was restored."))
        mark_restored_in(session, now)
        enqueue(Work(session, copy, act), SWEEP, "restored", payload={"since": since.isoformat()})
        made_at = f"Made {manifest.created_at:%Y-%m-%d %H:%M} UTC" if manifest else ""
        record_activity(session, copy, act, Did.BACKUP_RESTORED, after=made_at)

    copy.transact(work)
    return findings, reseal(copy, settings, keys)


def _refuse_revision(copy: Store, manifest: Manifest | None) -> None:
    revision = current_revision(copy)
    if revision is None:
        raise DamagedCopy(FOREIGN, code="foreign_copy")
    if is_too_old(revision):
        raise Refused(
            _(
                "This copy was made by a version before 0.1.0, or between releases. Restore it with that version,"
                " and upgrade one before 0.1.0 by 0.1.0 first."
            ),
            code="older_copy",
        )
    if revision not in known_revisions():
        raise newer_copy(manifest.version if manifest else revision)


def _keep_old(settings: Settings, store: Store) -> Path | None:
    """Copy what is about to be replaced to the backup folder; None where it holds no data."""
    if not holds_data(store):
        return None
    file = make_private(backup_folder(settings)) / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.db"
    copy_database(store, file)
    return file
