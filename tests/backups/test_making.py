"""Making copies when something is in the way, and sending them: full disks, killed workers, programs that fail."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from plugin.backups import archive, make, records
from plugin.backups.folder import backup_folder, drop_left_work, names_in, names_to_drop, time_of, work_folder
from plugin.backups.make import run_backup
from plugin.backups.records import renew_passphrase
from plugin.backups.remote import where_to
from plugin.backups.standing import BACKUP, ask_when_due, send_problem
from plugin.backups.update_check import check_for_update
from plugin.backups.versions import (
    change_installation,
    installation_uid,
    newest_known,
    note_version,
)
from plugin.courses.base.outbox import count_jobs
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.store.upkeep import BackupRun
from plugin.version import VERSION
from plugin.worker import Worker
from tests.backups.conftest import services_on
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk


def left_in(services: Services) -> list[str]:
    """Every file beside the database that is no finished copy."""
    found = services.settings.data_folder.rglob("*")
    return [each.name for each in found if each.is_file() and not each.name.startswith("coursekeeper")]


def test_without_room_nothing_is_begun(small: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_SPARE", 10**18)
    run = run_backup(small, "request")
    assert run.state == "failed"
    assert run.problem.startswith("The disk is nearly full:")
    assert left_in(small) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(small: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_database: Path, _manifest: object, file: Path, *_: object, **__: object) -> None:
        file.write_bytes(b"x" * 100)
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(make, "pack", fill)
    run = run_backup(small, "schedule")
    assert (run.state, run.problem) == ("failed", "The disk is full. Make room, then try again.")
    assert left_in(small) == []
    assert names_in(backup_folder(small.settings)) == []


def test_a_copy_that_does_not_read_as_written_is_no_copy(
    small: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = archive.pack

    def rot(database: Path, manifest: Any, file: Path, *rest: Any, **named: Any) -> None:
        real(database, manifest, file, *rest, **named)
        content = bytearray(file.read_bytes())
        content[2000] ^= 0xFF
        file.write_bytes(content)

    monkeypatch.setattr(make, "pack", rot)
    assert run_backup(small, "schedule").state == "failed"
    assert names_in(backup_folder(small.settings)) == []


def test_what_a_killed_worker_left_is_gone_at_the_next_start(small: Services) -> None:
    place = small.settings.data_folder / "backup-work" / "tmp1"
    place.mkdir(parents=True)
    (place / "database").write_text("half")
    part = backup_folder(small.settings) / ".coursekeeper-20261122T180000Z.tar.part"
    part.parent.mkdir()
    part.write_text("half")
    run_id = records.begin_run(small.store, "schedule", small.clock())
    drop_left_work(small.settings, small.store)
    assert left_in(small) == []
    assert run_backup(small, "request").state == "good"
    with small.store.reading() as session:
        lost = session.get(BackupRun, run_id)
        assert lost is not None
        assert (lost.state, lost.problem) == ("failed", "It was interrupted.")


def test_what_another_process_works_on_stays_at_the_start_of_a_worker(small: Services) -> None:
    with work_folder(small.settings) as place:
        (place / "database").write_text("half")
        part = backup_folder(small.settings) / ".coursekeeper-20261122T180000Z.tar.part"
        part.parent.mkdir()
        part.write_text("half")
        drop_left_work(small.settings, small.store)
        assert (place / "database").read_text() == part.read_text() == "half"
    drop_left_work(small.settings, small.store)
    assert left_in(small) == []


def test_nobody_else_can_read_a_copy(small: Services) -> None:
    run = run_backup(small, "request")
    folder = backup_folder(small.settings)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert run.file_name == "coursekeeper-20261122T180000Z.tar"


def test_the_worker_makes_one_when_it_is_due_and_not_again(small: Services, clock: HandMovedClock) -> None:
    for _ in range(3):
        ask_when_due(small)
    assert count_jobs(small.store, of=(BACKUP,)) == 1
    assert Worker(small).run_next("backups")
    ask_when_due(small)
    clock.advance(minutes=59)
    ask_when_due(small)
    assert count_jobs(small.store, of=(BACKUP,)) == 0
    clock.advance(minutes=1)
    ask_when_due(small)
    assert count_jobs(small.store, of=(BACKUP,)) == 1


def test_one_that_failed_is_tried_again_after_ten_minutes(
    small: Services, clock: HandMovedClock, tmp_path: Path
) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    ask_when_due(small)
    Worker(small).run_next("backups")
    clock.advance(minutes=9)
    ask_when_due(small)
    assert count_jobs(small.store, of=(BACKUP,)) == 0
    clock.advance(minutes=1)
    ask_when_due(small)
    assert count_jobs(small.store, of=(BACKUP,)) == 1


@pytest.mark.parametrize("name", ["", "x", "coursekeeper-20261399T000000Z.tar", "coursekeeper-1.tar", "../a"])
def test_names_of_other_files_are_never_dropped(small: Services, name: str) -> None:
    assert time_of(name) is None
    assert names_to_drop([name] * 200, make.zone_of(small.store)) == []


@pytest.fixture
def programs_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for rclone and restic, which write down how they were called; `fails` beside it makes them fail."""
    bin_folder, log = tmp_path / "bin", tmp_path / "called"
    bin_folder.mkdir()
    log.touch()
    for name in ("rclone", "restic"):
        program = bin_folder / name
        program.write_text(
            "#!/bin/sh\n"
            f'echo "{name} $*|$RCLONE_S3_ENDPOINT|$RCLONE_S3_SECRET_ACCESS_KEY|$RESTIC_REPOSITORY|$RESTIC_PASSWORD'
            f'|$SECRET_KEY" >> {log}\n'
            f'[ -e {tmp_path}/fails ] && echo "2026/11/22 10:00:00 ERROR : x" >&2'
            ' && echo "2026/11/22 10:00:00 Failed to copy: access denied" >&2 && exit 1\n'
            '[ "$1" = lsf ] && echo coursekeeper-20240101T000000Z.encrypted.tar'
            " && echo coursekeeper-20240101T003000Z.encrypted.tar && echo other.tar\n"
            "exit 0\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SECRET_KEY", "ours alone")
    return log


