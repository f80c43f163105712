"""`make monday`: 10,000 clinics' Monday morning, on more and more machines, from service times of `make bench`.

`python -m tests.scale.monday SEED BENCH OUT`: BENCH the file of `make bench`, "" for the times kept here. Prints a
table in Markdown and writes it as JSON.
"""

import json
import random
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from tests.scale.machine import Machine
from tests.scale.morning import PAGES_OPEN, clinic, morning
from tests.scale.service_times import ServiceTimes, read_service_times

CLINICS = 10_000
# A machine, and what it is assumed to cost a month.
CORES, MEMORY_GIB, DOLLARS = 16, 64, 120
_KEPT_GIB = 4
PER_MACHINE = (60, 115, 250, 400, 420, 500)


@dataclass(frozen=True)
class FleetRow:
    """So many clinics on each machine: what they need, and how long a use and a paper take, in milliseconds.

    `waits` are the middle, the slowest hundredth and the slowest use, and the slowest hundredth of papers; none where
    the processors are busy already without a visit.
    """

    per_machine: int
    machines: int
    dollars_a_clinic: float
    memory: float
    always_busy: float
    busiest: float
    waits: tuple[float, ...]

    @property
    def line(self) -> str:
        """Return the row of the table."""
        shares = f"{self.memory:.0%} | {self.always_busy:.0%} | {self.busiest:.0%}"
        waits = " | ".join(f"{each:,.0f}" for each in self.waits) or "does not hold | | | "
        return f"| {self.per_machine} | {self.machines} | {self.dollars_a_clinic:.2f} | {shares} | {waits} |"


_HEAD = """\
| clinics on a machine | machines | $ a clinic a month | memory | processor without a visit | in the busiest minute \
| use p50, ms | p99 | longest | paper p99, ms |
|---|---|---|---|---|---|---|---|---|---|"""


def simulate(clinics: int, per_machine: int, times: ServiceTimes, seed: int) -> FleetRow:
    """Play the morning of so many clinics, and return what it was like."""
    chance = random.Random(seed)
    some = [clinic(chance) for _ in range(clinics)]
    background = per_machine * (PAGES_OPEN * times.open_page + times.idle) / 1000
    took, busiest = defaultdict[str, list[float]](list), 0.0
    left = CORES - background
    for first in range(0, clinics if left > 0 else 0, per_machine):
        machine = Machine(left)
        for done in machine.run(morning(some[first : first + per_machine], times, chance)):
            took[done.work.kind].append(1000 * done.took)
        busiest = max(busiest, *machine.busy_s.values())
    uses, papers = took["use"], took["paper"]
    waits = (*(_quantile(uses, each) for each in (0.5, 0.99, 1)), _quantile(papers, 0.99)) if uses else ()
    machines = ceil(clinics / per_machine)
    return FleetRow(
        per_machine,
        machines,
        machines * DOLLARS / clinics,
        per_machine * times.memory / 1024 / (MEMORY_GIB - _KEPT_GIB),
        background / CORES,
        (busiest / 60 + background) / CORES,
        waits,
    )


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def main(seed: int, bench: Path | None, out: Path) -> None:
    """Print the table and write it."""
    times, measured = read_service_times(bench)
    print(
        f"seed {seed}, {CLINICS:,} clinics; measured by make bench: {', '.join(sorted(measured)) or 'nothing'}"
    )
    print(f"milliseconds of a processor, MiB: {asdict(times)}\n\n{_HEAD}", flush=True)
    rows = []
    for per_machine in PER_MACHINE:
        rows.append(simulate(CLINICS, per_machine, times, seed))
        print(rows[-1].line, flush=True)
    facts = {
        "seed": seed,
        "times": asdict(times),
        "measured": sorted(measured),
        "rows": [asdict(each) for each in rows],
    }
    out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    words = [*sys.argv[1:], "", "", ""]
    main(int(words[0] or 1), Path(words[1]) if words[1] else None, Path(words[2] or "monday.json"))
