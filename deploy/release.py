"""Make what is published of a version, in dist/: wheel, source archive, image, SBOM, notes, checksums.

`python deploy/release.py [--draft] [--without-image] [--base NAME|local]`, from a clean checkout. Everything is made
from what is committed. Wheel and source archive are made twice and must be the same to the byte. A draft may be made
while the changelog has no date yet.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# An environment of its own: `make release` makes it from deploy/sbom.txt.
_SBOM_PYTHON = ROOT / ".venv" / "sbom" / "bin" / "python"
_PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def main() -> None:
    """Make the release; exits with a sentence where something is in the way."""
    parser = argparse.ArgumentParser(description="Make what is published of a version, in dist/.")
    parser.add_argument("--draft", action="store_true", help="the changelog may have no date yet")
    parser.add_argument("--without-image", action="store_true")
    parser.add_argument("--base", help="the image's base; `local` makes one from Debian's packages")
    given = parser.parse_args()
    if _said("git", "status", "--porcelain"):
        sys.exit("There are changes that are not committed. Commit or undo them first.")
    version = _version()
    notes, date = notes_of(version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if date == "Unreleased" and not given.draft:
        sys.exit(
            f"CHANGELOG.md has no date for {version}. Write it in place of “Unreleased”, commit, and start again."
        )
    target = ROOT / "dist"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    build_twice(target)
    (target / f"coursekeeper-{version}-notes.md").write_text(notes, encoding="utf-8")
    (target / f"coursekeeper-{version}-sbom.json").write_text(sbom(version), encoding="utf-8")
    if not given.without_image:
        _image(target, version, given.base)
    (target / "SHA256SUMS").write_text(checksums(target), encoding="ascii")
    print((target / "SHA256SUMS").read_text(encoding="ascii"), end="")


def build_twice(target: Path) -> None:
    """Make wheel and source archive twice, from two copies of what is committed; exits where they differ."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_build(Path(folder, name)) for name in ("one", "another"))
        for one, other in zip(first, second, strict=True):
            if one.read_bytes() != other.read_bytes():
                sys.exit(f"{one.name} comes out differently each time.")
            shutil.copy(one, target)


def _build(folder: Path) -> list[Path]:
    committed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(committed)) as tar:
        tar.extractall(folder, filter="data")
    epoch = _said("git", "log", "-1", "--format=%ct")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch, "PYTHONWARNINGS": "ignore"},
    )
    (source,) = (folder / "dist").glob("*.tar.gz")
    source.write_bytes(plain_archive(source.read_bytes(), int(epoch)))
    return sorted((folder / "dist").iterdir())


def plain_archive(data: bytes, epoch: int) -> bytes:
    """Return a .tar.gz with the same files in order of their names, of nobody, and all of one time.

    setuptools writes who built it and when into a source archive, whatever SOURCE_DATE_EPOCH says.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as given, tarfile.open(fileobj=packed, mode="w") as tar:
        for member in sorted(given.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            tar.addfile(member, given.extractfile(member) if member.isfile() else None)
    return gzip.compress(packed.getvalue(), mtime=0)


def sbom(version: str) -> str:
    """Return the packages that a clinic's installation consists of, with their hashes, as CycloneDX from the lock."""
    command = ["cyclonedx_py", "requirements", "--output-reproducible", "--output-format", "JSON"]
    said = subprocess.run(
        [str(_SBOM_PYTHON), "-m", *command, str(ROOT / "requirements.txt")],
        check=True,
        capture_output=True,
        text=True,
    )
    document = json.loads(said.stdout)
    document.setdefault("metadata", {})["component"] = {
        "type": "application",
        "bom-ref": "coursekeeper",
        "name": "coursekeeper",
        "version": version,
        "purl": f"pkg:pypi/coursekeeper@{version}",
        "licenses": [{"license": {"id": "MIT"}}],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def notes_of(version: str, changelog: str) -> tuple[str, str]:
    """Return the changelog's section of a version and its date; exits where there is none."""
    found = re.search(
        rf"^## \[{re.escape(version)}\] - (\S+)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not found:
        sys.exit(f"CHANGELOG.md has no section [{version}].")
    return f"# Coursekeeper {version}\n{found[2].rstrip()}\n", found[1]


def checksums(folder: Path) -> str:
    """Return the SHA-256 of each file, in the form of sha256sum."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def _image(target: Path, version: str, base: str | None) -> None:
    processor = _PROCESSORS.get(platform.machine(), platform.machine())
    archive = target / f"coursekeeper-{version}-image-{processor}.tar.gz"
    words = ["--tag", f"coursekeeper:{version}", "--save", str(archive), *(["--base", base] if base else [])]
    subprocess.run([str(ROOT / "deploy" / "image" / "make"), *words], check=True)


def _version() -> str:
    found = re.search(r'^VERSION = "(.+)"', (ROOT / "plugin" / "version.py").read_text(), re.MULTILINE)
    assert found
    return found[1]


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
