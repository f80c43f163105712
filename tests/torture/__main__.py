"""`make torture`: break what can be broken, on both engines, and print what the ledger holds afterwards.

`python -m tests.torture SEED SECONDS EVENTS`: seconds of load per engine, events of the storm. Exits with 1 when
anything acknowledged is lost or doubled, or a ledger differs.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.torture.commits import kill_at_every_commit
from tests.torture.crash import crash_under_load
from tests.torture.databases import ENGINES, Fresh, fresh_databases
from tests.torture.storm import storm

Told = tuple[str, bool]


def main(seed: int, seconds: float, events: int) -> int:
    """Run everything, print a line for each, and return the exit code."""
    print(f"seed {seed}, commit {_commit()}")
    is_right = True
    with tempfile.TemporaryDirectory(prefix="coursekeeper-torture-", dir=Path.cwd()) as name:
        for line, held in _runs(Path(name), seed, seconds, events):
            print(f"{'held ' if held else 'WRONG'}  {line}", flush=True)
            is_right &= held
    return 0 if is_right else 1


def _runs(folder: Path, seed: int, seconds: float, events: int) -> Iterator[Told]:
    for engine in ENGINES:
        own = folder / engine
        own.mkdir()
        with fresh_databases(engine, own) as (fresh, server):
            commits = kill_at_every_commit(fresh)
            yield (
                f"{engine}: killed at {commits.kills} points beside commits, {len(commits.wrong)} wrong",
                not commits.wrong,
            )
            run = crash_under_load(fresh(), own, seed=seed, seconds=seconds, server=server)
            kills = ", ".join(f"{count} {kind}" for kind, count in sorted(run.kills.items()))
            yield (
                f"{engine}: kill -9 of {kills}; {len(run.acknowledged)} acknowledged, {run.answers_lost} answers lost,"
                f" {len(run.lost)} entries lost, {len(run.doubled)} doubled, {len(run.audit)} audit findings",
                run.is_right,
            )
            yield from _storm(fresh, own, seed, events) if engine == "sqlite" else ()


def _storm(fresh: Fresh, folder: Path, seed: int, events: int) -> Iterator[Told]:
    run = storm(fresh, folder, seed=seed, events=events)
    yield (
        f"webhooks: {run.events} events sent {run.sent} times in any order, Square failing 1 call in 4, {run.forged}"
        f" forged of which {run.forged_taken} taken; {run.given_up} given up until the sync,"
        f" {len(run.wrong_rows)} rows differ, audit {'clean' if run.is_sound else 'NOT clean'}",
        run.is_right,
    )


def _commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return said.stdout.strip() or "unknown"


if __name__ == "__main__":
    words = [*sys.argv[1:], "", "", ""]
    sys.exit(
        main(
            int(words[0] or random.SystemRandom().randrange(10**6)),
            float(words[1] or 60),
            int(words[2] or 1000),
        )
    )
