"""The outbox job of a sale begun at the desk: one step at a time, whatever answer was lost, until it has ended.

A sale that is canceled, refused or timed out is canceled in Square first; a payment that was faster is a sale.
"""

from plugin.courses.base.outbox import Job
from plugin.errors import CoursekeeperError, NotYet, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import close_order
from plugin.square.checkout.row import (
    CheckoutCanceled,
    end,
    end_canceled,
    note_problem,
    plan_end,
    read_row,
    save,
)
from plugin.square.checkout.ways import REPEAT, WAYS, next_step
from plugin.store.selling import Checkout
from plugin.wording import _

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
