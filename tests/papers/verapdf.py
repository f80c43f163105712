"""`python -m tests.papers.verapdf FOLDER`: hold every paper, on both sizes, against the standards it claims.

Maven fetches veraPDF from wherever this machine's Maven fetches, once, into FOLDER; `--fetch FOLDER` does only that,
so that the tests need no network after the set-up. For whoever changes a paper;
nothing that runs in a clinic asks for it. Exit codes are those of grep and diff: 0 all papers were judged and are
sound, 1 all were judged and some break a rule, 2 some could not be judged, whatever the others are.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from invoices.papers import CreditNote, Invoice, Paper, PaperFailed
from invoices.press.render import NO_ASSETS, render
from tests.papers.logo import assets
from tests.papers.real import NAMES, SIZES, paper

VERSION = "1.28.2"
SHA256 = "687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6"
ACCESSIBLE = "PDF/UA-1"
ARCHIVABLE = "PDF/A-3A"
_ARTIFACT = f"org.verapdf.apps:greenfield-apps:{VERSION}"
_TRIES = 3
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_MAIN_CLASS = "org.verapdf.apps.GreenfieldCliWrapper"
SOUND, BROKEN, NOT_JUDGED = 0, 1, 2


@dataclass(frozen=True)
class Verdict:
    """What was found of one paper: its broken rules by standard, each with its place in there; or why nothing was."""

    broken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_judged: str = ""


Judge = Callable[[Mapping[str, bytes]], Mapping[str, Verdict]]


def standards_of(content: Paper) -> tuple[str, ...]:
    """Name the standards a paper of this kind has to keep."""
    is_archived = isinstance(content, Invoice | CreditNote) and not content.clinic.large_print
    return (ACCESSIBLE, ARCHIVABLE) if is_archived else (ACCESSIBLE,)


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
    for _ in range(_TRIES):
        done = _run(command)
        if done.returncode == 0:
            return
        # The line to the archive may be busy for a moment.
    raise _failed(done)


def judge(program: Path, pdfs: Mapping[str, bytes]) -> dict[str, Verdict]:
    """Hold every PDF against each standard it claims, all in one process; one that can't be read stops none.

    Raises PaperFailed where veraPDF itself does not work.
    """
    with tempfile.TemporaryDirectory(prefix="verapdf-") as folder:
        for name, file in pdfs.items():
            (Path(folder) / f"{name}.pdf").write_bytes(file)
        # Half the work of a short run is the compiler's; its quick stage does. The home keeps settings out of ours.
        java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
        options = [f"-Duser.home={folder}", "-cp", str(program), _MAIN_CLASS, "-f", "0", "--format", "json"]
        jobs = _jobs(_run([*java, *options, folder]))
    judged = {Path(str(_part(job, "itemDetails")["name"])).stem: _verdict(job) for job in jobs}
    return {name: judged.get(name, Verdict(not_judged="veraPDF says nothing of it.")) for name in pdfs}


def _jobs(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    # It ends with another code for each kind of trouble, and reports on the papers all the same.
    try:
        jobs = json.loads(done.stdout)["report"]["jobs"]
    except (ValueError, KeyError, TypeError):
        raise _failed(done) from None
    assert isinstance(jobs, list)
    return jobs


def _verdict(job: dict[str, object]) -> Verdict:
    results = job.get("validationResult")
    if isinstance(results, list):
        return Verdict({_standard(result): _broken(result) for result in results})
    trouble = job.get("taskException")
    why = trouble.get("exceptionMessage", "") if isinstance(trouble, dict) else ""
    return Verdict(not_judged=f"veraPDF could not read it. {why}".strip())


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


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True)  # our own words, found on the path


def _failed(done: subprocess.CompletedProcess[bytes]) -> PaperFailed:
    said = (done.stderr + done.stdout).decode(errors="replace").strip()[-2000:]
    return PaperFailed(f"{done.args[0]} ended with {done.returncode}: {said}")


def check(papers: Mapping[str, Paper], judge: Judge) -> dict[str, Verdict]:
    """Draw the papers and have them judged; one that can't be drawn or read stops no other. Raises PaperFailed."""
    pdfs: dict[str, bytes] = {}
    verdicts: dict[str, Verdict] = {}
    for name, content in papers.items():
        try:
            pdfs[name] = render(content, assets() if content.clinic.logo else NO_ASSETS)
        except Exception as error:  # whatever it is, the other papers are still to be judged
            verdicts[name] = Verdict(not_judged=f"It could not be drawn. {type(error).__name__}: {error}")
    judged = judge(pdfs) if pdfs else {}
    verdicts |= {name: _with_claims(papers[name], verdict) for name, verdict in judged.items()}
    return {name: verdicts[name] for name in papers}


def _with_claims(content: Paper, verdict: Verdict) -> Verdict:
    if verdict.not_judged:
        return verdict
    silent = {name: (f"It does not say that it is {name}.",) for name in standards_of(content)}
    return Verdict({**silent, **verdict.broken})


def report(verdicts: Mapping[str, Verdict]) -> int:
    """Print what was found, paper by paper, and the sum; return the exit code."""
    width = max(map(len, verdicts), default=0)
    for name, verdict in verdicts.items():
        outcome = [f"{standard} {'no' if broken else 'yes'}" for standard, broken in verdict.broken.items()]
        print(f"{name:<{width}}  {'  '.join(outcome) or 'not judged'}")
        for rule in (verdict.not_judged, *(rule for rules in verdict.broken.values() for rule in rules)):
            if rule:
                print(f"{'':<{width}}  {rule}")
    left_out = sum(bool(verdict.not_judged) for verdict in verdicts.values())
    failing = sum(any(verdict.broken.values()) for verdict in verdicts.values())
    judged = len(verdicts) - left_out
    print(f"{judged} of {len(verdicts)} papers held against veraPDF {VERSION}: {failing} break a rule.")
    if left_out or not verdicts:
        print(f"{left_out} could not be judged.", file=sys.stderr)
        return NOT_JUDGED
    return BROKEN if failing else SOUND


def _every_paper() -> dict[str, Paper]:
    return {f"{name}.{size}": paper(name, size) for size in SIZES for name in NAMES}


def main(arguments: list[str]) -> int:
    """Check every paper with the veraPDF in the folder named; return the exit code."""
    if len(arguments) == 2 and arguments[0] == "--fetch":
        return _prepare(Path(arguments[1]))
    if len(arguments) != 1:
        print("Say where to keep veraPDF: python -m tests.papers.verapdf [--fetch] FOLDER", file=sys.stderr)
        return NOT_JUDGED
    if reason := lacking():
        print(f"{reason} No paper was judged.", file=sys.stderr)
        return NOT_JUDGED
    try:
        program = fetch(Path(arguments[0]))
        verdicts = check(_every_paper(), partial(judge, program))
    except PaperFailed as error:
        print(f"{error} No paper was judged.", file=sys.stderr)
        return NOT_JUDGED
    return report(verdicts)


def _prepare(folder: Path) -> int:
    """Fetch veraPDF where it can run; where it can't, the tests that need it say so."""
    if lacking():
        return SOUND
    try:
        fetch(folder)
    except PaperFailed as error:
        print(error, file=sys.stderr)
        return NOT_JUDGED
    return SOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
