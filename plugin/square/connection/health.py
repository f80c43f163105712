"""Noticing that Square has stopped answering, or answers again. Told of every call by the client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from plugin.core.acts import SQUARE, Act
from plugin.courses.square_health import note_answering, note_failing
from plugin.store import Store

_FAILING = ("square_unreachable", "square_down", "square_busy", "square_sign_in")
# Neither well nor ill: an answer that says something else than agreed.
_NO_SIGN = ("square_unreadable",)


class Watch:
    """Keeps since when Square fails. A refusal is an answer: whoever refuses is there."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, code: str) -> None:
        """Take note of one call; `code` is that of its failure, "" where it went well."""
        if code in _FAILING:
            note_failing(self._store, code, self._clock())
        elif code not in _NO_SIGN:
            note_answering(self._store, Act(SQUARE, self._clock(), "square-answers"))
