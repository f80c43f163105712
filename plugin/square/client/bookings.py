"""Calls about appointments and the seller's team."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from plugin.square.client.asking import SOON_S, Asking
from plugin.square.parsing import Json, listed, record, rfc3339

_BOOKINGS_A_PAGE = 100
# As many as Square takes in one request.
MOST_BY_ID = 100


class BookingCalls(Asking):
    """Square Appointments. Writing needs a paid plan of the seller's; SquareFailed has the code square_plan without."""

    def booking(self, booking_id: str) -> Json:
        """Return an appointment; raises SquareNotFound."""
        return self._one("booking", "GET v2/bookings/{}", booking_id)

    def bookings(
        self, begins: datetime, ends: datetime, location_id: str | None, *, customer_id: str | None = None
    ) -> Iterator[list[Json]]:
        """Yield pages of the appointments that start in this time, at most 31 days; None: of all locations, clients."""
        return self._pages(
            "bookings",
            "GET v2/bookings",
            # Left out, Square lists from now on: the morning's appointments would be missing.
            start_at_min=rfc3339(begins),
            start_at_max=rfc3339(ends),
            limit=_BOOKINGS_A_PAGE,
            **({"location_id": location_id} if location_id else {}),
            **({"customer_id": customer_id} if customer_id else {}),
        )

    def bookings_by_id(self, booking_ids: Sequence[str]) -> list[Json]:
        """Return those of these appointments that Square has, at most a hundred."""
        answer = self._ask("POST v2/bookings/bulk-retrieve", booking_ids=booking_ids)
        found = record(answer.get("bookings") or {}, "bookings")
        answers = listed(list(found.values()), "booking answers")
        return listed([one["booking"] for one in answers if one.get("booking")], "bookings")

    def free_times(
        self,
        begins: datetime,
        ends: datetime,
        *,
        location_id: str,
        service_id: str,
        team_member_id: str | None,
        booking_id: str | None = None,
    ) -> list[Json]:
        """Return the free times of a service in this time, a day to 32 days long; None: with anybody.

        `booking_id`: those that this appointment could be moved to, whose own service and team member count.
        """
        segment: dict[str, Any] = {"service_variation_id": service_id}
        if team_member_id:
            segment["team_member_id_filter"] = {"any": [team_member_id]}
        wish: Json = {"location_id": location_id, "segment_filters": [segment]}
        if booking_id:
            wish = {"booking_id": booking_id}
        wish["start_at_range"] = {"start_at": rfc3339(begins), "end_at": rfc3339(ends)}
        answer = self._ask("POST v2/bookings/availability/search", query={"filter": wish})
        return listed(answer.get("availabilities"), "availabilities")

    def create_booking(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Book an appointment; the same key and appointment again return the same one."""
        return self._one("booking", "POST v2/bookings", booking=wanted, idempotency_key=key)

    def update_booking(self, key: str, booking_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an appointment, with the `version` that was read; raises SquareFailed where that is not current."""
        return self._one("booking", "PUT v2/bookings/{}", booking_id, booking=changes, idempotency_key=key)

    def cancel_booking(self, key: str, booking_id: str, version: int) -> Json:
        return self._one(
            "booking", "POST v2/bookings/{}/cancel", booking_id, booking_version=version, idempotency_key=key
        )

    def business_booking_profile(self) -> Json:
        """Return how the seller takes bookings."""
        return self._one(
            "business_booking_profile", "GET v2/bookings/business-booking-profile", timeout_s=SOON_S
        )

    def bookable_team(self) -> list[Json]:
        """Return the booking profiles of the team members who can be booked."""
        return self._all(
            "team_member_booking_profiles",
            "GET v2/bookings/team-member-booking-profiles",
            bookable_only=True,
            limit=_BOOKINGS_A_PAGE,
            timeout_s=SOON_S,
        )

    def services(self) -> list[Json]:
        """Return the catalog items that can be booked, with their variations."""
        return self._all(
            "items",
            "POST v2/catalog/search-catalog-items",
            product_types=["APPOINTMENTS_SERVICE"],
            limit=_BOOKINGS_A_PAGE,
            timeout_s=SOON_S,
        )

    def team_member(self, team_member_id: str) -> Json:
        """Return a member of the seller's team; raises SquareNotFound."""
        return self._one("team_member", "GET v2/team-members/{}", team_member_id)
