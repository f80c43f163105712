"""`make setup` on machines that lack something: one sentence states what to install, and nothing is half-done."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.tree import ROOT

TOOLS = ("sh", "cat", "dirname", "env", "find", "grep", "id", "uname", "ldconfig")
OLD_PYTHON = '#!/bin/sh\nif [ "$1" = --version ]; then echo Python 3.10.12; exit 0; fi\nexit 1\n'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs for PATH without apt-get, brew, sudo or any Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name) or shutil.which(name, path="/sbin:/usr/sbin")
        if found:
            (folder / name).symlink_to(found)
    return folder


def _run(script: str, *words: str, programs: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(programs), "HOME": str(programs)}
    return subprocess.run(
        ["/bin/sh", ROOT / ".ci" / script, *words],
        cwd=programs,
        env=environment,
        capture_output=True,
        text=True,
    )


def _put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_a_machine_without_python_is_told_so(bare):
    said = _run("system-parts", "run", programs=bare)

    assert said.returncode == 1
    assert "Please install" in said.stderr
    assert "Python 3.11 or newer (there is no python3)" in said.stderr


def test_a_python_that_is_too_old_is_named(bare):
    _put(bare, "python3", OLD_PYTHON)

    said = _run("system-parts", "run", programs=bare)

    assert said.returncode == 1
    assert "Python 3.11 or newer (Python 3.10.12)" in said.stderr


def test_a_newer_python_beside_an_old_one_is_found(bare):
    _put(bare, "python3", OLD_PYTHON)
    (bare / "python3.12").symlink_to(sys.executable)

    said = _run("pick-python", programs=bare)

    assert said.returncode == 0
    assert Path(said.stdout.strip()).resolve() == Path(sys.executable).resolve()


def test_a_machine_without_a_browser_is_told_what_would_do(bare):
    said = _run("system-parts", "test", programs=bare)

    assert said.returncode == 1
    assert "poppler-utils" in said.stderr
    assert "Chromium" in said.stderr


def test_a_browser_that_only_tells_to_install_one_does_not_count(bare):
    _put(
        bare, "chromium-browser", "#!/bin/sh\necho 'requires the chromium snap to be installed' >&2\nexit 1\n"
    )

    assert "Chromium" in _run("system-parts", "test", programs=bare).stderr


def test_a_working_browser_counts(bare):
    _put(bare, "chromium", "#!/bin/sh\necho 'Chromium 156'\n")

    assert "Chromium" not in _run("system-parts", "test", programs=bare).stderr


def test_a_word_it_does_not_know_is_a_wrong_use(bare):
    assert _run("system-parts", "everything", programs=bare).returncode == 2
