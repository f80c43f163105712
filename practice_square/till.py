"""Rings up a sale as Square POS does: an order without version, payment events and no order event."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from practice_square.customers import make_instant_profile, read_customer
from practice_square.events import announce_payment
from practice_square.faults import hide_lines, read_faults
from practice_square.merchant import currency, location_id, money
from practice_square.orders import charge_of, modifier_of, sell_catalog_line
from practice_square.payment_sources import card_source, cash_source
from practice_square.payments import capture_payment, new_payment, tender_of
from practice_square.priced import Surcharge
from practice_square.pricing import price_order, read_percentage, read_quantity, rounded
from practice_square.refusals import Refusal, bad_request, invalid
from practice_square.sale import Part, Sale, SaleLine
from practice_square.storage import Json, Work

CUSTOMER_PLACES = ("payment", "order", "tender")
CARD_SURCHARGE = Decimal("0.03")
TENDER_KINDS = ("card", "cash", "gift_card", "other")


def draft_sale(work: Work, sale: Sale) -> Json:
    """Price a sale without ringing it up. Raises Refusal for a line that cannot be sold."""
    if not sale.lines:
        raise bad_request("Add at least one line to the sale.", "lines")
    unit = currency(work)
    order: Json = {
        "location_id": location_id(work),
        "source": {"name": "Square Point of Sale"},
        "line_items": [_line(work, line, place) for place, line in enumerate(sale.lines)],
        "discounts": _discounts(sale, unit),
        "taxes": _taxes(sale),
        "service_charges": _charges(work, sale, unit),
    }
    return price_order({name: value for name, value in order.items() if value != []}, unit)


def ring_up(work: Work, sale: Sale) -> Json:
    """Sell: take the tenders, close the order, send the payments' events. Returns {"order", "payments"}."""
    order = draft_sale(work, sale)
    return close_sale(work, sale, order, due=order["total_money"]["amount"])


def close_sale(work: Work, sale: Sale, order: Json, *, due: int) -> Json:
    """Take what is due of a priced order and complete it. Returns {"order", "payments"}."""
    if sale.customer_on not in CUSTOMER_PLACES:
        raise invalid("`customer_on` is payment, order or tender.", "customer_on")
    if sale.customer_id:
        read_customer(work, sale.customer_id)
    now, sold_at = work.now(), sale.created_at or _offline_time(work)
    order |= {"id": work.make_id() + "ORD", "created_at": sold_at or now, "updated_at": now}
    if sale.customer_id and sale.customer_on == "order":
        order["customer_id"] = sale.customer_id
    asked = sale.card_surcharge or read_faults(work).card_surcharge
    parts = _cut(due, sale.parts)
    if asked != "none":
        parts = [_surcharged(part) for part in parts]
    payments = [_take(work, sale, order, part, sold_at) for part in parts]
    tenders = [_placed(tender_of(payment), sale) for payment in payments]
    if tenders:
        amount = sum(part.surcharge for part in parts)
        surcharge = Surcharge(amount, asked == "APPORTIONED") if amount else None
        order = price_order(order | {"tenders": tenders}, currency(work), surcharge)
    order |= {"state": "COMPLETED", "closed_at": sold_at or now}
    work.put("order", order)
    hidden_reads = read_faults(work).hidden_line_reads
    if hidden_reads:
        hide_lines(work, order["id"], hidden_reads)
    return {"order": order, "payments": payments}


def _line(work: Work, line: SaleLine, place: int) -> Json:
    has_unit = "." in line.quantity
    quantity = read_quantity(line.quantity, has_unit=has_unit, field_name=f"lines[{place}].quantity")
    if quantity == 0:
        raise invalid("A quantity of 0 cannot be sold.", f"lines[{place}].quantity")
    drawn: Json = {"uid": work.make_id(), "quantity": line.quantity, "note": line.note}
    if has_unit:
        drawn["quantity_unit"] = {
            "measurement_unit": {"type": "TYPE_GENERIC", "generic_unit": "UNIT"},
            "precision": 2,
        }
    if line.discount:
        drawn["applied_discounts"] = [{"uid": work.make_id(), "discount_uid": f"line-{place}-discount"}]
    if line.tax_percent:
        drawn["applied_taxes"] = [{"uid": work.make_id(), "tax_uid": f"line-{place}-tax"}]
    if line.modifiers:
        drawn["modifiers"] = [
            modifier_of(
                work,
                {"name": one.name, "quantity": one.quantity, "base_price_money": money(work, one.amount)},
            )
            for one in line.modifiers
        ]
    price = None if line.amount is None else money(work, line.amount)
    if line.variation_id:
        return sell_catalog_line(
            work, drawn | {"catalog_object_id": line.variation_id, "base_price_money": price}
        )
    if price is None or line.amount is None or line.amount < 0:
        raise Refusal(
            "VALUE_TOO_LOW", "A custom amount cannot be below zero.", field=f"lines[{place}].amount"
        )
    named = {"name": line.name} if line.name else {}
    kept = {name: value for name, value in drawn.items() if value is not None}
    return kept | named | {"item_type": "CUSTOM_AMOUNT", "base_price_money": price}


