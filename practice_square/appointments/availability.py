"""Free times: every quarter of an hour from nine to six at the location, where a team member has no other booking."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from practice_square.appointments.bookings import STANDING, find_booking
from practice_square.appointments.seller_day import therapists
from practice_square.catalog import variation_with_item
from practice_square.merchant import TIMEZONE, location_id, require_location
from practice_square.refusals import Refusal, bad_request
from practice_square.shapes import Many, Record, Text, checked, moment
from practice_square.storage import Json, Work, rfc3339

OPENS, CLOSES, EVERY = time(9), time(18), timedelta(minutes=15)
SHORTEST, LONGEST = timedelta(days=1), timedelta(days=32)
USUAL_MINUTES = 60
_IDS = Record(all=Many(Text()), any=Many(Text()), none=Many(Text()))
_SEGMENT = Record(service_variation_id=Text(1, 36, required=True), team_member_id_filter=_IDS)
_FILTER = Record(
    required=True,
    start_at_range=Record(required=True, start_at=Text(), end_at=Text()),
    location_id=Text(most=32),
    segment_filters=Many(_SEGMENT),
    booking_id=Text(most=36),
)
SEARCH = Record(query=Record(required=True, filter=_FILTER))


def search_availability(work: Work, body: Json) -> Json:
    """List the free times of a service, or of a booking that is to be moved. Raises Refusal as Square would."""
    asked = checked(body, SEARCH)["query"]["filter"]
    start, end = _range(asked["start_at_range"])
    moved = find_booking(work, asked["booking_id"]) if asked.get("booking_id") else None
    if moved is not None and (asked.get("segment_filters") or asked.get("location_id")):
        raise bad_request("booking_id goes with no other filter.", "query.filter.booking_id")
    require_location(work, asked.get("location_id") or location_id(work), "query.filter.location_id")
    wanted = _of_booking(moved) if moved else asked.get("segment_filters") or []
    if len(wanted) != 1:
        raise bad_request("Ask for one service.", "query.filter.segment_filters")
    return {"availabilities": list(_free(work, wanted[0], start, end, moved))}


def _free(work: Work, wanted: Json, start: datetime, end: datetime, moved: Json | None) -> Iterator[Json]:
    variation, _item = variation_with_item(work, wanted["service_variation_id"])
    minutes = variation["item_variation_data"].get("service_duration", USUAL_MINUTES * 60_000) // 60_000
    members = _members(work, wanted.get("team_member_id_filter") or {})
    taken = list(_taken(work, moved))
    now = datetime.fromisoformat(work.now())
    for at in _starts(start, end, minutes):
        ends = at + timedelta(minutes=minutes)
        free = (one for one in members if not any(who == one and a < ends and at < b for who, a, b in taken))
        member = next(free, None)
        if member and at > now:
            segment = {
                "duration_minutes": minutes,
                "team_member_id": member,
                "service_variation_id": variation["id"],
                "service_variation_version": variation["version"],
            }
            yield {
                "start_at": rfc3339(at),
                "location_id": location_id(work),
                "appointment_segments": [segment],
            }


def _members(work: Work, asked: Json) -> list[str]:
    wanted = asked.get("any") or asked.get("all")
    return [one["id"] for one in therapists(work) if not wanted or one["id"] in wanted]


def _taken(work: Work, moved: Json | None) -> Iterator[tuple[str, datetime, datetime]]:
    for one in work.all("booking"):
        if one["status"] in STANDING and (moved is None or one["id"] != moved["id"]):
            at = datetime.fromisoformat(one["start_at"])
            for segment in one["appointment_segments"]:
                ends = at + timedelta(minutes=segment["duration_minutes"])
                yield segment["team_member_id"], at, ends
                at = ends


def _starts(start: datetime, end: datetime, minutes: int) -> Iterator[datetime]:
    zone = ZoneInfo(TIMEZONE)
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        at = datetime.combine(day, OPENS, zone)
        closes = datetime.combine(day, CLOSES, zone)
        while at + timedelta(minutes=minutes) <= closes:
            if start <= at < end:
                yield at
            at += EVERY
        day += timedelta(days=1)


def _range(asked: Json) -> tuple[datetime, datetime]:
    field = "query.filter.start_at_range"
    given = [moment(asked.get(name), f"{field}.{name}") for name in ("start_at", "end_at")]
    start, end = (datetime.fromisoformat(one) if one else None for one in given)
    if start is None or end is None or not SHORTEST <= end - start <= LONGEST:
        raise Refusal("INVALID_TIME_RANGE", "The range is 24 hours to 32 days.", field=field)
    return start, end


def _of_booking(booking: Json) -> list[Json]:
    return [
        {
            "service_variation_id": one["service_variation_id"],
            "team_member_id_filter": {"any": [one["team_member_id"]]},
        }
        for one in booking["appointment_segments"]
    ]
