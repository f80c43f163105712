"""The ways of selling from the desk, as a table: which calls to Square each makes, and how it is canceled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from plugin.courses.sales.checkout_views import LONGEST_AT_TILL
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout import invoice, link, payment, terminal
from plugin.square.checkout.order import ORDER, with_order
from plugin.square.checkout.row import end
from plugin.square.sync.orders import sync_orders
from plugin.store.selling import Checkout
from plugin.wording import N_, _

_WATCHED_FOR = timedelta(minutes=10)
_SOON_S = 10.0
# The clock of Square POS need not agree with ours.
_BEFORE = timedelta(minutes=2)
_NOT_RUNG_UP = N_("It is not rung up yet.")


@dataclass(frozen=True, slots=True)
class Call:
    """A call to Square whose answer is stored in the row; after a lost answer it is repeated under the same key."""

    name: str
    is_done: Callable[[Checkout], bool]
    make: Callable[[Services, Checkout], Checkout]


@dataclass(frozen=True, slots=True)
class Way:
    """The calls of a way of selling; `check` then returns whether it is paid; `cancel` returns None once done."""

    calls: tuple[Call, ...]
    check: Callable[[Services, Checkout], str | RunAgain]
    cancel: Callable[[Services, Checkout], RunAgain | None] = lambda _services, _row: None


def next_step(services: Services, row: Checkout) -> str | RunAgain:
    """Make the calls that are not made yet, then check for the payment; raises SquareFailed."""
    if row.amount == 0 and row.way != "till":
        return _without_price(services, row)
    way = WAYS[row.way]
    for call in way.calls:
        if not call.is_done(row):
            row = call.make(services, row)
        if row.amount == 0:
            return payment.pay_nothing(services, row)
    return way.check(services, row)


def _without_price(services: Services, row: Checkout) -> str | RunAgain:
    """Close the order of a package without a price, unless Square charges for it after all."""
    row = with_order(services, row)
    if row.amount == 0:
        return payment.pay_nothing(services, row)
    if row.way == "link":
        raise SquareFailed(
            _("{notice} Begin again.", notice=row.notice), permanent=True, code="price_changed"
        )
    return RunAgain(0, _("Square charges for it; it is sold the usual way."))


def _check_pos(services: Services, row: Checkout) -> str | RunAgain:
    """Sync orders while a person waits; afterwards an event or a sync reports the sale, up to twelve hours."""
    waited = services.clock() - row.created_at
    if waited >= LONGEST_AT_TILL:
        end(services, row, "timed_out", _("It was not rung up within twelve hours."))
        return _("It was not rung up.")
    if waited > _WATCHED_FOR:
        return RunAgain((LONGEST_AT_TILL - waited).total_seconds(), _NOT_RUNG_UP)
    for _other in sync_orders(services, row.created_at - _BEFORE):
        continue
    return RunAgain(_SOON_S, _NOT_RUNG_UP)


def _has_object(row: Checkout) -> bool:
    return row.square_object_id is not None


def _has_address(row: Checkout) -> bool:
    # Saved last, after the order and the object.
    return row.url is not None


_ORDER = Call(ORDER, lambda row: row.square_order_id is not None, with_order)
_PAYMENT = Call(payment.PAYMENT, _has_object, payment.record_payment)
_TERMINAL = Call(terminal.TERMINAL, _has_object, terminal.create_checkout)
_LINK = Call(link.LINK, _has_address, link.create_link)
_DRAFT = Call(invoice.INVOICE, _has_object, invoice.draft)
_PUBLISH = Call(invoice.PUBLISH, _has_address, invoice.publish)

WAYS = {
    "till": Way((), _check_pos),
    "terminal": Way((_ORDER, _TERMINAL), terminal.check, terminal.cancel),
    "link": Way((_LINK,), link.wait_for_payment, link.delete_link),
    "cash": Way((_ORDER, _PAYMENT), payment.check),
    "other": Way((_ORDER, _PAYMENT), payment.check),
    "invoice": Way((_ORDER, _DRAFT, _PUBLISH), link.wait_for_payment, invoice.cancel),
}
# How the answer to a call is learned that was lost.
REPEAT: dict[str, Callable[[Services, Checkout], Checkout]] = {
    payment.NOTHING: payment.close_without_payment,
    **{call.name: call.make for way in WAYS.values() for call in way.calls},
}
