"""Refunds made in Square: the sessions leave in the same act, once, and return if the refund fails."""

from dataclasses import replace
from typing import Any

import pytest

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.sales.sales import ReturnLine
from plugin.errors import InvalidField, NoneLeft, Refused
from tests.courses.desk import TOUCH_UP, Desk, back

WHOLE = 198000


def two_courses(desk: Desk) -> tuple[str, str]:
    """Sell two courses on one line of order "O"."""
    one, two = desk.book(desk.sale(desk.line(desk.package(), quantity=2, paid=2 * WHOLE), order="O")).opened
    return one, two


def statuses(desk: Desk, *course_ids: str) -> list[Status]:
    return [desk.course(each).status for each in course_ids]


class TestByLine:
    def test_the_course_closes_and_its_sessions_leave(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(touch_ups=2), order="O")
        desk.use(course_id)
        assert desk.refund("O", WHOLE, back()) == "1 of the sale’s courses closed."
        course = desk.course(course_id)
        assert (course.status, course.left, course.value_left.amount, course.used) == (
            Status.REFUNDED,
            0,
            0,
            1,
        )
        gone = [entry for entry in course.entries if entry.kind is Kind.REFUNDED]
        assert [entry.sessions_delta for entry in gone] == [-11, -2]
        assert {entry.reason for entry in gone} == {"Refunded in Square: Moved away"}
        assert course.happenings[-1].text == "Refunded; 13 sessions left the balance"

    @pytest.mark.parametrize(
        "statuses", [("PENDING", "COMPLETED"), ("COMPLETED", "PENDING"), ("COMPLETED",) * 2]
    )
    def test_met_again_it_changes_nothing(self, desk: Desk, statuses: tuple[str, ...]) -> None:
        course_id = desk.sell(order="O")
        for status in statuses:
            desk.refund("O", WHOLE, back(), status=status)
        assert sum(entry.kind is Kind.REFUNDED for entry in desk.course(course_id).entries) == 1

    def test_one_of_two_takes_the_untouched_one(self, desk: Desk) -> None:
        one, two = two_courses(desk)
        desk.use(two)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE)
        assert statuses(desk, one, two) == [Status.REFUNDED, Status.OPEN]

    def test_then_the_other_one_goes_by_its_own_return(self, desk: Desk) -> None:
        courses = two_courses(desk)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE)
        assert sorted(statuses(desk, *courses)) == [Status.OPEN, Status.REFUNDED]
        desk.refund("O", WHOLE, back(), total=2 * WHOLE, refund_id="REFUND-2", return_order="RETURN-2")
        assert statuses(desk, *courses) == [Status.REFUNDED] * 2

    def test_both_at_once_go_together(self, desk: Desk) -> None:
        courses = two_courses(desk)
        desk.refund("O", 2 * WHOLE, back(quantity=2), total=2 * WHOLE)
        assert statuses(desk, *courses) == [Status.REFUNDED] * 2

    def test_more_than_was_sold_closes_what_there_is(self, desk: Desk) -> None:
        courses = two_courses(desk)
        assert desk.refund("O", 2 * WHOLE, back(quantity=5), total=2 * WHOLE).startswith("2 of")
        assert statuses(desk, *courses) == [Status.REFUNDED] * 2

    def test_a_line_of_retail_given_back_leaves_the_course_alone(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        assert desk.refund("O", 3300, back("SERUM")) == "Nothing was left to close."
        assert desk.balance(course_id) == (12, WHOLE)

    def test_two_refunds_of_one_return_are_one_return(self, desk: Desk) -> None:
        one, two = two_courses(desk)
        for refund_id, amount in (("CARD-1", 100000), ("CARD-2", 98000)):
            desk.refund("O", amount, back(), total=2 * WHOLE, refund_id=refund_id)
        assert sorted(statuses(desk, one, two)) == [Status.OPEN, Status.REFUNDED]

    def test_a_finished_course_closes_with_nothing_to_take(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=1), order="O")
        desk.use(course_id)
        desk.refund("O", WHOLE, back())
        course = desk.course(course_id)
        assert (course.status, course.happenings[-1].text) == (
            Status.REFUNDED,
            "Refunded; no session was left",
        )

    def test_part_of_a_line_beside_retail_still_asks(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 50000, back("SERUM"), ReturnLine("R2", None, 1))
        assert [item.kind for item in desk.questions()] == ["unclear_refund"]
        assert desk.balance(course_id) == (12, WHOLE)

    def test_a_sale_refunded_while_nobody_owned_it_asks_nothing_more(self, desk: Desk) -> None:
        desk.sell(order="O", buyer=None)
        desk.refund("O", WHOLE, back())
        assert desk.questions() == ()
        desk.refund("O", WHOLE, back(), status="FAILED")
        assert [item.kind for item in desk.questions()] == ["unassigned_sale"]

    @pytest.mark.parametrize("reason", ["", "x" * 500, "Mist\x00ake"], ids=ascii)
    def test_any_reason_of_square_s_fits(self, desk: Desk, reason: str) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", WHOLE, back(), reason=reason)
        assert desk.course(course_id).status is Status.REFUNDED


