"""The install script on a machine of stand-ins: what it asks, shows, writes and starts, and what it leaves alone."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugin.version import VERSION
from tests.project.tree import ROOT

SCRIPT = ROOT / "deploy" / "install.sh"
# It answers as a running desk would, unless the image it would run is named in the file `broken`.
_DOCKER = """#!/bin/sh
echo "docker $*" >>"$LOG"
case "$*" in
*exec*python*) ! grep -q "^COURSEKEEPER_IMAGE=$(cat "$LOG.broken" 2>/dev/null || echo none)$" .env ;;
*setup-code*) echo ABCD-EFGH ;;
esac
"""
# Root's work on owners is left out; the rest is done as it stands.
_INSTALL = """#!/bin/sh
echo "install $*" >>"$LOG"
last=
for word; do last=$word; done
case "$*" in
-d*) mkdir -p "$last" ;;
*) cp "$3" "$4" ;;
esac
"""
_STAND_INS = {
    "docker": _DOCKER,
    "install": _INSTALL,
    "id": "#!/bin/sh\necho 0\n",
    "sleep": "#!/bin/sh\n",
    "hostname": "#!/bin/sh\necho desk\n",
}


@dataclass(frozen=True)
class Machine:
    folder: Path
    programs: Path
    log: Path

    @property
    def answers(self) -> Path:
        return self.folder / ".env"

    def install(
        self, *words: str, typed: str = "", script: Path = SCRIPT
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "LOG": str(self.log),
            "TMPDIR": str(self.programs),
        }
        command = ["/bin/sh", str(script), "--folder", str(self.folder), *words]
        return subprocess.run(command, env=environment, input=typed, capture_output=True, text=True)

    def settings(self) -> dict[str, str]:
        lines = self.answers.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in _STAND_INS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return Machine(tmp_path / "srv", programs, tmp_path / "log")


FIVE = "domain\nclinic.example.org\n8443\n\npostgres\n"


def test_five_answers_start_it_and_the_code_is_printed(machine: Machine) -> None:
    said = machine.install("--image", "an/image:1", typed=f"{FIVE}y\n")

    assert said.returncode == 0, said.stderr
    settings = machine.settings()
    assert settings["PUBLIC_URL"] == "https://clinic.example.org:8443"
    assert settings["DATA_FOLDER"] == str(machine.folder / "data")
    assert settings["COMPOSE_FILE"] == "compose.yaml:compose.postgres.yaml"
    assert len(settings["POSTGRES_PASSWORD"]) == 48
    assert machine.answers.stat().st_mode & 0o777 == 0o600
    assert (machine.folder / "caddy" / "domain.Caddyfile").is_file()
    assert any("compose up --detach" in call for call in machine.calls())
    assert "https://clinic.example.org:8443" in said.stderr
    assert "ABCD-EFGH" in said.stderr
    assert settings["POSTGRES_PASSWORD"] not in said.stdout + said.stderr


def test_it_shows_what_it_will_do_and_does_nothing_without_a_yes(machine: Machine) -> None:
    said = machine.install("--image", "an/image:1", typed=f"{FIVE}\n")

    assert said.returncode == 1
    assert "docker pull an/image:1" in said.stderr
    assert "Nothing was done." in said.stderr
    assert not machine.folder.exists()
    assert not any("pull" in call or " up " in call for call in machine.calls())


@pytest.mark.parametrize("mode", [(), ("--systemd",)])
def test_a_dry_run_writes_nothing(machine: Machine, mode: tuple[str, ...]) -> None:
    if mode:
        (machine.programs / "dpkg-query").write_text("#!/bin/sh\necho installed\n")
        (machine.programs / "dpkg-query").chmod(0o755)
    said = machine.install("--dry-run", "--yes", "--database", "postgres", *mode)

    assert said.returncode == 0, said.stderr
    assert "POSTGRES_PASSWORD=...\n" in said.stderr
    assert not machine.folder.exists()


def test_the_next_run_keeps_the_answers_and_what_was_added_by_hand(machine: Machine) -> None:
    assert machine.install("--image", "an/image:1", typed=f"{FIVE}y\n").returncode == 0
    first = machine.settings()
    (machine.folder / "settings.env").write_text("SQUARE_ENVIRONMENT=production\n")
    added = "BACKUP_FOLDER=/mnt/disk\nMEMORY=2g\n"
    text = machine.answers.read_text().replace(
        "compose.postgres.yaml", "compose.postgres.yaml:compose.backup.yaml"
    )
    machine.answers.write_text(text + added)

    said = machine.install("--image", "an/image:2", "--yes")

    assert said.returncode == 0, said.stderr
    backups = f"{first['COMPOSE_FILE']}:compose.backup.yaml"
    extra = {"BACKUP_FOLDER": "/mnt/disk", "MEMORY": "2g", "COMPOSE_FILE": backups}
    assert machine.settings() == {**first, **extra, "COURSEKEEPER_IMAGE": "an/image:2"}
    assert (machine.folder / "settings.env").read_text() == "SQUARE_ENVIRONMENT=production\n"


def test_a_version_that_does_not_answer_gives_way_to_the_one_before(machine: Machine) -> None:
    assert machine.install("--image", "an/image:1", "--yes").returncode == 0
    Path(f"{machine.log}.broken").write_text("an/image:2")

    said = machine.install("--image", "an/image:2", "--yes")

    assert said.returncode == 1
    assert "The version before, an/image:1, runs again." in said.stderr
    assert machine.settings()["COURSEKEEPER_IMAGE"] == "an/image:1"
    assert sum("compose up --detach" in call for call in machine.calls()) == 3


def test_questions_that_take_long_count_as_waiting(machine: Machine) -> None:
    (machine.programs / "docker").write_text(
        _DOCKER.replace("*exec*python*)", "*exec*python*) false ;;\n*never*)")
    )
    clock = f"{machine.log}.clock"
    (machine.programs / "date").write_text(
        f'#!/bin/sh\nnow=$(($(cat "{clock}" 2>/dev/null || echo 0) + 50))\necho $now | tee "{clock}"\n'
    )
    (machine.programs / "date").chmod(0o755)

    assert machine.install("--image", "an/image:1", "--yes").returncode == 1
    assert sum("exec" in call and "python" in call for call in machine.calls()) == 4


@pytest.mark.parametrize("up", ["", "*compose*up*) ! grep -q image:2 .env ;;"])
def test_a_version_before_that_does_not_answer_either_is_not_said_to_run(machine: Machine, up: str) -> None:
    assert machine.install("--image", "an/image:1", "--yes").returncode == 0
    Path(f"{machine.log}.broken").write_text("an/image:[12]")
    (machine.programs / "docker").write_text(_DOCKER.replace('case "$*" in', f'case "$*" in\n{up}'))

    said = machine.install("--image", "an/image:2", "--yes")

    assert said.returncode == 1
    assert "runs again" not in said.stderr
    assert "was put back, and does not answer either" in said.stderr
    assert machine.settings()["COURSEKEEPER_IMAGE"] == "an/image:1"


def test_a_version_that_is_not_started_gives_way_to_the_one_that_runs(machine: Machine) -> None:
    assert machine.install("--image", "an/image:1", "--yes").returncode == 0
    refused = _DOCKER.replace('case "$*" in', 'case "$*" in\n*compose*up*) ! grep -q image:2 .env ;;')
    (machine.programs / "docker").write_text(refused)

    said = machine.install("--image", "an/image:2", "--yes")

    assert said.returncode == 1
    assert "The version before, an/image:1, runs again." in said.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--form", "internet"), "The form of address is lan, domain, tailscale or local."),
        (("--database", "mysql"), "The database is sqlite or postgres."),
        (("--name", "desk;reboot"), "is no name of a machine"),
        (("--name", "$(reboot)"), "is no name of a machine"),
        (("--form", "domain", "--name", "desk"), "is no name that the internet knows"),
        (("--form", "tailscale", "--name", "desk.example.org"), "ends with .ts.net"),
        (("--port", "0"), "is no port"),
        (("--port", "65536"), "is no port"),
        (("--port", "443; reboot"), "is no port"),
        (("--data", "data"), "The data folder is a whole path"),
        (("--data", "/srv/my data"), "The data folder is a whole path"),
        (("--folder", "srv"), "--folder is a whole path"),
    ],
)
def test_an_answer_that_can_not_be_meant_is_refused(
    machine: Machine, words: tuple[str, ...], sentence: str
) -> None:
    said = machine.install("--yes", *words)

    assert said.returncode == 1
    assert sentence in said.stderr
    assert not machine.folder.exists()


def test_a_word_it_does_not_know_is_a_wrong_use(machine: Machine) -> None:
    assert machine.install("--everything").returncode == 2


def test_the_clinics_own_certificate_comes_with_the_steps_for_an_ipad(machine: Machine) -> None:
    said = machine.install("--image", "an/image:1", "--yes")

    assert machine.settings()["ADDRESS"] == "desk.local"
    assert "http://desk.local/ca.crt" in said.stderr
    assert "Certificate Trust Settings" in said.stderr


def test_a_second_folder_does_not_take_the_containers_of_the_first(machine: Machine) -> None:
    others = _DOCKER.replace('case "$*" in', 'case "$*" in\n"ps --all"*) echo /srv/other ;;')
    (machine.programs / "docker").write_text(others)

    said = machine.install("--image", "an/image:1", "--yes")

    assert said.returncode == 1
    assert "Coursekeeper is installed from /srv/other already." in said.stderr
    assert not machine.folder.exists()


def test_the_same_folder_again_is_an_upgrade(machine: Machine) -> None:
    own = _DOCKER.replace('case "$*" in', f'case "$*" in\n"ps --all"*) echo {machine.folder} ;;')
    (machine.programs / "docker").write_text(own)

    assert machine.install("--image", "an/image:1", "--yes").returncode == 0


def test_a_tunnel_needs_no_caddy(machine: Machine) -> None:
    words = (
        "--form",
        "local",
        "--name",
        "desk.example.org",
        "--port",
        "9000",
        "--yes",
        "--image",
        "an/image:1",
    )
    assert machine.install(*words).returncode == 0

    assert machine.settings()["COMPOSE_FILE"] == "compose.yaml:compose.local.yaml"
    assert machine.settings()["LOCAL_PORT"] == "9000"
    assert machine.settings()["PUBLIC_URL"] == "https://desk.example.org"


def test_a_set_up_code_that_can_not_be_had_is_explained(machine: Machine) -> None:
    refused = _DOCKER.replace("echo ABCD-EFGH", 'echo "This clinic is set up already." >&2; exit 1')
    (machine.programs / "docker").write_text(refused)

    said = machine.install("--image", "an/image:1", "--yes")

    assert said.returncode == 0, said.stderr
    assert "Set-up code" not in said.stderr
    assert "This clinic is set up already." in said.stderr


@pytest.mark.parametrize(("enters", "folder"), [("true", "."), ("false", "/var/lib/coursekeeper")])
def test_a_command_runs_also_from_a_folder_that_the_service_can_not_enter(
    machine: Machine, tmp_path: Path, enters: str, folder: str
) -> None:
    (machine.programs / "runuser").write_text(f"#!/bin/sh\n{enters}\n")
    (machine.programs / "systemd-run").write_text('#!/bin/sh\necho "$*"\n')
    for name in ("runuser", "systemd-run"):
        (machine.programs / name).chmod(0o755)
    environment = {"PATH": f"{machine.programs}{os.pathsep}{os.environ['PATH']}"}

    said = subprocess.run(
        ["/bin/sh", str(SCRIPT.parent / "systemd" / "coursekeeper-command"), "doctor"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert f"--working-directory={tmp_path / folder} " in said.stdout
    assert said.stdout.endswith("/coursekeeper doctor\n")
    assert ("can't enter" in said.stderr) == (enters == "false")


def test_removing_it_keeps_data_and_settings(machine: Machine) -> None:
    machine.install("--image", "an/image:1", "--yes")
    (machine.folder / "data" / "coursekeeper.db").write_text("a clinic")

    said = machine.install("--uninstall", "--yes")

    assert said.returncode == 0, said.stderr
    assert "compose down" in machine.calls()[-1]
    assert (machine.folder / "data" / "coursekeeper.db").read_text() == "a clinic"
    assert machine.answers.is_file()


def test_without_docker_it_says_what_to_install(machine: Machine) -> None:
    (machine.programs / "docker").write_text("#!/bin/sh\nexit 1\n")
    for name in ("apt-cache", "docker-compose"):
        (machine.programs / name).write_text("#!/bin/sh\nexit 1\n")
        (machine.programs / name).chmod(0o755)

    said = machine.install("--yes")

    assert said.returncode == 1
    assert "Please install Docker with its compose plugin" in said.stderr


def test_the_image_of_the_release_is_loaded_from_beside_the_script(machine: Machine, tmp_path: Path) -> None:
    release = tmp_path / "release"
    release.mkdir()
    for name in (
        "install.sh",
        "settings.env.example",
        *(path.name for path in SCRIPT.parent.glob("compose*")),
    ):
        (release / name).write_bytes((SCRIPT.parent / name).read_bytes())
    (release / "caddy").mkdir()
    (release / "caddy" / "common.caddy").write_bytes((SCRIPT.parent / "caddy" / "common.caddy").read_bytes())
    (release / "VERSION").write_text(f"{VERSION}\n")
    processor = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    archive = release / f"coursekeeper-{VERSION}-image-{processor}.tar.gz"
    archive.touch()

    said = machine.install("--yes", script=release / "install.sh")

    assert said.returncode == 0, said.stderr
    assert f"docker load --quiet --input {archive}" in machine.calls()
    assert machine.settings()["COURSEKEEPER_IMAGE"] == f"coursekeeper:{VERSION}"
