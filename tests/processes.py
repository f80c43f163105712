"""A program that is to be broken: started in a group of its own, killed, stopped, frozen, started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_STOP_WITHIN_S = 30.0


class Process:
    """A program with its command, environment and log; `user`: how to start it as an unprivileged user."""

    def __init__(
        self,
        name: str,
        command: list[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        user: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self._command, self._folder = name, command, folder
        self.environment = dict(environment or {})
        self._user = dict(user or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"{name}.log"

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LANG": "C.UTF-8", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._user,
            )

    @property
    def is_running(self) -> bool:
        """Return whether it runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it and its group as a power cut would."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self._process is None:
            return
        if self.is_running:
            self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its whole group."""
        if self._process is not None:
            with nobody_left():
                os.killpg(self._process.pid, number)


@contextmanager
def nobody_left() -> Iterator[None]:
    """Go on where the process to signal is gone already."""
    try:
        yield
    except (ProcessLookupError, FileNotFoundError):
        return


def end_in_order() -> None:
    """Let this program end at SIGTERM as at an exception: what it has started is stopped, and its folders go."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def until(is_true: Callable[[], object], what: str, *, most_s: float = 90.0) -> None:
    """Wait until it is true; raises TimeoutError that says what was waited for. A refused connection is no answer."""
    deadline = time.monotonic() + most_s
    while True:
        try:
            if is_true():
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {most_s:.0f} s")
        time.sleep(0.1)