def sending(small: Services, clock: HandMovedClock, tmp_path: Path, **settings: str) -> Services:
    return services_on(small.store, clock, tmp_path, **settings)


def test_only_encrypted_copies_are_sent(
    small: Services, clock: HandMovedClock, tmp_path: Path, programs_called: Path
) -> None:
    services = sending(small, clock, tmp_path, backup_remote="rclone:nas:copies")
    assert run_backup(services, "schedule").state == "good"
    assert programs_called.read_text() == ""
    assert "sent encrypted only" in send_problem(services, clock())
    renew_passphrase(services, Desk(small.store, clock).act(OLGA))
    clock.advance(hours=1)
    run_backup(services, "schedule")
    called = programs_called.read_text().splitlines()
    assert called[0].startswith(
        f"rclone copy {tmp_path}/backups nas:copies --include=coursekeeper-*.encrypted.tar "
    )
    assert called[1].startswith("rclone lsf nas:copies --include=coursekeeper-*.encrypted.tar")
    assert called[2].startswith("rclone deletefile nas:copies/coursekeeper-20240101T000000Z.encrypted.tar ")
    assert len(called) == 3
    assert all(line.endswith("|||||") for line in called)
    assert send_problem(services, clock()) == ""


def test_the_keys_of_s3_are_in_no_process_list(
    small: Services, clock: HandMovedClock, tmp_path: Path, programs_called: Path
) -> None:
    given = {
        "backup_remote": "s3:https://s3.example.com/lotus/clinic",
        "backup_remote_key_id": "id",
        "backup_remote_secret": "hush",
    }
    services = sending(small, clock, tmp_path, **given)
    renew_passphrase(services, Desk(small.store, clock).act(OLGA))
    run_backup(services, "schedule")
    arguments, endpoint, secret, *_ = programs_called.read_text().splitlines()[0].split("|")
    assert " :s3:lotus/clinic " in arguments
    assert "hush" not in arguments
    assert (endpoint, secret) == ("https://s3.example.com", "hush")
    assert where_to(services.settings) == "s3.example.com/lotus/clinic"


