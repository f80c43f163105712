"""What `make release` publishes: archives that come out the same each time, notes, checksums."""

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from deploy.release import checksums, notes_of, plain_archive
from plugin.version import VERSION
from tests.project.tree import ROOT

CHANGELOG = """# Changelog

## [0.2.0] - 2027-01-15

### Upgrading

What you must do: nothing.

## [0.1.0] - Unreleased

- The first.
"""


def _archive(order: list[str], *, owner: str, at: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in order:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname, member.uid = len(name), at, owner, at % 1000
            member.mode = 0o775 if name.endswith(".sh") else 0o664
            tar.addfile(member, io.BytesIO(name.encode()))
    return packed.getvalue()


def test_who_packed_it_when_and_in_which_order_leaves_no_trace() -> None:
    one = plain_archive(_archive(["x/a.py", "x/install.sh"], owner="ann", at=1_700_000_000), 1_600_000_000)
    other = plain_archive(_archive(["x/install.sh", "x/a.py"], owner="bob", at=1_800_000_000), 1_600_000_000)

    assert one == other
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        kept = {member.name: (member.mode, member.mtime, member.uname) for member in tar.getmembers()}
        script = tar.extractfile("x/install.sh")
        assert script is not None
        assert script.read() == b"x/install.sh"
    assert kept == {"x/a.py": (0o644, 1_600_000_000, ""), "x/install.sh": (0o755, 1_600_000_000, "")}


def test_the_notes_are_the_versions_own_section() -> None:
    assert notes_of("0.1.0", CHANGELOG) == ("# Coursekeeper 0.1.0\n\n- The first.\n", "Unreleased")
    notes, date = notes_of("0.2.0", CHANGELOG)
    assert date == "2027-01-15"
    assert notes.endswith("What you must do: nothing.\n")


def test_a_version_the_changelog_does_not_know_is_not_released() -> None:
    with pytest.raises(SystemExit, match=r"no section \[0.3.0\]"):
        notes_of("0.3.0", CHANGELOG)


def test_this_versions_notes_say_what_must_be_done() -> None:
    notes, _ = notes_of(VERSION, (ROOT / "CHANGELOG.md").read_text())

    assert "### Upgrading" in notes
    assert "What you must do: " in notes


def test_the_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"wheel")
    (tmp_path / "SHA256SUMS").write_text("an older one\n")

    assert checksums(tmp_path) == f"{hashlib.sha256(b'wheel').hexdigest()}  a.whl\n"


def test_what_is_not_committed_is_not_released(tmp_path: Path) -> None:
    """In a repository of its own, with a change in it."""
    for name in ("deploy/release.py", "plugin/version.py", "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    command = [sys.executable, str(tmp_path / "deploy" / "release.py"), "--draft"]

    said = subprocess.run(command, capture_output=True, text=True)

    assert said.returncode == 1
    assert "not committed" in said.stderr
    assert not (tmp_path / "dist").exists()
