"""Orders made and read through the API: drafting, pricing, payment by payments already taken, returns' totals."""

from typing import Any

from practice_square.catalog import variation_with_item
from practice_square.events import announce_order
from practice_square.faults import as_read
from practice_square.merchant import currency, require_currency, require_location
from practice_square.order_shapes import (
    APPORTIONED_PHASES,
    CALCULATE,
    CREATE,
    RETRIEVE,
    UPDATE,
    check_parts,
)
from practice_square.priced import APPORTIONED
from practice_square.pricing import price_order
from practice_square.refusals import Refusal, bad_request, find, missing, version_mismatch
from practice_square.shapes import checked
from practice_square.storage import Json, Work

APPLICATION_NAME = "Practice application"
KEPT_FIELDS = ("location_id", "reference_id", "customer_id", "ticket_name", "metadata", "pricing_options")
PRICED = ("line_items", "discounts", "taxes", "service_charges")
CLOSED = ("COMPLETED", "CANCELED")
HANDED_OVER = ("COMPLETED", "CANCELED", "FAILED")


def create_order(work: Work, body: Json) -> Json:
    """Open an order and price it. Raises Refusal as Square would."""
    checked(body, CREATE)
    order = _drafted(work, body["order"])
    now = work.now()
    order |= {"id": work.make_id() + "ORD", "created_at": now, "updated_at": now, "version": 1}
    order["state"] = "DRAFT" if body["order"].get("state") == "DRAFT" else "OPEN"
    announce_order(work, work.put("order", order), is_new=True)
    return {"order": order}


def calculate_order(work: Work, body: Json) -> Json:
    """Price an order without storing it."""
    checked(body, CALCULATE)
    now = work.now()
    return {"order": _drafted(work, body["order"]) | {"created_at": now, "updated_at": now, "state": "OPEN"}}


def find_order(work: Work, id_: str) -> Json:
    return find(work, "order", id_, "Order", "order_id")


def read_order(work: Work, id_: str) -> Json:
    return {"order": as_read(work, find_order(work, id_))}


def retrieve_orders(work: Work, body: Json) -> Json:
    """Return the orders of the ids that exist; unknown ones are silently left out, as Square does."""
    checked(body, RETRIEVE)
    if body.get("location_id"):
        require_location(work, body["location_id"])
    kept = [work.get("order", id_) for id_ in body["order_ids"]]
    orders = [as_read(work, order) for order in kept if order is not None]
    return {"orders": orders} if orders else {}


def update_order(work: Work, id_: str, body: Json) -> Json:
    """Change an open order sparsely. Orders of the register have no version and cannot be changed."""
    checked(body, UPDATE)
    order = find_order(work, id_)
    change = body["order"]
    _check_changeable(work, order, change)
    cleared = [name for name in body.get("fields_to_clear") or [] if name in order]
    merged = {name: value for name, value in order.items() if name not in cleared and name != "fulfillments"}
    merged |= {name: change[name] for name in KEPT_FIELDS if change.get(name) is not None}
    for plural in PRICED:
        if change.get(plural):
            merged[plural] = _merged_by_uid(merged.get(plural, []), change[plural])
    updated = price_order(order | _drafted(work, merged), currency(work)) | {
        "version": order["version"] + 1,
        "updated_at": work.now(),
    }
    updated = {name: value for name, value in updated.items() if name not in cleared or name in merged}
    updated = _moved(work, updated, change)
    announce_order(work, work.put("order", updated), is_new=False)
    return {"order": updated}


def cancel_order(work: Work, order: Json) -> Json:
    """Cancel an open order and its open fulfillments."""
    kept = [
        one | {"state": "CANCELED"} if one["state"] not in HANDED_OVER else one
        for one in order.get("fulfillments", [])
    ]
    return close_order(work, order | ({"fulfillments": kept} if kept else {}), "CANCELED")


def close_order(work: Work, order: Json, state: str) -> Json:
    """Complete an API order and send its event."""
    now = work.now()
    closed = order | {"state": state, "closed_at": now, "updated_at": now, "version": order["version"] + 1}
    announce_order(work, work.put("order", closed), is_new=False)
    return closed


def settle_order(work: Work, order: Json, tenders: list[Json], *, is_api: bool = True) -> Json:
    """Add tenders to an order. It closes when nothing is due and nothing is left to fulfill."""
    now = work.now()
    settled = price_order(order | {"tenders": [*order.get("tenders", []), *tenders]}, currency(work))
    if not settled["tenders"]:
        del settled["tenders"]
    settled["updated_at"] = now
    if settled["net_amount_due_money"]["amount"] == 0 and not has_open_fulfillment(settled):
        settled |= {"state": "COMPLETED", "closed_at": now}
        settled["line_items"] = [one for one in settled.get("line_items", []) if float(one["quantity"]) > 0]
    if is_api and "version" in settled:
        settled["version"] += 1
        announce_order(work, settled, is_new=False)
    return work.put("order", settled)


def has_open_fulfillment(order: Json) -> bool:
    """Return whether a fulfillment is open: such an order stays OPEN although it is paid."""
    return any(one["state"] not in HANDED_OVER for one in order.get("fulfillments", []))


def require_payable(work: Work, order: Json) -> None:
    """Refuse what cannot be paid directly. The order of an invoice is paid through its invoice alone."""
    if invoice_of(work, order["id"]):
        raise Refusal(
            "FORBIDDEN",
            f"The order {order['id']} is owned by another application.",
            status=403,
            category="AUTHENTICATION_ERROR",
        )
    if order["state"] != "OPEN":
        raise bad_request(f"Order {order['id']} is {order['state']} and cannot be paid.", "order_id")


