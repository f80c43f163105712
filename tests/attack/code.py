"""The code itself, read by bandit and by semgrep with rules of our own; and the libraries it uses, by pip-audit.

The tools live in a folder of their own, apart from what Coursekeeper runs on. A finding on a line that was looked at,
marked by ruff's `noqa` of the same number (by `nosec` where ruff finds nothing) and a reason, is not one.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv" / "attack" / "bin"
RULES = Path(__file__).parent / "rules"
_CODE = ("plugin", "invoices")
_SCREENS = ("templates", "invoices/print")
# Known for years: whoever is reached says so.
OLD = "jinja2==2.10"
_SHELL = "import subprocess\n\n\ndef run(words):\n    return subprocess.run(words, shell=True)\n"


@dataclass(frozen=True)
class Found:
    """One finding of a tool: its rule, and where."""

    rule: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.rule} at {self.path}:{self.line}"


def bandit(*places: Path) -> list[Found]:
    """Return what bandit says of medium severity or more."""
    words = ["--quiet", "--recursive", "--severity-level", "medium", "--format", "json", *map(str, places)]
    said = _json("bandit", *words, may_end_with=(0, 1))
    found = [
        (Found(row["test_id"], _short(row["filename"]), row["line_number"]), row["line_range"])
        for row in said["results"]
    ]
    return [each for each, lines in found if not _is_reviewed(each, f"S{each.rule[1:]}", lines)]


def semgrep(*places: Path) -> list[Found]:
    """Return where our rules match."""
    quiet = ["--metrics=off", "--disable-version-check", "--quiet", "--no-git-ignore", "--json"]
    said = _json("semgrep", "scan", *quiet, "--config", str(RULES), *map(str, places), may_end_with=(0, 1))
    assert not said["errors"], said["errors"]
    return [
        each
        for row in said["results"]
        if not _is_reviewed(
            each := Found(row["check_id"].rpartition(".")[2], _short(row["path"]), row["start"]["line"]),
            row["extra"]["metadata"].get("reviewed", ""),
            range(row["start"]["line"], row["end"]["line"] + 1),
        )
    ]


def audit_libraries(*wanted: str) -> tuple[list[str], int]:
    """Return the advisories on these, or on what is locked, and on how many packages nobody answered."""
    text = "\n".join(wanted or _locked())
    file = TOOLS.parent / "audited.txt"
    file.write_text(text)
    words = [
        "--requirement",
        str(file),
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    said = _json("pip-audit", *words, may_end_with=(0, 1), is_answered=False)
    packages = said.get("dependencies", [])
    unanswered = sum("skip_reason" in each for each in packages) if packages else text.count("==")
    found = [f"{each['name']} {row['id']}" for each in packages for row in each.get("vulns", ())]
    return found, unanswered


def our_code() -> list[Path]:
    """Return where the code of the program is."""
    return [ROOT / place for place in _CODE]


def our_screens() -> list[Path]:
    """Return where the templates and scripts are, without those of others."""
    return [ROOT / place for place in _SCREENS]


def files_read() -> int:
    """Return how many files of ours the tools read."""
    kinds = (".py", ".html", ".js")
    return sum(file.suffix in kinds for place in (*our_code(), *our_screens()) for file in place.rglob("*"))


def packages_locked() -> int:
    """Return how many packages are locked for the program."""
    return len(_locked())


def _locked() -> list[str]:
    return re.findall(r"^[a-z0-9-]+==[^ ;\\]+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def plant(folder: Path) -> set[str]:
    """Write each rule's own flaw, and one for bandit; return the rules that must find one."""
    rules = {rule["id"]: rule["metadata"] for rule in _rules()}
    for flaw in rules.values():
        (folder / flaw["planted_as"]).write_text(flaw["planted"])
    (folder / "shell.py").write_text(_SHELL)
    return set(rules)


def _rules() -> list[dict[str, Any]]:
    return [
        rule for file in sorted(RULES.glob("*.yaml")) for rule in yaml.safe_load(file.read_text())["rules"]
    ]


def _json(tool: str, *words: str, may_end_with: tuple[int, ...], is_answered: bool = True) -> dict[str, Any]:
    done = subprocess.run([str(TOOLS / tool), *words], capture_output=True, text=True, cwd=ROOT)
    if done.returncode not in may_end_with or (is_answered and not done.stdout.strip()):
        raise AssertionError(f"{tool} ended with {done.returncode}:\n{(done.stderr + done.stdout)[-2000:]}")
    start = done.stdout.find("{")
    said: dict[str, Any] = json.loads(done.stdout[start:]) if start >= 0 else {}
    return said


def _short(path: str) -> str:
    whole = Path(path)
    return str(whole.relative_to(ROOT)) if whole.is_relative_to(ROOT) else path


def _is_reviewed(found: Found, number: str, lines: Any) -> bool:
    path = Path(found.path) if Path(found.path).is_absolute() else ROOT / found.path
    text = path.read_text(encoding="utf-8").splitlines()
    # The mark stands on the statement's first or last line, or on the one before.
    near = text[max(0, min(lines) - 2) : max(lines) + 1]
    return bool(number) and any(re.search(rf"noqa: [^#]*\b{number}\b", line) for line in near)