class TestByAmount:
    def test_the_whole_sale_closes_every_course(self, desk: Desk) -> None:
        courses = two_courses(desk)
        desk.refund("O", 2 * WHOLE, total=2 * WHOLE, return_order=None)
        assert statuses(desk, *courses) == [Status.REFUNDED] * 2

    @pytest.mark.parametrize(("second", "is_whole"), [(97999, False), (98000, True), (98001, True)])
    def test_two_amounts_close_it_once_they_add_up(self, desk: Desk, second: int, is_whole: bool) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 100000, return_order=None)
        desk.refund("O", second, return_order=None, refund_id="REFUND-2")
        assert (desk.course(course_id).status is Status.REFUNDED) == is_whole
        assert len(desk.questions()) == (0 if is_whole else 2)

    def test_the_same_amount_met_twice_is_added_once(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        for _ in range(3):
            desk.refund("O", 100000, return_order=None)
        assert desk.course(course_id).status is Status.OPEN
        assert len(desk.questions()) == 1

    def test_a_line_and_an_amount_that_add_up_close_the_sale(self, desk: Desk) -> None:
        courses = two_courses(desk)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE)
        desk.refund("O", WHOLE, total=2 * WHOLE, refund_id="REFUND-2", return_order=None)
        assert statuses(desk, *courses) == [Status.REFUNDED] * 2

    def test_a_refund_that_failed_is_not_added(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 100000, return_order=None, status="FAILED")
        desk.refund("O", 98000, return_order=None, refund_id="REFUND-2")
        assert desk.course(course_id).status is Status.OPEN


PROPOSALS = [
    (16499, "$164.99 is less than one session ($165.00): keep all sessions."),
    (16500, "$165.00 is 1 session at $165.00: remove 1 session, 11 remain."),
    (16501, "$165.01 covers 1 session at $165.00: remove 1 session, 11 remain."),
    (49500, "$495.00 is 3 sessions at $165.00: remove 3 sessions, 9 remain."),
    (197999, "$1,979.99 covers 11 sessions at $165.00: remove 11 sessions, 1 remain."),
]


