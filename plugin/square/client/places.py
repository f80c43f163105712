"""Asking Square about the seller and its locations."""

from __future__ import annotations

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json, listed


class PlaceCalls(Asking):
    """Where the seller sells."""

    def location(self, location_id: str) -> Json:
        """Return a location; "main" is the merchant's first."""
        return self._one("location", lambda: self._square.locations.get(location_id, request_options=ONCE))

    def locations(self) -> list[Json]:
        """Return all locations of the merchant."""
        answer = self._ask(lambda: self._square.locations.list(request_options=ONCE))
        return listed(answer.get("locations"), "locations")
