"""The restore drill: from a copy and its passphrase alone, on an empty machine, on both engines."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from plugin.backups.folder import backup_folder, names_in, read_note
from plugin.backups.make import make_copy, run_backup
from plugin.backups.records import renew_passphrase
from plugin.backups.restore import restore
from plugin.configuration.stored import sealing
from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.audit import audit
from plugin.errors import Refused
from plugin.secrets_file import read_secrets
from plugin.services import Services
from plugin.square.sync import OVERLAP
from plugin.square.sync.requested import SWEEP
from plugin.store import Store
from plugin.store.backup import backup as copy_database
from plugin.store.backup import holds_data
from plugin.store.creation import downgrade, is_current
from plugin.store.people import SignIn, Staff
from plugin.store.queues import Outbox
from plugin.store.square_side import Connection
from plugin.vault import Vault
from tests.backups.conftest import SECRETS, services_on
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.databases import sqlite_alone

NEW_KEYS = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """An empty database of the same engine: the new machine."""
    engine = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    url: str = request.getfixturevalue(f"empty_{engine}_url")
    return url


def left_of(desk: Desk, course_id: str) -> int:
    return desk.course(course_id).left


def set_revision(store: Store, revision: str) -> str:
    """Have the database seem to be of another revision; return which it was."""
    with store.engine.begin() as connection:
        before: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
    return before


def _sign_in(services: Services) -> None:
    """A person at work in a browser, and a token of Square."""
    now = services.clock()
    olga = add_staff(
        services.store, email="o@example.org", name="Olga", role=Role.OWNER, password_hash="h", now=now
    )
    sealed = Vault(SECRETS["encryption_keys"]).seal("the token")
    with services.store.writing() as session:
        # An authenticator app, sealed as `plugin.web.account.totp` does.
        row = session.get_one(Staff, olga.id)
        row.totp_secret = sealing(services.settings).seal("the app's secret")
        session.add(SignIn(id="1" * 32, staff_id=olga.id, started_at=now))
        session.add(Connection(id=1, scopes=[], locations=[], access_token_sealed=sealed))


def test_an_empty_machine_becomes_the_clinic_again(
    services: Services, desk: Desk, empty_url: str, clock: HandMovedClock, tmp_path: Path
) -> None:
    course_id = desk.sell()
    desk.use(course_id)
    _sign_in(services)
    passphrase = renew_passphrase(services, desk.act(OLGA))
    made_at = clock()
    run = run_backup(services, "request")
    assert (run.state, run.problem) == ("good", "")
    copy = backup_folder(services.settings) / run.file_name
    note = read_note(copy)
    assert note is not None
    assert note.checked == "Restored into a database of its own; the ledger is clean."
    assert (note.manifest.counts["courses"], note.manifest.counts["visits"]) == (1, 1)
    clock.advance(days=3)
    with Store(empty_url) as store:
        new = services_on(store, clock, tmp_path / "new", encryption_keys=NEW_KEYS, secret_key="n" * 48)
        done = restore(new.settings, store, copy, now=clock(), passphrase=passphrase.lower())
        assert (done.findings, done.has_lost_keys, done.made_at) == ((), False, made_at)
        there = Desk(store, clock)
        assert left_of(there, course_id) == left_of(desk, course_id)
        assert audit(store) == ()
        with store.reading() as session:
            signed_in = session.get_one(SignIn, "1" * 32)
            assert signed_in.ended_at == clock()
            sealed = session.get_one(Connection, 1).access_token_sealed
            assert Vault(NEW_KEYS).open(sealed or "") == "the token"
            totp = session.scalars(select(Staff.totp_secret)).one()
            assert sealing(new.settings).open(totp or "") == "the app's secret"
            job = session.scalars(select(Outbox).where(Outbox.kind == SWEEP, Outbox.state == "pending")).one()
            assert job.payload == {"since": (made_at - OVERLAP).isoformat()}
        assert any("Sessions used since 2026-11-22 18:00 UTC" in each for each in done.to_check)
        # It works: the next session is used and copied.
        there.use(course_id, key="after-the-restore")
        assert run_backup(new, "schedule").state == "good"
    assert not list((tmp_path / "new").rglob("scratch*"))


@sqlite_alone
def test_data_is_replaced_only_when_asked_and_kept_then(
    services: Services, desk: Desk, clock: HandMovedClock
) -> None:
    course_id = desk.sell()
    copy = make_copy(services).file
    desk.use(course_id)
    with pytest.raises(Refused, match="holds data"):
        restore(services.settings, services.store, copy, now=clock())
    left = left_of(desk, course_id)
    done = restore(services.settings, services.store, copy, now=clock(), replaces=True)
    assert left_of(desk, course_id) == left + 1
    assert done.replaced is not None
    restore(services.settings, services.store, done.replaced, now=clock(), replaces=True)
    assert left_of(desk, course_id) == left


@sqlite_alone
def test_a_copy_of_an_older_version_is_migrated(
    services: Services, desk: Desk, empty_url: str, clock: HandMovedClock, tmp_path: Path
) -> None:
    course_id = desk.sell()
    left = left_of(desk, course_id)
    downgrade(services.settings.database_url, "0022")
    bare = tmp_path / "bare.copy"
    copy_database(services.store, bare)
    with Store(empty_url) as store:
        new = services_on(store, clock, tmp_path / "new")
        restore(new.settings, store, bare, now=clock())
        assert is_current(store)
        assert left_of(Desk(store, clock), course_id) == left
    from plugin.store.creation import upgrade

    upgrade(services.settings.database_url)


@sqlite_alone
@pytest.mark.parametrize(
    ("revision", "says"), [("9999", "newer Coursekeeper"), ("0021", r"by a version before 0\.1\.0")]
)
def test_a_copy_of_a_newer_or_too_old_version_is_refused_and_nothing_is_changed(
    services: Services,
    desk: Desk,
    empty_url: str,
    clock: HandMovedClock,
    tmp_path: Path,
    revision: str,
    says: str,
) -> None:
    desk.sell()
    newest = set_revision(services.store, revision)
    bare = tmp_path / "bare.copy"
    copy_database(services.store, bare)
    with Store(empty_url) as store:
        new = services_on(store, clock, tmp_path / "new")
        with pytest.raises(Refused, match=says):
            restore(new.settings, store, bare, now=clock())
        assert not holds_data(store)
    set_revision(services.store, newest)


def test_where_no_database_may_be_created_the_list_is_read_and_a_restore_still_checks(
    services: Services, desk: Desk, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugin.store import postgresql_copies

    if services.store.is_sqlite:
        return
    monkeypatch.setattr(postgresql_copies, "_command", lambda _store, _statement: False)
    course_id = desk.sell()
    made = make_copy(services)
    assert "list of contents was read" in made.note.checked
    desk.use(course_id)
    restore(services.settings, services.store, made.file, now=clock(), replaces=True)
    newest = set_revision(services.store, "9999")
    newer = made.file.with_name("newer")
    copy_database(services.store, newer)
    restored = made.file
    set_revision(services.store, newest)
    left = left_of(desk, course_id)
    with pytest.raises(Refused, match="newer Coursekeeper"):
        restore(services.settings, services.store, newer, now=clock(), replaces=True)
    assert left_of(desk, course_id) == left
    assert restored.exists()


@sqlite_alone
@pytest.mark.parametrize(
    "content", [b"", b"PGDMP nonsense", b"SQLite format 3\0" + b"\x55" * 9000, b"x" * 5000]
)
def test_what_is_no_backup_is_refused(
    services: Services, clock: HandMovedClock, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(Refused):
        restore(services.settings, services.store, file, now=clock())


@sqlite_alone
def test_a_database_of_another_program_is_refused(
    services: Services, clock: HandMovedClock, tmp_path: Path
) -> None:
    file = tmp_path / "other.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE bookmarks (id)")
    other.commit()
    other.close()
    with pytest.raises(Refused, match="no backup of Coursekeeper"):
        restore(services.settings, services.store, file, now=clock())


@sqlite_alone
def test_a_copy_of_the_other_engine_is_refused(
    services: Services, clock: HandMovedClock, tmp_path: Path
) -> None:
    file = tmp_path / "dump"
    file.write_bytes(b"PGDMP" + b"x" * 100)
    with pytest.raises(Refused, match="PostgreSQL database, and this installation uses SQLite"):
        restore(services.settings, services.store, file, now=clock())


@sqlite_alone
def test_an_installation_without_secrets_takes_those_of_the_copy(
    services: Services, desk: Desk, empty_sqlite_url: str, clock: HandMovedClock, tmp_path: Path
) -> None:
    _sign_in(services)
    passphrase = renew_passphrase(services, desk.act(OLGA))
    copy = make_copy(services).file
    with Store(empty_sqlite_url) as store:
        new = services_on(store, clock, tmp_path, secret_key="", encryption_keys="")
        assert not restore(new.settings, store, copy, now=clock(), passphrase=passphrase).has_lost_keys
    kept = read_secrets(new.settings.data_folder)
    assert kept == {name.upper(): value for name, value in SECRETS.items()}


@sqlite_alone
def test_keys_that_are_lost_are_said(
    services: Services, desk: Desk, empty_sqlite_url: str, clock: HandMovedClock, tmp_path: Path
) -> None:
    _sign_in(services)
    copy = make_copy(services).file
    with Store(empty_sqlite_url) as store:
        new = services_on(store, clock, tmp_path, encryption_keys=NEW_KEYS)
        done = restore(new.settings, store, copy, now=clock())
    assert done.has_lost_keys
    assert any("connect to Square again" in each for each in done.to_check)


@sqlite_alone
def test_letters_that_waited_are_not_sent_twice(
    services: Services, desk: Desk, empty_sqlite_url: str, clock: HandMovedClock, tmp_path: Path
) -> None:
    from plugin.courses.handouts.visit_email import VISIT_MAIL

    with services.store.writing() as session:
        session.add(
            Outbox(id="o1", kind=VISIT_MAIL, subject="v", payload={}, created_at=clock(), due_at=clock())
        )
    copy = make_copy(services).file
    with Store(empty_sqlite_url) as store:
        new = services_on(store, clock, tmp_path)
        restore(new.settings, store, copy, now=clock())
        with store.reading() as session:
            assert session.get_one(Outbox, "o1").state == "done"


@sqlite_alone
def test_an_error_in_the_ledger_is_told_and_is_no_reason_for_no_copy(services: Services, desk: Desk) -> None:
    desk.sell()
    tamper = "UPDATE entry SET sessions_after = sessions_after {} 1"
    unguarded = sqlite3.connect(services.store.url.database or "", isolation_level=None)
    unguarded.execute("PRAGMA ignore_check_constraints = ON")
    (guard,) = unguarded.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'entry_refuses_update'"
    ).fetchone()
    unguarded.execute("DROP TRIGGER entry_refuses_update")
    unguarded.execute(tamper.format("+"))
    made = make_copy(services)
    unguarded.execute(tamper.format("-"))
    unguarded.execute(guard)
    unguarded.close()
    assert "its ledger has" in made.note.checked


@sqlite_alone
def test_what_is_no_longer_kept_goes(services: Services, desk: Desk, clock: HandMovedClock) -> None:
    for _ in range(3):
        assert run_backup(services, "schedule").state == "good"
        clock.advance(minutes=7)
    folder = backup_folder(services.settings)
    assert len(names_in(folder)) == 1
    assert len(list(folder.iterdir())) == 2
    clock.advance(hours=2)
    run_backup(services, "schedule")
    assert len(names_in(folder)) == 2


@sqlite_alone
def test_staff_sign_in_again(services: Services, desk: Desk, clock: HandMovedClock) -> None:
    _sign_in(services)
    copy = make_copy(services).file
    with services.store.reading() as session:
        before = session.scalars(select(Staff.session_mark)).one()
    restore(services.settings, services.store, copy, now=clock(), replaces=True)
    with services.store.reading() as session:
        assert session.scalars(select(Staff.session_mark)).one() != before
    with services.store.writing() as session:
        session.execute(update(SignIn).values(ended_at=clock()))
