"""Cache of Square's answers while an event is handled, for its retry: one failed call does not repeat the others.

An answer received after the event is no older than what the event reports; later changes have their own events.
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

MOST_EVENTS = 200
KEPT_FOR = timedelta(minutes=15)
# Single objects, fetched by their id.
_READS = frozenset({"order", "payment", "refund", "customer"})
_Answers = dict[tuple[str, str], Json]


class ResponseCache:
    """Answers by event; in memory only, because they contain personal data."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_event: OrderedDict[str, tuple[datetime, _Answers]] = OrderedDict()

    def asking(self, event_id: str, square: SquareClient, now: datetime) -> SquareClient:
        """Return a client that fetches an object only once for this event."""
        with self._lock:
            began, answers = self._by_event.pop(event_id, (now, {}))
            if not began <= now <= began + KEPT_FOR:
                began, answers = now, {}
            self._by_event[event_id] = began, answers
            while len(self._by_event) > MOST_EVENTS:
                self._by_event.popitem(last=False)
        return cast("SquareClient", _AskingOnce(square, answers))

    def forget(self, event_id: str) -> None:
        """Delete the answers; the next try fetches everything again."""
        with self._lock:
            self._by_event.pop(event_id, None)


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
