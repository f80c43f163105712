"""Asking Square about disputed payments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json


class DisputeCalls(Asking):
    """Payments a client's bank has questioned."""

    def dispute(self, dispute_id: str) -> Json:
        """Return a dispute as it stands; raises SquareNotFound."""
        return self._one("dispute", lambda: self._square.disputes.get(dispute_id, request_options=ONCE))

    def disputes(self) -> Iterator[list[Json]]:
        """Yield pages of all disputes: Square lists them by no date."""

        def page(cursor: Json) -> Any:
            return self._square.disputes.list(request_options=ONCE, **cursor).response

        return self._pages("disputes", page)
