"""`make attack`: attack a clinic in every way that is known here, after proving that each way finds a planted flaw.

`python -m tests.attack SEED SHARE`: SHARE 1 is the whole run, 0.1 a tenth of its examples. Exits with 1 when anything
was possible that should not be, or a planted flaw was not found.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from plugin.core.acts import Role
from tests.attack import bodies, code
from tests.attack.api import attack_api
from tests.attack.doors import sweep_api, sweep_screens
from tests.attack.house import House, open_house
from tests.attack.links import cross_clients, signed_links
from tests.attack.proof import prove_bodies, prove_code, prove_routes, prove_schemathesis
from tests.attack.tally import Tally, table
from tests.commit import commit_in_short
from tests.processes import end_in_order


def main(seed: int, share: float) -> int:
    """Run everything, print the table, and return the exit code."""
    print(f"seed {seed}, commit {commit_in_short()}", flush=True)
    tallies, began = [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="coursekeeper-attack-") as name:
        for tally in _attacks(Path(name), seed, share):
            tallies.append(tally)
            print(f"{'held ' if not tally.wrong else 'WRONG'}  {tally.name}", flush=True)
    print(table(tallies))
    print(f"{time.monotonic() - began:.0f} seconds in all")
    return 1 if any(tally.wrong for tally in tallies) else 0


def _attacks(folder: Path, seed: int, share: float) -> Iterator[Tally]:
    many = lambda whole: max(10, int(whole * share))  # noqa: E731
    yield from _of_code(folder)
    yield from _each(folder, "proofs", prove_routes, prove_bodies)
    yield prove_schemathesis(seconds=20)
    yield from _each(folder, "doors", lambda house: sweep_screens(house.app, house.services))
    yield from _each(folder, "links", cross_clients, signed_links, _api_by_role)
    yield from _each(
        folder,
        "bodies",
        lambda house: bodies.signed_garbage(house, examples=many(2000), seed=seed),
        lambda house: bodies.altered_files(house, examples=many(600), seed=seed),
        lambda house: bodies.hostile_names(house, examples=many(200), seed=seed),
    )
    yield from _each(
        folder, "forms", lambda house: bodies.junk_in_forms(house, examples=many(1200), seed=seed)
    )
    yield from _each(folder, "api", lambda house: attack_api(house, seconds=many(180), seed=seed))


def _each(folder: Path, name: str, *attacks: Callable[[House], Tally]) -> Iterator[Tally]:
    """Run these attacks on one clinic of their own."""
    own = folder / name
    own.mkdir()
    with open_house(own) as house:
        for attack in attacks:
            yield attack(house)


def _api_by_role(house: House) -> Tally:
    return sweep_api(house.app, house.services, {role: house.token(role) for role in Role})


def _of_code(folder: Path) -> Iterator[Tally]:
    """Prove the tools that read code, then read ours."""
    yield prove_code(folder)
    for name, found in (
        ("bandit on the code", lambda: code.bandit(*code.our_code())),
        ("semgrep with our rules", lambda: code.semgrep(*code.our_code(), *code.our_screens())),
    ):
        tally = Tally(name)
        tally.tried["files"] = code.files_read()
        tally.wrong += map(str, found())
        yield tally.done()
    yield _libraries()


def _libraries() -> Tally:
    """Look for advisories; where nobody answers, say so: that is not the same as none."""
    tally = Tally("pip-audit of what is locked")
    known, unanswered_of_old = code.audit_libraries(code.OLD)
    if unanswered_of_old:
        tally.note = "NOT DONE: the advisory service is not reachable from here"
        return tally.done()
    tally.check("planted", bool(known), f"nothing is known of {code.OLD}")
    found, unanswered = code.audit_libraries()
    tally.tried["packages"] = code.packages_locked() - unanswered
    tally.wrong += found
    tally.note = f"{unanswered} packages without an answer" if unanswered else ""
    return tally.done()


if __name__ == "__main__":
    end_in_order()
    words = [*sys.argv[1:], "", ""]
    sys.exit(main(int(words[0] or random.SystemRandom().randrange(10**6)), float(words[1] or 1)))
