"""Refunds begun at the desk: one at a time, never more than was paid, and the course follows what Square reports."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugin.core.acts import SQUARE
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.audit import audit
from plugin.courses.base.views import AttentionView
from plugin.courses.refunds.desk_refund_parts import note_answer, plan_parts, refund_to_ask, refuse_rest
from plugin.courses.refunds.desk_refunds import (
    Begun,
    DeskRefundView,
    NewRefund,
    RefundQuote,
    refund_quote,
    refunds_of_courses,
    start_refund,
)
from plugin.courses.refunds.refund import refund_sale
from plugin.courses.sales.sales import Refund
from plugin.errors import InvalidField, KeyReused, NotAllowed, NotFound, NotYet, Refused
from plugin.store import Store
from plugin.store.ledger import Course
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, OLGA, Desk
from tests.courses.racing import RACERS, race

WHOLE = 198000
# Two payments of one sale: the sum is split over them.
SHARES = {"1": 50000, "2": 34000}
SUM = sum(SHARES.values())


class RefundDesk(Desk):
    """A desk whose owner begins refunds, and a Square that answers and reports them by hand.

    One for the whole module: each test sells on an order of its own and sees its own attention items only.
    """

    order = ""

    def next_order(self) -> str:
        self.order = f"O-{next(self._numbers)}"
        return self.order

    def questions(self, *, resolved: bool = False) -> tuple[AttentionView, ...]:
        def is_ours(item: AttentionView) -> bool:
            return any(self.course(each).square_order_id == self.order for each in item.course_ids)

        return tuple(item for item in super().questions(resolved=resolved) if is_ours(item))

    def give_back(self, amount: int, refund_id: str = "AT-THE-TILL") -> None:
        """Have a refund made in Square POS, of an amount alone."""
        self.refund(self.order, amount, refund_id=f"{self.order}-{refund_id}", return_order=None)

    def begin(self, course_id: str, amount: int = SUM, *, key: str | None = None, **wish: str) -> Begun:
        new = NewRefund(course_id, Money(amount, "USD"), wish.pop("reason", "Moved away"), **wish)
        return start_refund(self.store, self.act(OLGA, key=key), new)

    def plan(self, begun: Begun, shares: dict[str, int] = SHARES) -> None:
        plan_parts(
            self.store, begun.id, [(f"{self.order}-PAY-{name}", share) for name, share in shares.items()]
        )

    def answer_part(self, begun: Begun, part: str, status: str) -> None:
        note_answer(
            self.store,
            begun.id,
            f"{self.order}-PAY-{part}",
            square_refund_id=f"{self.order}-OURS-{part}",
            status=status,
        )

    def refuse(self, begun: Begun) -> None:
        refuse_rest(self.store, self.act(SQUARE), begun.id, "Square refused: too late.")

    def tell(self, part: str, status: str, *, refund_id: str = "") -> str:
        """Have Square report a refund of this part's payment and sum: ours, or another id's."""
        given = Refund(
            f"{self.order}-{refund_id or f'OURS-{part}'}",
            self.order,
            f"{self.order}-RETURN-{part}",
            Money(SHARES[part], "USD"),
            Money(WHOLE, "USD"),
            status,
            self.clock(),
            "Moved away",
            square_payment_id=f"{self.order}-PAY-{part}",
        )
        return refund_sale(self.store, self.act(SQUARE), given)

    def shown(self, course_id: str) -> DeskRefundView | None:
        return refunds_of_courses(self.store, [course_id], now=self.clock()).get(course_id)

    def state(self, course_id: str) -> tuple[str, Status, tuple[str, ...]]:
        view = self.shown(course_id)
        assert view is not None
        return view.state, self.course(course_id).status, tuple(item.kind for item in self.questions())

    def quote(self, course_id: str) -> RefundQuote:
        return refund_quote(self.store, course_id, today=self.today)


@pytest.fixture(scope="module")
def desk(module_store: Store) -> Iterator[RefundDesk]:
    yield RefundDesk(module_store, HandMovedClock())
    assert audit(module_store) == ()


@pytest.fixture(scope="module")
def twelve(desk: RefundDesk) -> str:
    return desk.package()


@pytest.fixture
def course(desk: RefundDesk, twelve: str) -> str:
    """A course of twelve, sold on an order of its own, two sessions used."""
    course_id = desk.sell(twelve, order=desk.next_order())
    desk.use(course_id, sessions=2)
    return course_id


UNDER_WAY = ("pending", Status.OPEN, ())
CLOSED = ("pending", Status.REFUNDED, ())
DONE = ("completed", Status.REFUNDED, ())
ALL_FAILED = ("failed", Status.OPEN, ("failed_refund",))
PART_FAILED = ("failed", Status.REFUNDED, ("part_failed_refund",))
PART_MAY_FAIL = ("pending", Status.REFUNDED, ("part_failed_refund",))

# answer 1 PENDING is "1?", COMPLETED "1+", FAILED "1-"; Square's event of it "e1?", "e1+", "e1-"; "x": Square
# refuses what was not requested yet.
STATES = [
    ("", ("asking", Status.OPEN, ())),
    ("1?", UNDER_WAY),
    ("1? 2?", UNDER_WAY),
    ("1+ 2+", UNDER_WAY),
    ("1? e1?", CLOSED),
    ("1? e1? e1?", CLOSED),
    ("1? e1+ 2?", CLOSED),
    ("1? 2? e1+ e2?", CLOSED),
    ("1? 2? e1+ e2+", DONE),
    ("1? 2? e2+ e1+", DONE),
    ("1+ 2+ e1+", DONE),
    ("1+ 2+ e1+ e2+ e1+ e2?", DONE),
    ("1? 2? e1+ e2+ e1?", DONE),
    ("1? 2? e1+ e1? e2+", DONE),
    ("1? 2? e1- e2-", ALL_FAILED),
    ("1? 2? e1? e2? e1- e2-", ALL_FAILED),
    ("1? 2? e1? e2? e2- e1-", ALL_FAILED),
    ("1? e1? e1- 2? e2?", PART_MAY_FAIL),
    ("1? 2? e1+ e2-", PART_FAILED),
    ("1? 2? e2- e1+", PART_FAILED),
    ("1? 2? e1? e2-", PART_MAY_FAIL),
    ("1? 2? e1+ e2- e2- e1+", PART_FAILED),
    ("1? 2? e1+ e2+ e2-", PART_FAILED),
    ("1? 2? e1+ e2+ e1- e2-", ALL_FAILED),
    ("1? 2? e1+ e2- e1-", ALL_FAILED),
    ("x", ALL_FAILED),
    ("1? x", PART_MAY_FAIL),
    ("1+ x", PART_FAILED),
    ("1? x e1-", ALL_FAILED),
    ("1- x", ALL_FAILED),
    ("1? 2? x e1+ e2+", DONE),
]
SAID = {"?": "PENDING", "+": "COMPLETED", "-": "FAILED"}


@pytest.mark.parametrize(("steps", "expected"), STATES, ids=[steps or "nothing" for steps, _ in STATES])
def test_the_course_follows_what_square_says(
    desk: RefundDesk, course: str, steps: str, expected: tuple[str, Status, tuple[str, ...]]
) -> None:
    before = desk.course(course).allowances
    begun = desk.begin(course)
    desk.plan(begun)
    for step in steps.split():
        if step == "x":
            desk.refuse(begun)
        elif step.startswith("e"):
            desk.tell(step[1], SAID[step[2]])
        else:
            desk.answer_part(begun, step[0], SAID[step[1]])
    assert desk.state(course) == expected
    if expected[1] is Status.REFUNDED:
        assert desk.balance(course) == (0, 0)
        assert (
            sum(
                each.kind is Kind.REFUNDED and each.reversed_by is None
                for each in desk.course(course).entries
            )
            == 1
        )
    else:
        assert desk.course(course).allowances == before


def test_its_word_waits_for_our_own_answer(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    for _ in range(2):
        with pytest.raises(NotYet):
            desk.tell("1", "PENDING")
    assert desk.state(course) == ("asking", Status.OPEN, ())
    desk.answer_part(begun, "1", "PENDING")
    desk.tell("1", "PENDING")
    assert desk.state(course) == CLOSED


def test_somebody_else_s_refund_of_the_same_sum_waits_and_then_asks(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    with pytest.raises(NotYet):
        desk.tell("1", "COMPLETED", refund_id="AT-THE-TILL")
    desk.answer_part(begun, "1", "PENDING")
    desk.tell("1", "COMPLETED", refund_id="AT-THE-TILL")
    assert desk.state(course) == ("pending", Status.OPEN, ("unclear_refund",))
    desk.answer_part(begun, "2", "COMPLETED")
    desk.tell("1", "COMPLETED")
    assert desk.state(course) == DONE


@pytest.mark.parametrize("change", ["payment", "amount", "asked nothing yet"])
def test_another_refund_of_the_sale_does_not_wait(desk: RefundDesk, course: str, change: str) -> None:
    begun = desk.begin(course)
    if change != "asked nothing yet":
        desk.plan(begun, {"1": 50001, "2": 33999} if change == "amount" else {"3": SUM})
    desk.tell("1", "COMPLETED", refund_id="AT-THE-TILL")
    assert desk.state(course)[1:] == (Status.OPEN, ("unclear_refund",))


def test_a_refusal_that_comes_first_leaves_the_rest_to_the_usual_question(
    desk: RefundDesk, course: str
) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    desk.refuse(begun)
    desk.tell("1", "COMPLETED", refund_id="DONE-ALL-THE-SAME")
    assert desk.state(course)[2] == ("unclear_refund", "failed_refund")


def test_only_its_own_course_of_the_sale_closes(desk: RefundDesk, twelve: str) -> None:
    sale = desk.sale(desk.line(twelve, quantity=2, paid=2 * WHOLE), order=desk.next_order())
    one, two = desk.book(sale).opened
    begun = desk.begin(two)
    desk.plan(begun, {"1": 50000})
    desk.answer_part(begun, "1", "COMPLETED")
    desk.tell("1", "COMPLETED")
    assert [desk.course(each).status for each in (one, two)] == [Status.OPEN, Status.REFUNDED]
    assert desk.shown(one) is None


def test_a_course_closed_meanwhile_by_another_refund_stays_so(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    desk.give_back(WHOLE)
    desk.answer_part(begun, "1", "PENDING")
    desk.tell("1", "PENDING")
    desk.refuse(begun)
    desk.tell("1", "FAILED")
    assert desk.state(course) == ("failed", Status.REFUNDED, ("failed_refund", "refunded_used_course"))


def test_a_refund_that_failed_can_be_begun_again(desk: RefundDesk, course: str) -> None:
    first = desk.begin(course)
    desk.refuse(first)
    second = desk.begin(course)
    desk.plan(second)
    for part in SHARES:
        desk.answer_part(second, part, "COMPLETED")
        desk.tell(part, "COMPLETED")
    assert desk.state(course)[:2] == DONE[:2]
    assert desk.balance(course) == (0, 0)


def test_the_arithmetic_of_a_part_that_failed_is_put_before_a_person(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    for part in SHARES:
        desk.answer_part(begun, part, "PENDING")
    desk.tell("1", "COMPLETED")
    desk.tell("2", "FAILED")
    (item,) = desk.questions()
    assert item.summary == "Of a refund of $840.00 that Olga began, $340.00 did not go through."
    assert item.proposal == (
        "$840.00 − $340.00 = $500.00 went back. The course is closed."
        " Give the other $340.00 back by hand or at the register."
    )
    assert item.course_ids == (course,)
    shown = desk.shown(course)
    assert shown is not None
    assert shown.says == "Only $500.00 of $840.00 went back; $340.00 failed."
    desk.answer(item.id, "dismiss")
    desk.tell("1", "FAILED")
    assert [each.kind for each in desk.questions()] == ["failed_refund"]


def test_the_history_tells_who_began_it_and_why(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course, reason="Moved away")
    desk.plan(begun)
    desk.answer_part(begun, "1", "PENDING")
    desk.tell("1", "PENDING")
    told = [(each.text, each.by, each.reason) for each in desk.course(course).happenings]
    assert told == [
        ("Refund of $840.00 begun", "Olga", "Moved away"),
        ("Refunded; 10 sessions left the balance", "Square", "Refund of $840.00 begun by Olga: Moved away"),
    ]


def test_a_failure_is_told_for_a_week(desk: RefundDesk, course: str) -> None:
    desk.refuse(desk.begin(course))
    shown = desk.shown(course)
    assert shown is not None
    assert shown.says == "Square refused: too late."
    desk.clock.advance(days=8)
    assert desk.shown(course) is None


def test_the_same_tap_begins_one_refund(desk: RefundDesk, course: str) -> None:
    first = desk.begin(course, key="tap")
    again = desk.begin(course, key="tap")
    assert again == replace(first, is_repeat=True)
    with pytest.raises(KeyReused):
        desk.begin(course, SUM + 1, key="tap")
    with pytest.raises(KeyReused):
        desk.begin(course, reason="Another", key="tap")


def test_a_second_one_waits_until_the_first_has_ended(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    with pytest.raises(Refused) as refusal:
        desk.begin(course)
    assert refusal.value.code == "refund_under_way"
    desk.refuse(begun)
    desk.begin(course)


@pytest.mark.parametrize(
    ("amount", "is_let"), [(-1, False), (0, False), (1, True), (WHOLE, True), (WHOLE + 1, False)]
)
def test_a_refund_is_more_than_nothing_and_no_more_than_came(
    desk: RefundDesk, course: str, amount: int, is_let: bool
) -> None:
    if is_let:
        assert desk.begin(course, amount).amount == Money(amount, "USD")
        return
    with pytest.raises(InvalidField) as refusal:
        desk.begin(course, amount)
    assert refusal.value.field == "amount"


def test_what_went_back_before_can_not_go_back_again(desk: RefundDesk, course: str) -> None:
    desk.give_back(49500)
    desk.answer(desk.questions()[0].id, "take_sessions", sessions=3)
    assert desk.quote(course).most.amount == 148500
    with pytest.raises(InvalidField, match=r"At most \$1,485\.00"):
        desk.begin(course, 148501)


def test_a_refund_in_another_currency_is_refused(desk: RefundDesk, course: str) -> None:
    with pytest.raises(InvalidField, match="USD"):
        start_refund(desk.store, desk.act(OLGA), NewRefund(course, Money(1, "EUR"), "x"))


def test_it_needs_a_reason(desk: RefundDesk, course: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        desk.begin(course, reason="  ")
    assert refusal.value.field == "reason"


def test_only_the_owner_begins_one(desk: RefundDesk, course: str) -> None:
    with pytest.raises(NotAllowed):
        start_refund(desk.store, desk.act(DEB), NewRefund(course, Money(1, "USD"), "x"))


def test_a_closed_course_an_unpaid_one_and_one_of_no_sale_are_refused_in_words(desk: RefundDesk) -> None:
    closed = desk.sell(order=desk.next_order())
    desk.give_back(WHOLE)
    gift = desk.sell(paid=0)
    elsewhere = desk.sell()
    with desk.store.writing() as session:
        session.get_one(Course, elsewhere).square_order_id = None
    codes = []
    for course_id in (closed, gift, elsewhere):
        with pytest.raises(Refused) as refusal:
            desk.begin(course_id)
        codes.append(refusal.value.code)
    assert codes == ["refunded", "nothing_to_refund", "not_sold_on_square"]
    with pytest.raises(NotFound):
        desk.begin("nowhere")


def test_the_quote_shows_both_sums_the_course_s_own_formula_first(desk: RefundDesk) -> None:
    terms = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
    course_id = desk.sell(desk.package(terms=terms), paid=168000)
    desk.use(course_id, sessions=7)
    quote = desk.quote(course_id)
    assert [quote.values[each].amount.amount for each in quote.in_order] == [52500, 70000]
    assert quote.working == (
        "Less used at single price: Facial acupuncture, 60 min: 7 used × $165.00 = $1,155.00.",
        "Less used at single price: $1,680.00 − $1,155.00 = $525.00.",
        "Prorated: Facial acupuncture, 60 min: 5 of 12 unused.",
        "Prorated: $1,680.00 × 5 ÷ 12 = $700.00.",
    )


@pytest.mark.parametrize(
    ("formula", "amount", "kept"),
    [
        ("prorated", 165000, "prorated"),
        ("prorated", 164999, "own"),
        ("discount_forfeited", 165000, "discount_forfeited"),
        ("", 165000, "own"),
        ("made up", 165000, "own"),
    ],
)
def test_the_formula_is_kept_only_where_it_gives_that_sum(
    desk: RefundDesk, course: str, formula: str, amount: int, kept: str
) -> None:
    desk.begin(course, amount, formula=formula)
    shown = desk.shown(course)
    assert shown is not None
    assert shown.formula == kept


def test_the_first_plan_stands(desk: RefundDesk, course: str) -> None:
    begun = desk.begin(course)
    desk.plan(begun)
    desk.plan(begun, {"3": SUM})
    parts = refund_to_ask(desk.store, begun.id).parts
    assert [part.square_payment_id for part in parts] == [f"{desk.order}-PAY-1", f"{desk.order}-PAY-2"]


def test_a_refund_that_was_never_begun_is_not_there(desk: RefundDesk) -> None:
    with pytest.raises(NotFound):
        refund_to_ask(desk.store, "nowhere")


def test_eight_tablets_begin_one_refund_and_its_answers_race_square_s_word(
    store: Store, clock: HandMovedClock
) -> None:
    racing = RefundDesk(store, clock)
    course_id = racing.sell(order=racing.next_order())
    begun = race(lambda number: racing.begin(course_id, key=f"tablet-{number}"))
    assert sorted(each for each in begun if isinstance(each, str)) == ["refund_under_way"] * (RACERS - 1)
    (one,) = [each for each in begun if isinstance(each, Begun)]
    assert [
        each for each in race(lambda _: racing.begin(course_id, key="same")) if isinstance(each, Begun)
    ] == []
    racing.plan(one)

    def answer_or_tell(number: int) -> str:
        part = str(number % 2 + 1)
        if number < RACERS // 2:
            racing.answer_part(one, part, "COMPLETED")
            return "answered"
        return racing.tell(part, "COMPLETED")

    assert {*race(answer_or_tell)} <= {
        "answered",
        "not_yet",
        "A refund begun at the desk; its course is closed.",
    }
    racing.tell("1", "COMPLETED")
    assert racing.state(course_id) == DONE
    assert audit(store) == ()
