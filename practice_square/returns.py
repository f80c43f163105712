"""Return orders: the separate order that each refund makes, with the returned lines."""

from decimal import Decimal

from practice_square.merchant import currency, location_id, money
from practice_square.priced import amounts
from practice_square.pricing import read_quantity, rounded
from practice_square.refusals import invalid, not_found
from practice_square.storage import Json, Work

TOTALS = (
    "total_tax_money",
    "total_discount_money",
    "total_service_charge_money",
    "total_card_surcharge_money",
    "total_money",
)


def make_return(work: Work, source_order_id: str, lines: list[Json], tips: list[Json] | None = None) -> Json:
    """Write the return order: it has returns, no lines of its own, and negative net amounts."""
    tip = sum(one["applied_money"]["amount"] for one in tips or [])
    total = sum(line["total_money"]["amount"] for line in lines) + tip
    tax = sum(line.get("total_tax_money", {}).get("amount", 0) for line in lines)
    discount = sum(line.get("total_discount_money", {}).get("amount", 0) for line in lines)
    unit, now = currency(work), work.now()
    charged = sum(line.get("total_service_charge_money", {}).get("amount", 0) for line in lines)
    back = amounts(total, tax, discount, tip, unit, service_charge=charged)
    nothing = {f"total_{name}_money": money(work, 0) for name in ("tax", "discount", "tip", "service_charge")}
    order = nothing | {
        "id": work.make_id() + "RET",
        "location_id": location_id(work),
        "source": {"name": "Square Point of Sale"},
        "state": "COMPLETED",
        "created_at": now,
        "updated_at": now,
        "closed_at": now,
        "returns": [
            {
                "uid": work.make_id(),
                "source_order_id": source_order_id,
                **({"return_line_items": lines} if lines else {}),
                **({"return_tips": tips} if tips else {}),
                "return_amounts": back,
            }
        ],
        "return_amounts": back,
        "net_amounts": amounts(-total, -tax, -discount, -tip, unit, service_charge=-charged),
        "total_money": money(work, 0),
        "net_amount_due_money": money(work, 0),
    }
    return work.put("order", order)


def returned_so_far(work: Work, order_id: str) -> dict[str, Decimal]:
    """Count what was returned already, by line uid."""
    done: dict[str, Decimal] = {}
    for _, line in _return_lines_of(work, order_id):
        uid = line.get("source_line_item_uid")
        if uid:
            done[uid] = done.get(uid, Decimal(0)) + Decimal(line["quantity"])
    return done


def tip_left(work: Work, order: Json) -> int:
    """Return how much of a sale's tip is not in a return yet, in minor units."""
    returned: int = sum(
        tip["applied_money"]["amount"]
        for one in work.all("order")
        for back in one.get("returns", [])
        if back.get("source_order_id") == order["id"]
        for tip in back.get("return_tips", [])
    )
    taken: int = order["total_tip_money"]["amount"]
    return taken - returned


def returned_tips(work: Work, order: Json, amount: int) -> list[Json]:
    """Refund an amount of the tip, each part beside the tender that took it."""
    if not 0 <= amount <= tip_left(work, order):
        raise invalid("The sale holds no such tip any more.", "tip")
    tips: list[Json] = []
    for tender in order.get("tenders", []):
        part = min(amount, tender.get("tip_money", {}).get("amount", 0))
        if part:
            told = {"uid": work.make_id(), "applied_money": money(work, part)}
            tips.append(told | {"source_tender_id": tender["id"]})
            amount -= part
    return tips


def custom_line(work: Work, amount: int) -> Json:
    return {
        "uid": work.make_id(),
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "base_price_money": money(work, amount),
        "variation_total_price_money": money(work, amount),
        "gross_return_money": money(work, amount),
        "total_tax_money": money(work, 0),
        "total_discount_money": money(work, 0),
        "total_money": money(work, amount),
    }


def returned_line(work: Work, order: Json, uid: str, text: str) -> Json:
    line = next((one for one in order.get("line_items", []) if one["uid"] == uid), None)
    if line is None:
        raise not_found("Order line", uid, "lines.uid")
    quantity = read_quantity(text, has_unit=bool(line.get("quantity_unit")), field_name="lines.quantity")
    done, sold = returned_so_far(work, order["id"]).get(uid, Decimal(0)), Decimal(line["quantity"])
    if not 0 < quantity <= sold - done:
        raise invalid(f"Of this line {sold - done} can still be refunded.", "lines.quantity")
    returned = {
        "uid": work.make_id(),
        "source_line_item_uid": uid,
        "quantity": text,
        "base_price_money": line["base_price_money"],
        "gross_return_money": _part(line["gross_sales_money"], done, quantity, sold),
    }
    returned |= {
        name: _part(line[name], done, quantity, sold)
        for name in ("variation_total_price_money", *TOTALS)
        if name in line
    }
    if line.get("modifiers"):
        returned["return_modifiers"] = [
            _returned_modifier(work, one, done, quantity, sold) for one in line["modifiers"]
        ]
    copied = ("name", "variation_name", "catalog_object_id", "catalog_version", "item_type", "quantity_unit")
    return returned | {name: line[name] for name in copied if name in line}


def _returned_modifier(work: Work, modifier: Json, done: Decimal, quantity: Decimal, sold: Decimal) -> Json:
    total = _part(modifier["total_price_money"], done, quantity, sold)
    kept = {name: modifier[name] for name in ("name", "quantity", "base_price_money")}
    return (
        {"uid": work.make_id(), "source_modifier_uid": modifier["uid"]} | kept | {"total_price_money": total}
    )


def _part(whole: Json, done: Decimal, quantity: Decimal, sold: Decimal) -> Json:
    """Return the share of a line's money so that all its returns add up to the line's money exactly."""
    amount = Decimal(whole["amount"])
    upto, before = rounded(amount * (done + quantity) / sold), rounded(amount * done / sold)
    return {"amount": upto - before, "currency": whole["currency"]}


def _return_lines_of(work: Work, order_id: str) -> list[tuple[Json, Json]]:
    return [
        (order, line)
        for order in work.all("order")
        for back in order.get("returns", [])
        if back.get("source_order_id") == order_id
        for line in back.get("return_line_items", [])
    ]
