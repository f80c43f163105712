"""Memory, idle processor and start of clinics that run side by side, each as a container or service would run it.

`python -m tests.scale.footprint CLINICS`. Linux only: it reads /proc. Memory that processes share
counts in equal parts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from plugin.store import Store
from plugin.store.migrate import upgrade
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.servers import fetch, free_port

SETTLE_S, IDLE_S = 40.0, 30.0


def main(number: int) -> None:
    """Start so many, one after the other, and print what each costs once its first papers are drawn."""
    with tempfile.TemporaryDirectory(prefix="ck-footprint-") as name, ExitStack() as stack:
        starts, running = list[float](), list[int]()
        for each in range(number):
            folder = Path(name, str(each))
            folder.mkdir()
            began = time.monotonic()
            running.append(stack.enter_context(_clinic(folder)))
            starts.append(time.monotonic() - began)
        time.sleep(SETTLE_S)
        before, began = [_processor_s(each) for each in running], time.monotonic()
        time.sleep(IDLE_S)
        passed = time.monotonic() - began
        idle = [(_processor_s(each) - was) / passed for each, was in zip(running, before, strict=True)]
        memory = [sum(map(_memory_mib, _family(each))) for each in running]
    print(f"{number} clinics, load {os.getloadavg()[0]:.1f}")
    for what, values in {"start to first answer, s": starts, "memory, MiB": memory}.items():
        print(f"{what}: {sum(values) / number:.1f} ({min(values):.1f}-{max(values):.1f})")
    print(f"idle, % of a processor: {100 * sum(idle) / number:.2f}")


@contextmanager
def _clinic(folder: Path) -> Iterator[int]:
    """Run a clinic that has sold and used a course, so that papers are due; yield its process number."""
    url, port = f"sqlite:///{folder / 'clinic.db'}", free_port()
    upgrade(url)
    with Store(url) as store:
        desk = Desk(store, HandMovedClock())
        desk.use(desk.sell())
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "s" * 48}
    command = [sys.executable, "-m", "plugin", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", folder / "log")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            if fetch(address)[0] == 200:
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(log.read_text()[-1000:])
        time.sleep(0.05)


def _family(number: int) -> list[int]:
    """Return a process and everything it started."""
    children = Path(f"/proc/{number}/task").glob("*/children")
    below = [int(each) for path in children for each in path.read_text().split()]
    return [number, *(each for child in below for each in _family(child))]


def _memory_mib(number: int) -> float:
    lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:"))) / 1024


def _processor_s(number: int) -> float:
    ticks = os.sysconf("SC_CLK_TCK")
    fields = (Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split() for each in _family(number))
    return sum(int(each[11]) + int(each[12]) for each in fields) / ticks


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
