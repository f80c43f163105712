"""Lists and searches of invoices."""

from collections.abc import Callable

from practice_square.checkout.invoice_shapes import SEARCH
from practice_square.checkout.invoices import as_of_now
from practice_square.cursors import page_of
from practice_square.listings import read_limit
from practice_square.merchant import require_location
from practice_square.refusals import missing
from practice_square.shapes import checked
from practice_square.storage import Json, Work

MOST = 200


def list_invoices(work: Work, query: Json) -> Json:
    if not query.get("location_id"):
        raise missing("location_id")
    require_location(work, query["location_id"])
    limit = read_limit(query.get("limit"), MOST)
    return _page(work, query, limit, lambda _: True, newest_first=True)


def search_invoices(work: Work, body: Json) -> Json:
    """Find invoices of a location, and of one customer if one is named."""
    query = checked(body, SEARCH)["query"]
    asked = query["filter"]
    require_location(work, asked["location_ids"][0], "query.filter.location_ids[0]")
    wanted = asked.get("customer_ids") or []

    def fits(invoice: Json) -> bool:
        return not wanted or (invoice.get("primary_recipient") or {}).get("customer_id") in wanted

    newest_first = (query.get("sort") or {}).get("order", "DESC") == "DESC"
    return _page(work, body, body.get("limit") or 100, fits, newest_first=newest_first)


def _page(work: Work, query: Json, limit: int, fits: Callable[[Json], bool], *, newest_first: bool) -> Json:
    for invoice in work.all("invoice"):
        as_of_now(work, invoice)
    page = page_of(work, "invoice", query, limit, fits=fits, newest_first=newest_first)
    return page.as_body("invoices")
