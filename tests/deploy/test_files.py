"""Compose files, service unit and scripts: what each service may do, and that the tools of the field accept them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugin.settings import Settings
from plugin.version import VERSION
from tests.prerequisites import missing
from tests.project.tree import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
SCRIPTS = [
    *(path for path in sorted((ROOT / ".ci").iterdir()) if path.is_file()),
    *(
        DEPLOY / name
        for name in ("install.sh", "clinics", "install-locked", "image/make", "systemd/coursekeeper-command")
    ),
]


def _services() -> dict[str, dict[str, Any]]:
    """Return every service by its name, its overrides merged into it one level deep."""
    merged: dict[str, dict[str, Any]] = {}
    for path in COMPOSE:
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            merged.setdefault(name, {}).update(service)
    return merged


@pytest.mark.parametrize("name", ["coursekeeper", "caddy", "postgres"])
def test_every_service_runs_with_as_little_as_it_needs(name: str) -> None:
    service = _services()[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "privileged" not in service


def test_the_image_is_built_on_a_base_that_is_known_to_the_byte() -> None:
    bases = re.findall(r"^(?:ARG BASE=|FROM )(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert bases[1:] == ["${BASE}", "${BASE}"]
    assert re.fullmatch(r"debian:13-slim@sha256:[0-9a-f]{64}", bases[0])


def test_only_the_proxy_is_reached_from_other_machines() -> None:
    everything = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    at_hand = yaml.safe_load((DEPLOY / "compose.local.yaml").read_text())["services"]

    assert "ports" not in everything["coursekeeper"]
    assert all(port.startswith("127.0.0.1:") for port in at_hand["coursekeeper"]["ports"])
    assert everything["coursekeeper"]["environment"]["TRUSTED_PROXIES"] == "private_ranges"


def test_every_variable_is_explained_where_it_is_set() -> None:
    named = {name for path in COMPOSE for name in re.findall(r"\$\{(\w+)", path.read_text())}
    # Memory has a usual value and stands beside it.
    explained = set(re.findall(r"^#?(\w+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))

    assert named - explained == {"MEMORY"}


def test_images_of_others_are_pinned_to_a_release() -> None:
    texts = "".join(path.read_text() for path in COMPOSE)
    usual = dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", texts))

    assert re.fullmatch(r"caddy:\d+\.\d+\.\d+", usual["CADDY_IMAGE"])
    # Its versions have two numbers.
    assert re.fullmatch(r"postgres:\d+\.\d+", usual["POSTGRES_IMAGE"])


def test_every_setting_named_here_is_one() -> None:
    known = {name.upper() for name in Settings.model_fields}
    services = [yaml.safe_load(path.read_text())["services"].get("coursekeeper", {}) for path in COMPOSE]
    environment = {name for service in services for name in service.get("environment", {})}
    examples = re.findall(r"^#?(\w+)=", (DEPLOY / "settings.env.example").read_text(), re.MULTILINE)

    assert {*environment, *examples} - known == set()


def test_every_option_of_the_script_is_explained() -> None:
    usage = (DEPLOY / "install.sh").read_text().partition("set -eu")[0]
    manual = (ROOT / "docs" / "install.md").read_text()

    assert {option for option in re.findall(r"--[a-z-]+", usage) if option not in manual} == set()


def test_the_version_is_the_same_everywhere() -> None:
    texts = [(DEPLOY / name).read_text() for name in ("compose.yaml", ".env.example")]

    assert [re.findall(r"coursekeeper:(\d+\.[\w.]+)", text) for text in texts] == [[VERSION], [VERSION]]


def test_the_unit_is_one_that_systemd_takes_and_hardly_lets_anything(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        missing("There is no systemd-analyze.", is_needed=False)
    unit = tmp_path / "coursekeeper.service"
    text = (DEPLOY / "systemd" / "coursekeeper.service").read_text()
    unit.write_text(text.replace("/opt/coursekeeper/current/bin/coursekeeper", "/bin/true"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    # In tenths, of a hundred: what is left is that it may speak to the network.
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout[-400:]


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        missing("There is no shellcheck.", is_needed=False)
    said = subprocess.run(["shellcheck", *map(str, SCRIPTS)], capture_output=True, text=True)

    assert said.stdout == ""
