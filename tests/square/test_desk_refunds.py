"""Refunds begun at the desk, against a Square: requested once for each payment, whatever fails on the way."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.clients.clients import create_client
from plugin.courses.refunds.desk_refunds import DeskRefundView, NewRefund, refunds_of_courses, start_refund
from plugin.courses.sales.checkouts import NewCheckout, read_checkout, start_checkout
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.selling import Checkout, DeskRefundPart
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.square.clinic import OWNER, Clinic, Ear, house_of, settings_for
from tests.square.conftest import WornClock
from tests.square.network import Direct

Json = dict[str, Any]
CALL = "POST /v2/refunds"
CARD, CASH = {"type": "card"}, {"type": "cash"}
SPLIT = ({"type": "card", "amount": 65000}, CASH)


class RefundClinic(Clinic):
    """One clinic for the module; each test sells a course of ten for $1,650.00, on an order of its own."""

    course_id = ""
    order: Json

    def sell_one(self, *tenders: Json) -> None:
        ana = self.till.add_customer(given_name="Ana")
        self.order = self.sell("ten", customer_id=ana["id"], tenders=[*tenders] or [CARD])
        self.catch_up()
        with self.services.store.reading() as session:
            found = select(Course.id).where(Course.square_order_id == self.order["id"])
            self.course_id = session.scalars(found).one()

    def begin(self, amount: int = 84000) -> None:
        wish = NewRefund(self.course_id, Money(amount, "USD"), "Moved away")
        start_refund(self.services.store, Act(OWNER, self.clock(), f"begin-{self.course_id}"), wish)

    def shown(self) -> DeskRefundView:
        return refunds_of_courses(self.services.store, [self.course_id], now=self.clock())[self.course_id]

    def state(self) -> tuple[str, str | None, list[str]]:
        """Return the state of the refund, the course and its attention items."""
        with self.services.store.reading() as session:
            closed_as = session.get_one(Course, self.course_id).closed_as
        asked = [item.kind for item in self.attention() if self.course_id in item.course_ids]
        return self.shown().state, closed_as, asked

    def gone_back(self) -> list[tuple[int, int]]:
        """Return for each payment how much was refunded, in how many refunds."""
        payments = [self.services.square.payment(tender["id"]) for tender in self.order["tenders"]]
        return [
            ((one.get("refunded_money") or {}).get("amount", 0), len(one.get("refund_ids") or []))
            for one in payments
        ]

    def work_all(self) -> None:
        """Work until every postponed job has run again."""
        for _ in range(3):
            self.errands()
            self.catch_up()
            self.clock.advance(seconds=5)
        self.errands()
        self.catch_up()


@pytest.fixture(scope="module")
def shop(
    one_practice: PracticeServer,
    worn_clock: WornClock,
    ear: Ear,
    module_store: Store,
) -> Iterator[RefundClinic]:
    clock = HandMovedClock()
    worn_clock.now = clock
    one_practice.control.reset("items")
    settings = settings_for(one_practice.base_url, ear.url)
    services = house_of(settings, module_store, clock, Direct(one_practice.wsgi_app))
    clinic = RefundClinic(services, one_practice.control, clock)
    ear.services = services
    clinic.open_shop()
    yield clinic
    assert clinic.is_sound()
    services.close()


@pytest.fixture
def clinic(shop: RefundClinic, worn_clock: WornClock, ear: Ear) -> Iterator[RefundClinic]:
    ear.services, worn_clock.now = shop.services, shop.clock
    yield shop
    shop.till.set_faults()
    shop.work_all()


def pay_deposit(clinic: RefundClinic, deposit: int) -> None:
    """Sell a course of ten by invoice and have its deposit paid."""
    act = Act(OWNER, clinic.clock(), "invoice")
    client = create_client(clinic.services.store, act, name="Ana", email="ana@example.org")
    new = NewCheckout(client.id, clinic.packages["ten"].id, "invoice", deposit=Money(deposit, "USD"))
    checkout = start_checkout(clinic.services.store, replace(act, key="sell"), new)
    clinic.work_all()
    with clinic.services.store.reading() as session:
        invoice_id = session.get_one(Checkout, checkout.id).square_object_id
    assert invoice_id is not None
    clinic.till.pay_invoice(invoice_id, deposit)
    clinic.work_all()
    [clinic.course_id] = read_checkout(clinic.services.store, checkout.id).course_ids


DONE: tuple[str, str | None, list[str]] = ("completed", "refunded", [])
WAITS: tuple[str, str | None, list[str]] = ("asking", None, [])


@pytest.mark.parametrize(
    ("tenders", "amount", "expected"),
    [
        ([CASH], 84000, [(84000, 1)]),
        (SPLIT, 65000, [(65000, 1), (0, 0)]),
        (SPLIT, 84000, [(65000, 1), (19000, 1)]),
    ],
    ids=["cash", "first of two", "over two"],
)
def test_the_sum_is_cut_over_the_payments_and_the_course_closes(
    clinic: RefundClinic, tenders: list[Json], amount: int, expected: list[tuple[int, int]]
) -> None:
    clinic.sell_one(*tenders)
    clinic.begin(amount)
    assert clinic.state() == WAITS
    clinic.errands()
    assert clinic.state() == ("pending", None, [])
    clinic.catch_up()
    assert (clinic.state(), clinic.gone_back()) == (DONE, expected)


def test_it_needs_no_webhook(clinic: RefundClinic) -> None:
    clinic.sell_one()
    clinic.begin()
    clinic.errands()
    clinic.work()
    assert clinic.state() == DONE


# Every way to fail meets this call in the table of faults of all flows; here the ways that differ for it.
FAULTS = [("500", False), ("409", True), ("garbage", True), ("cut", True)]


@pytest.mark.parametrize(("how", "after"), FAULTS)
def test_a_fault_on_the_way_gives_the_money_back_once(clinic: RefundClinic, how: str, after: bool) -> None:
    clinic.sell_one(*SPLIT)
    clinic.begin()
    clinic.till.set_faults(fail_plan=[{"call": CALL, "how": how, "after": after, "times": 1, "skip": 1}])
    clinic.work_all()
    assert (clinic.state(), clinic.gone_back()) == (DONE, [(65000, 1), (19000, 1)])


def test_an_event_that_comes_before_a_lost_answer_waits_for_it(clinic: RefundClinic) -> None:
    clinic.sell_one()
    clinic.begin()
    clinic.till.set_faults(fail_plan=[{"call": CALL, "how": "cut", "after": True, "times": 1}])
    clinic.errands()
    clinic.catch_up()
    waits = "A refund begun at the desk is being asked for; this may be it."
    assert {row[2] for row in clinic.messages() if row[1] == "pending"} == {waits}
    assert clinic.state() == WAITS
    clinic.work_all()
    assert clinic.state() == DONE


def test_begun_while_square_is_away_it_waits_and_says_so(clinic: RefundClinic) -> None:
    clinic.sell_one()
    clinic.begin()
    clinic.till.set_faults(fail_every=1, fail_how="cut")
    clinic.errands()
    assert clinic.state() == WAITS
    assert clinic.shown().says.startswith("Square can’t be reached")
    clinic.till.set_faults()
    clinic.work_all()
    assert (clinic.state(), clinic.shown().says) == (DONE, "")


def test_a_sum_the_payments_do_not_hold_any_more_is_refused_in_words(clinic: RefundClinic) -> None:
    clinic.sell_one()
    clinic.begin(165000)
    clinic.till.refund_amount(50000, order_id=clinic.order["id"])
    clinic.errands()
    assert clinic.state() == ("failed", None, ["failed_refund"])
    assert clinic.shown().says == "Only $1,150.00 of what was paid can still be refunded in Square."
    proposals = [item.proposal or "" for item in clinic.attention() if item.kind == "failed_refund"]
    assert proposals[0].startswith(clinic.shown().says)


def test_a_payment_square_can_not_give_back_leaves_everything_as_it_was(clinic: RefundClinic) -> None:
    clinic.sell_one()
    before = clinic.ledger()
    clinic.begin()
    clinic.till.forge("payment", clinic.order["tenders"][0]["id"], {"status": "CANCELED"})
    clinic.errands()
    assert clinic.state() == ("failed", None, ["failed_refund"])
    assert clinic.ledger() == before


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("COMPLETED", "FAILED"), ("failed", "refunded", ["part_failed_refund"])),
        (("FAILED", "REJECTED"), ("failed", None, ["failed_refund"])),
    ],
    ids=str,
)
def test_what_square_works_on_for_long_closes_it_at_once_and_ends_as_square_says(
    clinic: RefundClinic, ends: tuple[str, str], expected: tuple[str, str | None, list[str]]
) -> None:
    clinic.sell_one(*SPLIT)
    clinic.till.set_faults(refund_outcome="PENDING")
    clinic.begin()
    clinic.work_all()
    assert clinic.state() == ("pending", "refunded", [])
    with clinic.services.store.reading() as session:
        rows = session.scalars(
            select(DeskRefundPart).where(DeskRefundPart.desk_refund_id == clinic.shown().id)
        )
        ids = [row.square_refund_id for row in sorted(rows, key=lambda row: row.amount)]
    for refund_id, status in zip(ids, ends, strict=True):
        assert refund_id is not None
        clinic.till.end_refund(refund_id, status)
    clinic.catch_up()
    assert clinic.state() == expected


def test_of_a_part_paid_course_only_what_came_goes_back(clinic: RefundClinic) -> None:
    pay_deposit(clinic, 50000)
    with pytest.raises(InvalidField, match=r"At most \$500\.00"):
        clinic.begin(50001)
    clinic.begin(50000)
    clinic.work_all()
    assert clinic.state() == DONE
