"""Ask Square for the processing fees of card payments and refunds, for the accountant's journal; it shows them late."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.connection.status import is_connected
from plugin.square.models import Payment, PaymentRefund, ProcessingFee, minor_units
from plugin.store.documents import PaymentFee

AT_ONCE = 20
# The waits between the tries: a payment without a fee by then, such as of a card of Square's own, has none.
WAITS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72, 7 * 24, 14 * 24))


def fetch_fees(services: Services) -> int:
    """Ask for the fees that are due; return how many are known now. The first failed call ends the round."""
    if not is_connected(services):
        return 0
    found = 0
    for source, is_of_refund in _due(services):
        try:
            fees, total = _asked(services, source, is_of_refund=is_of_refund)
        except SquareNotFound:
            fees, total = (), None
        except SquareFailed:
            break
        found += _note(services, source, fees, total)
    return found


def _due(services: Services) -> Sequence[tuple[str, bool]]:
    columns = select(PaymentFee.square_payment_id, PaymentFee.is_of_refund)
    due = columns.where(PaymentFee.due_at <= services.clock())
    with services.store.reading() as session:
        rows = session.execute(due.order_by(PaymentFee.due_at).limit(AT_ONCE))
        return [(source, is_of_refund) for source, is_of_refund in rows]


def _asked(
    services: Services, source: str, *, is_of_refund: bool
) -> tuple[tuple[ProcessingFee, ...], Money | None]:
    """Return the fees of a payment or a refund, and its amount; raises SquareFailed."""
    if is_of_refund:
        refund = PaymentRefund.read(services.square.refund(source))
        return refund.fees, refund.amount
    payment = Payment.read(services.square.payment(source))
    return payment.fees, payment.total


def _note(services: Services, source: str, fees: tuple[ProcessingFee, ...], total: Money | None) -> bool:
    now = services.clock()
    with services.store.writing() as session:
        row = session.get(PaymentFee, source, with_for_update=True)
        if row is None or row.due_at is None:
            return False
        row.asked += 1
        if not fees:
            row.due_at = now + WAITS[row.asked - 1] if row.asked <= len(WAITS) else None
            return False
        currency = total.currency if total is not None else clinic_in(session).currency
        row.amount = sum(minor_units(each.amount, currency) for each in fees)
        row.happened_at = max(each.effective_at or row.happened_at for each in fees)
        row.due_at, row.seen_at = None, now
        return True
