"""Many clinics on one machine: the script, with Docker, Caddy and ssh played by scripts of the test."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.deploy.test_files import DEPLOY
from tests.prerequisites import missing

# Each logs its words; Docker makes the backup that it is asked for, and refuses to run an image called broken.
DOCKER = """
while [ $# -gt 0 ]; do
    case $1 in
    --project-directory) folder=$2 ;;
    setup-code) echo K7QM-2XWD ;;
    backup) echo copied > "$folder/data/on-its-way" ;;
    up) ! grep -q broken "$folder/.env" || exit 1 ;;
    esac
    shift
done
"""
SSH = 'shift; CLINICS=$OTHER exec sh -c "$(printf %s "$*" | sed "s|$CLINICS|$OTHER|g")"'


class Host:
    """A machine whose clinics are in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.root, self.other = folder / "clinics", folder / "other"
        self.other.mkdir()
        self._log, programs = folder / "log", folder / "bin"
        programs.mkdir()
        for name, script in {"docker": DOCKER, "caddy": "", "ssh": SSH, "chown": ""}.items():
            path = programs / name
            path.write_text(f'#!/bin/sh\necho {name} "$@" >> {self._log}\n{script}')
            path.chmod(0o755)
        self._environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "CLINICS": str(self.root),
            "OTHER": str(self.other),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(DEPLOY / "clinics"), *words]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def setting(self, name: str, of: str, *, elsewhere: bool = False) -> str:
        lines = ((self.other if elsewhere else self.root) / of / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    for name in ("lotus", "jade"):
        done = host.run("add", name, f"{name}.example.org")
        assert (done.returncode, done.stdout) == (0, "K7QM-2XWD\n"), done.stderr
    return host


def test_each_clinic_has_a_port_a_folder_and_a_project_of_its_own(host: Host) -> None:
    assert [host.setting("LOCAL_PORT", of) for of in ("lotus", "jade")] == ["20000", "20001"]
    assert (
        "lotus.example.org {\n\treverse_proxy 127.0.0.1:20000"
        in (host.root / "caddy/lotus.caddy").read_text()
    )
    assert (host.root / "jade" / ".env").stat().st_mode & 0o077 == 0
    assert (host.root / "jade" / "data").stat().st_mode & 0o077 == 0
    assert f"--project-name clinic-jade --project-directory {host.root}/jade " in host.log
    listed = [line.split("\t")[:3] for line in host.run("list").stdout.splitlines()]
    assert listed == [
        ["jade", "https://jade.example.org", "20001"],
        ["lotus", "https://lotus.example.org", "20000"],
    ]


WRONG = {
    ("add", "lotus", "new.example.org"): "already",
    ("add", "new", "Lotus.example.org"): "Another clinic opens at",
    ("add", "../etc", "new.example.org"): "no name for a clinic",
    ("add", "caddy", "new.example.org"): "no name for a clinic",
    ("add", "new", "a.org { respond hello }"): "no host name",
    ("backup", "nobody", "file"): "no clinic nobody",
    ("delete", "lotus", "--force"): "--now",
    ("delete", ""): "no name for a clinic",
}


def test_what_is_wrong_is_refused_in_words_and_nothing_is_changed(host: Host) -> None:
    before = sorted(host.root.rglob("*"))
    done = {words: host.run(*words) for words in WRONG}
    assert [
        words for words, each in done.items() if not each.returncode or WRONG[words] not in each.stderr
    ] == []
    assert sorted(host.root.rglob("*")) == before


def test_a_backup_replaces_no_file(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "lotus.backup"
    assert host.run("backup", "lotus", str(file)).returncode == 0
    assert file.read_text() == "copied\n"
    assert "exists already" in host.run("backup", "lotus", str(file)).stderr


def test_a_clinic_moves_to_another_machine_whole_and_gets_a_free_port_there(host: Host) -> None:
    (host.root / "jade" / "data" / "coursekeeper.db").write_text("everything")
    (host.other / "there").mkdir()
    (host.other / "there" / ".env").write_text("LOCAL_PORT=20001\n")
    done = host.run("move", "jade", "other.example.org")
    assert done.returncode == 0, done.stderr
    assert (host.other / "jade" / "data" / "coursekeeper.db").read_text() == "everything"
    assert host.setting("LOCAL_PORT", "jade", elsewhere=True) == "20002"
    assert not (host.root / "jade").exists()
    assert not (host.root / "caddy" / "jade.caddy").exists()


def test_a_clinic_of_which_it_is_not_known_where_it_runs_is_not_started_here(host: Host) -> None:
    shutil.rmtree(host.other)
    done = host.run("move", "jade", "other.example.org")
    assert (done.returncode, "clinics adopt jade" in done.stderr) == (1, True)
    assert host.log.rindex("clinic-jade") < host.log.index("ssh")
    assert host.run("adopt", "jade").returncode == 0


def test_a_version_that_does_not_start_gives_way_to_the_one_before(host: Host) -> None:
    assert host.run("upgrade", "--all", "coursekeeper:0.2.0").returncode == 0
    assert host.run("upgrade", "jade", "coursekeeper:broken").returncode == 1
    assert host.setting("COURSEKEEPER_IMAGE", "jade") == "coursekeeper:0.2.0"


def test_a_deleted_clinic_is_kept_once_more_unless_it_is_not_to_be(host: Host) -> None:
    host.run("delete", "lotus")
    kept = next((host.root / "deleted").glob("lotus-*.tar"))
    assert kept.stat().st_mode & 0o077 == 0
    with tarfile.open(kept) as archive:
        assert "lotus/.env" in archive.getnames()
    host.run("delete", "jade", "--now")
    assert [path.name for path in host.root.rglob("*jade*")] == []


def test_caddy_takes_the_file_and_every_clinic_s(host: Host) -> None:
    if not (caddy := shutil.which("caddy")):
        missing("There is no caddy.", is_needed=False)
    command = [
        caddy,
        "adapt",
        "--adapter",
        "caddyfile",
        "--config",
        str(DEPLOY / "caddy" / "clinics.Caddyfile"),
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(host.root), "CLINICS": str(host.root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"{name}.example.org" in done.stdout for name in ("lotus", "jade"))
