"""`make bench`: everything that is to be quick, in one run and one table, and the same as JSON.

`python -m tests.bench FILE`; the environment may say ROUNDS=, SIZE= (thousands of clients), ONLY=part,part,
CLINICS=, a folder that keeps the large clinics for the next run, SECONDS= and A_SECOND= (the load's length, and
the uses of each iPad).
"""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.bench import clinic, http, load, pages, papers, postgres, screens, use_cases
from tests.bench.figures import Figure, Table
from tests.commit import commit_in_short
from tests.processes import end_in_order

ROUNDS, SIZE, SECONDS = 5, 100, 300
Part = Callable[[Path, int], Iterator[Figure]]


def main(file: Path) -> int:
    """Measure each part in a folder of its own, print and write; return the exit code."""
    rounds, size = int(os.environ.get("ROUNDS") or ROUNDS), int(os.environ.get("SIZE") or SIZE)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=Path.cwd())))
        clinics = Path(os.environ.get("CLINICS") or scratch / "clinics")
        clinics.mkdir(exist_ok=True)
        table, loads = Table(), {}
        for name, part in _chosen(clinics, size).items():
            folder = scratch / name
            folder.mkdir()
            before = os.getloadavg()[0]
            for figure in part(folder, rounds):
                table.add(name, figure)
            loads[name] = (before, os.getloadavg()[0])
    print(f"\nload average before and after each part: {_in_words(loads)}")
    found = {name: [each.as_json() for each in figures] for name, figures in table.figures.items()}
    kept = _machine() | {"rounds": rounds, "size": size, "load": loads, "parts": found}
    file.write_text(json.dumps(kept) + "\n")
    return 0


def _chosen(clinics: Path, size: int) -> dict[str, Part]:
    seconds = float(os.environ.get("SECONDS") or SECONDS)
    a_second = float(os.environ.get("A_SECOND") or load.A_SECOND)
    parts: dict[str, Part] = {
        "use cases": use_cases.measure,
        "http": http.measure,
        "postgresql": postgres.measure,
        "clinic": clinic.measure,
        "papers": papers.measure,
        "screens": screens.measure,
        "pages": lambda _folder, rounds: pages.measure(clinics, rounds, size),
        "desk": lambda _folder, _rounds: pages.measure_desk(clinics, size),
        "load": partial(load.measure, clinics=clinics, size=size, seconds=seconds, a_second=a_second),
    }
    only = os.environ.get("ONLY", "")
    chosen = [name.strip() for name in only.split(",")] if only else list(parts)
    return {name: parts[name] for name in chosen}


def _machine() -> dict[str, object]:
    return {
        "commit": commit_in_short(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "processors": os.cpu_count(),
    }


def _in_words(loads: dict[str, tuple[float, float]]) -> str:
    return ", ".join(f"{name} {before:.1f}-{after:.1f}" for name, (before, after) in loads.items())


if __name__ == "__main__":
    end_in_order()
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "bench.json")))
