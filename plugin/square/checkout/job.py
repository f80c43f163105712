"""The outbox job of a sale begun at the desk: one step at a time, whatever answer was lost, until it has ended.

The ways of selling are a table: which calls to Square each makes, and how it is canceled. A sale that is canceled,
refused or timed out is canceled in Square first; a payment that was faster is a sale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from plugin.courses.base.outbox import Job
from plugin.courses.sales.checkout_views import LONGEST_AT_TILL
from plugin.errors import CoursekeeperError, NotYet, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout import invoice, link, order, terminal
from plugin.square.checkout.order import (
    ORDER,
    CheckoutCanceled,
    close_order,
    end,
    end_canceled,
    note_problem,
    plan_end,
    read_row,
    save,
    with_order,
)
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
            return order.pay_nothing(services, row)
    return way.check(services, row)


def _without_price(services: Services, row: Checkout) -> str | RunAgain:
    """Close the order of a package without a price, unless Square charges for it after all."""
    row = with_order(services, row)
    if row.amount == 0:
        return order.pay_nothing(services, row)
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
_PAYMENT = Call(order.PAYMENT, _has_object, order.record_payment)
_TERMINAL = Call(terminal.TERMINAL, _has_object, terminal.create_checkout)
_LINK = Call(link.LINK, _has_address, link.create_link)
_DRAFT = Call(invoice.INVOICE, _has_object, invoice.draft)
_PUBLISH = Call(invoice.PUBLISH, _has_address, invoice.publish)

WAYS = {
    "till": Way((), _check_pos),
    "terminal": Way((_ORDER, _TERMINAL), terminal.check, terminal.cancel),
    "link": Way((_LINK,), link.wait_for_payment, link.delete_link),
    "cash": Way((_ORDER, _PAYMENT), order.check_payment),
    "other": Way((_ORDER, _PAYMENT), order.check_payment),
    "invoice": Way((_ORDER, _DRAFT, _PUBLISH), link.wait_for_payment, invoice.cancel),
}
# How the answer to a call is learned that was lost.
REPEAT: dict[str, Callable[[Services, Checkout], Checkout]] = {
    order.NOTHING: order.close_without_payment,
    **{call.name: call.make for way in WAYS.values() for call in way.calls},
}


# What each answered call stores in the row.
_ANSWERS = ("square_customer_id", "square_order_id", "square_object_id", "url", "ends_as")


def run_checkout(services: Services, job: Job) -> str | RunAgain:
    """Do the next step of the sale; raises SquareFailed or NotYet."""
    row = read_row(services, job.subject)
    if row.ended_at is not None:
        return _("It has ended: {state}.", state=row.state)
    try:
        outcome = _cancel(services, row) if row.cancel_asked_at is not None else _go_on(services, row)
        if row.problem:
            note_problem(services, row, "")
        return outcome
    except CheckoutCanceled:
        return RunAgain(0, _("It was canceled in the meantime."))
    except (SquareFailed, NotYet) as error:
        note_problem(services, row, error.message)
        if _is_permanent(error) or not _has_progressed(services, row):
            raise
        # One more step is done: the next does not wait as long as the failures before it would have it.
        return RunAgain(1, error.message)


def give_up_checkout(services: Services, job: Job, sentence: str) -> None:
    """End a sale that can neither be completed nor canceled in Square."""
    end(services, read_row(services, job.subject), "failed", sentence)


def _is_permanent(error: CoursekeeperError) -> bool:
    return isinstance(error, SquareFailed) and error.permanent


def _has_progressed(services: Services, row: Checkout) -> bool:
    now = read_row(services, row.id)
    return any(getattr(now, name) != getattr(row, name) for name in _ANSWERS)


def _go_on(services: Services, row: Checkout) -> str | RunAgain:
    try:
        return next_step(services, row)
    except SquareFailed as error:
        if not _is_permanent(error):
            raise
        plan_end(services, row, "failed", error.message)
        return RunAgain(0, _("It is canceled, for Square refuses it."))


def _cancel(services: Services, row: Checkout) -> str | RunAgain:
    if row.asked_for:
        row = _after_lost_answer(services, row)
    waits = WAYS[row.way].cancel(services, row)
    if waits is not None:
        return waits
    if close_order(services, row):
        return _("The client had paid before it could be canceled: it is a sale.")
    end_canceled(services, row)
    return _("It has ended: {ends_as}.", ends_as=row.ends_as)


def _after_lost_answer(services: Services, row: Checkout) -> Checkout:
    """Repeat the call whose answer is not known; a refused one had no effect."""
    try:
        return REPEAT[row.asked_for](services, row)
    except CoursekeeperError as error:
        if not _is_permanent(error):
            raise
        save(services, row)
        return read_row(services, row.id)
