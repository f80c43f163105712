"""What Square answered while a message was worked off, kept for its next try: one failed call need not undo the others.

An answer that came after the message did is no older than what the message tells, and what changes later has a message
of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from plugin.square.parsing import Json

if TYPE_CHECKING:
    from plugin.square.client import SquareClient

MOST_MESSAGES = 200
KEPT_FOR = timedelta(minutes=15)
# Single objects, asked for by their id.
_READS = frozenset({"order", "payment", "refund", "customer"})
_Answers = dict[tuple[str, str], Json]


class ResponseCache:
    """Answers by message; in memory alone, for they name people."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_message: OrderedDict[str, tuple[datetime, _Answers]] = OrderedDict()

    def asking(self, message_id: str, square: SquareClient, now: datetime) -> SquareClient:
        """Return a client that asks for an object only once for this message."""
        with self._lock:
            began, answers = self._by_message.pop(message_id, (now, {}))
            if not began <= now <= began + KEPT_FOR:
                began, answers = now, {}
            self._by_message[message_id] = began, answers
            while len(self._by_message) > MOST_MESSAGES:
                self._by_message.popitem(last=False)
        return cast("SquareClient", _AskingOnce(square, answers))

    def forget(self, message_id: str) -> None:
        """Let the next try ask for everything again."""
        with self._lock:
            self._by_message.pop(message_id, None)


class _AskingOnce:
    def __init__(self, square: SquareClient, answers: _Answers) -> None:
        self._square = square
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        ask: Callable[..., Any] = getattr(self._square, name)
        if name not in _READS:
            return ask

        def once(object_id: str) -> Json:
            if (name, object_id) not in self._answers:
                self._answers[name, object_id] = ask(object_id)
            return self._answers[name, object_id]

        return once
