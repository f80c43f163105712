"""Bookings: what the list shows by default, versions, what cannot be booked, what the seller decides."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.practice_square.counter import Counter, Json, open_counter


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("appointments")) as counter:
        yield counter


@pytest.fixture
def booked(counter: Counter) -> Json:
    """One booking of a new client, tomorrow at ten."""
    return book(counter, start_at="2026-03-03T10:00:00-08:00", customer_id=counter.customer(given_name="Ada"))


def book(counter: Counter, **booking: Any) -> Json:
    return counter.call("POST", "/practice/bookings", booking)["booking"]


def starts(counter: Counter, customer_id: str, **window: str) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in (window | {"customer_id": customer_id}).items())
    found = counter.call("GET", f"/v2/bookings?{query}").get("bookings", [])
    return [one["start_at"][:10] for one in found]


def test_the_list_shows_no_past_and_31_days_unless_asked(counter: Counter) -> None:
    ada = counter.customer(given_name="Ada")
    for start in (
        "2026-03-02T17:59:00Z",
        "2026-04-02T17:59:00Z",
        "2026-03-02T18:00:00Z",
        "2026-04-02T18:00:00Z",
    ):
        book(counter, start_at=start, customer_id=ada)
    assert starts(counter, ada) == ["2026-03-02", "2026-04-02"]
    assert starts(counter, ada, start_at_min="2026-03-01T00:00:00Z") == ["2026-03-02", "2026-03-02"]
    assert starts(counter, ada, start_at_min="2026-03-02T17:59:30Z", start_at_max="2026-03-03T00:00:00Z") == [
        "2026-03-02"
    ]


@pytest.mark.parametrize("end", ["2026-04-02T18:00:01Z", "2026-03-02T17:59:59Z"])
def test_it_refuses_a_window_of_more_than_31_days_or_less_than_none(counter: Counter, end: str) -> None:
    assert counter.refused("GET", f"/v2/bookings?start_at_max={end}") == (400, "INVALID_TIME_RANGE")


def test_pages_follow_each_other_by_start(counter: Counter) -> None:
    ada = counter.customer(given_name="Ada")
    for day in (9, 5, 7):
        book(counter, start_at=f"2026-03-0{day}T18:00:00Z", customer_id=ada)
    query = f"/v2/bookings?customer_id={ada}&limit=2"
    first = counter.call("GET", query)
    second = counter.call("GET", f"{query}&cursor={first['cursor']}")
    shown = [one["start_at"][8:10] for one in first["bookings"] + second["bookings"]]
    assert shown == ["05", "07", "09"]
    assert "cursor" not in second


def test_bookings_of_merged_clients_are_found_by_every_id(counter: Counter, booked: Json) -> None:
    other = counter.customer(given_name="Ada", family_name="L.")
    body = {"customer_ids": [booked["customer_id"], other]}
    merged = counter.call("POST", "/practice/customers/merge", body)["customer"]["id"]
    for id_ in (merged, other, booked["customer_id"]):
        assert starts(counter, id_) == ["2026-03-03"]


@pytest.mark.parametrize(("version", "status"), [(0, 200), (1, 409), (None, 200)])
def test_a_change_needs_the_version_in_force(
    counter: Counter, booked: Json, version: int | None, status: int
) -> None:
    path = f"/v2/bookings/{booked['id']}"
    body = {"booking": {"seller_note": "Bring the chart"} | ({} if version is None else {"version": version})}
    if status == 200:
        assert counter.call("PUT", path, body)["booking"]["version"] == 1
    else:
        assert counter.refused("PUT", path, body) == (409, "VERSION_MISMATCH")


@pytest.mark.parametrize("status", ["CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "DECLINED", "NO_SHOW"])
def test_what_is_over_cannot_be_changed_or_cancelled(counter: Counter, booked: Json, status: str) -> None:
    path = f"/v2/bookings/{booked['id']}"
    counter.call("POST", f"/practice/bookings/{booked['id']}/status", {"status": status})
    assert counter.refused("POST", f"{path}/cancel", {}) == (400, "BAD_REQUEST")
    assert counter.refused("PUT", path, {"booking": {"seller_note": "x"}}) == (400, "BAD_REQUEST")


def test_the_same_status_twice_is_told_once(counter: Counter, booked: Json) -> None:
    before = len(counter.events())
    for _ in range(2):
        told = counter.call("POST", f"/practice/bookings/{booked['id']}/status", {"status": "NO_SHOW"})
    assert told["booking"]["version"] == 1
    assert counter.events(before) == ["booking.updated"]


def test_no_status_is_set_through_the_interface(counter: Counter, booked: Json) -> None:
    body = {"booking": {"status": "NO_SHOW"}}
    assert counter.refused("PUT", f"/v2/bookings/{booked['id']}", body) == (400, "INVALID_VALUE")


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"team_member_id": "TMNOBODY"}, (400, "INVALID_VALUE")),
        ({"team_member_id": ""}, (400, "VALUE_EMPTY")),
        ({"service_variation_id": "GONE"}, (404, "NOT_FOUND")),
        ({"service_variation_version": 1}, (409, "VERSION_MISMATCH")),
        ({"service_variation_version": None}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"duration_minutes": 1501}, (400, "VALUE_TOO_HIGH")),
    ],
)
def test_it_refuses_a_segment_that_cannot_be_kept(
    counter: Counter, booked: Json, change: Json, refused: tuple[int, str]
) -> None:
    segment = booked["appointment_segments"][0] | change
    asked = {
        "location_id": booked["location_id"],
        "start_at": "2026-03-05T18:00:00Z",
        "appointment_segments": [{name: value for name, value in segment.items() if value is not None}],
    }
    assert counter.refused("POST", "/v2/bookings", {"booking": asked}) == refused


def test_only_a_service_can_be_booked(counter: Counter) -> None:
    items = counter.call("POST", "/v2/catalog/search-catalog-items", {"text_filter": "jade"})["items"]
    body = {"start_at": "2026-03-05T18:00:00Z", "variation_id": items[0]["item_data"]["variations"][0]["id"]}
    assert counter.refused("POST", "/practice/bookings", body) == (400, "INVALID_VALUE")


DAY = {"start_at": "2026-03-10T07:00:00Z", "end_at": "2026-03-11T07:00:00Z"}


def free(counter: Counter, window: Json = DAY, **more: Any) -> list[str]:
    wish = {"start_at_range": window} | more
    found = counter.call("POST", "/v2/bookings/availability/search", {"query": {"filter": wish}})
    return [one["start_at"][11:16] for one in found["availabilities"]]


def test_a_time_is_free_until_everybody_who_gives_it_is_booked(counter: Counter) -> None:
    booked = book(counter, start_at="2026-03-10T18:00:00Z")
    segment = booked["appointment_segments"][0]
    service = [{"service_variation_id": segment["service_variation_id"]}]
    hers = [service[0] | {"team_member_id_filter": {"any": [segment["team_member_id"]]}}]
    assert "18:00" in free(counter, segment_filters=service)
    times = free(counter, segment_filters=hers)
    # Nine to six at the clinic, an hour each; the one before may end when this one begins.
    assert (times[0], times[-1]) == ("16:00", "00:00")
    assert "17:00" in times
    assert "17:15" not in times
    assert "18:45" not in times
    assert "19:00" in times
    # The appointment itself may be moved by half an hour.
    assert "18:30" in free(counter, booking_id=booked["id"])
    counter.call("POST", f"/v2/bookings/{booked['id']}/cancel", {})
    assert "18:00" in free(counter, segment_filters=hers)


@pytest.mark.parametrize("end", ["2026-03-11T06:59:59Z", "2026-04-11T07:00:01Z"])
def test_free_times_are_asked_for_a_day_to_32_days(counter: Counter, end: str) -> None:
    body = {"query": {"filter": {"start_at_range": DAY | {"end_at": end}}}}
    assert counter.refused("POST", "/v2/bookings/availability/search", body) == (400, "INVALID_TIME_RANGE")


def test_a_plan_without_writes_lists_and_books_nothing(counter: Counter, booked: Json) -> None:
    path = f"/v2/bookings/{booked['id']}"
    counter.call("PUT", "/practice/appointments-plan", {"plan": "free"})
    for method, at, body in (
        ("POST", "/v2/bookings", {"booking": {}}),
        ("PUT", path, {"booking": {"seller_note": "x"}}),
        ("POST", f"{path}/cancel", {}),
    ):
        assert counter.refused(method, at, body) == (403, "FORBIDDEN")
    profile = counter.call("GET", "/v2/bookings/business-booking-profile")["business_booking_profile"]
    assert profile["support_seller_level_writes"] is False
    assert counter.call("GET", path)["booking"]["status"] == "ACCEPTED"
    counter.call("PUT", "/practice/appointments-plan", {"plan": "none"})
    assert counter.refused("GET", path) == (401, "UNAUTHORIZED")
    counter.call("PUT", "/practice/appointments-plan", {"plan": "plus"})
    assert counter.call("PUT", path, {"booking": {"seller_note": "x"}})["booking"]["version"] == 1
