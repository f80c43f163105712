"""The parts of `make torture`: each plays in a process of its own, ends by its own clock, and says what it played."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from plugin.log import WEB
from plugin.store import Store
from tests.postgres import DURABLE, QUICK, PostgresServer
from tests.routes import compile_once
from tests.square_types import read_types_once
from tests.torture.commits import kill_at_every_commit
from tests.torture.crash import crash_under_load
from tests.torture.databases import Fresh, fresh_databases
from tests.torture.disk import Impossible, no_rights, power_loss, under_fault_on_small_disk
from tests.torture.machine import MachineRun, backup_under_writes, full_disk, lost_log, read_only, under_fault
from tests.torture.same_keys import same_keys
from tests.torture.storm import storm
from tests.torture.wrong_clock import wrong_clock
from tests.torture.year.faults import storms
from tests.torture.year.run import Year, compared, play
from tests.torture.year.schedule import schedule

# What a part says of each attempt, and whether it held.
Told = tuple[str, bool]
ACTS_A_DAY, KEYS, TIMES = 2, 400, 5
# Of fifteen minutes on two cores, the seconds of one core that each part may take.
SHARES = {
    "quiet year": 190,
    "webhooks": 530,
    "kills sqlite": 160,
    "kills postgresql": 160,
    "stormy year sqlite": 280,
    "stormy year postgresql": 400,
}


@dataclass(frozen=True)
class Attempt:
    """The figures of one run of everything: its seed, seconds of load, events of the storm, days of the year.

    `folder`: where its databases are; `minutes`: the time of all parts on two quiet cores.
    """

    folder: Path
    seed: int
    seconds: float
    events: int
    days: int
    minutes: float = 15.0

    def ends_at(self, part: str) -> float:
        """Return when a part that begins now has to end, of the monotonic clock."""
        return time.monotonic() + SHARES[part] * self.minutes / 15


@contextmanager
def _databases(
    attempt: Attempt, engine: str, options: Sequence[str] = DURABLE
) -> Iterator[tuple[Fresh, PostgresServer | None, Path]]:
    compile_once()
    read_types_once()
    # What a program says of each request that fails here is a thousand lines.
    logging.getLogger(WEB).addHandler(logging.NullHandler())
    with (
        TemporaryDirectory(dir=attempt.folder) as name,
        fresh_databases(engine, Path(name), options) as (fresh, server),
    ):
        yield fresh, server, Path(name)


def kills(attempt: Attempt, engine: str) -> list[Told]:
    """Kill at every commit and under load, repeat ids, and let the machine fail."""
    ends_at = attempt.ends_at(f"kills {engine}")
    with _databases(attempt, engine) as (fresh, server, folder):
        return [
            _commits(engine, fresh, ends_at),
            _crash(engine, fresh(), folder, attempt, server),
            _same_keys(engine, fresh, attempt.seed),
            *_machine(engine, fresh, folder),
        ]


def _commits(engine: str, fresh: Fresh, ends_at: float) -> Told:
    run = kill_at_every_commit(fresh, ends_at=ends_at)
    said = f"{engine}: killed at {run.kills} points beside commits, {len(run.wrong)} wrong"
    return said, bool(run.kills) and not run.wrong


def _crash(engine: str, url: str, folder: Path, attempt: Attempt, server: PostgresServer | None) -> Told:
    run = crash_under_load(url, folder, seed=attempt.seed, seconds=attempt.seconds, server=server)
    return (
        f"{engine}: kill -9 of {_counted(run.kills)}; {len(run.acknowledged)} acknowledged,"
        f" {run.answers_lost} answers lost, {len(run.lost)} entries lost, {len(run.doubled)} doubled,"
        f" {len(run.audit)} audit findings",
        run.is_right,
    )


def _same_keys(engine: str, fresh: Fresh, seed: int) -> Told:
    run = same_keys(fresh(), seed=seed, keys=KEYS, times=TIMES)
    return (
        f"{engine}: {KEYS} ids sent {run.answers.total()} times at once, some with other content:"
        f" {_counted(run.answers)}; {len(run.wrong)} contradict the model{_first(run.wrong)}",
        run.is_right,
    )


def _machine(engine: str, fresh: Fresh, folder: Path) -> Iterator[Told]:
    runs: dict[str, Callable[[], MachineRun]] = {
        "read only": lambda: under_fault(fresh(), folder, read_only),
        "wrong clock": lambda: wrong_clock(fresh(), folder),
    }
    if engine == "sqlite":
        runs |= {
            "disk full": lambda: under_fault(fresh(), folder, full_disk),
            "backup under writes": lambda: backup_under_writes(fresh(), fresh(), folder),
            "log lost": lambda: lost_log(fresh(), folder),
            "no rights": lambda: under_fault(fresh(), folder, no_rights),
            "small disk full": lambda: under_fault_on_small_disk(fresh(), folder),
            "power lost": lambda: power_loss(fresh(), folder, transactions=2),
        }
    for name, play_it in runs.items():
        try:
            run = play_it()
        except Impossible as error:
            yield f"{engine}: {name}: not tried: {error}", True
            continue
        yield (
            f"{engine}: {name}: {len(run.acknowledged)} acknowledged, {run.refused} refused and sent again,"
            f" {len(run.wrong)} wrong; {run.said}{_first(run.wrong)}",
            run.is_right,
        )


def quiet_year(attempt: Attempt) -> Year:
    """Play the year without a fault, or as many days of it as there is time for."""
    with _databases(attempt, "sqlite") as (fresh, _, folder):
        return _played(fresh, folder, attempt, attempt.days, part="quiet year", is_stormy=False)


def stormy_year(attempt: Attempt, engine: str, quiet: Year) -> list[Told]:
    """Play the same days under faults, or as many of them as there is time for, and compare."""
    # No process of the database is killed here, and its own housekeeping, which changes the order of rows and so the
    # course of the year, would come at another time in each play of one seed.
    with _databases(attempt, engine, QUICK) as (fresh, _, folder):
        stormy = _played(fresh, folder, attempt, quiet.days, part=f"stormy year {engine}", is_stormy=True)
    wrong = [*quiet.wrong, *stormy.wrong, *compared(quiet, stormy)]
    return [
        (
            f"{engine}: {stormy.days} of {attempt.days} days of a year: {_counted(stormy.acts)};"
            f" {stormy.entries} entries, ${stormy.owed / 100:,.2f} owed as the model says;"
            f" faults: {_counted(stormy.met)}; done {stormy.converged_after} minutes after the last;"
            f" {len(wrong)} differ from quiet year or model{_first(wrong)}",
            not wrong,
        )
    ]


def _played(fresh: Fresh, folder: Path, attempt: Attempt, days: int, *, part: str, is_stormy: bool) -> Year:
    ends_at = attempt.ends_at(part)
    steps = schedule(attempt.seed, days, ACTS_A_DAY)
    weather = storms(attempt.seed, days) if is_stormy else []
    with Store(fresh()) as store:
        return play(store, folder / "year", steps, weather, seed=attempt.seed, days=days, ends_at=ends_at)


def webhooks(attempt: Attempt) -> list[Told]:
    """Send every event several times, in any order, with forged ones between."""
    ends_at = attempt.ends_at("webhooks")
    with _databases(attempt, "sqlite") as (fresh, _, folder):
        run = storm(fresh, folder, seed=attempt.seed, events=attempt.events, ends_at=ends_at)
    return [
        (
            f"webhooks: {run.events} events sent {run.sent} times in any order, Square failing 1 call in 4,"
            f" {run.forged} forged of which {run.forged_taken} taken; {run.given_up} given up until the sync,"
            f" {len(run.wrong_rows)} rows differ, audit {'clean' if run.is_sound else 'NOT clean'}",
            run.is_right,
        )
    ]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()) if count)


def _first(wrong: list[str]) -> str:
    return f"; the first: {wrong[0]}" if wrong else ""
