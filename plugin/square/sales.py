"""A paid Square order as a sale of packages: which lines are ours, whether it is paid, and when. Pure; no I/O."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from plugin.core.money import Money
from plugin.courses.sales.lookalikes import Offers, SoldItem
from plugin.courses.sales.sales import Came, Sale, SaleLine
from plugin.square.buyers import Bought
from plugin.square.models import Line, Order, Tender, minor_units
from plugin.square.parsing import Json, readable, text, unreadable, whole_quantity, words

# A line, what it seems to sell, and the package it looks like.
Alike = tuple[Json, SoldItem, str]


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
    """Return the other lines as what they seem to sell, without gift cards and lines that can't be read."""
    others = [line for line in lines if line not in known and line.get("item_type") != "GIFT_CARD"]
    return readable(lambda line: (line, _sold_item(Line.read(line))), others, "line")


def _sold_item(line: Line) -> SoldItem:
    return SoldItem(
        uid=line.uid,
        square_variation_id=line.square_variation_id,
        item_name=line.name,
        variation_name=line.variation_name,
        price=line.unit_price,
    )


def lines_like_packages(lines: Sequence[Json], known: Sequence[Json], offers: Offers) -> list[Alike]:
    """Return the lines, beside those known to sell packages, that look like one, each with the package."""
    seeming = ((line, sold, offers.package_like(sold)) for line, sold in other_items(lines, known))
    return [(line, sold, package_id) for line, sold, package_id in seeming if package_id is not None]


def is_paid(order: Order) -> bool:
    """Return whether the order is paid in full: it is completed, or captured tenders cover its total."""
    if order.state != "OPEN":
        return order.state == "COMPLETED"
    if order.total is None or order.total.amount <= 0:
        # An open order of nothing is not sold yet: an open ticket with a discount looks the same.
        return False
    return _paid_so_far(order) >= order.total.amount


def is_part_paid(order: Order) -> bool:
    """Return whether a part of an open order is paid."""
    return order.state == "OPEN" and not is_paid(order) and bool(_captured(order))


def refundable(order: Order) -> Money | None:
    """Return the money that can be refunded: the total, or what is paid of a part-paid order."""
    if order.total is None or not is_part_paid(order):
        return order.total
    return Money(_paid_so_far(order), order.total.currency)


def sale_of(
    order: Order,
    lines: list[Json],
    bought: Bought,
    *,
    of_invoice: bool = False,
    total: Money | None = None,
) -> Sale:
    """Return the order in the form the use cases take; raises SquareFailed for a line that can't be read.

    A sale by invoice is booked at its first payment, and each payment counts by itself. `total` is the price where
    Square does not show it any more.
    """
    total = total or order.total
    if total is None:
        raise unreadable("order without a total")
    came = _payments(order, total) if of_invoice else ()
    return Sale(
        square_order_id=order.id,
        square_location_id=order.location_id,
        paid_at=came[0].at or order.created_at if came else _paid_at(order),
        total=total,
        lines=tuple(_sale_line(order, Line.read(line)) for line in lines),
        buyer=bought.by,
        came=came,
        nameless_ids=bought.nameless_ids,
    )


def surcharge_on(order: Order, line: Line, currency: str) -> int:
    """Return how much of a line's total is card surcharge, minor units.

    Square apportions it to the lines or adds it beside them (OrderCardSurchargeTreatmentType). Its published order
    names no field for it; orders carry `total_card_surcharge_money`, or a service charge of that name.
    """
    surcharges = {charge.uid for charge in order.charges.service_charges if charge.is_card_surcharge}
    named = [one.applied for one in line.charges if one.uid in surcharges]
    return sum(minor_units(one, currency) for one in (line.card_surcharge, *named))


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


def _paid_so_far(order: Order) -> int:
    return sum(one.amount.amount for one in _captured(order) if one.amount)


def _payments(order: Order, total: Money) -> tuple[Came, ...]:
    """Return the payments in the order they were made, each with the sum paid by then."""
    came, so_far = list[Came](), Money(0, total.currency)
    tenders = sorted(_captured(order), key=lambda one: one.created_at or order.created_at)
    for tender in tenders:
        so_far = so_far + (tender.amount or Money(0, total.currency))
        came.append(Came(so_far, tender.created_at))
    return tuple(came)


def _paid_at(order: Order) -> datetime:
    # Only from the order, so that webhook and sync give the same time. It may be closed long after the payment
    # (a fulfilment), and a payment made offline carries the time of the sale.
    paid = [tender.created_at for tender in order.tenders if tender.created_at is not None]
    times = [max(paid)] if paid else []
    if order.closed_at is not None:
        times.append(order.closed_at)
    return min(times, default=order.created_at)


def _sale_line(order: Order, line: Line) -> SaleLine:
    charged, tax = _charged(order, line)
    return SaleLine(
        uid=line.uid,
        square_variation_id=line.square_variation_id or "",
        name=line.name,
        quantity=whole_quantity(line.quantity),
        quantity_text=words(line.quantity, 40),
        # What a course is worth in the ledger is the line's total less its tax (docs/rules.md, rule 3): modifiers and
        # apportioned service charges are in it.
        total=charged - tax,
        tax=tax.amount,
        tax_in_price=_included_tax(order, line, tax.amount),
    )


def _charged(order: Order, line: Line) -> tuple[Money, Money]:
    """Return what was charged for a line without card surcharges, tax included, and that tax."""
    if line.total is None:
        raise unreadable("line without a total")
    currency = line.total.currency
    charged = line.total - Money(surcharge_on(order, line, currency), currency)
    tax = minor_units(line.tax, currency)
    if not 0 <= tax <= charged.amount:
        raise unreadable("line total below its tax and card surcharge")
    return charged, Money(tax, currency)


def _included_tax(order: Order, line: Line, tax: int) -> int:
    """Return how much of a line's tax its listed price contains."""
    included = {one.uid for one in order.charges.taxes if one.is_included}
    applied = sum(one.applied.amount for one in line.taxes if one.applied is not None and one.uid in included)
    return min(tax, max(0, applied))
