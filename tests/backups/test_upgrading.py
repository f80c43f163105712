"""Upgrades: copied, migrated, audited; whatever goes wrong, also a kill, the database is as it was before."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text

from plugin.backups.journal import JOURNAL, Journal, write_journal
from plugin.backups.upgrading import OLDEST_DOWNGRADE, UpgradeFailed, downgrade, upgrade
from plugin.backups.versions import change_installation, last_version
from plugin.courses.audit import audit
from plugin.errors import ConfigurationError
from plugin.instance_lock import WEB, AlreadyRunning
from plugin.services import Services
from plugin.settings import Settings
from plugin.store import Store, creation
from plugin.version import VERSION
from tests.backups.test_drill import set_revision
from tests.clock import HandMovedClock
from tests.commands.command import Command
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers
from tests.databases import postgresql_alone, sqlite_alone

STEPS = ("begun", "copied", "journal", "migrated", "audited", "done")


@pytest.fixture(scope="module")
def _old_file(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Path:
    path = tmp_path_factory.mktemp("old") / "clinic.db"
    shutil.copyfile(_migrated_file, path)
    with Store(f"sqlite:///{path}") as store:
        _make_old(store)
    return path


def _make_old(store: Store) -> None:
    desk = Desk(store, HandMovedClock())
    desk.use(desk.sell())
    creation.downgrade(store.url.render_as_string(hide_password=False), OLDEST_DOWNGRADE)


@pytest.fixture
def old(services: Services, request: pytest.FixtureRequest) -> Services:
    """A clinic with data whose database is of an older version."""
    if services.store.is_sqlite:
        shutil.copyfile(request.getfixturevalue("_old_file"), services.store.url.database or "")
    else:
        _make_old(services.store)
    return services


def rows(store: Store) -> list[int]:
    tables = ("client", "course", "entry", "visit")
    with store.engine.connect() as connection:
        return [connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables]


def test_an_older_database_is_brought_up_with_all_that_is_in_it(old: Services, clock: HandMovedClock) -> None:
    before = rows(old.store)
    done = upgrade(old.settings, old.store, now=clock())
    assert (done.before, creation.is_current(old.store), rows(old.store)) == (OLDEST_DOWNGRADE, True, before)
    assert done.copy is not None
    assert done.copy.is_file()
    assert last_version(old.store) == VERSION
    assert audit(old.store) == ()
    again = upgrade(old.settings, old.store, now=clock())
    assert again.copy is None


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    old: Services, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = rows(old.store), creation.upgrade

    def half(url: str, revision: str = "head") -> None:
        real(url, "0050")
        raise RuntimeError(f"the disk broke on the way to {revision}")

    monkeypatch.setattr(creation, "upgrade", half)
    with pytest.raises(UpgradeFailed, match=r"as it was before\. Start the version you had again"):
        upgrade(old.settings, old.store, now=clock())
    assert (creation.current_revision(old.store), rows(old.store)) == (OLDEST_DOWNGRADE, before)
    assert not (old.settings.data_folder / JOURNAL).exists()
    monkeypatch.setattr(creation, "upgrade", real)
    upgrade(old.settings, old.store, now=clock())
    assert creation.is_current(old.store)


@postgresql_alone
def test_what_others_wrote_meanwhile_outlives_a_failed_upgrade(
    old: Services, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = creation.upgrade

    def half(url: str, revision: str = "head") -> None:
        real(url, "0050")
        with old.store.engine.begin() as another:
            another.execute(text("UPDATE client SET name = 'Written meanwhile'"))
        raise RuntimeError(f"the disk broke on the way to {revision}")

    monkeypatch.setattr(creation, "upgrade", half)
    with pytest.raises(UpgradeFailed):
        upgrade(old.settings, old.store, now=clock())
    with old.store.engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM client LIMIT 1")) == "Written meanwhile"
    assert creation.current_revision(old.store) == OLDEST_DOWNGRADE


@postgresql_alone
def test_an_interrupted_upgrade_of_a_shared_database_goes_on(old: Services, clock: HandMovedClock) -> None:
    old.settings.data_folder.mkdir(parents=True, exist_ok=True)
    write_journal(old.settings, Journal(copy_file="/gone", revision=OLDEST_DOWNGRADE, version=""))
    done = upgrade(old.settings, old.store, now=clock())
    assert (done.was_interrupted, creation.is_current(old.store)) == (True, True)
    assert not (old.settings.data_folder / JOURNAL).exists()


@sqlite_alone
def test_a_failed_audit_puts_the_copy_back_unless_told_otherwise(
    old: Services, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugin.backups import upgrading
    from plugin.courses.audit import Finding

    monkeypatch.setattr(upgrading, "audit", lambda _: (Finding("chain", "e1", "Entry 1 is lost."),))
    with pytest.raises(UpgradeFailed, match=r"1 errors, the first: Entry 1 is lost\..*--despite-audit"):
        upgrade(old.settings, old.store, now=clock())
    assert creation.current_revision(old.store) == OLDEST_DOWNGRADE
    upgrade(old.settings, old.store, now=clock(), despite_audit=True)
    assert creation.is_current(old.store)


def _upgrade_until(at: str, settings: Settings) -> NoReturn:
    def kill(step: str) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with Store(settings.database_url) as store:
            upgrade(settings, store, now=datetime.now(UTC), at_step=kill)
    finally:
        os._exit(1)


@sqlite_alone
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_next_start_recovers(old: Services, clock: HandMovedClock, step: str) -> None:
    before = rows(old.store)
    old.store.close()
    # Not a program of its own: starting Python six times takes seconds.
    child = os.fork()
    if child == 0:
        _upgrade_until(step, old.settings)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    done = upgrade(old.settings, old.store, now=clock())
    assert done.was_interrupted is (step in ("journal", "migrated", "audited"))
    assert (creation.is_current(old.store), rows(old.store)) == (True, before)
    assert audit(old.store) == ()
    assert not (old.settings.data_folder / JOURNAL).exists()


@sqlite_alone
def test_a_copy_that_is_gone_is_said_and_nothing_is_guessed(old: Services, clock: HandMovedClock) -> None:
    journal = old.settings.data_folder / JOURNAL
    journal.write_text('{"copy_file": "/nowhere/copy.db", "revision": "0022", "version": "0.1.0"}')
    with pytest.raises(UpgradeFailed, match=r"is not in /nowhere/copy\.db"):
        upgrade(old.settings, old.store, now=clock())
    journal.write_text("{")
    with pytest.raises(UpgradeFailed, match="can’t be read"):
        upgrade(old.settings, old.store, now=clock())
    journal.unlink()
    upgrade(old.settings, old.store, now=clock())


@sqlite_alone
def test_without_room_for_the_copy_nothing_is_begun(
    old: Services, clock: HandMovedClock, tmp_path: Path
) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(UpgradeFailed, match="Nothing was changed"):
        upgrade(old.settings, old.store, now=clock())
    assert creation.current_revision(old.store) == OLDEST_DOWNGRADE
    (tmp_path / "backups").unlink()
    upgrade(old.settings, old.store, now=clock())


@sqlite_alone
def test_a_downgrade_keeps_the_data_and_goes_no_further_than_tested(
    services: Services, clock: HandMovedClock
) -> None:
    desk = Desk(services.store, clock)
    desk.use(desk.sell())
    before, known = rows(services.store), creation.known_revisions()
    for revision in ("0021", "nonsense", known[0]):
        with pytest.raises(UpgradeFailed, match=f"can go back to: {known[1]}, .*, {OLDEST_DOWNGRADE}"):
            downgrade(services.settings, services.store, revision)
    for revision in (known[1], OLDEST_DOWNGRADE):
        copy = downgrade(services.settings, services.store, revision)
        assert copy.is_file()
        assert (creation.current_revision(services.store), rows(services.store)) == (revision, before)
    upgrade(services.settings, services.store, now=clock())
    assert (rows(services.store), audit(services.store)) == (before, ())


@sqlite_alone
def test_a_downgrade_ends_at_documents_that_the_version_before_has_not(
    services: Services, clock: HandMovedClock
) -> None:
    papers = Papers(Desk(services.store, clock))
    papers.sell("O1")
    papers.work()
    assert papers.receipts()
    said = "The downgrade failed: Receipts were issued, .* restore the copy made before the upgrade"
    with pytest.raises(UpgradeFailed, match=said):
        downgrade(services.settings, services.store, OLDEST_DOWNGRADE)
    assert (papers.receipts() != [], audit(services.store)) == (True, ())


@sqlite_alone
def test_a_database_of_a_newer_version_is_not_touched(services: Services, clock: HandMovedClock) -> None:
    newest = set_revision(services.store, "9999")
    with pytest.raises(ConfigurationError, match="used by a newer version"):
        upgrade(services.settings, services.store, now=clock())
    set_revision(services.store, newest)


@sqlite_alone
@pytest.mark.parametrize("too_old", ["0021", "0048", "0053", "0068"])
def test_a_database_from_before_0_1_0_or_between_releases_is_not_touched_and_the_way_on_is_said(
    services: Services, clock: HandMovedClock, too_old: str
) -> None:
    # As the version that made it noted, after a migration that others could not serve.
    change_installation(services.store, serves_from="0051")
    newest = set_revision(services.store, too_old)
    assert not creation.can_serve(services.store)
    for change in (
        lambda: upgrade(services.settings, services.store, now=clock()),
        lambda: downgrade(services.settings, services.store, OLDEST_DOWNGRADE),
    ):
        with pytest.raises(ConfigurationError, match=r"before 0\.1\.0, .* by 0\.1\.0"):
            change()
    assert set_revision(services.store, newest) == too_old


@sqlite_alone
@pytest.mark.parametrize(("serves_from", "serves"), [("", False), ("0001", True), ("9998", False)])
def test_the_version_before_goes_on_only_where_the_newer_one_adds(
    services: Services, serves_from: str, serves: bool
) -> None:
    change_installation(services.store, serves_from=serves_from)
    newest = set_revision(services.store, "9999")
    assert creation.can_serve(services.store) is serves
    set_revision(services.store, newest)


@sqlite_alone
def test_an_upgrade_notes_first_who_may_go_on(services: Services, clock: HandMovedClock) -> None:
    change_installation(services.store, serves_from="0001")
    creation.upgrade(services.store.url.render_as_string(hide_password=False))
    with services.store.engine.connect() as connection:
        noted = connection.scalar(text("SELECT serves_from FROM installation"))
    assert noted in creation.known_revisions()


@pytest.fixture
def run(tmp_path: Path, _migrated_file: Path) -> Command:
    shutil.copyfile(_migrated_file, tmp_path / "clinic.db")
    return Command(f"sqlite:///{tmp_path / 'clinic.db'}")


def test_commands_ask_for_the_upgrade_and_servers_do_it(run: Command, tmp_path: Path) -> None:
    from plugin.start import started_settings

    run("user", "add", "june@example.org", "--role", "owner")
    creation.downgrade(run.address, "0050")
    done = run("user", "list")
    assert (done.exit_code, done.stderr) == (
        2,
        "The database is of an older version. Run: coursekeeper upgrade\n",
    )
    os.environ["DATABASE_URL"] = run.address
    try:
        started_settings()
    finally:
        del os.environ["DATABASE_URL"]
    assert run("user", "list").exit_code == 0
    assert len(list((tmp_path / "backups").glob("before-upgrade-0050-*.db"))) == 1
    assert run("upgrade").stdout == run("db", "upgrade").stdout == "The database is up to date.\n"
    assert run("db", "downgrade", "0050").exit_code == 0
    assert "was upgraded to" in run("upgrade").stdout


def test_nothing_is_upgraded_below_a_running_instance(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: HandMovedClock
) -> None:
    from plugin import instance_lock

    monkeypatch.setattr(instance_lock, "_WAIT_S", 0.0)
    run("audit")
    creation.downgrade(run.address, "0050")
    number = instance_lock._locked(tmp_path, WEB)
    try:
        for words in (["upgrade"], ["db", "downgrade", "0049"], ["restore", "copy"]):
            done = run(*words)
            assert done.exit_code == 2
            assert f"is running on the database in {tmp_path} already, process {os.getpid()}." in done.stderr
    finally:
        os.close(number)
    assert run("upgrade").exit_code == 0


def test_a_lock_is_free_when_its_process_was_killed(tmp_path: Path) -> None:
    from plugin import instance_lock

    program = (
        "import sys, time; from pathlib import Path; from plugin.instance_lock import hold, WEB\n"
        "hold('sqlite:///x.db', Path(sys.argv[1]), WEB); print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning):
            _refused_at_once(tmp_path)
        other.kill()
        other.wait()
    os.close(instance_lock._locked(tmp_path, WEB))


def _refused_at_once(folder: Path) -> None:
    from plugin import instance_lock

    wait, instance_lock._WAIT_S = instance_lock._WAIT_S, 0.0
    try:
        instance_lock._locked(folder, WEB)
    finally:
        instance_lock._WAIT_S = wait


def test_several_may_share_a_postgresql_database(tmp_path: Path) -> None:
    from plugin.instance_lock import hold

    for _ in range(2):
        hold("postgresql://host/name", tmp_path, WEB)


@sqlite_alone
def test_only_the_last_copies_of_upgrades_are_kept(services: Services, clock: HandMovedClock) -> None:
    from plugin.backups.upgrading import COPIES_KEPT, _copy

    for number in range(COPIES_KEPT + 2):
        made = _copy(services.settings, services.store, "0050")
        os.utime(made, (number, number))
    assert len(list(made.parent.glob("before-upgrade-*"))) == COPIES_KEPT
    assert made.exists()
