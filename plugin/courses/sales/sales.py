"""A sale and a refund as Square reports them; `plugin.square` passes them to `book` and `refund`."""

from dataclasses import dataclass
from datetime import datetime

from plugin.core.money import Money
from plugin.courses.clients.contacts import Buyer


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One order line of one of our packages. `total` is the amount charged less its tax, for all units.

    `square_variation_id` is "" for a custom amount in Square POS that a person has linked to a package. `tax`
    is that tax, of which listed prices contain `tax_in_price`, minor units.
    `quantity` is None when Square's decimal string is no positive whole number; `quantity_text` is that
    string.
    """

    uid: str
    square_variation_id: str
    name: str
    quantity: int | None
    quantity_text: str
    total: Money
    tax: int = 0
    tax_in_price: int = 0


@dataclass(frozen=True, slots=True)
class Came:
    """The total paid for the whole order as of one of its payments; `at` None: at the time of the sale."""

    so_far: Money
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid or part-paid Square order, with only its lines that sell packages.

    `came` is filled only for an invoice, one item per payment; empty: all was paid at once.
    """

    square_order_id: str
    square_location_id: str
    paid_at: datetime
    total: Money
    lines: tuple[SaleLine, ...]
    buyer: Buyer | None = None
    came: tuple[Came, ...] = ()
    # Square customers on the order without any personal details so far.
    nameless_ids: tuple[str, ...] = ()

    def payments(self) -> tuple[Came, ...]:
        return self.came or (Came(self.total),)

    @property
    def is_paid(self) -> bool:
        return self.payments()[-1].so_far.amount >= self.total.amount


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One line of a return order. No `source_line_uid`: Square did not report which line was returned.

    `total` with its `tax`, and the `discount` returned with it: as computed by Square, minor units.
    """

    uid: str
    source_line_uid: str | None
    quantity: int
    total: int = 0
    tax: int = 0
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """The current state of a refund of (part of) a sale at Square.

    `lines` are the return lines that belong to `square_order_id`; none for an amount-only refund. `tip` is
    the part of `amount` that the return lists as tip, `order_tip` the tip of the sale, minor units. `status`
    is PENDING, COMPLETED, REJECTED or FAILED; `square_payment_id` is the payment refunded.
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
        """Return how much of the amount is neither tip nor an itemized line, minor units."""
        without_tip = self.amount.amount - self.tip
        named = sum(line.total for line in self.lines if line.source_line_uid is not None)
        rest = sum(line.total for line in self.lines if line.source_line_uid is None)
        # Over a split tender each refund returns a part of all lines, maybe less than the itemized ones.
        return without_tip - named if named < without_tip else min(rest, without_tip)


@dataclass(frozen=True, slots=True)
class Booking:
    """The result of booking: courses opened now, opened before and newly paid, and attention items."""

    opened: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    attention: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
