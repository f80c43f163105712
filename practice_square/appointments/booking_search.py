"""Finding bookings: Square's list call with its window of days, and one local day for the register's page."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from practice_square.cursors import cut_page, read_cursor
from practice_square.customers import current_id
from practice_square.listings import read_limit
from practice_square.merchant import TIMEZONE, require_location
from practice_square.refusals import Refusal
from practice_square.shapes import moment
from practice_square.storage import Json, Place, Work, rfc3339

WIDEST = timedelta(days=31)
MOST = 1000


def list_bookings(work: Work, query: Json, *, is_seller: bool = True) -> Json:
    """List by start, oldest first. Without a window: from now on, 31 days; so the past must be requested.

    With buyer-level rights only what the application booked itself is seen. A window wider than 31 days is
    refused: Square's documented default, and possibly stricter here than in Square.
    """
    require_location(work, query.get("location_id"))
    start, end = _window(work, query)
    reached = read_cursor(query.get("cursor"), query)
    found = [
        (place, one)
        for place, one in _by_start(work, start, end)
        if _fits(work, one, query) and (is_seller or one["source"] == "API")
    ]
    page = cut_page(
        work,
        [(place, one) for place, one in found if reached.place is None or place > reached.place],
        query=query,
        reached=reached,
        limit=read_limit(query.get("limit"), MOST),
    )
    return page.as_body("bookings")


def bookings_of_day(work: Work, day: date) -> list[Json]:
    """List one day of the clinic's calendar, in its own time zone, earliest first."""
    zone = ZoneInfo(TIMEZONE)
    start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return [one for _, one in _by_start(work, rfc3339(start), rfc3339(end))]


def local_start(day: date, at: time) -> str:
    """Return a local day and time of the clinic as a moment."""
    return rfc3339(datetime.combine(day, at, ZoneInfo(TIMEZONE)).astimezone(UTC))


def _by_start(work: Work, start: str, end: str) -> list[tuple[Place, Json]]:
    found = [
        ((one["start_at"], n), one) for (_, n), one in work.walk("booking") if start <= one["start_at"] < end
    ]
    return sorted(found, key=lambda one: one[0])


def _window(work: Work, query: Json) -> tuple[str, str]:
    start = moment(query.get("start_at_min"), "start_at_min") or work.now()
    latest = rfc3339(datetime.fromisoformat(start) + WIDEST)
    end = moment(query.get("start_at_max"), "start_at_max") or latest
    if not start <= end <= latest:
        raise Refusal(
            "INVALID_TIME_RANGE", "start_at_max is 0 to 31 days after start_at_min.", field="start_at_max"
        )
    return start, end


def _fits(work: Work, booking: Json, query: Json) -> bool:
    customer, member = query.get("customer_id"), query.get("team_member_id")
    if customer and current_id(work, booking.get("customer_id", "")) != current_id(work, customer):
        return False
    return not member or any(one["team_member_id"] == member for one in booking["appointment_segments"])
