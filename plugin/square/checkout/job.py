"""The errand of a sale begun at the desk: one step on at a time, whatever answer was lost, until it has ended.

A sale that is called off, refused or timed out is taken back at Square first; a payment that was quicker is a sale.
"""

from __future__ import annotations

from collections.abc import Callable

from plugin.courses.base.outbox import Job
from plugin.errors import CoursekeeperError, NotYet, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout import invoice, link, payment, terminal, till
from plugin.square.checkout.order import ORDER, close_order, with_order
from plugin.square.checkout.saving import (
    CalledOff,
    end,
    end_taken_back,
    keep,
    note_trouble,
    read_row,
    will_end,
)
from plugin.store.selling import Checkout

_GO_ON: dict[str, Callable[[Services, Checkout], str | RunAgain]] = {
    "till": till.go_on,
    "terminal": terminal.go_on,
    "link": link.go_on,
    "cash": payment.go_on,
    "other": payment.go_on,
    "invoice": invoice.go_on,
}
_TAKE_BACK: dict[str, Callable[[Services, Checkout], RunAgain | None]] = {
    "terminal": terminal.take_back,
    "link": link.take_back,
    "invoice": invoice.take_back,
}
# How the answer to a call is learned that was lost: the same is asked again, under the same key.
_ASK_AGAIN: dict[str, Callable[[Services, Checkout], Checkout]] = {
    ORDER: with_order,
    terminal.TERMINAL: terminal.ask,
    link.LINK: link.ask,
    payment.PAYMENT: payment.record,
    payment.NOTHING: payment.ask_nothing,
    invoice.INVOICE: invoice.draft,
    invoice.PUBLISH: invoice.publish,
}
# What each answered call leaves in the row.
_ANSWERS = ("square_customer_id", "square_order_id", "square_object_id", "url", "ends_as")


def run_checkout(services: Services, owed: Job) -> str | RunAgain:
    """Bring the sale one step on; raises SquareFailed or NotYet to be tried again."""
    row = read_row(services, owed.subject)
    if row.ended_at is not None:
        return f"It has ended: {row.state}."
    try:
        outcome = _take_back(services, row) if row.cancel_asked_at is not None else _go_on(services, row)
        if row.problem:
            note_trouble(services, row, "")
        return outcome
    except CalledOff:
        return RunAgain(0, "It was called off meanwhile.")
    except (SquareFailed, NotYet) as error:
        note_trouble(services, row, error.message)
        if _is_permanent(error) or not _got_further(services, row):
            raise
        # One more step is done: the next is not made to wait for the failures of those before it.
        return RunAgain(1, error.message)


def give_up_checkout(services: Services, owed: Job, sentence: str) -> None:
    """End a sale that can neither go on nor be taken back."""
    end(services, read_row(services, owed.subject), "failed", sentence)


def _is_permanent(error: CoursekeeperError) -> bool:
    return isinstance(error, SquareFailed) and error.permanent


def _got_further(services: Services, row: Checkout) -> bool:
    now = read_row(services, row.id)
    return any(getattr(now, name) != getattr(row, name) for name in _ANSWERS)


def _go_on(services: Services, row: Checkout) -> str | RunAgain:
    way = payment.go_on_for_nothing if row.amount == 0 and row.way != "till" else _GO_ON[row.way]
    try:
        return way(services, row)
    except SquareFailed as error:
        if not _is_permanent(error):
            raise
        will_end(services, row, "failed", error.message)
        return RunAgain(0, "It is taken back, for Square refuses it.")


def _take_back(services: Services, row: Checkout) -> str | RunAgain:
    if row.asked_for:
        row = _learned(services, row)
    waits = _TAKE_BACK[row.way](services, row) if row.way in _TAKE_BACK else None
    if waits is not None:
        return waits
    if close_order(services, row):
        return "The client had paid before it could be called off: it is a sale."
    end_taken_back(services, row)
    return f"It has ended: {row.ends_as}."


def _learned(services: Services, row: Checkout) -> Checkout:
    """Learn what became of the call whose answer is not known; a refused one brought nothing about."""
    try:
        return _ASK_AGAIN[row.asked_for](services, row)
    except CoursekeeperError as error:
        if not _is_permanent(error):
            raise
        keep(services, row)
        return read_row(services, row.id)
