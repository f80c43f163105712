"""A sale and a refund as Square tells them, put into our words. What `plugin.square` hands to `book` and `refund`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from plugin.core.money import Money
from plugin.courses.clients.contacts import Buyer


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One order line of one of our packages. `total` is what was charged for it less its tax, for all units.

    `square_variation_id` is "" for an amount typed at the till, which a person has said is a package.
    `tax` is that tax, of which listed prices contain `tax_in_price`, minor units; None where nobody kept it.
    `quantity` is None when Square's decimal string is no whole number above zero; `quantity_text` says what it was.
    """

    uid: str
    square_variation_id: str
    name: str
    quantity: int | None
    quantity_text: str
    total: Money
    tax: int | None = 0
    tax_in_price: int = 0


@dataclass(frozen=True, slots=True)
class Came:
    """How much had come for the whole order when one of its payments was made; `at` None: with the sale."""

    so_far: Money
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A Square order with money on it, only its lines that sell packages.

    `came` is told of an invoice alone, payment by payment; nothing told: all of it came at once.
    """

    square_order_id: str
    square_location_id: str
    paid_at: datetime
    total: Money
    lines: tuple[SaleLine, ...]
    buyer: Buyer | None = None
    came: tuple[Came, ...] = ()
    # Square customers it names that tell nothing of the person so far.
    nameless_ids: tuple[str, ...] = ()

    def payments(self) -> tuple[Came, ...]:
        """Return the payments one after the other."""
        return self.came or (Came(self.total),)

    @property
    def is_paid(self) -> bool:
        """Say whether all of it has come."""
        return self.payments()[-1].so_far.amount >= self.total.amount

    def to_json(self) -> dict[str, Any]:
        """Return a shape that an attention item can keep."""
        came = [
            {"so_far": asdict(one.so_far), "at": one.at.isoformat() if one.at else None} for one in self.came
        ]
        return {**asdict(self), "paid_at": self.paid_at.isoformat(), "came": came}


def sale_from_json(value: dict[str, Any]) -> Sale:
    """Read back what `Sale.to_json` wrote."""
    buyer = value["buyer"]
    # A sale kept by an earlier version says nothing of its tax.
    lines = tuple(
        SaleLine(**{"tax": None, **line, "total": Money(**line["total"])}) for line in value["lines"]
    )
    return Sale(
        square_order_id=value["square_order_id"],
        square_location_id=value["square_location_id"],
        paid_at=datetime.fromisoformat(value["paid_at"]),
        total=Money(**value["total"]),
        lines=lines,
        buyer=_buyer_from_json(buyer) if buyer else None,
        came=tuple(
            Came(Money(**one["so_far"]), datetime.fromisoformat(one["at"]) if one["at"] else None)
            for one in value.get("came", ())
        ),
        nameless_ids=tuple(value.get("nameless_ids", ())),
    )


def _buyer_from_json(value: dict[str, Any]) -> Buyer:
    lists = {name: tuple(value.get(name, ())) for name in ("known_as", "gone_ids")}
    return Buyer(**{**value, **lists})


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One line of a return order. No `source_line_uid`: Square did not say what was given back.

    `total` with its `tax`, and the `discount` that is taken back with it: as Square reckons them, minor units.
    """

    uid: str
    source_line_uid: str | None
    quantity: int
    total: int = 0
    tax: int = 0
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of (part of) a sale as it now stands at Square.

    `lines` are the return lines that belong to `square_order_id`; none for an amount-only refund. `tip` is what
    the return says of `amount` is a tip, `order_tip` the tip that the sale took, minor units.
    `status` is PENDING, COMPLETED, REJECTED or FAILED; `square_payment_id` is whose money goes back.
    """

    square_refund_id: str
    square_order_id: str
    return_order_id: str | None
    amount: Money
    order_total: Money
    status: str
    refunded_at: datetime
    reason: str
    lines: tuple[ReturnLine, ...] = ()
    square_payment_id: str | None = None
    tip: int = 0
    order_tip: int = 0

    @property
    def unnamed(self) -> int:
        """Return how much of the amount is neither a tip nor a line that the return names, minor units."""
        without_tip = self.amount.amount - self.tip
        named = sum(line.total for line in self.lines if line.source_line_uid is not None)
        rest = sum(line.total for line in self.lines if line.source_line_uid is None)
        # Over a split tender each refund gives back a part of all lines, which may be less than the named ones.
        return without_tip - named if named < without_tip else min(rest, without_tip)


@dataclass(frozen=True, slots=True)
class Booking:
    """What booking a sale brought: courses opened now, opened before, those money came for, and what needs a person."""

    opened: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    attention: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
