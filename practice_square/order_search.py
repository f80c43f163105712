"""SearchOrders: filters, the rule that sort and date filter name the same field, pages by cursor."""

from practice_square.cursors import page_of
from practice_square.faults import as_read
from practice_square.merchant import require_location
from practice_square.order_shapes import SEARCH
from practice_square.refusals import Refusal, bad_request, missing
from practice_square.shapes import checked, moment
from practice_square.storage import Json, Work

DEFAULT_LIMIT = 500


def search_orders(work: Work, body: Json) -> Json:
    """Find orders. Raises Refusal where Square would: no location, sort field unlike the date filter."""
    checked(body, SEARCH)
    if not body.get("location_ids"):
        raise missing("location_ids", "At least one location id is required.")
    for place, id_ in enumerate(body["location_ids"]):
        require_location(work, id_, f"location_ids[{place}]")
    query = body.get("query") or {}
    asked = query.get("filter") or {}
    sort = _sort_column(query, asked)
    newest_first = (query.get("sort") or {}).get("sort_order", "DESC") == "DESC"
    start, end = _time_range(asked, sort)
    page = page_of(
        work,
        "order",
        body,
        body.get("limit") or DEFAULT_LIMIT,
        fits=lambda order: _fits(order, asked),
        sort=sort,
        newest_first=newest_first,
        start=start,
        end=end,
    )
    if not body.get("return_entries"):
        page.items[:] = [as_read(work, order) for order in page.items]
        return page.as_body("orders")
    page.items[:] = [_entry(order) for order in page.items]
    return page.as_body("order_entries")


def _sort_column(query: Json, asked: Json) -> str:
    sort = query.get("sort") or {}
    field = sort.get("sort_field") or "CREATED_AT"
    dated = [name for name, value in (asked.get("date_time_filter") or {}).items() if value]
    if len(dated) > 1:
        raise Refusal(
            "CONFLICTING_PARAMETERS",
            "Only one date_time_filter can be used.",
            field="query.filter.date_time_filter",
        )
    if dated and dated[0].upper() != field:
        raise bad_request(
            f"The sort_field must be {dated[0].upper()} to filter by {dated[0]}.", "query.sort.sort_field"
        )
    if field == "CLOSED_AT" and not _has_only_closed(asked):
        raise bad_request(
            "Sorting by CLOSED_AT needs a state_filter with closed states.", "query.sort.sort_field"
        )
    return field.lower()


def _has_only_closed(asked: Json) -> bool:
    states = (asked.get("state_filter") or {}).get("states") or []
    return bool(states) and set(states) <= {"COMPLETED", "CANCELED"}


def _time_range(asked: Json, sort: str) -> tuple[str | None, str | None]:
    given = (asked.get("date_time_filter") or {}).get(sort) or {}
    where = f"query.filter.date_time_filter.{sort}"
    start, end = (moment(given.get(name), f"{where}.{name}") for name in ("start_at", "end_at"))
    if start and end and start > end:
        raise Refusal("INVALID_TIME_RANGE", "start_at is after end_at.", field=where)
    return start, end


def _fits(order: Json, asked: Json) -> bool:
    states = (asked.get("state_filter") or {}).get("states")
    if states and order["state"] not in states:
        return False
    names = (asked.get("source_filter") or {}).get("source_names")
    if names and order.get("source", {}).get("name") not in names:
        return False
    ids = (asked.get("customer_filter") or {}).get("customer_ids")
    return not ids or bool(_customers_of(order) & set(ids))


def _customers_of(order: Json) -> set[str]:
    on_tenders = {tender.get("customer_id") for tender in order.get("tenders", [])}
    return {id_ for id_ in (order.get("customer_id"), *on_tenders) if id_}


def _entry(order: Json) -> Json:
    entry = {"order_id": order["id"], "location_id": order["location_id"]}
    return entry | {name: order[name] for name in ("version",) if name in order}
