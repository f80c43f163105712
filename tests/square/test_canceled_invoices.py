"""B3: an invoice canceled after its deposit was paid: nothing more is due, and a person decides about what was paid."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.audit import audit
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.lists.outcomes import Why
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import InvalidField, NotAllowed, Refused
from tests.square.clinic import OWNER
from tests.square.selling import Selling, usd
from tests.square.test_invoices_sold import made_in_square

DEPOSIT = 50000
KIND = "canceled_part_paid"


def cancel_in_square(selling: Selling, begun: CheckoutView) -> None:
    square = selling.clinic.services.square
    invoice = square.invoice(selling.object_of(begun))
    square.cancel_invoice(invoice["id"], invoice["version"])


def by_sweep(selling: Selling, begun: CheckoutView) -> None:
    cancel_in_square(selling, begun)
    selling.sync()


def by_webhook(selling: Selling, begun: CheckoutView) -> None:
    told = selling.events(lambda: cancel_in_square(selling, begun))
    selling.hear([*told, *reversed(told)])


def at_the_desk(selling: Selling, begun: CheckoutView) -> None:
    selling.cancel(begun)
    selling.go()
    selling.after(2)


WAYS = [by_sweep, by_webhook, at_the_desk]


def deposited(selling: Selling, deposit: int = DEPOSIT, **more: Any) -> CheckoutView:
    begun = selling.begin("invoice", deposit=usd(deposit), **more)
    selling.go()
    selling.pay(begun)
    selling.sync()
    return begun


def canceled(selling: Selling, deposit: int = DEPOSIT, **more: Any) -> tuple[CourseView, AttentionView]:
    begun = deposited(selling, deposit, **more)
    by_sweep(selling, begun)
    (course,) = selling.courses(begun)
    (item,) = questions(selling, course)
    return course, item


def questions(selling: Selling, course: CourseView) -> list[AttentionView]:
    return [each for each in list_attention(selling.store).rows if course.id in each.course_ids]


def again(selling: Selling, course: CourseView) -> CourseView:
    return read_course(selling.store, course.id, today=selling.clinic.clock().date())


def decide(
    selling: Selling, item: AttentionView, decision: str, *, is_owner: bool = True, **said: Any
) -> Any:
    act = replace(selling.act(), actor=OWNER) if is_owner else selling.act()
    return resolve(selling.store, act, item.id, Resolution("Talked to Ana", decision=decision, **said))


def is_dunned(selling: Selling, course: CourseView) -> bool:
    called = [one for one in follow_ups(selling.store, selling.clinic.clock()) if one.has(Why.PART_PAID)]
    return course.client_id in {one.client_id for one in called}


@pytest.mark.parametrize("cancel", WAYS, ids=lambda way: way.__name__)
def test_b3_nobody_is_dunned_any_more_and_a_person_is_asked(
    selling: Selling, cancel: Callable[[Selling, CheckoutView], None]
) -> None:
    begun = deposited(selling)
    (course,) = selling.courses(begun)
    assert is_dunned(selling, course)
    assert (course.due, course.due_on) == (usd(115000), begun.balance_due_on)
    cancel(selling, begun)
    now, course = selling.now(begun), again(selling, course)
    assert (now.state, now.came) == ("canceled", usd(DEPOSIT))
    assert not is_dunned(selling, course)
    assert (course.due, course.due_on, course.status) == (usd(0), None, Status.PART_PAID)
    (item,) = questions(selling, course)
    assert item.kind == KIND
    assert item.summary == (
        "The invoice for Facial acupuncture, course of 10 was canceled after $500.00 of $1,650.00 was paid."
    )
    assert item.proposal == (
        "$500.00 pays for 3 of 10 sessions: keep 3 sessions, refund it, or leave the package open."
    )
    assert item.decisions == ("keep_sessions", "refund", "leave_open")
    assert (item.proposed_decision, item.proposed_sessions) == ("keep_sessions", 3)
    assert [each.text for each in course.happenings if each.kind == "canceled"] == [
        "Invoice canceled: $500.00 of $1,650.00 is paid, no more is due"
    ]


def test_b3_told_again_in_any_way_it_is_asked_once(selling: Selling) -> None:
    begun = deposited(selling)
    for cancel in (by_webhook, lambda *_: selling.sync(), lambda *_: selling.after(60)):
        cancel(selling, begun)
    (course,) = selling.courses(begun)
    (item,) = questions(selling, course)
    decide(selling, item, "leave_open")
    selling.clinic.clock.advance(hours=1)
    selling.sync()
    assert questions(selling, course) == []


def test_b3_an_invoice_made_in_square_is_asked_about_too(selling: Selling) -> None:
    invoice_id, order_id = made_in_square(selling)
    selling.clinic.till.pay_invoice(invoice_id)
    selling.sync()
    square = selling.clinic.services.square
    square.cancel_invoice(invoice_id, square.invoice(invoice_id)["version"])
    selling.sync()
    (course,) = selling.courses_of(order_id)
    assert [item.kind for item in questions(selling, course)] == [KIND]
    assert not is_dunned(selling, course)


def test_b3_a_payment_that_became_known_only_after_the_end_is_booked(selling: Selling) -> None:
    begun = deposited(selling)
    selling.clinic.clock.advance(seconds=1)
    selling.pay(begun, amount=30000)
    cancel_in_square(selling, begun)
    selling.sync()
    (course,) = selling.courses(begun)
    (item,) = questions(selling, course)
    assert (course.gross_paid, selling.now(begun).came) == (usd(80000), usd(80000))
    assert item.proposed_sessions == 4


def test_b3_paid_in_full_nothing_is_asked(selling: Selling) -> None:
    begun = deposited(selling)
    selling.clinic.clock.advance(seconds=1)
    selling.pay(begun)
    selling.sync()
    (course,) = selling.courses(begun)
    assert (course.due_ended_on, questions(selling, course)) == (None, [])


def test_b3_keeping_what_is_paid_removes_the_locked_sessions(selling: Selling) -> None:
    course, item = canceled(selling)
    decided = decide(selling, item, "keep_sessions", is_owner=False)
    assert decided.answer == "Kept the sessions that are paid for"
    course = again(selling, course)
    assert (course.status, course.left, course.granted, course.value_left) == (
        Status.OPEN,
        3,
        3,
        usd(DEPOSIT),
    )
    assert (course.price, course.gross_price, course.is_part_paid) == (usd(DEPOSIT), usd(DEPOSIT), False)
    assert [each.text for each in course.happenings if each.kind == "kept"] == [
        "Canceled invoice: 3 sessions kept, 7 sessions removed"
    ]
    use_session(selling.store, selling.act(), UseSession(course.id, sessions=3))
    course = again(selling, course)
    assert (course.left, course.value_left) == (0, usd(0))
    earned = [-each.value_delta.amount for each in course.entries if each.kind is Kind.USED]
    assert earned == [DEPOSIT]
    assert audit(selling.store) == ()


def test_b3_of_a_mixed_package_the_value_stays_with_the_sessions_kept(selling: Selling) -> None:
    course, item = canceled(selling, 66000, package_id=selling.clinic.packages["twelve"].id)
    use_session(selling.store, selling.act(), UseSession(course.id))
    worth = again(selling, course).value_left
    decide(selling, item, "keep_sessions")
    course = again(selling, course)
    assert [(each.granted, each.left) for each in course.allowances] == [(4, 3), (0, 0)]
    assert (course.value_left, course.allowances[1].value_left, course.status) == (worth, usd(0), Status.OPEN)
    quote = refund_quote(selling.store, course.id, today=selling.clinic.clock().date())
    assert quote.most == usd(66000)
    assert audit(selling.store) == ()


def test_b3_sessions_used_up_leave_nothing_behind(selling: Selling) -> None:
    course, item = canceled(selling)
    use_session(selling.store, selling.act(), UseSession(course.id, sessions=3))
    decide(selling, item, "keep_sessions")
    course = again(selling, course)
    assert (course.status, course.left, course.value_left) == (Status.FINISHED, 0, usd(0))
    assert audit(selling.store) == ()


def test_b3_the_refund_goes_through_square_and_closes_the_course(selling: Selling) -> None:
    course, item = canceled(selling)
    decide(selling, item, "refund")
    assert questions(selling, course) == []
    selling.go()
    selling.sync()
    order_id = course.square_order_id or ""
    payments = [tender["id"] for tender in selling.clinic.services.square.order(order_id)["tenders"]]
    back = [selling.clinic.services.square.payment(each)["refunded_money"]["amount"] for each in payments]
    assert (again(selling, course).status, sum(back)) == (Status.REFUNDED, DEPOSIT)


def test_b3_after_a_session_the_refund_is_by_the_formula_of_the_course(selling: Selling) -> None:
    course, item = canceled(selling)
    use_session(selling.store, selling.act(), UseSession(course.id))
    decide(selling, item, "refund")
    texts = [each.text for each in again(selling, course).happenings]
    assert "Refund of $335.00 begun" in texts


def test_b3_only_the_owner_refunds_and_never_more_than_was_paid(selling: Selling) -> None:
    course, item = canceled(selling)
    with pytest.raises(NotAllowed):
        decide(selling, item, "refund", is_owner=False)
    with pytest.raises(InvalidField, match=r"At most \$500\.00"):
        decide(selling, item, "refund", amount=DEPOSIT + 1)
    with pytest.raises(InvalidField, match="pays for 3 sessions") as refused:
        decide(selling, item, "keep_sessions", sessions=4)
    assert refused.value.field == "sessions"
    assert [each.kind for each in questions(selling, course)] == [KIND]
    assert again(selling, course).left == 10


def test_b3_left_open_it_stays_as_it_is_without_anything_due(selling: Selling) -> None:
    course, item = canceled(selling)
    decided = decide(selling, item, "leave_open")
    assert (decided.answer, questions(selling, course)) == ("Left open", [])
    now = again(selling, course)
    assert (now.status, now.left, now.due) == (Status.PART_PAID, 10, usd(0))
    use_session(selling.store, selling.act(), UseSession(course.id, sessions=3))
    with pytest.raises(Refused, match="The invoice was canceled"):
        use_session(selling.store, selling.act(), UseSession(course.id), known_charges=1)


def test_b3_a_decision_twice_is_one_and_another_one_comes_too_late(selling: Selling) -> None:
    course, item = canceled(selling)
    act = selling.act()
    wish = Resolution("Talked to Ana", decision="keep_sessions")
    first = resolve(selling.store, act, item.id, wish)
    before = again(selling, course)
    assert resolve(selling.store, act, item.id, wish) == first
    assert again(selling, course) == before
    with pytest.raises(Refused) as refused:
        decide(selling, item, "leave_open")
    assert refused.value.code == "already_resolved"


def test_b3_a_deposit_that_pays_for_no_session_offers_no_keeping(selling: Selling) -> None:
    _, item = canceled(selling, 10000)
    assert item.decisions == ("refund", "leave_open")
    assert item.proposal == "$100.00 pays for no session: refund it, or leave the package open."
    assert (item.proposed_decision, item.proposed_sessions) == ("refund", None)


def test_b3_refunded_in_square_meanwhile_it_asks_nothing_more(selling: Selling) -> None:
    course, _ = canceled(selling)
    selling.clinic.till.refund_amount(DEPOSIT, order_id=course.square_order_id)
    selling.sync()
    assert (again(selling, course).status, questions(selling, course)) == (Status.REFUNDED, [])
