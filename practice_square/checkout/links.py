"""Payment links through the API: a page where one order is paid. Paying on the page is in link_page."""

from urllib.parse import urlsplit

from practice_square.checkout.link_shapes import CREATE, NOT_PLAYED, UPDATE
from practice_square.cursors import page_of
from practice_square.customers import read_customer
from practice_square.listings import read_limit
from practice_square.orders import CLOSED, cancel_order, create_order, find_order
from practice_square.payment_sources import amount_of
from practice_square.refusals import Refusal, bad_request, find, invalid, not_played, version_mismatch
from practice_square.shapes import checked
from practice_square.storage import Json, Work

CHANGEABLE = ("description", "payment_note", "checkout_options", "pre_populated_data")
MOST = 1000


def create_link(work: Work, body: Json, base_url: str) -> Json:
    """Open an order and a page to pay it. The order is a DRAFT until it is paid."""
    checked(body, CREATE)
    if bool(body.get("quick_pay")) == bool(body.get("order")):
        raise bad_request("Give either `quick_pay` or `order`.", "order")
    _check_options(body.get("checkout_options") or {})
    order = _drafted(work, body.get("order") or _quick_order(body["quick_pay"]))
    id_ = work.make_id() + "LNK"
    link = _kept(body) | {
        "id": id_,
        "version": 1,
        "order_id": order["id"],
        "url": f"{base_url}/pay/{id_}",
        "long_url": f"{base_url}/pay/{id_}",
        **work.stamps(),
    }
    work.put("payment_link", link)
    return {"payment_link": link_as_told(link), "related_resources": {"orders": [order]}}


def find_link(work: Work, id_: str) -> Json:
    return find(work, "payment_link", id_, "Payment link", "id")


def read_link(work: Work, id_: str) -> Json:
    return {"payment_link": link_as_told(find_link(work, id_))}


def list_links(work: Work, query: Json) -> Json:
    limit = read_limit(query.get("limit"), MOST)
    page = page_of(work, "payment_link", query, limit, told=link_as_told, newest_first=True)
    return page.as_body("payment_links")


def update_link(work: Work, id_: str, body: Json) -> Json:
    """Change the page's text. Its order and its address stay the same."""
    change = checked(body, UPDATE)["payment_link"]
    link = find_link(work, id_)
    if change["version"] != link["version"]:
        raise version_mismatch(
            f"Version mismatch: the payment link is at version {link['version']}.", "payment_link.version"
        )
    _check_options(change.get("checkout_options") or {})
    kept = {name: value for name, value in link.items() if name not in change or name not in CHANGEABLE}
    updated = kept | _kept(change) | {"version": link["version"] + 1, "updated_at": work.now()}
    return {"payment_link": link_as_told(work.put("payment_link", updated))}


def delete_link(work: Work, id_: str) -> Json:
    """Delete the page and cancel its order, unless that was paid."""
    link = find_link(work, id_)
    work.remove("payment_link", id_)
    order = find_order(work, link["order_id"])
    if order["state"] in CLOSED or order.get("tenders"):
        return {"id": id_}
    cancel_order(work, order)
    return {"id": id_, "cancelled_order_id": order["id"]}


def link_as_told(link: Json) -> Json:
    """Return the link as Square shows it: one never changed has no `updated_at`."""
    if link["version"] == 1:
        return {name: value for name, value in link.items() if name != "updated_at"}
    return link


def _kept(given: Json) -> Json:
    return {name: given[name] for name in CHANGEABLE if given.get(name) is not None}


def _check_options(options: Json) -> None:
    for name in NOT_PLAYED:
        if options.get(name):
            raise not_played(f"`{name}` is", f"checkout_options.{name}")
    address = options.get("redirect_url")
    if address and urlsplit(address).scheme not in ("http", "https"):
        raise invalid("`redirect_url` is an https address.", "checkout_options.redirect_url")


def _quick_order(quick_pay: Json) -> Json:
    if not amount_of(quick_pay, "price_money"):
        raise Refusal("VALUE_TOO_LOW", "The price must be at least 1.", field="quick_pay.price_money.amount")
    line = {"name": quick_pay["name"], "quantity": "1", "base_price_money": quick_pay["price_money"]}
    return {"location_id": quick_pay["location_id"], "line_items": [line]}


def _drafted(work: Work, given: Json) -> Json:
    """Open the order. Square adds a fulfillment, so that a paid order stays OPEN until it is fulfilled."""
    if given.get("customer_id"):
        read_customer(work, given["customer_id"])
    made = create_order(work, {"order": given | {"state": "DRAFT"}})["order"]
    if made["total_money"]["amount"] <= 0:
        raise bad_request("A payment link needs an order with a total above 0.", "order")
    handover = {"uid": work.make_id(), "type": "DIGITAL", "state": "PROPOSED"}
    return work.put("order", made | {"fulfillments": [handover]})
