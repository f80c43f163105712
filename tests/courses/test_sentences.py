"""What the desk reads, to the letter: why a session can't be used or undone, and what a sale asks about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.work import transact
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.sales import Came
from plugin.errors import AlreadyReversed, InvalidField, NoneLeft, NotFound, Refused
from tests.courses.changes.changing import Changes
from tests.courses.desk import MANY, TOUCH_UP, Desk, back


def test_a_use_before_the_sale_or_in_the_future_is_refused_by_its_day(desk: Desk) -> None:
    course = desk.sell()
    with pytest.raises(InvalidField) as future:
        desk.use(course, visited_on=desk.today + timedelta(1))
    with pytest.raises(InvalidField) as past:
        desk.use(course, visited_on=desk.today - timedelta(1))
    assert str(future.value) == "A visit can’t be in the future. Choose today or an earlier day."
    assert str(past.value) == "The course was sold on Nov 22, 2026. Choose that day or a later one."
    assert (future.value.field, past.value.field) == ("visited_on", "visited_on")
    assert desk.use(course, visited_on=desk.today).session_number == 1


@pytest.mark.parametrize(("sessions", "is_refused"), [(0, True), (1, False), (51, True)])
def test_so_many_sessions_at_once(desk: Desk, sessions: int, is_refused: bool) -> None:
    course = desk.sell()
    if not is_refused:
        assert desk.use(course, sessions=sessions).sessions_left == 12 - sessions
        return
    with pytest.raises(InvalidField) as refusal:
        desk.use(course, sessions=sessions)
    assert refusal.value.field == "sessions"
    assert str(refusal.value) == "Use 1 to 20 sessions at once."


def test_an_allowance_that_is_not_the_course_s(desk: Desk) -> None:
    with pytest.raises(NotFound) as refusal:
        desk.use(desk.sell(), allowance_id="another")
    assert str(refusal.value) == "That course has no such allowance."


def test_a_course_that_can_not_be_used_says_why_and_what_to_do(desk: Desk) -> None:
    changes, bea = Changes(desk), desk.client("Bea Wong")
    unassigned = desk.sell(buyer=None)
    refunded, transferred, frozen, given = (desk.sell(order=each) for each in ("O", "P", "Q", "R"))
    desk.refund("O", 198000, back())
    changes.transfer(transferred, bea)
    changes.freeze(frozen)
    changes.give(given)
    expired = desk.sell(desk.package(terms=Terms(expires_after_months=1)))
    desk.clock.advance(days=60)

    assert [
        _why_not_used(desk, each) for each in (unassigned, refunded, transferred, frozen, given, expired)
    ] == [
        ("unassigned", "No one owns this course yet. Assign it to a client first."),
        ("refunded", "This course was refunded; it has no sessions to use."),
        ("transferred", "This course was transferred; look for it with the other client."),
        ("frozen", "This course is frozen. Unfreeze it first."),
        (
            "waits_as_gift",
            "This course waits as a gift for Bea Wong. Redeem its voucher, or cancel the gift.",
        ),
        ("expired", "This course has expired. The owner can extend it."),
    ]


def _why_not_used(desk: Desk, course: str, **wish: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        desk.use(course, **wish)
    return refusal.value.code, str(refusal.value)


def test_a_course_of_another_client_says_so_and_one_that_was_shared_until_when(desk: Desk) -> None:
    changes, bea = Changes(desk), desk.client("Bea Wong")
    course = desk.sell()
    theirs = ("not_theirs", "This course belongs to another client.")
    assert _why_not_used(desk, course, client_id=bea) == theirs
    changes.share(course, desk.client("Cy Lee"))
    assert _why_not_used(desk, course, client_id=bea) == theirs
    changes.share(course, bea, changes.day(0))
    desk.clock.advance(days=1)
    said = "This course was shared with Bea Wong for visits until an earlier day."
    assert _why_not_used(desk, course, client_id=bea) == ("not_theirs", said)


def test_a_visit_of_transferred_sessions_is_not_before_the_day_of_the_transfer(desk: Desk) -> None:
    changes, bea = Changes(desk), desk.client("Bea Wong")
    sold = desk.sell(paid_at=desk.clock() - timedelta(days=9))
    day, before = desk.today, desk.today - timedelta(days=1)
    changes.transfer(sold, bea)
    (got,) = courses_of_client(desk.store, bea, today=desk.today)
    desk.clock.advance(days=2)
    with pytest.raises(InvalidField) as refusal:
        desk.use(got.id, visited_on=before)
    said = "These sessions were transferred on Nov 22, 2026. Choose that day or a later one."
    assert (str(refusal.value), refusal.value.field) == (said, "visited_on")
    assert desk.use(got.id, visited_on=day).sessions_left == 11


def test_an_allowance_that_is_not_open_yet_names_the_session_that_opens_it(desk: Desk) -> None:
    course = desk.sell(desk.package(sessions=3, touch_ups=1))
    touch_up = next(each.id for each in desk.course(course).allowances if each.treatment == TOUCH_UP)
    said = "Touch-up, 45 min opens with session 3 of the course."
    assert _why_not_used(desk, course, allowance_id=touch_up) == ("not_open_yet", said)


def test_where_no_session_is_left_it_says_what_to_do(desk: Desk) -> None:
    course = desk.sell(desk.package(sessions=1))
    desk.use(course)
    with pytest.raises(NoneLeft) as refusal:
        desk.use(course)
    assert str(refusal.value) == "No session is left. Sell a new course, or choose another one."


def test_sessions_that_are_not_paid_for_say_what_has_to_come(desk: Desk) -> None:
    changes = Changes(desk)
    sale = desk.sale(desk.line(desk.package()), order="O")
    (course,) = desk.book(replace(sale, came=(Came(Money(49500, "USD")),))).opened
    assert desk.use(course, sessions=3).sessions_left == 9
    then = " The next can be used once $165.00 more is paid."
    assert _why_not_used(desk, course) == ("not_paid_for", f"3 of 12 sessions are paid for.{then}")
    changes.allow(course, 1)
    desk.use(course)
    then = " The next can be used once $330.00 more is paid."
    assert _why_not_used(desk, course) == ("not_paid_for", f"4 of 12 sessions may be used so far.{then}")
    transact(desk.store, desk.act(), lambda work: end_collection(work, "O"))
    then = " The invoice was canceled. Decide what happens to the others under Attention."
    assert _why_not_used(desk, course) == ("not_paid_for", f"4 of 12 sessions may be used so far.{then}")


def test_details_of_a_visit_that_can_not_be_stored_are_named(desk: Desk) -> None:
    course = desk.sell()
    told = []
    wishes: list[dict[str, Any]] = [
        {"focus": "x" * 501},
        {"note": "x" * 501},
        {"practitioner_id": "nobody"},
    ]
    for wish in wishes:
        with pytest.raises(InvalidField) as refusal:
            desk.use(course, **wish)
        told.append((refusal.value.field, str(refusal.value)))
    assert told == [
        ("focus", "The focus has 501 characters, at most 500 fit."),
        ("note", "The note has 501 characters, at most 500 fit."),
        ("practitioner_id", "There is no such practitioner."),
    ]


def test_a_use_is_undone_once_and_only_a_use(desk: Desk) -> None:
    course = desk.sell()
    used = desk.use(course)
    desk.undo(used.entry.id)
    with pytest.raises(AlreadyReversed) as again:
        desk.undo(used.entry.id)
    sold = desk.course(course).entries[0]
    with pytest.raises(Refused) as other:
        desk.undo(sold.id)
    with pytest.raises(NotFound):
        desk.undo("nothing")
    assert str(again.value) == "That was undone before; both lines stand in the history."
    assert (str(other.value), other.value.code) == (
        "Only a used session can be undone here.",
        "not_reversible",
    )


def test_nothing_is_given_back_to_a_course_that_was_refunded(desk: Desk) -> None:
    course = desk.sell(order="O")
    used = desk.use(course)
    desk.refund("O", 181500, back())
    with pytest.raises(Refused) as refusal:
        desk.undo(used.entry.id)
    assert refusal.value.code == "refunded"
    assert str(refusal.value) == "This course was refunded; a session of it can’t be undone."


def test_a_quantity_that_is_no_whole_course_is_asked_about(desk: Desk) -> None:
    package = desk.package()
    line = desk.line(package, quantity=None)
    booking = desk.book(desk.sale(replace(line, quantity_text="1.5"), order="O"))
    (item,) = desk.questions()
    assert (booking.opened, item.kind, item.square_order_id) == ((), "unclear_quantity", "O")
    assert item.summary == "A course was sold with the quantity “1.5”. No course was opened."
    assert item.proposal == (
        "A course is sold whole: 1 to 100. Refund this line in Square and ring it up again."
    )


def test_a_line_without_a_name_is_called_a_package(desk: Desk) -> None:
    line = desk.line(desk.package(), quantity=None, name="")
    desk.book(desk.sale(replace(line, quantity_text="x" * 60)))
    (item,) = desk.questions()
    assert item.summary == f"A package was sold with the quantity “{'x' * 40}”. No course was opened."


def test_a_payment_in_another_currency_is_asked_about(desk: Desk) -> None:
    package = desk.package(name="Course of 12")
    desk.book(desk.sale(desk.line(package, currency="EUR"), order="O"))
    (item,) = desk.questions()
    assert (item.kind, item.square_order_id) == ("foreign_currency", "O")
    assert item.summary == ("Course of 12 was paid in EUR, but it is priced in USD. No course was opened.")
    assert item.proposal == "Open the course in EUR if the payment is right."


def test_a_sale_without_a_client_names_its_package_or_its_number_of_courses(desk: Desk) -> None:
    package = desk.package(name="Course of 12")
    desk.book(desk.sale(desk.line(package), order="ONE", buyer=None))
    desk.book(desk.sale(desk.line(package, paid=396000, quantity=2), order="TWO", buyer=None))
    summaries = {item.square_order_id: item.summary for item in desk.questions()}
    assert summaries == {
        "ONE": "Course of 12 sold without a client. Assign a client.",
        "TWO": "2 courses sold without a client. Assign a client.",
    }


def test_a_second_charge_of_a_day_is_asked_about_unless_it_is_known(desk: Desk) -> None:
    course = desk.sell()
    desk.use(course, known=0)
    with pytest.raises(Refused) as refusal:
        desk.use(course, known=0)
    assert refusal.value.code == "already_used_today"
    assert desk.use(course, known=1).session_number == 2
    assert desk.use(course, known=MANY).session_number == 3
