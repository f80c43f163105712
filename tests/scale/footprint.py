"""Memory, idle processor and start of clinics that run side by side, each as a container or service would run it.

`python -m tests.scale.footprint CLINICS`. Memory that processes share counts in equal parts where
the system tells it, as Linux does.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from plugin.store import Store
from plugin.store.creation import upgrade
from tests.bench.usage import family, memory_mib, processor_s
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.processes import until
from tests.servers import environment_of, fetch, free_port, running

SETTLE_S, IDLE_S = 40.0, 30.0


def main(number: int) -> None:
    """Start so many, one after the other, and print what each costs once its first papers are drawn."""
    with tempfile.TemporaryDirectory(prefix="ck-footprint-") as name, ExitStack() as stack:
        starts, clinics = list[float](), list[psutil.Process]()
        for each in range(number):
            folder = Path(name, str(each))
            folder.mkdir()
            began = time.monotonic()
            clinics.append(stack.enter_context(_clinic(folder)))
            starts.append(time.monotonic() - began)
        time.sleep(SETTLE_S)
        before, began = [processor_s(family(each)) for each in clinics], time.monotonic()
        time.sleep(IDLE_S)
        passed = time.monotonic() - began
        idle = [(processor_s(family(each)) - was) / passed for each, was in zip(clinics, before, strict=True)]
        memory = [sum(map(memory_mib, family(each))) for each in clinics]
    print(f"{number} clinics, load {os.getloadavg()[0]:.1f}")
    for what, values in {"start to first answer, s": starts, "memory, MiB": memory}.items():
        print(f"{what}: {sum(values) / number:.1f} ({min(values):.1f}-{max(values):.1f})")
    print(f"idle, % of a processor: {100 * sum(idle) / number:.2f}")


@contextmanager
def _clinic(folder: Path) -> Iterator[psutil.Process]:
    """Run a clinic that has sold and used a course, so that papers are due; yield its process."""
    url, port = f"sqlite:///{folder / 'clinic.db'}", free_port()
    upgrade(url)
    with Store(url) as store:
        desk = Desk(store, HandMovedClock())
        desk.use(desk.sell())
    command = [sys.executable, "-m", "plugin", "serve", "--port", str(port)]
    address = f"http://127.0.0.1:{port}/readyz"
    with running(command, address, environment=environment_of(url), folder=folder) as process:
        until(lambda: fetch(address)[0] == 200, address)
        yield psutil.Process(process.pid)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
