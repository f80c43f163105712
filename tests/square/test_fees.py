"""Square's fees: asked for once a payment is old enough, until Square shows them, a bounded number of times."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from plugin.courses.journal.accounts import Role, Section
from plugin.courses.journal.keep import FEE_AFTER, keep_money
from plugin.courses.journal.month import journal
from plugin.courses.reports.period import month_of
from plugin.errors import SquareFailed
from plugin.square.client import SquareNotFound
from plugin.square.fees import WAITS, fetch_fees
from plugin.store.documents import PaymentFee
from tests.square.clinic import Clinic


def _sold(clinic: Clinic, **sale: Any) -> None:
    clinic.sell("ten", **sale)
    clinic.catch_up()
    keep_money(clinic.services.store, clinic.clock)


def _fees(clinic: Clinic) -> list[tuple[int | None, datetime | None]]:
    """Return amount and time of the next question of each payment that may have a fee."""
    with clinic.services.store.reading() as session:
        return [(each.amount, each.due_at) for each in session.scalars(select(PaymentFee))]


def test_a_card_payment_s_fee_is_asked_for_and_stands_in_the_journal(clinic: Clinic) -> None:
    _sold(clinic)
    assert fetch_fees(clinic.services) == 0
    clinic.clock.advance(seconds=FEE_AFTER.total_seconds() + 60)
    assert fetch_fees(clinic.services) == 1
    assert fetch_fees(clinic.services) == 0
    ((amount, due_at),) = _fees(clinic)
    assert amount
    assert due_at is None
    keep_money(clinic.services.store, clinic.clock)
    book = journal(clinic.services.store, month_of(clinic.clock().date()))
    (entry,) = (each for each in book.entries if each.section is Section.FEES)
    found = {line.account.role: line.net.amount for line in entry.lines}
    assert found == {Role.FEES: amount, Role.CLEARING: -amount}


class Square:
    """Answers about payments as it is told."""

    def __init__(self, answer: object) -> None:
        self.answer, self.asked = answer, 0

    def payment(self, _id: str) -> object:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _asking(clinic: Clinic, square: Square) -> Any:
    services = clinic.services
    return SimpleNamespace(
        store=services.store, clock=services.clock, settings=services.settings, square=square
    )


@pytest.mark.parametrize(
    "answer", [{"id": "P", "status": "COMPLETED"}, SquareNotFound("gone", permanent=True)]
)
def test_a_payment_that_never_has_one_is_asked_about_a_few_times(clinic: Clinic, answer: object) -> None:
    _sold(clinic)
    square = Square(answer)
    for _ in range(20):
        clinic.clock.advance(seconds=timedelta(days=15).total_seconds())
        assert fetch_fees(_asking(clinic, square)) == 0
    assert square.asked == len(WAITS) + 1
    assert _fees(clinic) == [(None, None)]


def test_while_square_is_away_the_round_ends_and_the_next_one_asks_again(clinic: Clinic) -> None:
    _sold(clinic)
    clinic.clock.advance(seconds=3600)
    square = Square(SquareFailed("away", permanent=False))
    assert fetch_fees(_asking(clinic, square)) == fetch_fees(_asking(clinic, square)) == 0
    assert square.asked == 2
    assert fetch_fees(clinic.services) == 1


@pytest.mark.parametrize("gives_back", [True, False])
def test_a_fee_is_given_back_as_far_as_the_refund_says_so(lite_clinic: Clinic, *, gives_back: bool) -> None:
    clinic = lite_clinic
    clinic.till.set_faults(returns_fees=gives_back)
    order = clinic.sell("ten")
    clinic.catch_up()
    keep_money(clinic.services.store, clinic.clock)
    clinic.till.refund_amount(order["total_money"]["amount"] // 2, order_id=order["id"])
    clinic.catch_up()
    clinic.papers()
    keep_money(clinic.services.store, clinic.clock)
    clinic.clock.advance(seconds=FEE_AFTER.total_seconds() + 60)
    fetch_fees(clinic.services)
    keep_money(clinic.services.store, clinic.clock)
    with clinic.services.store.reading() as session:
        (fee,) = session.scalars(select(PaymentFee).where(PaymentFee.is_of_refund.is_(False)))
        paid = fee.amount or 0
        (back,) = session.scalars(select(PaymentFee).where(PaymentFee.is_of_refund.is_(True)))
        assert back.amount == (-(paid // 2) if gives_back else None)
    book = journal(clinic.services.store, month_of(clinic.clock().date()))
    (entry,) = (each for each in book.entries if each.section is Section.FEES)
    found = {line.account.role: line.net.amount for line in entry.lines}
    left = paid - (paid // 2 if gives_back else 0)
    assert found == {Role.FEES: left, Role.CLEARING: -left}