def _discounts(sale: Sale, unit: str) -> list[Json]:
    discounts = [
        line.discount.as_discount(f"line-{place}-discount", "LINE_ITEM", unit)
        for place, line in enumerate(sale.lines)
        if line.discount
    ]
    if sale.discount:
        discounts.append(sale.discount.as_discount("sale-discount", "ORDER", unit))
    for discount in discounts:
        _check_discount(discount)
    return discounts


def _check_discount(discount: Json) -> None:
    if "percentage" in discount:
        read_percentage(discount["percentage"], "discount.percent")
    elif (discount["amount_money"]["amount"] or 0) <= 0:
        raise Refusal("VALUE_TOO_LOW", "A discount takes something off.", field="discount.amount")


def _taxes(sale: Sale) -> list[Json]:
    taxes: list[Json] = [
        {"uid": f"line-{place}-tax", "scope": "LINE_ITEM", "percentage": line.tax_percent}
        for place, line in enumerate(sale.lines)
        if line.tax_percent
    ]
    if sale.tax_percent:
        taxes.append({"uid": "sale-tax", "scope": "ORDER", "percentage": sale.tax_percent})
    for tax in taxes:
        read_percentage(tax["percentage"], "tax_percent")
        tax |= {"name": "Sales tax", "type": "INCLUSIVE" if sale.tax_included else "ADDITIVE"}
    return taxes


def _charges(work: Work, sale: Sale, unit: str) -> list[Json]:
    for charge in sale.charges:
        if (charge.percent is None) == (charge.amount is None):
            said = "A service charge has either a percentage or an amount."
            raise bad_request(said, "service_charges")
        if charge.percent is not None:
            read_percentage(charge.percent, "service_charges.percent")
    return [
        charge_of(work, charge.as_service_charge(f"charge-{place}", unit))
        for place, charge in enumerate(sale.charges)
    ]


def _surcharged(part: Part) -> Part:
    """Add the card surcharge."""
    if part.kind != "card" or part.amount is None:
        return part
    surcharge = rounded(part.amount * CARD_SURCHARGE)
    return replace(part, amount=part.amount + surcharge, surcharge=surcharge)


def _cut(due: int, parts: tuple[Part, ...]) -> list[Part]:
    """Fit the tenders to what is due. A sale of nothing needs no tender."""
    left = due
    cut: list[Part] = []
    for part in parts:
        if part.kind not in TENDER_KINDS:
            raise invalid("A tender is card, cash, gift_card or other.", "tenders.type")
        amount = left if part.amount is None else part.amount
        if not 0 <= amount <= left or part.tip < 0:
            raise invalid("The tenders are more than the total.", "tenders.amount")
        left -= amount
        if amount:
            cut.append(Part(part.kind, amount, part.tip, part.supplied))
    if left:
        raise Refusal("PAYMENT_AMOUNT_MISMATCH", "The tenders do not cover the total.", field="tenders")
    return cut


def _take(work: Work, sale: Sale, order: Json, part: Part, sold_at: str | None) -> Json:
    amount = part.amount or 0
    source = _source(work, part, amount + part.tip)
    payment = new_payment(work, amount=amount, tip=part.tip, order_id=order["id"], source=source)
    payment |= {
        "application_details": {"square_product": "SQUARE_POS"},
        "device_details": {"device_id": "PRACTICE-TILL", "device_name": "Practice register"},
    }
    if sold_at:
        payment |= {"created_at": sold_at, "is_offline_payment": True}
        payment["offline_payment_details"] = {"client_created_at": sold_at}
    if sale.customer_id and sale.customer_on == "payment":
        payment["customer_id"] = sale.customer_id
    elif part.kind == "card" and not sale.customer_id and read_faults(work).makes_instant_profiles:
        payment["customer_id"] = make_instant_profile(work)["id"]
    if part.surcharge:
        details = {"card_surcharge_money": money(work, part.surcharge)}
        payment["card_details"]["applied_card_surcharge_details"] = details
    if part.kind not in ("card", "gift_card"):
        # Cash is complete as it is taken; a card is approved first and captured after.
        payment["status"] = "COMPLETED"
    announce_payment(work, work.put("payment", payment), is_new=True, is_withheld=sale.is_withheld)
    return capture_payment(work, payment, is_withheld=sale.is_withheld)


def _source(work: Work, part: Part, amount: int) -> Json:
    if part.kind == "card":
        return card_source("EMV")
    if part.kind == "gift_card":
        return card_source("KEYED", brand="SQUARE_GIFT_CARD")
    if part.kind == "other":
        return {"source_type": "EXTERNAL", "external_details": {"type": "OTHER", "source": "Other tender"}}
    supplied = amount if part.supplied is None else part.supplied
    if supplied < amount:
        raise Refusal("VALUE_TOO_LOW", "The cash given is less than the total.", field="tenders.supplied")
    return cash_source(work, amount, supplied)


def _placed(tender: Json, sale: Sale) -> Json:
    """Set the customer on the payment, order or tender: real sales have it in one place or another."""
    bare = {name: value for name, value in tender.items() if name != "customer_id"}
    return (
        bare | {"customer_id": sale.customer_id}
        if sale.customer_id and sale.customer_on == "tender"
        else bare
    )


def _offline_time(work: Work) -> str | None:
    hours = read_faults(work).offline_hours
    return work.ago(timedelta(hours=hours)) if hours else None
