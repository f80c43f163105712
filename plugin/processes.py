"""Child processes: started together, stopped together, and restarted when one ends unexpectedly.

On Linux a child is forked from this process and shares what it has loaded. Elsewhere it is started anew: the system
libraries of macOS may not be used after a fork.

Imports little, and nothing of ours: a family that has let go of what it loaded (`let_go`) is this file alone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

# A child whose parent was killed (kill -9) must not run on alone: it ends with this parent.
PARENT = "COURSEKEEPER_PARENT"
GRACE_S = 15.0
_TICK_S = 0.2
FORKS = sys.platform == "linux"
# In glibc's malloc.h.
_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024
# In Linux's prctl.h.
_PR_SET_PDEATHSIG = 1
_ENDING = (signal.SIGINT, signal.SIGTERM)


class Fork:
    """A forked process, with the methods of `Popen` that a family uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _fork(run: Callable[[], object], environment: Mapping[str, str]) -> Fork:
    """Run in a forked process.

    What `run` raises unwinds the stack of the parent as well, so that the interpreter ends as usual.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal that arrives before the child has handlers of its own must not be taken for the parent's.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        pid = os.fork()
        if pid == 0:
            _begin_alone(environment)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    if pid == 0:
        run()
        sys.exit(0)
    return Fork(pid)


def _begin_alone(environment: Mapping[str, str]) -> None:
    os.setsid()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


class Child:
    """One process: its command, whether all must end when it ends, and where its output is stored.

    `run` does in a forked process what the command does in one that is started anew.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        is_vital: bool = True,
        log: Path | None = None,
        run: Callable[[], object] | None = None,
    ) -> None:
        self.name, self.arguments, self.environment = name, arguments, environment
        self.is_vital, self.log, self.run = is_vital, log, run
        self.process: subprocess.Popen[bytes] | Fork | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches it only through us."""
        environment = {**os.environ, **self.environment, PARENT: str(os.getpid())}
        self.started_at = time.monotonic()
        if FORKS and self.run is not None:
            self.process = _fork(self.run, environment)
            return
        # Not before: see the head of this file.
        import subprocess

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
    """Runs children until it is stopped or a vital one ends; restarts the others, with growing waits.

    A vital one that was killed by a signal is restarted, too: it did not mean to end.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = list(children)
        self._owner = os.getpid()
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
        return self._stop.is_set()

    @property
    def has_lost_one(self) -> bool:
        """Return whether a vital child has ended."""
        return any(child.is_vital and child.exit_code is not None for child in self._children)

    def wait(self) -> int:
        """Supervise the children until the end; return the exit code to end with."""
        while not (self._stop.wait(_TICK_S) or _has_lost_parent()):
            for child in self._children:
                if child.exit_code is None:
                    continue
                if child.is_vital and child.exit_code >= 0:
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

    def let_go(self) -> NoReturn:
        """Supervise the forked children from now on as a program that has loaded this file alone; never return.

        What both have written over since they were forked would be kept by this process, which never reads it. One
        that is restarted is started anew.
        """
        children = [
            [
                each.name,
                list(each.arguments),
                dict(each.environment),
                each.is_vital,
                each.started_at,
                each.process.pid,
            ]
            for each in self._children
            if each.process
        ]
        sys.stdout.flush()
        sys.stderr.flush()
        # Until the new program has its handlers, which this process has had for it until now.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        if self.is_stopping:
            os.kill(os.getpid(), signal.SIGTERM)
        os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, json.dumps(children)])  # noqa: S606 - as above

    def stop(self) -> None:
        """Ask every child to end, last started first; kill what has not ended after 15 seconds."""
        if os.getpid() != self._owner:
            # A forked child that ends leaves the others alone.
            return
        running = [child for child in reversed(self._children) if child.process and child.exit_code is None]
        for child in running:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        for child in running:
            _await(child, deadline)


def _await(child: Child, deadline: float) -> None:
    while child.exit_code is None:
        if time.monotonic() > deadline:
            _signal(child, signal.SIGKILL)
        time.sleep(0.02)


def _signal(child: Child, number: int) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def use_one_heap() -> None:
    """Let all threads of this process, and of those forked from it, allocate from one heap.

    glibc gives them up to eight for each processor, and returns to the system what is free at the end of a heap only:
    of the threads of a worker that was 10 MB. Other systems have one anyway. What is large is returned at once, always:
    after the 19 MB of a password that was checked, glibc would keep up to twice as much for the next one.
    """
    # As above.
    import ctypes

    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 1)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


def end_with_parent() -> None:
    """Where a parent is named, end this process soon after that parent has ended."""
    parent = _named_parent(os.environ)
    if parent is None:
        return
    if FORKS:
        # As above.
        import ctypes

        # By the kernel: gunicorn forks its processes from this one, which is safe without a thread beside it only.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _has_lost_parent() -> bool:
    # Asked by the thread that forks: with a thread beside it that watches, forking would not be safe.
    parent = _named_parent(os.environ)
    return parent is not None and os.getppid() != parent


def _named_parent(environment: Mapping[str, str]) -> int | None:
    named = environment.get(PARENT, "")
    return int(named) if named.isdigit() else None


def _family_of(children: str) -> Family:
    """Return a family of children that run already, as `let_go` has described them."""
    known = []
    for name, arguments, environment, is_vital, started_at, pid in json.loads(children):
        child = Child(name, arguments, environment, is_vital=is_vital)
        child.started_at, child.process = started_at, Fork(pid)
        known.append(child)
    return Family(known)


if __name__ == "__main__":
    family = _family_of(sys.argv[1])
    family.stop_on_signals()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    try:
        code = family.wait()
    finally:
        family.stop()
    sys.exit(code)
