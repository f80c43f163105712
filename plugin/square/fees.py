"""Ask Square for the processing fees of card payments, for the accountant's journal. Square shows them with a delay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from plugin.courses.base.clinic import clinic_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.connection.status import is_connected
from plugin.square.models import Payment, minor_units
from plugin.store.journal import PaymentFee

AT_ONCE = 20
# The waits between the tries: a payment without a fee by then, such as of a card of Square's own, has none.
WAITS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72, 7 * 24, 14 * 24))


def fetch_fees(services: Services) -> int:
    """Ask for the fees that are due; return how many are known now. The first failed call ends the round."""
    if not is_connected(services):
        return 0
    found = 0
    for payment_id in _due(services):
        try:
            payment = Payment.read(services.square.payment(payment_id))
        except SquareNotFound:
            payment = None
        except SquareFailed:
            break
        found += _note(services, payment_id, payment)
    return found


def _due(services: Services) -> Sequence[str]:
    due = select(PaymentFee.square_payment_id).where(PaymentFee.due_at <= services.clock())
    with services.store.reading() as session:
        return session.scalars(due.order_by(PaymentFee.due_at).limit(AT_ONCE)).all()


def _note(services: Services, payment_id: str, payment: Payment | None) -> bool:
    now = services.clock()
    with services.store.writing() as session:
        row = session.get(PaymentFee, payment_id, with_for_update=True)
        if row is None or row.due_at is None:
            return False
        row.asked += 1
        if payment is None or not payment.fees:
            row.due_at = _next(now, row.asked)
            return False
        currency = payment.total.currency if payment.total is not None else clinic_in(session).currency
        row.amount = sum(minor_units(each.amount, currency) for each in payment.fees)
        row.happened_at = max(each.effective_at or row.happened_at for each in payment.fees)
        row.due_at, row.seen_at = None, now
        return True


def _next(now: datetime, asked: int) -> datetime | None:
    return now + WAITS[asked - 1] if asked <= len(WAITS) else None
