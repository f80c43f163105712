"""Refunds of sales with tax and tip: the client is refunded what they paid, the ledger loses the net of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from invoices.papers import CreditNote, from_json
from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.refunds.desk_refunds import NewRefund, RefundQuote, refund_quote, start_refund
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.documents import Document
from plugin.store.ledger import Course
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.square.clinic import OWNER, Clinic, Ear, house_of, settings_for
from tests.square.conftest import WornClock
from tests.square.network import Direct

Json = dict[str, Any]
INCLUDED: Json = {"tax_percent": "20", "tax_included": True}
ADDED: Json = {"tax_percent": "20"}
WHOLE = 165000


@pytest.fixture(scope="module")
def shop(
    one_practice: PracticeServer,
    worn_clock: WornClock,
    ear: Ear,
    module_store: Store,
) -> Iterator[Clinic]:
    """One clinic for the module: each test sells on an order of its own."""
    clock = HandMovedClock()
    worn_clock.now = clock
    one_practice.control.reset("items")
    settings = settings_for(one_practice.base_url, ear.url)
    services = house_of(settings, module_store, clock, Direct(one_practice.wsgi_app))
    opened = Clinic(services, one_practice.control, clock)
    ear.services = services
    opened.open_shop()
    yield opened
    assert opened.is_sound()
    services.close()


@pytest.fixture
def clinic(shop: Clinic, worn_clock: WornClock, ear: Ear) -> Clinic:
    ear.services, worn_clock.now = shop.services, shop.clock
    return shop


class Sold:
    """One sale of packages in Square POS to Ana, and what the clinic makes of it."""

    def __init__(self, clinic: Clinic, *names: str, lines: list[Json] | None = None, **sale: Any) -> None:
        self.clinic = clinic
        ana = clinic.till.add_customer(given_name="Ana", email_address="ana@example.org")
        rung_up = lines or [clinic.line(name) for name in names or ("ten",)]
        self.order: Json = clinic.till.sell(rung_up, customer_id=ana["id"], **sale)["order"]
        clinic.catch_up()
        with clinic.services.store.reading() as session:
            of_sale = select(Course.id).where(Course.square_order_id == self.order["id"])
            self.ids = session.scalars(of_sale.order_by(Course.square_line_uid, Course.unit)).all()

    def act(self, key: str) -> Act:
        return Act(OWNER, self.clinic.clock(), f"{key}-{self.order['id']}"[:80])

    def course(self, at: int = 0) -> CourseView:
        return read_course(self.clinic.services.store, self.ids[at], today=self.clinic.clock().date())

    def use(self, sessions: int) -> None:
        use_session(self.clinic.services.store, self.act("use"), UseSession(self.ids[0], sessions=sessions))

    def quote(self, at: int = 0) -> RefundQuote:
        return refund_quote(self.clinic.services.store, self.ids[at], today=self.clinic.clock().date())

    def sums(self, at: int = 0) -> tuple[int, int, int]:
        """Return what may be refunded at most, prorated and by the single price."""
        quote = self.quote(at)
        prorated, forfeited = (quote.values[each].amount.amount for each in RefundFormula)
        return quote.most.amount, prorated, forfeited

    def refund(self, amount: int, at: int = 0) -> None:
        """Refund at the desk, through Square, to its end."""
        wish = NewRefund(self.ids[at], Money(amount, "USD"), "Moved away")
        start_refund(self.clinic.services.store, self.act(f"refund-{at}"), wish)
        self.clinic.errands()
        self.clinic.catch_up()

    def refund_at_till(self, amount: int) -> AttentionView:
        """Refund an amount in Square POS; return its attention items."""
        self.clinic.till.refund_amount(amount, order_id=self.order["id"])
        self.clinic.catch_up()
        return self.questions()[0]

    def questions(self) -> list[AttentionView]:
        return [item for item in self.clinic.attention() if item.square_order_id == self.order["id"]]

    def decide(self, item: AttentionView, decision: str, **said: Any) -> None:
        wish = Resolution("As proposed", decision=decision, **said)
        resolve(self.clinic.services.store, self.act(item.id), item.id, wish)

    def given_back(self) -> int:
        """Return what Square refunded of the sale."""
        payments = [self.clinic.services.square.payment(tender["id"]) for tender in self.order["tenders"]]
        return sum((one.get("refunded_money") or {}).get("amount", 0) for one in payments)

    def left_ledger(self, at: int = 0) -> int:
        """Return the net value that refunds took out of the ledger."""
        standing = [each for each in self.course(at).entries if each.kind is Kind.REFUNDED]
        return -sum(each.value_delta.amount for each in standing if each.reversed_by is None)

    def notes(self) -> list[CreditNote]:
        self.clinic.papers()
        with self.clinic.services.store.reading() as session:
            of_sale = Document.square_order_id == self.order["id"]
            rows = session.scalars(select(Document.content).where(Document.kind == "credit_note", of_sale))
            papers = [from_json(content) for content in rows]
        return [paper for paper in papers if isinstance(paper, CreditNote)]


def test_b1_an_unused_course_gives_back_all_that_was_paid_tax_included(clinic: Clinic) -> None:
    sold = Sold(clinic, **INCLUDED)
    assert sold.sums() == (WHOLE, WHOLE, WHOLE)
    assert sold.quote().tax == Money(27500, "USD")
    with pytest.raises(InvalidField, match=r"At most \$1,650\.00"):
        sold.refund(WHOLE + 1)
    sold.refund(WHOLE)
    assert (sold.given_back(), sold.left_ledger(), sold.course().status.value) == (WHOLE, 137500, "refunded")


# (tax, used) -> most, prorated, less used at single price
QUOTES = [
    (INCLUDED, 0, (165000, 165000, 165000)),
    (INCLUDED, 1, (165000, 148500, 148500)),
    (INCLUDED, 10, (165000, 0, 0)),
    (ADDED, 0, (198000, 198000, 198000)),
    # A single visit costs $165.00 and $33.00 tax.
    (ADDED, 1, (198000, 178200, 178200)),
    ({**INCLUDED, "discount": {"percent": "10"}}, 1, (148500, 133650, 132000)),
    ({**ADDED, "discount": {"percent": "10"}}, 1, (178200, 160380, 158400)),
    ({**ADDED, "discount": {"amount": 16500}}, 2, (178200, 142560, 138600)),
    (
        {"tenders": [{"type": "cash", "amount": 65000}, {"type": "card"}], **INCLUDED},
        1,
        (165000, 148500, 148500),
    ),
    ({"tenders": [{"type": "card", "tip": 33000}], **INCLUDED}, 1, (165000, 148500, 148500)),
]


@pytest.mark.parametrize(("how", "used", "sums"), QUOTES, ids=str)
def test_b1_both_formulas_compare_amounts_with_tax(
    clinic: Clinic, how: Json, used: int, sums: tuple[int, int, int]
) -> None:
    sold = Sold(clinic, **how)
    if used:
        sold.use(used)
    assert sold.sums() == sums
    assert any("tax" in said for said in sold.quote().working)


def test_b1_of_several_courses_on_a_ticket_each_gives_back_its_share_of_the_tax(clinic: Clinic) -> None:
    sold = Sold(clinic, "ten", "twelve", **ADDED)
    assert sorted(sold.sums(at)[0] for at in (0, 1)) == [198000, 237600]
    for at in (0, 1):
        sold.refund(sold.quote(at).most.amount, at)
    assert (sold.given_back(), {sold.course(at).status.value for at in (0, 1)}) == (435600, {"refunded"})


def test_b1_two_on_one_line_give_back_the_line_to_the_cent(clinic: Clinic) -> None:
    lines = [clinic.line("ten", "2", discount={"amount": 1})]
    sold = Sold(clinic, lines=lines, tax_percent="8.875")
    for at in (0, 1):
        sold.refund(sold.quote(at).most.amount, at)
    assert sold.given_back() == sold.order["total_money"]["amount"]


# amount refunded in Square POS of $1,650.00 with 20 % tax included, and the sessions it is
AMOUNTS = [(16499, None), (16500, 1), (82500, 5), (82501, 5), (148500, 9), (164999, 9)]


@pytest.mark.parametrize(("amount", "sessions"), AMOUNTS)
def test_b2_an_amount_refunded_at_the_till_is_as_many_sessions_as_it_paid_for(
    clinic: Clinic, amount: int, sessions: int | None
) -> None:
    item = Sold(clinic, **INCLUDED).refund_at_till(amount)
    assert item.proposed_sessions == sessions
    assert item.proposed_decision == ("take_sessions" if sessions else "keep_sessions")


def test_b2_the_value_that_leaves_the_ledger_is_net_and_the_credit_note_adds_up(clinic: Clinic) -> None:
    sold = Sold(clinic, **INCLUDED)
    item = sold.refund_at_till(82500)
    assert item.proposal == "$825.00 is 5 sessions at $165.00, tax included: remove 5 sessions, 5 remain."
    sold.decide(item, "take_sessions", sessions=5)
    course = sold.course()
    assert (sold.left_ledger(), course.left, course.value_left.amount) == (68750, 5, 68750)
    [note] = sold.notes()
    assert (note.net.amount, note.taxes[0].amount.amount, note.total.amount) == (-68750, -13750, -82500)
    assert sold.sums() == (82500, 82500, 82500)
    sold.refund(82500)
    assert (sold.given_back(), sold.left_ledger()) == (WHOLE, 137500)


def test_b2_all_that_was_paid_with_tax_proposes_to_cancel_the_package(clinic: Clinic) -> None:
    sold = Sold(clinic, tenders=[{"type": "card", "tip": 33000}], **INCLUDED)
    assert sold.refund_at_till(WHOLE).proposed_decision == "close_course"


def test_a_line_returned_at_the_till_with_its_tax_takes_the_net_value(clinic: Clinic) -> None:
    sold = Sold(clinic, **ADDED)
    clinic.till.refund_lines(sold.order["id"], {sold.order["line_items"][0]["uid"]: "1"})
    clinic.catch_up()
    assert (sold.given_back(), sold.left_ledger(), sold.questions()) == (198000, WHOLE, [])


WITH_TIP: Json = {"tenders": [{"type": "card", "tip": 33000}]}


def test_b4_an_amount_equal_to_the_tip_is_proposed_as_the_tip(clinic: Clinic) -> None:
    sold = Sold(clinic, **WITH_TIP)
    item = sold.refund_at_till(33000)
    assert item.proposal == "$330.00 is the tip of this sale: keep all sessions."
    assert (item.proposed_decision, item.proposed_sessions) == ("tip_only", None)
    sold.decide(item, "tip_only")
    assert (sold.left_ledger(), sold.course().left, sold.sums()[0]) == (0, 10, WHOLE)
    [note] = sold.notes()
    assert [(line.description, line.total.amount) for line in note.lines] == [("Tip", -33000)]
    # The tip is refunded: the same amount once more is two sessions.
    assert sold.refund_at_till(33000).proposed_sessions == 2


def test_b4_a_tip_that_the_return_names_leaves_every_session_and_asks_nothing(clinic: Clinic) -> None:
    sold = Sold(clinic, **WITH_TIP)
    clinic.till.refund_lines(sold.order["id"], {}, tip=33000)
    clinic.catch_up()
    assert (sold.questions(), sold.course().left, sold.left_ledger()) == ([], 10, 0)
    assert sold.given_back() == 33000
    assert sold.sums() == (WHOLE, WHOLE, WHOLE)


def test_b4_of_tip_and_sessions_in_one_refund_only_the_rest_is_sessions(clinic: Clinic) -> None:
    sold = Sold(clinic, **WITH_TIP)
    made = clinic.till.refund_amount(33000 + 49500, order_id=sold.order["id"])
    [returning] = made["orders"]
    [back] = returning["returns"]
    back["return_tips"] = [{"uid": "T", "applied_money": {"amount": 33000, "currency": "USD"}}]
    clinic.till.forge("order", returning["id"], {"returns": [back]})
    clinic.catch_up()
    [item] = sold.questions()
    assert item.proposal == "$495.00 is 3 sessions at $165.00: remove 3 sessions, 7 remain."


@pytest.mark.parametrize("is_named", [True, False], ids=["by its tender", "by its sum"])
def test_b4_of_a_split_payment_the_tip_is_of_the_refund_that_gave_it_back(
    clinic: Clinic, is_named: bool
) -> None:
    tenders = [{"type": "cash", "amount": 65000}, {"type": "card", "tip": 33000}]
    sold = Sold(clinic, tenders=tenders)
    cash, card = (tender["id"] for tender in sold.order["tenders"])
    clinic.till.set_faults(has_withheld_events=True)
    first = clinic.till.refund_amount(49500, payment_id=cash)
    tip = 33000 + 16500 if is_named else 33000
    second = clinic.till.refund_amount(tip, payment_id=card)
    # One return for both, as Square makes it of a split payment.
    [returning] = first["orders"]
    [back] = returning["returns"]
    named = {"source_tender_id": card} if is_named else {}
    back["return_tips"] = [{"uid": "T", "applied_money": {"amount": 33000, "currency": "USD"}, **named}]
    told = [*returning["refunds"], *second["orders"][0]["refunds"]]
    clinic.till.forge("order", returning["id"], {"returns": [back], "refunds": told})
    clinic.till.forge("refund", second["refunds"][0]["id"], {"order_id": returning["id"]})
    clinic.till.set_faults(has_withheld_events=False)
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    proposed = sorted(item.proposed_sessions or 0 for item in sold.questions())
    assert proposed == ([1, 3] if is_named else [3])


def test_b4_a_return_that_tells_only_the_sum_of_its_tips_is_read(clinic: Clinic) -> None:
    sold = Sold(clinic, **WITH_TIP)
    made = clinic.till.refund_lines(sold.order["id"], {}, tip=33000)
    [returning] = made["orders"]
    [back] = returning["returns"]
    clinic.till.forge("order", returning["id"], {"returns": [{**back, "return_tips": []}]})
    clinic.catch_up()
    assert (sold.questions(), sold.course().left) == ([], 10)


def test_b4_the_tip_and_then_the_rest_close_the_sale(clinic: Clinic) -> None:
    sold = Sold(clinic, **WITH_TIP)
    clinic.till.refund_lines(sold.order["id"], {}, tip=33000)
    clinic.till.refund_amount(WHOLE, order_id=sold.order["id"])
    clinic.catch_up()
    assert (sold.course().status.value, sold.questions()) == ("refunded", [])


def test_the_credit_note_holds_how_a_refund_was_worked_out_and_which_sessions_left(
    clinic: Clinic,
) -> None:
    sold = Sold(clinic, **INCLUDED)
    sold.use(2)
    store = clinic.services.store
    wish = NewRefund(sold.ids[0], Money(132000, "USD"), "Moved away", "prorated")
    start_refund(store, sold.act("formula"), wish)
    clinic.errands()
    clinic.catch_up()
    [note] = sold.notes()
    [working] = note.workings
    [sessions] = working.sessions
    assert (working.formula, working.paid.amount, working.package_name) == (
        "prorated",
        WHOLE,
        "Facial acupuncture, course of 10",
    )
    assert (sessions.used, sessions.removed, sessions.single_price.amount) == (2, 8, 16500)
    assert (note.net.amount, note.total.amount) == (-110000, -132000)
