"""Lists of payments and refunds by time, with the query parameters of Square's list calls."""

from collections.abc import Callable

from practice_square.cursors import page_of
from practice_square.merchant import require_location
from practice_square.refusals import Refusal, invalid
from practice_square.shapes import moment
from practice_square.storage import Json, Work

DEFAULT_LIMIT = MOST = 100


def list_payments(work: Work, query: Json) -> Json:
    def fits(payment: Json) -> bool:
        offline = query.get("is_offline_payment")
        if offline is not None and bool(payment.get("is_offline_payment")) != (offline == "true"):
            return False
        last_4 = query.get("last_4")
        return not last_4 or payment.get("card_details", {}).get("card", {}).get("last_4") == last_4

    return _list(work, "payment", query, fits)


def list_refunds(work: Work, query: Json) -> Json:
    def fits(refund: Json) -> bool:
        status, source = query.get("status"), query.get("source_type")
        return status in (None, refund["status"]) and source in (None, refund["destination_type"])

    return _list(work, "refund", query, fits)


def read_limit(text: str | None, most: int, field: str = "limit") -> int:
    if not text:
        return min(DEFAULT_LIMIT, most)
    if not text.isdigit():
        raise Refusal("EXPECTED_INTEGER", "Expected an integer value.", field=field)
    if not 1 <= int(text) <= most:
        raise invalid(f"The limit is between 1 and {most}.", field)
    return int(text)


def read_order(text: str | None) -> bool:
    """Return whether a list goes newest first. Raises Refusal for a value other than ASC or DESC."""
    if text not in (None, "", "ASC", "DESC"):
        raise Refusal("INVALID_SORT_ORDER", "The sort order is ASC or DESC.", field="sort_order")
    return text != "ASC"


def _list(work: Work, kind: str, query: Json, fits: Callable[[Json], bool]) -> Json:
    require_location(work, query.get("location_id"))
    sort = "updated_at" if query.get("sort_field") == "UPDATED_AT" else "created_at"
    prefix = "updated_at_" if sort == "updated_at" else ""
    page = page_of(
        work,
        kind,
        query,
        read_limit(query.get("limit"), MOST),
        fits=fits,
        sort=sort,
        newest_first=read_order(query.get("sort_order")),
        start=moment(query.get(f"{prefix}begin_time"), f"{prefix}begin_time"),
        end=moment(query.get(f"{prefix}end_time"), f"{prefix}end_time"),
    )
    return page.as_body(f"{kind}s")
