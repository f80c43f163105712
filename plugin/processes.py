"""Child processes: started together, stopped together, and restarted when one ends unexpectedly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

# A child whose parent was killed (kill -9) must not run on alone: it watches this parent.
PARENT = "COURSEKEEPER_PARENT"
GRACE_S = 15.0
_TICK_S = 0.2


@dataclass
class Child:
    """One process: its command, whether all must end when it does, and where its output is stored."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    is_vital: bool = True
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_at: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches it only through us."""
        environment = {**os.environ, **self.environment, PARENT: str(os.getpid())}
        self.started_at = time.monotonic()
        with self.log.open("ab") if self.log else nullcontext() as said:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                [sys.executable, *self.arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self.process.poll() if self.process else None


class Family:
    """Runs children until it is stopped or a vital one ends; restarts the others, with growing waits."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = list(children)
        self._stop = threading.Event()
        self._falls: dict[str, int] = {}

    def add(self, child: Child) -> None:
        """Start one more child."""
        child.start()
        self._children.append(child)

    def stop_on_signals(self) -> None:
        """Stop all children in order on Ctrl-C and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())

    def start(self) -> None:
        """Start every child."""
        for child in self._children:
            child.start()

    @property
    def is_stopping(self) -> bool:
        """Return whether stopping was requested."""
        return self._stop.is_set()

    @property
    def has_lost_one(self) -> bool:
        """Return whether a vital child has ended."""
        return any(child.is_vital and child.exit_code is not None for child in self._children)

    def wait(self) -> int:
        """Supervise the children until the end; return the exit code to end with."""
        while not self._stop.wait(_TICK_S):
            for child in self._children:
                if child.exit_code is None:
                    continue
                if child.is_vital:
                    return child.exit_code or 1
                self._start_again(child)
        return 0

    def _start_again(self, child: Child) -> None:
        ran_for = time.monotonic() - child.started_at
        falls = self._falls.get(child.name, 0) + 1 if ran_for < 60 else 1
        self._falls[child.name] = falls
        if self._stop.wait(min(30.0, 0.5 * 2**falls)):
            return
        print(f"The {child.name} ended unexpectedly; it is started again.", file=sys.stderr, flush=True)
        child.start()

    def stop(self) -> None:
        """Ask every child to end, last started first; kill what has not ended after 15 seconds."""
        running = [child for child in reversed(self._children) if child.process and child.exit_code is None]
        for child in running:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for child in running:
            _await(child, deadline)


def _await(child: Child, deadline: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.process.wait()


def _signal(child: Child, number: int) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def end_with_parent(environment: Mapping[str, str] | None = None) -> None:
    """Where a parent is named, end this process soon after that parent has ended."""
    named = (os.environ if environment is None else environment).get(PARENT)
    if named is None or not named.isdigit():
        return

    def watch() -> None:
        while os.getppid() == int(named):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
