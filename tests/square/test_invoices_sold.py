"""Invoices: a deposit opens the course, the balance completes it, and what Square or the desk may do between."""

from functools import partial

from sqlalchemy import select

from invoices.papers import Invoice, Receipt, from_json
from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import CourseView
from plugin.courses.documents.statement import FIND_PAY_ADDRESS
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.square.pay_address import find_pay_address
from plugin.store.documents import Document, SaleRecord
from tests.square.selling import Selling, usd


def with_deposit(selling: Selling) -> CheckoutView:
    begun = selling.begin("invoice", deposit=usd(50000))
    selling.go()
    return begun


def only_course(selling: Selling, begun: CheckoutView) -> CourseView:
    (course,) = selling.courses(begun)
    return course


def test_a_deposit_opens_the_course_in_part_and_the_balance_completes_it(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.sync()
    assert only_course(selling, begun).status is Status.PART_PAID
    now = selling.now(begun)
    assert (now.state, now.came, now.to_come) == ("waiting", usd(50000), usd(115000))
    selling.clinic.clock.advance(days=12)
    selling.pay(begun)
    selling.sync()
    course = only_course(selling, begun)
    assert (course.status, course.paid, selling.now(begun).state) == (Status.OPEN, usd(165000), "paid")
    paid = [one for one in course.entries if one.kind is Kind.PAID]
    assert [one.value_delta for one in paid] == [usd(50000), usd(115000)]
    assert (paid[1].happened_at - paid[0].happened_at).days == 12


def test_our_own_invoice_says_what_has_come_what_is_due_and_when(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.sync()
    selling.clinic.papers()
    with selling.clinic.services.store.reading() as session:
        of_it = select(Document.content).where(
            Document.square_order_id == selling.order(begun)["id"], Document.kind == "invoice"
        )
        paper = from_json(session.scalars(of_it).one())
    assert isinstance(paper, Invoice)
    assert (paper.total.amount, paper.paid.amount, paper.balance_due.amount) == (165000, 50000, 115000)
    assert paper.due_on is not None
    assert paper.due_on == selling.now(begun).balance_due_on


def test_a_deposit_may_be_paid_in_two_payments_each_told_by_an_event(selling: Selling) -> None:
    begun = with_deposit(selling)
    for amount in (20000, 30000, 115000):
        selling.clinic.clock.advance(seconds=1)
        told = selling.events(partial(selling.pay, begun, amount=amount))
        selling.hear([*told, *reversed(told)])
    course = only_course(selling, begun)
    assert [one.value_delta for one in course.entries if one.kind is Kind.PAID] == [
        usd(20000),
        usd(30000),
        usd(115000),
    ]
    assert (course.status, selling.now(begun).state) == (Status.OPEN, "paid")
    selling.clinic.papers()
    assert [
        (each.part, each.payment.amount.amount, each.balance_due.amount) for each in receipts(selling, begun)
    ] == [
        ("deposit", 20000, 145000),
        ("part", 30000, 115000),
        ("balance", 115000, 0),
    ]


def receipts(selling: Selling, begun: CheckoutView) -> list[Receipt]:
    with selling.clinic.services.store.reading() as session:
        rows = session.scalars(
            select(Document.content)
            .where(Document.kind == "receipt", Document.square_order_id == selling.order(begun)["id"])
            .order_by(Document.place)
        )
        return [paper for row in rows if isinstance(paper := from_json(row), Receipt)]


def test_a_deposit_given_back_closes_the_course(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.sync()
    order = selling.order(begun)
    selling.clinic.till.refund_amount(50000, order_id=order["id"])
    selling.sync()
    assert only_course(selling, begun).status is Status.REFUNDED


def test_an_invoice_canceled_in_square_leaves_what_was_paid_for(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.sync()
    _cancel_in_square(selling, begun)
    selling.sync()
    now, course = selling.now(begun), only_course(selling, begun)
    assert (now.state, now.problem) == ("canceled", "The invoice was canceled in Square.")
    assert (course.status, course.allowances[0].unlocked) == (Status.PART_PAID, 3)
    # Square has replaced the order's lines by one custom amount; its refund still finds the course.
    selling.clinic.till.refund_amount(50000, order_id=selling.order(begun)["id"])
    selling.sync()
    assert only_course(selling, begun).status is Status.REFUNDED


def test_a_deposit_whose_invoice_is_gone_before_we_looked_is_asked_about(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    _cancel_in_square(selling, begun)
    selling.sync()
    assert (selling.now(begun).state, selling.courses(begun)) == ("canceled", [])
    asked = [
        one for one in selling.clinic.attention() if one.square_order_id == selling.row(begun).square_order_id
    ]
    assert [one.kind for one in asked] == ["canceled_invoice"]


def test_the_desk_may_stop_an_invoice_and_the_deposit_is_booked_first(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.cancel(begun)
    selling.go()
    selling.after(2)
    assert (selling.now(begun).state, selling.now(begun).came) == ("canceled", usd(50000))
    assert only_course(selling, begun).status is Status.PART_PAID


def test_an_unpaid_invoice_called_off_takes_its_order_with_it(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.cancel(begun)
    selling.go()
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")


def test_a_split_tender_that_is_half_way_opens_nothing(selling: Selling) -> None:
    order = _half_paid_at_the_till(selling)
    selling.sync()
    assert all(course[0] != order for course in selling.clinic.ledger())


def test_where_a_balance_is_paid_is_found_among_the_invoices_of_square(selling: Selling) -> None:
    begun = with_deposit(selling)
    selling.pay(begun)
    selling.sync()
    services = selling.clinic.services
    order_id = selling.order(begun)["id"]
    of_cash = selling.begin("cash")
    selling.go()
    without = selling.order(of_cash)["id"]

    assert find_pay_address(services, _job(order_id)) == "Found."
    assert find_pay_address(services, _job(without)) == "It has no invoice in Square."
    with services.store.reading() as session:
        found = {each: session.get_one(SaleRecord, each).content["pay_url"] for each in (order_id, without)}
    assert found == {order_id: selling.now(begun).url, without: ""}


def _job(order_id: str) -> Job:
    return Job("job", FIND_PAY_ADDRESS, order_id, {}, 1)


def _cancel_in_square(selling: Selling, begun: CheckoutView) -> None:
    square = selling.clinic.services.square
    invoice = square.invoice(selling.object_of(begun))
    square.cancel_invoice(invoice["id"], invoice["version"])


def _half_paid_at_the_till(selling: Selling) -> str:
    till = selling.clinic.till
    tenders = [{"type": "card", "amount": 100000}, {"type": "cash", "amount": 65000}]
    order = till.sell([selling.clinic.line("ten")], tenders=tenders)["order"]
    half = {"state": "OPEN", "closed_at": None, "tenders": order["tenders"][:1]}
    till.forge("order", order["id"], half)
    return str(order["id"])


def test_a_deposit_of_an_invoice_made_in_square_is_found_without_any_webhook(selling: Selling) -> None:
    invoice_id, order_id = made_in_square(selling)
    selling.clinic.till.pay_invoice(invoice_id)
    selling.sync()
    assert [one.status for one in selling.courses_of(order_id)] == [Status.PART_PAID]
    selling.clinic.clock.advance(days=3)
    selling.clinic.till.pay_invoice(invoice_id)
    selling.sync()
    assert [one.status for one in selling.courses_of(order_id)] == [Status.OPEN]


def made_in_square(selling: Selling) -> tuple[str, str]:
    square = selling.clinic.services.square
    line = {"catalog_object_id": selling.clinic.packages["ten"].square_variation_id, "quantity": "1"}
    order = square.create_order("by-hand", {"location_id": selling.location_id, "line_items": [line]})
    ana = selling.clinic.till.add_customer(given_name="Ana", family_name="Souza")
    due = str(selling.clinic.clock().date())
    deposit = {"amount": 50000, "currency": "USD"}
    wanted = {
        "order_id": order["id"],
        "location_id": selling.location_id,
        "primary_recipient": {"customer_id": ana["id"]},
        "delivery_method": "SHARE_MANUALLY",
        "accepted_payment_methods": {"card": True},
        "payment_requests": [
            {"request_type": "DEPOSIT", "due_date": due, "fixed_amount_requested_money": deposit},
            {"request_type": "BALANCE", "due_date": due},
        ],
    }
    invoice = square.create_invoice("by-hand-invoice", wanted)
    square.publish_invoice("by-hand-publish", invoice["id"], invoice["version"])
    return invoice["id"], order["id"]
