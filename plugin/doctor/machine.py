"""The machine: Python, libraries, the papers' printer, disk space."""

import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from invoices.papers import Clinic as LetterheadClinic
from plugin.alarms.machine_checks import LITTLE_SPACE
from plugin.courses.handouts.text_check import example_summary
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.services import Render

NAME = "coursekeeper"
ROOT = Path(__file__).resolve().parents[2]
# A backup needs room for a whole copy beside the database, and papers need some.
TOO_LITTLE_SPACE = 200_000_000
_INSTALL = "Run make setup, or pip install --require-hashes -r requirements.txt."


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    running = platform.python_version()
    wanted = metadata.metadata(NAME)["Requires-Python"] or ">=3.11"
    if SpecifierSet(wanted).contains(running, prereleases=True):
        yield ok("Python", f"{running} at {sys.executable}")
    else:
        yield wrong(
            "Python", f"{running} runs; {wanted} is needed.", "Install a newer Python, then set up again."
        )


def libraries() -> Iterator[Finding]:
    """Check the installed libraries against what Coursekeeper asks for, and against its lock file."""
    wanted = [Requirement(text) for text in metadata.requires(NAME) or ()]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    bad = [text for each in wanted if (text := _bad(each))]
    if bad:
        yield wrong("Libraries", f"Not as needed: {', '.join(bad)}.", _INSTALL)
        return
    yield ok("Libraries", f"all {len(wanted)} that are needed are installed")
    if locked := locked_versions():
        other = [f"{name} {known}" for name, version in locked.items() if (known := _other(name, version))]
        if other:
            said = f"Other versions than tested: {', '.join(sorted(other)[:8])}."
            yield warning("Lock file", said, _INSTALL)
        else:
            yield ok("Lock file", f"{len(locked)} libraries as tested")


def _bad(wanted: Requirement) -> str:
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(installed, prereleases=True):
        return ""
    return f"{wanted.name} {installed} instead of {wanted.specifier}"


def _other(name: str, version: str) -> str:
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
    return f"{installed} instead of {version}" if installed != version else ""


def locked_versions(folder: Path = ROOT) -> Mapping[str, str]:
    """Return the versions of the lock file for this machine; empty where the program was installed without one."""
    lock = folder / "requirements.txt"
    if not lock.is_file():
        return {}
    lines = (line.rstrip(" \\") for line in lock.read_text().splitlines() if line[:1].isalnum())
    pins = (Requirement(line) for line in lines)
    here = (pin for pin in pins if pin.marker is None or pin.marker.evaluate())
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


def papers(render: Render) -> Iterator[Finding]:
    """Draw one test paper, which needs Pango and the fonts."""
    began = time.monotonic()
    pdf = render(example_summary(LetterheadClinic(name="Clinic"), language="en", currency="USD"))
    if pdf.startswith(b"%PDF-"):
        took = time.monotonic() - began
        yield ok("Papers", f"a test paper was drawn: {len(pdf) // 1024} KB in {took:.1f} s")
    else:
        yield wrong("Papers", "The test paper is no PDF.", PANGO)


PANGO = "Install Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango."


def disk(folder: Path) -> Iterator[Finding]:
    """Check the space left where the data is, or will be: the folder is made by what is first written."""
    folder = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free at {folder}"
    if free < TOO_LITTLE_SPACE:
        yield wrong(
            "Disk space", f"Only {said}.", "Delete or move files before sales can no longer be stored."
        )
    elif free < LITTLE_SPACE:
        yield warning("Disk space", f"Only {said}.", "Delete or move files soon.")
    else:
        yield ok("Disk space", said)