def test_a_target_that_fails_is_said_and_the_copy_stays(
    small: Services, clock: HandMovedClock, tmp_path: Path, programs_called: Path
) -> None:
    given = {"backup_remote": "restic:sftp:user@host:/copies", "backup_remote_password": "word"}
    services = sending(small, clock, tmp_path, **given)
    renew_passphrase(services, Desk(small.store, clock).act(OLGA))
    run_backup(services, "schedule")
    assert programs_called.read_text().splitlines()[0].split("|")[3:5] == ["sftp:user@host:/copies", "word"]
    (tmp_path / "fails").touch()
    clock.advance(hours=2)
    run = run_backup(services, "schedule")
    assert run.state == "good"
    assert send_problem(services, clock()) == (
        "Copies can’t be sent to restic host:/copies. The last one that arrived is 2 hours old."
        " restic: Failed to copy: access denied"
    )
    (tmp_path / "fails").unlink()
    run_backup(services, "schedule")
    assert send_problem(services, clock()) == ""


def test_a_program_that_is_missing_is_said(
    small: Services, clock: HandMovedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    services = sending(small, clock, tmp_path, backup_remote="rclone:nas:copies")
    renew_passphrase(services, Desk(small.store, clock).act(OLGA))
    run_backup(services, "schedule")
    assert "rclone is not installed on this server" in send_problem(services, clock())


@pytest.mark.parametrize(
    "value",
    [
        *("ftp:x", "s3:bucket", "s3:https://host", "rclone::sftp,ssh=evil:", "rclone:nas,ssh=evil:x"),
        *(
            "rclone:nas",
            "restic:-oProxyCommand=x",
            "restic:sftp:-oProxyCommand=x",
            "restic:sftp:u@-x:/",
            "rclone:-x:y",
        ),
    ],
)
def test_a_target_that_is_none_or_would_run_something_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="BACKUP_REMOTE is written s3:"):
        read_settings({"BACKUP_REMOTE": value})


@pytest.mark.parametrize(
    "value",
    [
        *("", "s3:https://s3.example.com/bucket", "rclone:My NAS:path/to it", "restic:/mnt/copies"),
        *("restic:rest:https://u:p@host:8000/repo", "restic:s3:https://host/bucket", "restic:sftp:u@host:/x"),
    ],
)
def test_the_forms_of_a_target(value: str) -> None:
    assert read_settings({"BACKUP_REMOTE": value}).backup_remote == value


def test_the_version_that_used_the_database_is_known(small: Services, clock: HandMovedClock) -> None:
    uid = installation_uid(small.store)
    note_version(small.store, clock())
    assert installation_uid(small.store) == uid
    assert newest_known(small.settings, small.store) == VERSION
    change_installation(small.store, version="12.0.1")
    note_version(small.store, clock())
    assert newest_known(small.settings, small.store) == "12.0.1"


def test_nobody_is_asked_for_a_new_version_unless_told_to(
    small: Services, clock: HandMovedClock, tmp_path: Path
) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    asked: list[dict[str, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"7.2.0\n" + b"x" * 100_000)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    check_for_update(small)
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        services = sending(
            small, clock, tmp_path, update_check_url=f"http://127.0.0.1:{server.server_port}/latest"
        )
        check_for_update(services)
        check_for_update(services)
        server.shutdown()
        thread.join()
    assert len(asked) == 1
    assert "Jade" not in json.dumps(asked)
    assert newest_known(services.settings, services.store) == "7.2.0"
    clock.advance(days=1)
    check_for_update(services)
    assert newest_known(services.settings, services.store) == "7.2.0"


def test_the_default_folder_is_beside_the_database() -> None:
    folder = backup_folder(Settings.model_validate({"database_url": "sqlite:////srv/clinic/x.db"}))
    assert str(folder) == "/srv/clinic/backups"
