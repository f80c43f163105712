"""schemathesis on `/api/v1`: stateful, over HTTP, with every check of answers against the document."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from tests.attack.code import TOOLS
from tests.attack.house import House
from tests.attack.tally import Tally
from tests.servers import served

# What a schema can't say: that a course is this client's, that a day lies ahead, that a year has begun. Refusals of
# that kind are sentences of a use case; those of a model name the field first: there the schema promises too much.
_OF_A_MODEL = re.compile(r'"message":"[a-z_]+(\[\d+\]|\.[a-z_]+)* (must|is missing|holds)')
_REJECTED = "Schema-valid request rejected"
# A statement is none of the client just made; ratings that were deleted are an empty list.
_NOT_OURS = "use_after_free,ensure_resource_availability"


def attack_api(house: House, *, seconds: int, seed: int) -> Tally:
    """Send thousands of requests made from the document, each with what answers before it named."""
    tally = Tally("schemathesis on /api/v1")
    with served(house.app) as address:
        cases, failures = schemathesis(
            f"{address}/api/v1/openapi.json", token=house.token(), seconds=seconds, seed=seed
        )
    tally.tried["cases"] = cases
    by_a_rule = 0
    for failure in failures:
        if is_of_a_rule(failure):
            by_a_rule += 1
        else:
            tally.wrong.append(" ".join(failure.split())[:700])
    tally.note = f"{by_a_rule} kinds of valid requests refused by a rule that no schema can say"
    return tally.done()


def is_of_a_rule(failure: str) -> bool:
    """Return whether a use case refused what the schema allows, in a sentence, and nothing else was wrong."""
    kinds = re.findall(r"^- ST\d+ (.*)$", failure, re.MULTILINE)
    return kinds == [_REJECTED] and "[422]" in failure and not _OF_A_MODEL.search(failure)


def schemathesis(document: str, *, token: str, seconds: int, seed: int) -> tuple[int, list[str]]:
    """Run it for so long; return how many cases were sent, and each failure in its own words."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = [str(TOOLS / "schemathesis"), "run", document, "--header", f"Authorization: Bearer {token}"]
        words += ["--max-time", str(seconds), "--seed", str(seed), "--continue-on-failure", "--no-shrink"]
        words += ["--suppress-health-check", "all", "--exclude-checks", _NOT_OURS, "--no-color"]
        words += ["--report", "json", "--report-json-path", str(report), "--output-truncate", "false"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=seconds + 300)
        if done.returncode not in (0, 1):
            raise AssertionError(
                f"schemathesis ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
            )
        outcome = json.loads(report.read_text())
    assert not outcome["errors"], outcome["errors"]
    failures = failures_in(done.stdout)
    assert len(failures) == outcome["test_cases"]["with_failures"], "its words are not as they were read here"
    return int(outcome["test_cases"]["generated"]), failures


def failures_in(said: str) -> list[str]:
    """Return each failure of a run, by the operation and what is said of it."""
    found, operation = [], ""
    for part in re.split(r"^(_{3,} .* _{3,}|\d+\. Test Case ID: \w+)$", said, flags=re.MULTILINE):
        if part.startswith("___"):
            operation = part.strip("_ ")
        elif "- ST" in part and "Reproduce with" in part:
            found.append(f"{operation}\n{part.strip()}")
    return found
