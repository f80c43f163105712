"""The row of a sale begun at the desk, between two calls to Square: what was asked, and what was answered.

A call is noted before it is made and its answer kept after it, each in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.checkout_email import LETTER
from plugin.courses.sales.checkouts import checkout_for_change
from plugin.errors import NotFound
from plugin.services import Services
from plugin.store.selling import Checkout


class CalledOff(Exception):
    """The desk has called the sale off meanwhile, or it has ended: nothing more is to be asked for."""


def read_row(services: Services, checkout_id: str) -> Checkout:
    """Return the row as it stands; raises NotFound."""
    with services.store.reading() as session:
        row = session.get(Checkout, checkout_id)
        if row is None:
            raise NotFound("There is no such sale.")
        session.expunge(row)
    return row


def about_to_ask(services: Services, row: Checkout, call: str) -> None:
    """Note that Square is asked for this now; raises CalledOff where it no longer should be."""

    def work(session: Session) -> None:
        kept = checkout_for_change(session, row.id)
        is_asked_again = kept.asked_for == call
        if kept.ended_at is not None or (kept.cancel_asked_at is not None and not is_asked_again):
            raise CalledOff
        kept.asked_for = call

    services.store.transact(work)


def keep(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Keep what Square answered; nothing is asked for any more. Returns the row as it stands then."""
    return _change(services, row, lambda kept: _set(kept, asked_for="", **answer))


def save_waiting(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Keep the answer after which it is the client's turn, and owe the letter with its address."""

    def work(session: Session) -> Checkout:
        kept = checkout_for_change(session, row.id)
        is_first_address = kept.url is None and answer.get("url") is not None
        is_asking = kept.state == "asking"
        _set(kept, asked_for="", problem="", state="waiting" if is_asking else kept.state, **answer)
        if is_first_address and kept.mail_to and kept.cancel_asked_at is None:
            enqueue(
                Work(session, services.store, Act(SQUARE, services.clock(), f"mail:{kept.id}")),
                LETTER,
                kept.id,
            )
        return kept

    return services.store.transact(work)


def note_trouble(services: Services, row: Checkout, sentence: str) -> None:
    """Show the desk what keeps it from going on, "" when that has passed; how it will end is not written over."""

    def change(kept: Checkout) -> None:
        if kept.ended_at is None and kept.cancel_asked_at is None:
            kept.problem = sentence[:400]

    _change(services, row, change)


def will_end(services: Services, row: Checkout, state: str, problem: str) -> Checkout:
    """Note that it ends so, once what stands at Square is taken back."""

    def change(kept: Checkout) -> None:
        if kept.ended_at is None:
            kept.cancel_asked_at = kept.cancel_asked_at or services.clock()
            _set(kept, asked_for="", ends_as=state, problem=problem[:400])

    return _change(services, row, change)


def end(services: Services, row: Checkout, state: str, problem: str = "") -> Checkout:
    """End it, unless it has ended: a sale that is paid stays paid."""

    def change(kept: Checkout) -> None:
        if kept.ended_at is None:
            said = (problem or kept.problem)[:400]
            _set(kept, asked_for="", state=state, ended_at=services.clock(), problem=said)

    return _change(services, row, change)


def end_taken_back(services: Services, row: Checkout) -> Checkout:
    """End what Square has taken back. Of an invoice nothing more is due, and what was paid of it is asked about."""

    def work(session: Session) -> Checkout:
        kept = checkout_for_change(session, row.id)
        if kept.ended_at is None:
            _set(kept, asked_for="", state=kept.ends_as, ended_at=services.clock())
            if kept.way == "invoice" and kept.square_order_id is not None:
                act = Act(SQUARE, services.clock(), f"checkout:{kept.id}")
                end_collection(Work(session, services.store, act), kept.square_order_id)
        return kept

    return services.store.transact(work)


def _change(services: Services, row: Checkout, change: Callable[[Checkout], None]) -> Checkout:
    def work(session: Session) -> Checkout:
        kept = checkout_for_change(session, row.id)
        change(kept)
        return kept

    return services.store.transact(work)


def _set(kept: Checkout, **values: Any) -> None:
    for name, value in values.items():
        setattr(kept, name, value)
