"""Papers drawn in processes of their own, which can be limited, killed and replaced; threads can't.

The owner's process never loads the renderer. Independent of a paper's content.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock, Timer
from types import MappingProxyType, TracebackType
from typing import Self

from invoices.pages.fit import fit
from invoices.papers import Paper, PaperFailed, PaperRefused
from invoices.press.protocol import PDF, READY, REFUSED, read_frame, write_frame, write_request

NO_ASSETS: Mapping[str, bytes] = MappingProxyType({})
START_TIMEOUT_S = 60.0
# A worker gets no secrets: only what Python and the font library need to find their files.
_PASSED_ON = ("HOME", "LANG", "LC_", "XDG_", "FONTCONFIG_", "LD_", "DYLD_", "VIRTUAL_ENV")


class PaperWorkers:
    """A few long-lived workers, started when first needed. Safe to share between threads.

    `niceness`: of their processes, as for `nice`.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        timeout_s: float = 10,
        memory_mb: int = 700,
        recycle_after: int = 1000,
        recycle_mb: int = 250,
        wait_s: float = 60,
        idle_s: float = 600,
        niceness: int = 0,
        program: str = "invoices.press.worker",
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._recycle_after = recycle_after
        self._recycle_mb = recycle_mb
        self._wait_s = wait_s
        self._idle_s = idle_s
        self._rest = Timer(0, _nothing)
        self._niceness = niceness
        self._program = program
        self._lock = Lock()
        self._is_closed = False
        self._alive: set[_Worker] = set()
        # Last in, first out: a warm worker is used before a cold one is started.
        self._free: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._finalizer = weakref.finalize(self, _stop_all, self._alive)

    def render(self, paper: Paper, assets: Mapping[str, bytes] = NO_ASSETS) -> bytes:
        """Draw the paper in the next free worker; `assets`: the PNG of its logo by SHA-256.

        Raises PaperRefused when the content can't become a paper, PaperFailed when it may another time.
        """
        message = write_request(fit(paper), assets)
        worker = self._next_free()
        is_fit_for_more = False
        try:
            worker = self._running(worker)
            pdf = worker.draw(message, self._timeout_s)
            is_fit_for_more = True
        except PaperRefused:
            is_fit_for_more = True
            raise
        finally:
            self._free.put(self._kept(worker, is_fit_for_more=is_fit_for_more))
            self._rest_later()
        return pdf

    def pids(self) -> tuple[int, ...]:
        """Return the ids of the current worker processes."""
        with self._lock:
            return tuple(worker.pid for worker in self._alive)

    def close(self) -> None:
        """End all workers now; a paper being drawn fails."""
        with self._lock:
            self._is_closed = True
            self._rest.cancel()
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rest_later(self) -> None:
        """End the workers once nothing was drawn for a while: one takes 70 MB, and a second to start."""
        with self._lock:
            self._rest.cancel()
            # A timer must not keep alive what nobody uses any more.
            self._rest = Timer(self._idle_s, _call, [weakref.WeakMethod(self._end_free)])
            self._rest.daemon = True
            if not self._is_closed:
                self._rest.start()

    def _end_free(self) -> None:
        free = list[_Worker | None]()
        with suppress(Empty):
            while True:
                free.append(self._free.get_nowait())
        for worker in free:
            if worker is not None:
                self._end(worker)
            self._free.put(None)

    def _next_free(self) -> _Worker | None:
        try:
            return self._free.get(timeout=self._wait_s)
        except Empty:
            raise PaperFailed(f"All paper workers were busy for {self._wait_s:g} seconds.") from None

    def _running(self, worker: _Worker | None) -> _Worker:
        if worker is not None and worker.is_alive():
            return worker
        if worker is not None:
            self._end(worker)
        with self._lock:
            if self._is_closed:
                raise PaperFailed("The paper workers are closed.")
            fresh = _Worker(self._program, self._memory_mb, self._niceness)
            self._alive.add(fresh)
        return fresh

    def _kept(self, worker: _Worker | None, *, is_fit_for_more: bool) -> _Worker | None:
        if worker is None or (is_fit_for_more and not self._is_worn(worker)):
            return worker
        self._end(worker)
        return None

    def _is_worn(self, worker: _Worker) -> bool:
        return worker.drawn >= self._recycle_after or worker.resident_mb() > self._recycle_mb

    def _end(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._alive.discard(worker)


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self, program: str, memory_mb: int, niceness: int) -> None:
        self.owner = os.getpid()
        self.drawn = 0
        self._is_ready = False
        self._folder = tempfile.mkdtemp(prefix="papers-")
        # -P prevents the current folder from shadowing a module; the package is found where this file is.
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-P", "-m", program, str(memory_mb), self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )
        if niceness:
            # Windows has no such call; a process that was started nicer still may not go back.
            with suppress(AttributeError, OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, niceness)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def resident_mb(self) -> int:
        """Return its memory use; 0 where the platform does not report it, and only the count of papers limits it."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except OSError:
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2

    def draw(self, request: bytes, timeout_s: float) -> bytes:
        if not self._is_ready:
            if self._exchange(None, START_TIMEOUT_S) != READY:
                raise PaperFailed("A paper worker did not start.")
            self._is_ready = True
        answer = self._exchange(request, timeout_s)
        self.drawn += 1
        kind, body = answer[:1], answer[1:]
        if kind == PDF:
            return body
        if kind == REFUSED:
            raise PaperRefused(body.decode("utf-8"))
        raise PaperFailed(f"The paper could not be drawn: {body.decode('utf-8')}.")

    def stop(self) -> None:
        """Kill the process: a worker has nothing that could be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _exchange(self, request: bytes | None, timeout_s: float) -> bytes:
        """Send and wait. At the limit the process is killed, which ends the blocked read."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None  # both pipes were asked for
        assert answers is not None
        limit = Timer(timeout_s, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            if request is not None:
                write_frame(asked, request)
            answer = read_frame(answers)
        except OSError:
            answer = None
        finally:
            limit.cancel()
        if answer is None:
            raise PaperFailed(f"A paper worker died or took longer than {timeout_s:g} seconds.")
        return answer


def _environment() -> dict[str, str]:
    passed_on = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    # A worker runs no program. Python would run a compiler on PATH to find libraries: a third of the start-up.
    return {**passed_on, "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])}


def _close(pipe: object) -> None:
    try:
        pipe.close()  # type: ignore[attr-defined]
    except OSError:
        return


def _nothing() -> None:
    """Do nothing."""


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    if (known := method()) is not None:
        known()


def _stop_all(alive: set[_Worker]) -> None:
    while alive:
        worker = alive.pop()
        # A forked child inherits this set but not the right to end its parent's workers.
        if worker.owner == os.getpid():
            worker.stop()
