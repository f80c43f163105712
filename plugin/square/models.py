"""Square's orders, payments and refunds as values: what booking needs, each field checked as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from plugin.core.money import Money
from plugin.square.parsing import (
    Json,
    listed,
    moment,
    money,
    optional_id,
    optional_moment,
    optional_money,
    record,
    records,
    square_id,
    text,
    words,
)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken; status APPROVED, PENDING, COMPLETED, CANCELED or FAILED.

    `product` is what of Square's took it, such as INVOICES.
    """

    id: str
    status: str
    order_id: str | None
    customer_id: str | None
    location_id: str | None
    product: str = ""


@dataclass(frozen=True, slots=True)
class Tender:
    """A payment as its order shows it. A card that is only authorized has paid nothing yet."""

    payment_id: str | None
    customer_id: str | None
    amount: Money | None
    created_at: datetime | None
    is_captured: bool


@dataclass(frozen=True, slots=True)
class Return:
    """What one order gives back of another; `lines` and `tips` as Square wrote them."""

    source_order_id: str | None
    lines: tuple[Json, ...]
    tips: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A sale, a return, or both at once (an exchange); state OPEN, COMPLETED, CANCELED or DRAFT.

    `lines` stay as Square wrote them: a strange line of retail must not keep a package from being booked.
    """

    id: str
    location_id: str
    state: str
    customer_id: str | None
    total: Money | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    lines: tuple[Json, ...]
    tenders: tuple[Tender, ...]
    returns: tuple[Return, ...]
    refund_ids: tuple[str, ...]
    # All of it as Square wrote it, for the record an invoice is made of.
    answer: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PaymentRefund:
    """Money given back. `order_id` is the return order; status PENDING, COMPLETED, REJECTED or FAILED."""

    id: str
    status: str
    amount: Money
    order_id: str | None
    payment_id: str | None
    location_id: str | None
    created_at: datetime
    updated_at: datetime
    reason: str


def payment_of(answer: Json) -> Payment:
    """Read a payment; raises SquareFailed."""
    return Payment(
        id=square_id(answer.get("id"), "payment id"),
        status=text(answer.get("status")),
        order_id=optional_id(answer.get("order_id"), "payment order_id"),
        customer_id=optional_id(answer.get("customer_id"), "payment customer_id"),
        location_id=optional_id(answer.get("location_id"), "payment location_id"),
        product=text(
            record(answer.get("application_details") or {}, "application_details").get("square_product")
        ),
    )


def order_of(answer: Json) -> Order:
    """Read an order; raises SquareFailed."""
    created_at = moment(answer.get("created_at"), "order created_at")
    return Order(
        id=square_id(answer.get("id"), "order id"),
        location_id=square_id(answer.get("location_id"), "order location_id"),
        state=text(answer.get("state")),
        customer_id=optional_id(answer.get("customer_id"), "order customer_id"),
        total=optional_money(answer.get("total_money"), "order total"),
        created_at=created_at,
        updated_at=optional_moment(answer.get("updated_at"), "order updated_at") or created_at,
        closed_at=optional_moment(answer.get("closed_at"), "order closed_at"),
        lines=tuple(listed(answer.get("line_items"), "order lines")),
        tenders=tuple(_tender(one) for one in records(answer.get("tenders"), "order tenders")),
        returns=tuple(_return(one) for one in records(answer.get("returns"), "order returns")),
        refund_ids=tuple(
            square_id(one.get("id"), "order refund id")
            for one in records(answer.get("refunds"), "order refunds")
        ),
        answer=answer,
    )


def refund_of(answer: Json) -> PaymentRefund:
    """Read a refund; raises SquareFailed."""
    created_at = moment(answer.get("created_at"), "refund created_at")
    return PaymentRefund(
        id=square_id(answer.get("id"), "refund id"),
        status=text(answer.get("status")),
        amount=money(answer.get("amount_money"), "refund amount"),
        order_id=optional_id(answer.get("order_id"), "refund order_id"),
        payment_id=optional_id(answer.get("payment_id"), "refund payment_id"),
        location_id=optional_id(answer.get("location_id"), "refund location_id"),
        created_at=created_at,
        updated_at=optional_moment(answer.get("updated_at"), "refund updated_at") or created_at,
        reason=words(answer.get("reason"), 300),
    )


def _tender(answer: Json) -> Tender:
    card = answer.get("card_details")
    status = text(record(card, "tender card").get("status")) if card is not None else ""
    return Tender(
        # A tender's own id is the payment's id; newer answers name it twice.
        payment_id=optional_id(answer.get("payment_id") or answer.get("id"), "tender payment_id"),
        customer_id=optional_id(answer.get("customer_id"), "tender customer_id"),
        amount=optional_money(answer.get("amount_money"), "tender amount"),
        created_at=optional_moment(answer.get("created_at"), "tender created_at"),
        is_captured=status in ("", "CAPTURED"),
    )


def _return(answer: Json) -> Return:
    tips = tuple(records(answer.get("return_tips"), "return tips"))
    amounts = record(answer.get("return_amounts") or {}, "return_amounts")
    return Return(
        source_order_id=optional_id(answer.get("source_order_id"), "source_order_id"),
        lines=tuple(records(answer.get("return_line_items"), "return lines")),
        # An answer may tell the sum alone.
        tips=tips or ({"applied_money": amounts.get("tip_money")},),
    )
