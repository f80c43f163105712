"""SearchEvents: the events of the last 28 days, delivered or not."""

from datetime import timedelta

from practice_square.cursors import page_of
from practice_square.events import event_as_told
from practice_square.settings import SQUARE_VERSION
from practice_square.shapes import TIME_RANGE, Many, Record, Text, Whole, checked, moment
from practice_square.storage import Json, Work

KEPT_FOR = timedelta(days=28)
SEARCH = Record(
    cursor=Text(most=256),
    limit=Whole(1, 100),
    query=Record(
        filter=Record(
            event_types=Many(Text()),
            merchant_ids=Many(Text()),
            location_ids=Many(Text()),
            created_at=TIME_RANGE,
        ),
        sort=Record(field=Text(), order=Text(one_of=("ASC", "DESC"))),
    ),
)


def search_events(work: Work, body: Json) -> Json:
    checked(body, SEARCH)
    query = body.get("query") or {}
    asked = query.get("filter") or {}
    times = asked.get("created_at") or {}
    oldest = work.ago(KEPT_FOR)
    start = moment(times.get("start_at"), "query.filter.created_at.start_at") or oldest
    types = set(asked.get("event_types") or [])
    page = page_of(
        work,
        "event",
        body,
        body.get("limit") or 100,
        fits=lambda one: not types or one["type"] in types,
        told=event_as_told,
        newest_first=(query.get("sort") or {}).get("order", "DESC") == "DESC",
        start=max(start, oldest),
        end=moment(times.get("end_at"), "query.filter.created_at.end_at"),
    )
    answer = page.as_body("events")
    if page.items:
        answer["metadata"] = [
            {"event_id": one["event_id"], "api_version": SQUARE_VERSION} for one in page.items
        ]
    return answer
