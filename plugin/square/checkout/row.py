"""The row of a sale begun at the desk, between two calls to Square.

A call is recorded before it is made and its answer after it, each in a transaction of its own.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.checkouts import CHECKOUT_EMAIL, checkout_for_change
from plugin.errors import NotFound
from plugin.services import Services
from plugin.store.selling import Checkout
from plugin.wording import _


class CheckoutCanceled(Exception):
    """The desk has canceled the sale in the meantime, or it has ended: no further call is made."""


def read_row(services: Services, checkout_id: str) -> Checkout:
    """Return the row as it is now; raises NotFound."""
    with services.store.reading() as session:
        row = session.get(Checkout, checkout_id)
        if row is None:
            raise NotFound(_("There is no such sale."))
        session.expunge(row)
    return row


def note_call(services: Services, row: Checkout, call: str) -> None:
    """Record that this call is being made; raises CheckoutCanceled where it no longer should be."""

    def work(session: Session) -> None:
        current = checkout_for_change(session, row.id)
        is_repeated = current.asked_for == call
        if current.ended_at is not None or (current.cancel_asked_at is not None and not is_repeated):
            raise CheckoutCanceled
        current.asked_for = call

    services.store.transact(work)


def save(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Save what Square answered; the call is done. Returns the row."""
    return _change(services, row, lambda current: _set(current, asked_for="", **answer))


def save_waiting(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Save the answer after which it is the client's turn, and enqueue the e-mail with the address."""

    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        is_first_address = current.url is None and answer.get("url") is not None
        is_asking = current.state == "asking"
        _set(current, asked_for="", problem="", state="waiting" if is_asking else current.state, **answer)
        if is_first_address and current.mail_to and current.cancel_asked_at is None:
            enqueue(
                Work(session, services.store, Act(SQUARE, services.clock(), f"mail:{current.id}")),
                CHECKOUT_EMAIL,
                current.id,
            )
        return current

    return services.store.transact(work)


def note_problem(services: Services, row: Checkout, sentence: str) -> None:
    """Show the desk what delays the sale, "" when that has passed; the reason of an end is not overwritten."""

    def change(current: Checkout) -> None:
        if current.ended_at is None and current.cancel_asked_at is None:
            current.problem = sentence[:400]

    _change(services, row, change)


def plan_end(services: Services, row: Checkout, state: str, problem: str) -> Checkout:
    """Record the state it ends in once it is canceled in Square."""

    def change(current: Checkout) -> None:
        if current.ended_at is None:
            current.cancel_asked_at = current.cancel_asked_at or services.clock()
            _set(current, asked_for="", ends_as=state, problem=problem[:400])

    return _change(services, row, change)


def end(services: Services, row: Checkout, state: str, problem: str = "") -> Checkout:
    """End it, unless it has ended: a sale that is paid stays paid."""

    def change(current: Checkout) -> None:
        if current.ended_at is None:
            reason = (problem or current.problem)[:400]
            _set(current, asked_for="", state=state, ended_at=services.clock(), problem=reason)

    return _change(services, row, change)


def end_canceled(services: Services, row: Checkout) -> Checkout:
    """End what is canceled in Square. An invoice's rest is no longer due; an item opens on what was paid."""

    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        if current.ended_at is None:
            _set(current, asked_for="", state=current.ends_as, ended_at=services.clock())
            if current.way == "invoice" and current.square_order_id is not None:
                act = Act(SQUARE, services.clock(), f"checkout:{current.id}")
                end_collection(Work(session, services.store, act), current.square_order_id)
        return current

    return services.store.transact(work)


def _change(services: Services, row: Checkout, change: Callable[[Checkout], None]) -> Checkout:
    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        change(current)
        return current

    return services.store.transact(work)


def _set(current: Checkout, **values: Any) -> None:
    for name, value in values.items():
        setattr(current, name, value)