def invoice_of(work: Work, order_id: str) -> str | None:
    """Return the invoice that an order belongs to."""
    invoice_id: str | None = work.note(f"invoice_of:{order_id}")
    return invoice_id


def sell_catalog_line(work: Work, line: Json) -> Json:
    """Fill a line from the catalog variation it names."""
    variation, item = variation_with_item(work, line["catalog_object_id"])
    data = variation["item_variation_data"]
    price = line.get("base_price_money") or data.get("price_money")
    if price is None:
        raise missing("base_price_money", "This variation needs `base_price_money`.")
    filled = {
        "name": item["item_data"]["name"],
        "variation_name": data.get("name") or "",
        "catalog_version": variation["version"],
        "item_type": "ITEM",
        "base_price_money": price,
    }
    return filled | {
        name: value for name, value in line.items() if value is not None and name != "base_price_money"
    }


def _drafted(work: Work, given: Json) -> Json:
    require_location(work, given["location_id"], "order.location_id")
    check_parts(given)
    order: Json = {name: given[name] for name in KEPT_FIELDS if given.get(name) is not None}
    order["source"] = {"name": (given.get("source") or {}).get("name") or APPLICATION_NAME}
    for plural in ("discounts", "taxes"):
        if given.get(plural):
            order[plural] = [_adjustment(work, one, plural) for one in given[plural]]
    if given.get("service_charges"):
        order["service_charges"] = [charge_of(work, one) for one in given["service_charges"]]
    if given.get("line_items"):
        order["line_items"] = [
            _line(work, line, f"order.line_items[{place}]") for place, line in enumerate(given["line_items"])
        ]
    return price_order(order, currency(work))


def _adjustment(work: Work, given: Json, plural: str) -> Json:
    require_currency(work, given.get("amount_money"), f"order.{plural}.amount_money")
    one = {name: value for name, value in given.items() if value is not None and name != "applied_money"}
    discount_type = "FIXED_AMOUNT" if "amount_money" in one else "FIXED_PERCENTAGE"
    type_ = "ADDITIVE" if plural == "taxes" else discount_type
    return {"uid": work.make_id(), "scope": "ORDER", "type": type_} | one


def charge_of(work: Work, given: Json) -> Json:
    """Fill in the fields of a service charge that Square fills in."""
    require_currency(work, given.get("amount_money"), "order.service_charges.amount_money")
    kept = {name: value for name, value in given.items() if value is not None}
    charge = {"uid": work.make_id(), "type": "CUSTOM", "treatment_type": "LINE_ITEM_TREATMENT"} | kept
    if charge["treatment_type"] != APPORTIONED:
        return {"calculation_phase": "SUBTOTAL_PHASE", "taxable": False} | charge
    phase = APPORTIONED_PHASES["percentage" not in charge]
    return {"calculation_phase": phase, "scope": "ORDER"} | charge


def _line(work: Work, given: Json, where: str) -> Json:
    line: Json = {"uid": work.make_id()} | {name: value for name, value in given.items() if value is not None}
    if line.get("modifiers"):
        line["modifiers"] = [modifier_of(work, one) for one in line["modifiers"]]
    if line.get("catalog_object_id"):
        return sell_catalog_line(work, line)
    if not line.get("base_price_money"):
        raise missing(f"{where}.base_price_money", "A line without a catalog object needs a price.")
    require_currency(work, line["base_price_money"], f"{where}.base_price_money")
    return {"item_type": "ITEM" if line.get("name") else "CUSTOM_AMOUNT"} | line


def modifier_of(work: Work, given: Json) -> Json:
    require_currency(work, given["base_price_money"], "order.line_items.modifiers.base_price_money")
    kept = {name: value for name, value in given.items() if value is not None}
    return {"uid": work.make_id(), "quantity": "1"} | kept


def _check_changeable(work: Work, order: Json, change: Json) -> None:
    require_location(work, change["location_id"], "order.location_id")
    if "version" not in order:
        raise bad_request("Orders not created through the API cannot be updated.", "order_id")
    if change["version"] != order["version"]:
        raise version_mismatch(
            f"Version mismatch: the order is at version {order['version']}.", "order.version"
        )
    if order["state"] in CLOSED:
        raise bad_request(f"A {order['state']} order cannot be updated.", "order.state")

    if invoice_of(work, order["id"]) and any(change.get(name) for name in PRICED):
        raise bad_request("The order of an invoice keeps its lines and its total.", "order")


def _moved(work: Work, order: Json, change: Json) -> Json:
    """Set the states of the fulfillments and of the order as the change requests."""
    wanted = {one.get("uid"): one.get("state") for one in change.get("fulfillments") or []}
    if order.get("fulfillments"):
        handed = [one | {"state": wanted.get(one["uid"]) or one["state"]} for one in order["fulfillments"]]
        order = order | {"fulfillments": handed}
    state = change.get("state")
    if state not in CLOSED:
        return order
    if state == "COMPLETED" and has_open_fulfillment(order):
        raise bad_request(
            "All fulfillments must have a state of COMPLETED, CANCELED, or FAILED for an order to be able to"
            " have a state of COMPLETED.",
            "order.state",
        )
    if state == "COMPLETED" and order["net_amount_due_money"]["amount"]:
        raise bad_request("An order is COMPLETED when it is paid.", "order.state")
    return order | {"state": state, "closed_at": work.now()}


def _merged_by_uid(kept: list[Json], given: list[Json]) -> list[Json]:
    merged: dict[Any, Json] = {one["uid"]: one for one in kept}
    for place, one in enumerate(given):
        uid = one.get("uid") or f"new-{place}"
        merged[uid] = merged.get(uid, {}) | one
    return list(merged.values())
