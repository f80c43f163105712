"""`make torture`: break what can be broken, on both engines, and print what the ledger holds afterwards.

`python -m tests.torture SEED SECONDS EVENTS DAYS`: seconds of load per engine, events of the storm, days of the year.
Exits with 1 when anything acknowledged is lost or doubled, or a ledger differs.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plugin.store import Store
from tests.commit import commit_in_short
from tests.routes import compile_once
from tests.square_types import read_types_once
from tests.torture.commits import kill_at_every_commit
from tests.torture.crash import crash_under_load
from tests.torture.databases import ENGINES, Fresh, fresh_databases
from tests.torture.machine import MachineRun, backup_under_writes, full_disk, lost_log, read_only, under_fault
from tests.torture.same_keys import same_keys
from tests.torture.storm import storm
from tests.torture.year.faults import storms
from tests.torture.year.run import Year, compared, play
from tests.torture.year.schedule import schedule

Told = tuple[str, bool]
ACTS_A_DAY, KEYS, TIMES = 2, 400, 5
SECONDS, EVENTS, DAYS = 60, 1000, 365


@dataclass(frozen=True)
class Attempt:
    """The figures of one run of everything: its seed, seconds of load, events of the storm, days of the year."""

    seed: int
    seconds: float
    events: int
    days: int


def main(wanted: Attempt) -> int:
    """Run everything, print a line for each, and return the exit code."""
    compile_once()
    read_types_once()
    print(f"seed {wanted.seed}, commit {commit_in_short()}")
    is_right, began = True, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="coursekeeper-torture-", dir=Path.cwd()) as name:
        for line, held in _runs(Path(name), wanted):
            print(f"{'held ' if held else 'WRONG'} {time.monotonic() - began:5.0f} s  {line}", flush=True)
            is_right, began = is_right and held, time.monotonic()
    return 0 if is_right else 1


def _runs(folder: Path, wanted: Attempt) -> Iterator[Told]:
    quiet: Year | None = None
    for engine in ENGINES:
        own = folder / engine
        own.mkdir()
        with fresh_databases(engine, own) as (fresh, server):
            commits = kill_at_every_commit(fresh)
            yield (
                f"{engine}: killed at {commits.kills} points beside commits, {len(commits.wrong)} wrong",
                not commits.wrong,
            )
            run = crash_under_load(fresh(), own, seed=wanted.seed, seconds=wanted.seconds, server=server)
            kills = ", ".join(f"{count} {kind}" for kind, count in sorted(run.kills.items()))
            yield (
                f"{engine}: kill -9 of {kills}; {len(run.acknowledged)} acknowledged, {run.answers_lost} answers lost,"
                f" {len(run.lost)} entries lost, {len(run.doubled)} doubled, {len(run.audit)} audit findings",
                run.is_right,
            )
            yield _same_keys(engine, fresh, wanted.seed)
            yield from _machine(engine, fresh, own)
            quiet = quiet or _played(fresh, own / "quiet", wanted, is_stormy=False)
            yield _year(engine, quiet, _played(fresh, own / "stormy", wanted, is_stormy=True))
            yield from _storm(fresh, own, wanted) if engine == "sqlite" else ()


def _same_keys(engine: str, fresh: Fresh, seed: int) -> Told:
    run = same_keys(fresh(), seed=seed, keys=KEYS, times=TIMES)
    answers = ", ".join(f"{count} {kind}" for kind, count in sorted(run.answers.items()))
    return (
        f"{engine}: {KEYS} ids sent {run.answers.total()} times at once, some with other content: {answers};"
        f" {len(run.wrong)} contradict the model{_first(run.wrong)}",
        run.is_right,
    )


def _machine(engine: str, fresh: Fresh, folder: Path) -> Iterator[Told]:
    runs = {"read only": lambda: under_fault(fresh(), folder, read_only)}
    if engine == "sqlite":
        runs |= {
            "disk full": lambda: under_fault(fresh(), folder, full_disk),
            "backup under writes": lambda: backup_under_writes(fresh(), fresh(), folder),
            "log lost": lambda: lost_log(fresh(), folder),
        }
    for name, play_it in runs.items():
        run: MachineRun = play_it()
        yield (
            f"{engine}: {name}: {len(run.acknowledged)} acknowledged, {run.refused} refused and sent again,"
            f" {len(run.wrong)} wrong; {run.said}{_first(run.wrong)}",
            run.is_right,
        )


def _played(fresh: Fresh, folder: Path, wanted: Attempt, *, is_stormy: bool) -> Year:
    steps = schedule(wanted.seed, wanted.days, ACTS_A_DAY)
    weather = storms(wanted.seed, wanted.days) if is_stormy else []
    with Store(fresh()) as store:
        return play(store, folder, steps, weather, seed=wanted.seed, days=wanted.days)


def _year(engine: str, quiet: Year, stormy: Year) -> Told:
    wrong = [*quiet.wrong, *stormy.wrong, *compared(quiet, stormy)]
    met = ", ".join(f"{count} {kind}" for kind, count in sorted(stormy.met.items()) if count)
    return (
        f"{engine}: a year: {stormy.entries} entries, ${stormy.owed / 100:,.2f} owed as the model says;"
        f" faults: {met}; done {stormy.converged_after} minutes after the last;"
        f" {len(wrong)} differ from quiet year or model{_first(wrong)}",
        not wrong,
    )


def _first(wrong: list[str]) -> str:
    return f"; the first: {wrong[0]}" if wrong else ""


def _storm(fresh: Fresh, folder: Path, wanted: Attempt) -> Iterator[Told]:
    run = storm(fresh, folder, seed=wanted.seed, events=wanted.events)
    yield (
        f"webhooks: {run.events} events sent {run.sent} times in any order, Square failing 1 call in 4, {run.forged}"
        f" forged of which {run.forged_taken} taken; {run.given_up} given up until the sync,"
        f" {len(run.wrong_rows)} rows differ, audit {'clean' if run.is_sound else 'NOT clean'}",
        run.is_right,
    )


if __name__ == "__main__":
    words = [*sys.argv[1:], "", "", "", ""]
    sys.exit(
        main(
            Attempt(
                seed=int(words[0] or random.SystemRandom().randrange(10**6)),
                seconds=float(words[1] or SECONDS),
                events=int(words[2] or EVENTS),
                days=int(words[3] or DAYS),
            )
        )
    )
