"""`python -m invoices.press.verapdf FOLDER`: hold every sample paper against the standards it claims, with veraPDF.

Maven fetches veraPDF from wherever this machine's Maven fetches, once, into FOLDER. For whoever changes a paper;
nothing that runs in a clinic asks for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from invoices.papers import CreditNote, Invoice, Paper, PaperFailed
from invoices.press.render import render
from invoices.samples import samples

VERSION = "1.28.2"
SHA256 = "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6"
ACCESSIBLE = "PDF/UA-1"
ARCHIVABLE = "PDF/A-3A"
_ARTIFACT = f"org.verapdf.apps:greenfield-apps:{VERSION}"
_TRIES = 3
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_MAIN_CLASS = "org.verapdf.apps.GreenfieldCliWrapper"
# It says what it finds by ending with 0 or 1; anything else is a failure of its own.
_ANSWERED = (0, 1)


@dataclass(frozen=True)
class Finding:
    """What one standard says of one paper; `broken`: its broken rules, each with its place in the standard."""

    paper: str
    standard: str
    broken: tuple[str, ...]


def standards_of(paper: Paper) -> tuple[str, ...]:
    """Name the standards a paper of this kind has to keep."""
    return (ACCESSIBLE, ARCHIVABLE) if isinstance(paper, Invoice | CreditNote) else (ACCESSIBLE,)


def lacking() -> str:
    """Say what to install before papers can be checked; empty when all is there."""
    commands = {"java": "Java (default-jre-headless)", "mvn": "Maven (maven)"}
    missing = [name for command, name in commands.items() if not shutil.which(command)]
    return f"Checking papers needs {' and '.join(missing)}; please install it." if missing else ""


def fetch(folder: Path) -> Path:
    """Return the program, fetched into the folder unless it is there. Raises PaperFailed."""
    program = folder / f"greenfield-apps-{VERSION}.jar"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _download(folder)
    if hashlib.sha256(program.read_bytes()).hexdigest() != SHA256:
        raise PaperFailed(f"{program} is not the veraPDF it should be; remove it and try again.")
    return program


def _download(folder: Path) -> None:
    command = ["mvn", "-B", "-q", _COPY, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder}"]
    for _ in range(_TRIES - 1):
        try:
            _run(command, (0,))
        except PaperFailed:
            # The line to the archive may be busy for a moment.
            continue
        return
    _run(command, (0,))


def findings(program: Path, pdfs: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Hold every PDF against each standard it claims, all in one process. Raises PaperFailed."""
    with tempfile.TemporaryDirectory(prefix="verapdf-") as folder:
        for name, pdf in pdfs.items():
            (Path(folder) / f"{name}.pdf").write_bytes(pdf)
        # Half the work of a short run is the compiler's; its quick stage does. The home keeps settings out of ours.
        java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
        options = [f"-Duser.home={folder}", "-cp", str(program), _MAIN_CLASS, "-f", "0", "--format", "json"]
        report = json.loads(_run([*java, *options, folder], _ANSWERED))
    return tuple(found for job in report["report"]["jobs"] for found in _findings_of(job))


def _findings_of(job: dict[str, object]) -> list[Finding]:
    about = _part(job, "itemDetails")
    paper = Path(str(about["name"])).stem
    results = job.get("validationResult")
    if not isinstance(results, list):
        raise PaperFailed(f"veraPDF could not read {paper}.")
    return [Finding(paper, _standard(result), _broken(result)) for result in results]


def _standard(result: dict[str, object]) -> str:
    return str(result["profileName"]).removesuffix(" validation profile")


def _broken(result: dict[str, object]) -> tuple[str, ...]:
    rules = _part(result, "details")["ruleSummaries"]
    assert isinstance(rules, list)
    return tuple(
        f"{rule['clause']}-{rule['testNumber']} ({rule['failedChecks']} times): {rule['description']}"
        for rule in rules
        if rule["failedChecks"]
    )


def _part(whole: dict[str, object], name: str) -> dict[str, object]:
    part = whole[name]
    assert isinstance(part, dict)
    return part


def _run(command: list[str], good: tuple[int, ...]) -> bytes:
    done = subprocess.run(command, capture_output=True)  # noqa: S603  # our own words, found on the path
    if done.returncode not in good:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()[-2000:]
        raise PaperFailed(f"{command[0]} ended with {done.returncode}: {said}")
    return done.stdout


def check(papers: Mapping[str, Paper], program: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """Draw the papers and say of each, by name and by standard, what it breaks. Raises PaperFailed."""
    pdfs = {name: render(paper) for name, paper in papers.items()}
    said: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in papers}
    for found in findings(program, pdfs):
        said[found.paper][found.standard] = found.broken
    for name, paper in papers.items():
        for standard in standards_of(paper):
            said[name].setdefault(standard, (f"It does not say that it is {standard}.",))
    return said


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Say where to keep veraPDF: python -m invoices.press.verapdf FOLDER", file=sys.stderr)
        return 2
    if reason := lacking():
        print(reason, file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    said = check(samples(), fetch(Path(arguments[0])))
    width = max(len(name) for name in said)
    for name, standards in said.items():
        outcome = [f"{standard} {'no' if broken else 'yes'}" for standard, broken in standards.items()]
        print(f"{name:<{width}}  {'  '.join(outcome)}")
        for broken in (rule for rules in standards.values() for rule in rules):
            print(f"{'':<{width}}  {broken}")
    failing = sum(any(standards.values()) for standards in said.values())
    print(f"{len(said)} papers held against veraPDF {VERSION}: {failing} break a rule.")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
