"""A lock that threads get in the order in which they asked for it."""

import threading
from collections import deque


class Turns:
    """Lets one thread in at a time, the one that has waited longest; again, while it is in.

    A lock of `threading` goes to whichever thread runs at that moment, often the one that has just released it: under
    load a few wait many times as long as the others.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changing:
            if self._owner in (None, me):
                self._owner = me
                self._depth += 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()
        except BaseException:
            self._give_up(turn)
            raise
        self._owner, self._depth = me, 1

    def __exit__(self, *_: object) -> None:
        with self._changing:
            self._depth -= 1
            if not self._depth:
                self._pass_on()

    def _give_up(self, turn: threading.Lock) -> None:
        with self._changing:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._pass_on()

    def _pass_on(self) -> None:
        # Never free while somebody waits: who comes next would be before them.
        self._owner = _NEXT if self._waiting else None
        if self._waiting:
            self._waiting.popleft().release()


# The owner from when a turn was passed on until its thread runs; no thread has this number.
_NEXT = -1