class TestTheQuestion:
    def ask(self, desk: Desk, amount: int = 49500, *, paid: int = WHOLE) -> tuple[str, str]:
        """Return the course and the attention item about part of its money."""
        course_id = desk.sell(order="O", paid=paid)
        desk.refund("O", amount, total=paid, return_order=None)
        return course_id, desk.questions()[0].id

    @pytest.mark.parametrize(("amount", "said"), PROPOSALS)
    def test_it_shows_the_arithmetic(self, desk: Desk, amount: int, said: str) -> None:
        course_id, _ = self.ask(desk, amount)
        (item,) = desk.questions()
        assert item.proposal == said
        assert item.course_ids == (course_id,)
        assert item.decisions == ("close_course", "take_sessions", "keep_sessions")

    @pytest.mark.parametrize(
        ("amount", "decision", "sessions"),
        [(16499, "keep_sessions", None), (16500, "take_sessions", 1), (33001, "take_sessions", 2)],
    )
    def test_programs_and_one_tap_get_the_same_proposal(
        self, desk: Desk, amount: int, decision: str, sessions: int | None
    ) -> None:
        course_id, _ = self.ask(desk, amount)
        (item,) = desk.questions()
        assert (item.proposed_decision, item.proposed_sessions) == (decision, sessions)
        assert item.proposed_course_id == course_id

    def test_all_that_was_paid_for_it_proposes_to_close_the_course(self, desk: Desk) -> None:
        course_id = desk.sell(order="O", paid=100000)
        desk.refund("O", 100000, total=150000, return_order=None)
        (item,) = desk.questions()
        assert (item.proposed_decision, item.proposed_course_id) == ("close_course", course_id)

    def test_a_course_that_is_used_up_keeps_what_it_had(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id, sessions=12)
        desk.refund("O", 49500, return_order=None)
        (item,) = desk.questions()
        assert item.proposal == "No session is left to remove: keep the course as it is."
        assert item.proposed_decision == "keep_sessions"
        desk.answer(item.id, "keep_sessions")

    @pytest.mark.parametrize(
        ("decision", "sessions", "answer"),
        [
            ("take_sessions", 1, "1 session removed"),
            ("take_sessions", 2, "2 sessions removed"),
            ("keep_sessions", None, "Kept all sessions"),
            ("close_course", None, "Package canceled"),
        ],
    )
    def test_the_answer_is_kept_in_a_few_words(
        self, desk: Desk, decision: str, sessions: int | None, answer: str
    ) -> None:
        _, item_id = self.ask(desk)
        assert desk.questions()[0].answer is None
        assert desk.answer(item_id, decision, sessions=sessions).answer == answer
        assert desk.questions(resolved=True)[0].answer == answer

    def test_what_settled_by_itself_says_why(self, desk: Desk) -> None:
        self.ask(desk)
        desk.refund("O", 148500, refund_id="REFUND-2", return_order=None)
        assert desk.questions(resolved=True)[0].answer == "The whole sale was refunded since"

    def test_touch_ups_open_though_sessions_left_with_a_refund(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=3, touch_ups=1), order="O", paid=49500)
        desk.refund("O", 16500, total=49500, return_order=None)
        desk.answer(desk.questions()[0].id, "take_sessions", sessions=1)
        opens = []
        for _ in range(2):
            opens.append(desk.course(course_id).allowances[1].is_usable)
            desk.use(course_id)
        assert (opens, desk.course(course_id).allowances[1].is_usable) == ([False, False], True)
        assert desk.use(course_id).entry.treatment == TOUCH_UP

    def test_it_never_proposes_more_than_is_left(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id, sessions=10)
        desk.refund("O", 49500, return_order=None)
        assert "remove 2 sessions, 0 remain" in (desk.questions()[0].proposal or "")

    def test_all_that_one_of_the_courses_cost_means_that_course(self, desk: Desk) -> None:
        package = desk.package()
        lines = desk.line(package, uid="A"), desk.line(package, uid="B", paid=100000)
        one, two = desk.book(desk.sale(*lines, order="O")).opened
        desk.refund("O", WHOLE, back("A"), total=298000)
        desk.refund("O", 90000, total=298000, refund_id="REFUND-2", return_order=None)
        assert desk.questions()[0].course_ids == (two,)
        assert statuses(desk, one, two) == [Status.REFUNDED, Status.OPEN]

    def test_of_several_courses_it_asks_which(self, desk: Desk) -> None:
        courses = two_courses(desk)
        desk.refund("O", 49500, total=2 * WHOLE, return_order=None)
        (item,) = desk.questions()
        assert item.proposal == "That sale opened 2 courses. Choose the one the money was for."
        assert (item.proposed_decision, item.proposed_sessions, item.proposed_course_id) == (None, None, None)
        with pytest.raises(InvalidField, match="which of the sale’s courses"):
            desk.answer(item.id, "take_sessions", sessions=3)
        with pytest.raises(InvalidField, match="which of the sale’s courses"):
            desk.answer(item.id, "close_course", course_id="another")
        desk.answer(item.id, "take_sessions", sessions=3, course_id=courses[1])
        assert [desk.balance(each) for each in courses] == [(12, WHOLE), (9, 148500)]

    def test_closing_takes_everything(self, desk: Desk) -> None:
        course_id, item = self.ask(desk)
        desk.answer(item, "close_course")
        assert (desk.balance(course_id), statuses(desk, course_id)) == ((0, 0), [Status.REFUNDED])

    def test_taking_sessions_takes_them_and_the_money(self, desk: Desk) -> None:
        course_id, item = self.ask(desk)
        desk.answer(item, "take_sessions", sessions=3)
        assert desk.balance(course_id) == (9, 148500)
        earned = sum(-desk.use(course_id).entry.value_delta.amount for _ in range(9))
        assert earned == 148500

    def test_taking_every_session_leaves_no_money_behind(self, desk: Desk) -> None:
        course_id, item = self.ask(desk)
        desk.answer(item, "take_sessions", sessions=12)
        assert desk.balance(course_id) == (0, 0)

    def test_keeping_them_is_goodwill(self, desk: Desk) -> None:
        course_id, item = self.ask(desk)
        desk.answer(item, "keep_sessions")
        assert desk.balance(course_id) == (12, 148500)

    def test_no_more_money_leaves_than_was_still_owed(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id, sessions=11)
        desk.refund("O", 49500, return_order=None)
        desk.answer(desk.questions()[0].id, "keep_sessions")
        assert desk.balance(course_id) == (1, 0)
        assert desk.use(course_id).entry.value_delta.amount == 0

    @pytest.mark.parametrize(
        ("decision", "said", "field"),
        [
            (None, {}, "decision"),
            ("refund_all", {}, "decision"),
            ("assign", {}, "decision"),
            ("take_sessions", {}, "sessions"),
            ("take_sessions", {"sessions": 0}, "sessions"),
            ("take_sessions", {"sessions": -1}, "sessions"),
            ("take_sessions", {"sessions": 1, "amount": 49501}, "amount"),
            ("take_sessions", {"sessions": 1, "amount": -1}, "sessions"),
            ("close_course", {"course_id": "another"}, "course_id"),
        ],
        ids=str,
    )
    def test_an_answer_that_is_none_is_refused_by_its_field(
        self, desk: Desk, decision: str | None, said: dict[str, Any], field: str
    ) -> None:
        course_id, item = self.ask(desk)
        with pytest.raises(InvalidField) as refusal:
            desk.answer(item, decision, **said)
        assert refusal.value.field == field
        assert desk.balance(course_id) == (12, WHOLE)
        assert len(desk.questions()) == 1

    @pytest.mark.parametrize(("sessions", "fits"), [(11, True), (12, True), (13, False)])
    def test_no_more_sessions_leave_than_are_left(self, desk: Desk, sessions: int, fits: bool) -> None:
        course_id, item = self.ask(desk)
        if fits:
            desk.answer(item, "take_sessions", sessions=sessions)
            assert desk.balance(course_id)[0] == 12 - sessions
            return
        with pytest.raises(NoneLeft):
            desk.answer(item, "take_sessions", sessions=sessions)
        assert desk.balance(course_id) == (12, WHOLE)

    def test_it_is_asked_and_answered_once(self, desk: Desk) -> None:
        course_id, item = self.ask(desk)
        desk.answer(item, "take_sessions", sessions=3, key="tap")
        assert desk.answer(item, "take_sessions", sessions=3, key="tap").resolved_by == "Deb"
        with pytest.raises(Refused) as refusal:
            desk.answer(item, "take_sessions", sessions=3)
        assert refusal.value.code == "already_resolved"
        desk.refund("O", 49500, return_order=None)
        assert (desk.questions(), desk.balance(course_id)) == ((), (9, 148500))

    def test_a_course_closed_meanwhile_takes_no_more(self, desk: Desk) -> None:
        two_courses(desk)
        desk.refund("O", 49500, total=2 * WHOLE, return_order=None)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE, refund_id="REFUND-2")
        closed = next(each for each in desk.questions()[0].course_ids if desk.course(each).closed_at)
        with pytest.raises(Refused) as refusal:
            desk.answer(desk.questions()[0].id, "take_sessions", sessions=1, course_id=closed)
        assert refusal.value.code == "refunded"

    def test_the_last_course_closing_settles_it(self, desk: Desk) -> None:
        self.ask(desk)
        desk.refund("O", WHOLE, back(), refund_id="REFUND-2")
        assert desk.questions() == ()


