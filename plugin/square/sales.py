"""A paid Square order as a sale of packages: what is ours in it, whether it is paid, when. Asks nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from plugin.core.money import Money
from plugin.courses.sales.lookalikes import SoldItem
from plugin.courses.sales.sales import Came, Sale, SaleLine
from plugin.square.buyers import Bought
from plugin.square.models import Order, Tender
from plugin.square.parsing import (
    Json,
    money,
    optional_id,
    optional_money,
    readable,
    records,
    square_id,
    text,
    unreadable,
    whole_quantity,
    words,
)
from plugin.square.surcharges import surcharge_on, surcharge_uids


def package_lines(
    lines: Iterable[object], known: Collection[str], *, booked: Collection[str] = ()
) -> list[Json]:
    """Return the lines that sell one of these catalog variations, or are amounts booked by their uid."""
    return [line for line in lines if isinstance(line, dict) and _sells(line, known, booked)]


def _sells(line: Json, known: Collection[str], booked: Collection[str]) -> bool:
    variation = line.get("catalog_object_id")
    if not variation:
        return text(line.get("uid")) in booked
    return text(variation) in known


def other_items(lines: Iterable[Json], known: Collection[Json]) -> list[tuple[Json, SoldItem]]:
    """Return the lines beside these as what they seem to sell; a gift card, or a line that can't be read, is none."""
    others = [line for line in lines if line not in known and line.get("item_type") != "GIFT_CARD"]
    return readable(lambda line: (line, _sold_item(line)), others, "line")


def _sold_item(line: Json) -> SoldItem:
    return SoldItem(
        uid=square_id(line.get("uid"), "line uid"),
        square_variation_id=optional_id(line.get("catalog_object_id"), "line variation"),
        item_name=words(line.get("name"), 120),
        variation_name=words(line.get("variation_name"), 120),
        price=optional_money(line.get("base_price_money"), "line price"),
    )


def is_paid(order: Order) -> bool:
    """Say whether all of the order's money has come: it is completed, or captured tenders cover its total."""
    if order.state != "OPEN":
        return order.state == "COMPLETED"
    if order.total is None or order.total.amount <= 0:
        # An open order of nothing is not sold yet: an open ticket with a discount looks the same.
        return False
    return sum(one.amount.amount for one in _captured(order) if one.amount) >= order.total.amount


def is_part_paid(order: Order) -> bool:
    """Say whether some, but not all, of an open order's money has come."""
    return order.state == "OPEN" and not is_paid(order) and bool(_captured(order))


def taken(order: Order) -> Money | None:
    """Return the money that can be given back: all of it, or of a part-paid order what has come."""
    if order.total is None or not is_part_paid(order):
        return order.total
    return Money(sum(one.amount.amount for one in _captured(order) if one.amount), order.total.currency)


def sale_of(
    order: Order,
    lines: list[Json],
    bought: Bought,
    *,
    of_invoice: bool = False,
    total: Money | None = None,
) -> Sale:
    """Put the order into the words of the use cases; raises SquareFailed for a line that can't be read.

    An invoice is sold when its first money comes, and each payment of it counts by itself. `total` is what was asked
    for it where Square does not say so any more.
    """
    total = total or order.total
    if total is None:
        raise unreadable("order without a total")
    came = _came(order, total) if of_invoice else ()
    included, surcharges = _included_taxes(order), surcharge_uids(order.answer)
    return Sale(
        square_order_id=order.id,
        square_location_id=order.location_id,
        paid_at=came[0].at or order.created_at if came else _paid_at(order),
        total=total,
        lines=tuple(_line(line, included, surcharges) for line in lines),
        buyer=bought.by,
        came=came,
        nameless_ids=bought.nameless_ids,
    )


def _captured(order: Order) -> list[Tender]:
    total = order.total
    return [
        tender
        for tender in order.tenders
        if tender.is_captured
        and total is not None
        and tender.amount is not None
        and tender.amount.amount > 0
        and tender.amount.currency == total.currency
    ]


def _came(order: Order, total: Money) -> tuple[Came, ...]:
    """Return the payments in the order they were made, each with what had come by then."""
    came, so_far = list[Came](), Money(0, total.currency)
    tenders = sorted(_captured(order), key=lambda one: one.created_at or order.created_at)
    for tender in tenders:
        so_far = so_far + (tender.amount or Money(0, total.currency))
        came.append(Came(so_far, tender.created_at))
    return tuple(came)


def _paid_at(order: Order) -> datetime:
    # Only from the order, so that webhook and sweep tell the same time. It may be closed long after the
    # payment (a fulfilment), and a payment made offline carries the time of the sale.
    paid = [tender.created_at for tender in order.tenders if tender.created_at is not None]
    times = [max(paid)] if paid else []
    if order.closed_at is not None:
        times.append(order.closed_at)
    return min(times, default=order.created_at)


def _included_taxes(order: Order) -> frozenset[str]:
    taxes = records(order.answer.get("taxes"), "order taxes")
    return frozenset(text(tax.get("uid")) for tax in taxes if text(tax.get("type")) == "INCLUSIVE")


def _line(line: Json, included: Collection[str], surcharges: Collection[str]) -> SaleLine:
    charged, tax = _charged(line, surcharges)
    return SaleLine(
        uid=square_id(line.get("uid"), "line uid"),
        square_variation_id=optional_id(line.get("catalog_object_id"), "line variation") or "",
        name=words(line.get("name"), 120),
        quantity=whole_quantity(line.get("quantity")),
        quantity_text=words(line.get("quantity"), 40),
        # What a course is worth in the ledger is the line's total less its tax (docs/rules.md, rule 3): modifiers and
        # apportioned service charges are in it.
        total=charged - tax,
        tax=tax.amount,
        tax_in_price=_in_price(line, tax.amount, included),
    )


def _charged(line: Json, surcharges: Collection[str]) -> tuple[Money, Money]:
    """Return what was charged for a line, tax included, and that tax; paying by card is no part of what was sold."""
    total = money(line.get("total_money"), "line total")
    charged = total - Money(surcharge_on(line, surcharges, total.currency), total.currency)
    tax = optional_money(line.get("total_tax_money"), "line tax") or Money(0, charged.currency)
    if tax.currency != charged.currency:
        raise unreadable("line tax in another currency")
    if not 0 <= tax.amount <= charged.amount:
        raise unreadable("line total below its tax and card surcharge")
    return charged, tax


def _in_price(line: Json, tax: int, included: Collection[str]) -> int:
    """Return how much of a line's tax its listed price contains."""
    applied = [
        optional_money(one.get("applied_money"), "applied tax")
        for one in records(line.get("applied_taxes"), "applied taxes")
        if text(one.get("tax_uid")) in included
    ]
    return min(tax, max(0, sum(one.amount for one in applied if one is not None)))
