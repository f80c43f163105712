"""Asking Square Appointments who comes when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json, listed, record, rfc3339

_BOOKINGS_A_PAGE = 100
# As many as Square takes in one request.
MOST_BY_ID = 100


class BookingCalls(Asking):
    """Appointments and who gives them."""

    def booking(self, booking_id: str) -> Json:
        """Return an appointment as it stands; raises SquareNotFound."""
        return self._one("booking", lambda: self._square.bookings.get(booking_id, request_options=ONCE))

    def bookings(self, begins: datetime, ends: datetime, location_id: str | None) -> Iterator[list[Json]]:
        """Yield pages of the appointments that start in this time, at most 31 days; of all locations where None."""
        at: Json = {"location_id": location_id} if location_id else {}

        def page(cursor: Json) -> Any:
            pager = self._square.bookings.list(
                # Left out, Square lists from now on: the morning's appointments would be missing.
                start_at_min=rfc3339(begins),
                start_at_max=rfc3339(ends),
                limit=_BOOKINGS_A_PAGE,
                request_options=ONCE,
                **at,
                **cursor,
            )
            return pager.response

        return self._pages("bookings", page)

    def bookings_by_id(self, booking_ids: Sequence[str]) -> list[Json]:
        """Return those of these appointments that Square has, at most a hundred."""
        answer = self._ask(
            lambda: self._square.bookings.bulk_retrieve_bookings(
                booking_ids=booking_ids, request_options=ONCE
            )
        )
        found = record(answer.get("bookings") or {}, "bookings")
        answers = listed(list(found.values()), "booking answers")
        return listed([one["booking"] for one in answers if one.get("booking")], "bookings")

    def team_member(self, team_member_id: str) -> Json:
        """Return a person of the seller's team; raises SquareNotFound."""
        return self._one(
            "team_member", lambda: self._square.team_members.get(team_member_id, request_options=ONCE)
        )