class TestThatFails:
    @pytest.mark.parametrize("status", ["FAILED", "REJECTED"])
    @pytest.mark.parametrize("return_order", ["RETURN-1", None])
    @pytest.mark.parametrize("lines", [(), (back(),)], ids=["by amount", "by line"])
    def test_the_course_is_open_again_to_the_cent(
        self, desk: Desk, status: str, return_order: str | None, lines: tuple[ReturnLine, ...]
    ) -> None:
        course_id = desk.sell(desk.package(sessions=7, touch_ups=2), paid=100001, order="O")
        desk.use(course_id)
        before = desk.course(course_id)
        for said in ("PENDING", status, status):
            desk.refund("O", 100001, *lines, total=100001, status=said, return_order=return_order)
        after = desk.course(course_id)
        assert after.allowances == before.allowances
        assert (after.status, after.closed_at) == (Status.OPEN, None)
        assert after.happenings[-1].kind == "reopened"
        assert desk.use(course_id).sessions_left == 5

    @pytest.mark.parametrize("ended", ["FAILED", "REJECTED", "CANCELED"])
    @pytest.mark.parametrize("late", ["PENDING", "COMPLETED"])
    def test_older_news_of_it_changes_nothing_any_more(self, desk: Desk, ended: str, late: str) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", WHOLE, back(), status=ended)
        assert "older news" in desk.refund("O", WHOLE, back(), status=late)
        assert desk.balance(course_id) == (12, WHOLE)

    def test_the_next_try_closes_it_again(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        for number in range(1, 4):
            desk.refund("O", WHOLE, back(), status="PENDING", refund_id=f"REFUND-{number}")
            assert desk.balance(course_id) == (0, 0)
            desk.refund("O", WHOLE, back(), status="FAILED", refund_id=f"REFUND-{number}")
            assert desk.balance(course_id) == (12, WHOLE)
        desk.refund("O", WHOLE, back(), refund_id="REFUND-9")
        assert statuses(desk, course_id) == [Status.REFUNDED]

    def test_one_half_of_a_split_tender_failing_keeps_it_closed(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        for refund_id in ("CARD-1", "CARD-2"):
            desk.refund("O", 99000, back(), refund_id=refund_id, status="PENDING")
        desk.refund("O", 99000, back(), refund_id="CARD-1", status="FAILED")
        assert statuses(desk, course_id) == [Status.REFUNDED]
        desk.refund("O", 99000, back(), refund_id="CARD-2", status="FAILED")
        assert desk.balance(course_id) == (12, WHOLE)

    def test_its_open_question_goes_away(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 49500, return_order=None, status="PENDING")
        desk.refund("O", 49500, return_order=None, status="FAILED")
        assert (desk.questions(), desk.balance(course_id)) == ((), (12, WHOLE))

    @pytest.mark.parametrize(
        ("decision", "said"),
        [("take_sessions", {"sessions": 3}), ("keep_sessions", {}), ("close_course", {})],
    )
    def test_what_a_person_had_decided_is_undone(
        self, desk: Desk, decision: str, said: dict[str, Any]
    ) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id)
        desk.refund("O", 49500, return_order=None, status="PENDING")
        desk.answer(desk.questions()[0].id, decision, **said)
        for _ in range(2):
            desk.refund("O", 49500, return_order=None, status="FAILED")
        assert desk.balance(course_id) == (11, 181500)
        assert statuses(desk, course_id) == [Status.OPEN]

    @pytest.mark.parametrize(("failed", "stands"), [("REFUND-1", "REFUND-2"), ("REFUND-2", "REFUND-1")])
    def test_one_of_two_amounts_failing_asks_about_the_other(
        self, desk: Desk, failed: str, stands: str
    ) -> None:
        amounts = {"REFUND-1": 100000, "REFUND-2": 98000}
        course_id = desk.sell(order="O")
        for refund_id, amount in amounts.items():
            desk.refund("O", amount, return_order=None, refund_id=refund_id, status="PENDING")
        assert (statuses(desk, course_id), desk.questions()) == ([Status.REFUNDED], ())
        desk.refund("O", amounts[failed], return_order=None, refund_id=failed, status="FAILED")
        assert desk.balance(course_id) == (12, WHOLE)
        assert [item.square_refund_id for item in desk.questions()] == [stands]

    def test_a_course_closed_by_another_refund_stays_closed(self, desk: Desk) -> None:
        one, two = two_courses(desk)
        desk.refund("O", WHOLE, back(), total=2 * WHOLE)
        other: Any = {"total": 2 * WHOLE, "refund_id": "REFUND-2", "return_order": "RETURN-2"}
        desk.refund("O", WHOLE, back(), status="PENDING", **other)
        desk.refund("O", WHOLE, back(), status="FAILED", **other)
        assert sorted(statuses(desk, one, two)) == [Status.OPEN, Status.REFUNDED]


def test_a_refund_of_a_sale_without_courses_is_kept_for_the_sums(desk: Desk) -> None:
    assert desk.refund("NO-SUCH-ORDER", 100) == "That sale opened no course."


def test_a_refund_seen_before_its_sale_is_applied_when_met_after_it(desk: Desk) -> None:
    sale = desk.sale(desk.line(desk.package()), order="O")
    desk.refund("O", WHOLE, back())
    (course_id,) = desk.book(sale).opened
    desk.refund("O", WHOLE, back())
    desk.book(replace(sale, buyer=None))
    assert statuses(desk, course_id) == [Status.REFUNDED]


class TestTheTip:
    """B4: refunding a tip removes no session, whoever states that it was the tip, and when."""

    TIP = 33000

    def give_back(self, desk: Desk, amount: int = TIP, refund_id: str = "TIP", **said: Any) -> None:
        named = {"order_tip": self.TIP, "total": WHOLE + self.TIP, "return_order": None, **said}
        desk.refund("O", amount, refund_id=refund_id, **named)

    def test_word_that_names_the_tip_later_answers_the_question(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        self.give_back(desk)
        assert [item.proposed_decision for item in desk.questions()] == ["tip_only"]
        self.give_back(desk, tip=self.TIP)
        assert desk.questions() == ()
        assert desk.balance(course_id) == (12, WHOLE)

    def test_word_that_names_the_tip_after_sessions_were_taken_changes_nothing(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        self.give_back(desk)
        desk.answer(desk.questions()[0].id, "take_sessions", sessions=2)
        self.give_back(desk, tip=self.TIP)
        assert (desk.questions(), desk.balance(course_id)) == ((), (10, WHOLE - self.TIP))

    def test_the_tip_can_be_named_once(self, desk: Desk) -> None:
        desk.sell(order="O")
        for refund_id in ("ONE", "TWO"):
            self.give_back(desk, refund_id=refund_id)
        first, second = desk.questions()
        desk.answer(first.id, "tip_only")
        with pytest.raises(Refused) as refused:
            desk.answer(second.id, "tip_only")
        assert refused.value.code == "no_tip_left"
        desk.answer(second.id, "take_sessions", sessions=2)

    @pytest.mark.parametrize(("amount", "may_be"), [(TIP - 1, True), (TIP, True), (TIP + 1, False)])
    def test_only_as_much_as_the_tip_may_have_been_the_tip(
        self, desk: Desk, amount: int, may_be: bool
    ) -> None:
        desk.sell(order="O")
        self.give_back(desk, amount)
        (item,) = desk.questions()
        assert ("tip_only" in item.decisions) == may_be
        assert (item.proposed_decision == "tip_only") == (amount == self.TIP)

    def test_of_several_courses_none_need_be_chosen_for_the_tip(self, desk: Desk) -> None:
        courses = two_courses(desk)
        self.give_back(desk, total=2 * WHOLE + self.TIP)
        (item,) = desk.questions()
        assert (item.proposed_decision, item.proposed_course_id) == ("tip_only", None)
        desk.answer(item.id, "tip_only")
        assert [desk.balance(each) for each in courses] == [(12, WHOLE)] * 2

    def test_a_tip_that_did_not_go_back_after_all_may_be_the_tip_again(self, desk: Desk) -> None:
        desk.sell(order="O")
        self.give_back(desk)
        desk.answer(desk.questions()[0].id, "tip_only")
        self.give_back(desk, status="FAILED")
        self.give_back(desk, refund_id="AGAIN")
        assert [item.proposed_decision for item in desk.questions()] == ["tip_only"]

    def test_a_free_course_is_not_proposed_to_be_canceled_for_retail(self, desk: Desk) -> None:
        course_id = desk.sell(order="O", paid=0)
        desk.refund("O", 5400, total=10000, return_order=None)
        (item,) = desk.questions()
        assert (item.proposed_decision, item.proposal) == ("keep_sessions", "Keep all sessions.")
        assert desk.balance(course_id) == (12, 0)
