"""Calls about appointments and the seller's team."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from plugin.square.client.asking import Asking
from plugin.square.parsing import Json, listed, record, rfc3339

_BOOKINGS_A_PAGE = 100
# As many as Square takes in one request.
MOST_BY_ID = 100


class BookingCalls(Asking):
    """Square Appointments."""

    def booking(self, booking_id: str) -> Json:
        """Return an appointment; raises SquareNotFound."""
        return self._one("booking", self._square.bookings.get, booking_id)

    def bookings(self, begins: datetime, ends: datetime, location_id: str | None) -> Iterator[list[Json]]:
        """Yield pages of the appointments that start in this time, at most 31 days; of all locations where None."""
        return self._pages(
            "bookings",
            self._square.bookings.list,
            # Left out, Square lists from now on: the morning's appointments would be missing.
            start_at_min=rfc3339(begins),
            start_at_max=rfc3339(ends),
            limit=_BOOKINGS_A_PAGE,
            **({"location_id": location_id} if location_id else {}),
        )

    def bookings_by_id(self, booking_ids: Sequence[str]) -> list[Json]:
        """Return those of these appointments that Square has, at most a hundred."""
        answer = self._ask(self._square.bookings.bulk_retrieve_bookings, booking_ids=booking_ids)
        found = record(answer.get("bookings") or {}, "bookings")
        answers = listed(list(found.values()), "booking answers")
        return listed([one["booking"] for one in answers if one.get("booking")], "bookings")

    def team_member(self, team_member_id: str) -> Json:
        """Return a member of the seller's team; raises SquareNotFound."""
        return self._one("team_member", self._square.team_members.get, team_member_id)
