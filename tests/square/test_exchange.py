"""A course exchanged for another package: its value is transferred to the cent, once the difference is paid."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.audit import audit
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.exchange.credit import credit_of
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import InvalidField, NotFound, Refused
from plugin.square.catalog import publish
from plugin.store.queues import Outbox
from plugin.store.selling import DeskRefund
from tests.courses.desk import MANY
from tests.square.clinic import OWNER
from tests.square.selling import Selling, usd

TEN, TWELVE = 165000, 198000


class Exchanging:
    """A client with a course of which some sessions were used, and the exchange of it."""

    def __init__(self, selling: Selling, package: str = "ten", *, used: int = 5) -> None:
        self.selling = selling
        self.client_id = selling.client()
        begun = selling.begin("cash", self.client_id, package_id=self.id_of(package))
        selling.go()
        self.old_id = selling.now(begun).course_ids[0]
        self.use(used)

    def id_of(self, package: str) -> str:
        known = self.selling.clinic.packages
        return known[package].id if package in known else package

    def use(self, times: int = 1) -> None:
        for _ in range(times):
            wish = UseSession(self.old_id)
            use_session(self.selling.store, self.selling.act(), wish, known_charges=MANY)

    def begin(
        self, package: str = "twelve", way: str = "cash", *, act: Act | None = None, **more: Any
    ) -> CheckoutView:
        client_id = str(more.pop("client_id", self.client_id))
        new = NewCheckout(client_id, self.id_of(package), way, exchanges=self.old_id, **more)
        return start_checkout(self.selling.store, act or self.selling.act(), new)

    def as_owner(self) -> Act:
        return replace(self.selling.act(), actor=OWNER)

    def done(self, *how: str, act: Act | None = None) -> tuple[CheckoutView, CourseView]:
        begun = self.begin(*how, act=act)
        self.selling.go()
        return self.selling.now(begun), self.new(begun)

    def new(self, begun: CheckoutView) -> CourseView:
        return self.selling.courses(begun)[0]

    @property
    def old(self) -> CourseView:
        return read_course(self.selling.store, self.old_id, today=self.selling.clinic.clock().date())

    def questions(self) -> list[AttentionView]:
        return [each for each in list_attention(self.selling.store).rows if self.old_id in each.course_ids]


def _sum(course: CourseView, kind: Kind) -> int:
    return sum(each.value_delta.amount for each in course.entries if each.kind is kind)


def _left(course: CourseView) -> tuple[int, int]:
    return sum(each.left for each in course.allowances), course.value_left.amount


def _package(selling: Selling, name: str, price: int, *, terms: Terms | None = None) -> str:
    contents = (NewContent("Facial acupuncture, 60 min", 10, usd(16500), kind="main"),)
    act = Act(OWNER, selling.clinic.clock(), name.replace(" ", "-"))
    package = create_package(selling.store, act, NewPackage(name, usd(price), contents, terms or Terms()))
    publish(selling.clinic.services, replace(act, key=f"{act.key}-till"), package.id)
    return package.id


def test_an_upgrade_takes_its_credit_off_and_its_value_over(selling: Selling) -> None:
    one = Exchanging(selling)
    begun, new = one.done()
    assert (begun.state, begun.amount, begun.notice) == ("paid", usd(TWELVE - 82500), "")
    order = selling.order(begun)
    assert [(each["name"], each["applied_money"]["amount"]) for each in order["discounts"]] == [
        ("Credit from your course", 82500)
    ]
    assert (one.old.status, _left(one.old)) == (Status.TRANSFERRED, (0, 0))
    assert (new.status, _left(new), new.paid) == (Status.OPEN, (14, TWELVE), usd(TWELVE - 82500))
    assert _sum(one.old, Kind.TRANSFERRED_OUT) == -_sum(new, Kind.TRANSFERRED_IN) == -82500
    assert [each.value_left.amount for each in new.allowances] == [169714, 28286]
    told = [each.text for course in (one.old, new) for each in course.happenings if each.kind == "exchanged"]
    assert told == [
        f"Exchanged for {new.package_name}: 5 sessions worth $825.00",
        f"Exchanged from {one.old.package_name}: $825.00 credit",
    ]
    assert audit(selling.store) == ()


@pytest.mark.parametrize("way", ["terminal", "link", "other", "invoice"])
def test_nothing_happens_to_the_old_course_until_the_money_came(selling: Selling, way: str) -> None:
    one = Exchanging(selling, used=1)
    more: dict[str, Any] = {"tender": "Bank transfer"} if way == "other" else {}
    begun = one.begin("twelve", way, **more)
    before = one.old
    if way != "other":
        selling.go()
        assert selling.now(begun).amount == usd(TWELVE - 148500)
        assert (one.old.status, one.old.entries) == (Status.OPEN, before.entries)
        selling.pay(begun)
        selling.after(5)
    else:
        selling.go()
    assert (one.old.status, _left(one.new(begun))) == (Status.TRANSFERRED, (14, TWELVE))


@pytest.mark.parametrize("way", ["terminal", "link"])
def test_called_off_it_leaves_all_as_it_was(selling: Selling, way: str) -> None:
    one = Exchanging(selling)
    before = one.old
    begun = one.begin("twelve", way)
    selling.go()
    selling.cancel(begun)
    selling.after(600)
    assert selling.now(begun).state in ("canceled", "timed_out")
    assert one.old == before
    # And it can be begun again.
    assert one.done()[0].state == "paid"


def test_word_of_it_again_in_any_order_changes_nothing(selling: Selling) -> None:
    one = Exchanging(selling)
    begun = one.begin()
    events = selling.events(lambda: selling.go())
    once = (one.old.entries, one.new(begun).entries)
    selling.hear([{**each, "event_id": f"again-{each['event_id']}"} for each in (*events[::-1], *events)])
    selling.sync()
    assert (one.old.entries, one.new(begun).entries) == once
    assert len(selling.courses(begun)) == 1


def test_the_same_act_again_begins_nothing(selling: Selling) -> None:
    one, act = Exchanging(selling), selling.act()
    first = one.begin(act=act)
    assert one.begin(act=act).id == first.id
    with pytest.raises(Refused, match="pending already"):
        one.begin()


def test_used_meanwhile_a_person_decides_with_the_arithmetic(selling: Selling) -> None:
    one = Exchanging(selling)
    begun = one.begin("twelve", "terminal")
    selling.go()
    one.use()
    selling.pay(begun)
    selling.after(5)
    question = one.questions()[0]
    assert question.proposal == (
        "Credit then: $825.00 for 5 sessions. Now 4 sessions left, worth $660.00. $165.00 less."
    )
    assert (one.old.status, _left(one.old)) == (Status.OPEN, (4, 66000))
    wish = Resolution("Talked to the client", decision="exchange_now")
    assert resolve(selling.store, selling.act(), question.id, wish).answer == "Exchanged what is left"
    new = one.new(begun)
    assert (one.old.status, _left(one.old)) == (Status.TRANSFERRED, (0, 0))
    assert (_left(new), _sum(new, Kind.TRANSFERRED_IN)) == ((14, TWELVE - 16500), 66000)


def test_left_as_it_is_both_courses_stay(selling: Selling) -> None:
    one = Exchanging(selling)
    begun = one.begin("twelve", "terminal")
    selling.go()
    one.use()
    selling.pay(begun)
    selling.after(5)
    resolve(selling.store, selling.act(), one.questions()[0].id, Resolution("Keeps both", decision="dismiss"))
    selling.sync()
    assert (one.old.status, _left(one.old), one.questions()) == (Status.OPEN, (4, 66000), [])


def test_a_downgrade_gives_the_difference_back_through_square(selling: Selling) -> None:
    one = Exchanging(selling, "twelve", used=0)
    begun, new = one.done("ten", act=one.as_owner())
    assert (begun.state, begun.amount, begun.goes_back) == ("paid", usd(0), usd(TWELVE - TEN))
    assert (one.old.status, _left(one.old)) == (Status.TRANSFERRED, (0, 0))
    assert (_sum(one.old, Kind.TRANSFERRED_OUT), _sum(one.old, Kind.REFUNDED)) == (-TEN, TEN - TWELVE)
    assert (_left(new), new.paid, new.status) == ((10, TEN), usd(0), Status.OPEN)
    selling.sync()
    selling.after(5)
    with selling.store.reading() as session:
        columns = select(DeskRefund.state, DeskRefund.amount).where(DeskRefund.course_id == one.old_id)
        refund = session.execute(columns).one()
    assert tuple(refund) == ("completed", TWELVE - TEN)
    assert one.questions() == []
    assert one.old.status is Status.TRANSFERRED


def test_a_downgrade_is_the_owners(selling: Selling) -> None:
    one = Exchanging(selling, "twelve", used=0)
    with pytest.raises(Refused, match="The owner can do this"):
        one.begin("ten")
    assert one.old.status is Status.OPEN


@pytest.mark.parametrize(
    ("formula", "credit", "adjusted"),
    [(RefundFormula.PRORATED, 50001, 0), (RefundFormula.DISCOUNT_FORFEITED, 17501, -32500)],
)
def test_the_credit_is_by_the_courses_own_formula(
    selling: Selling, formula: RefundFormula, credit: int, adjusted: int
) -> None:
    package_id = _package(selling, f"By {formula}", 100001, terms=Terms(refund_formula=formula))
    one = Exchanging(selling, package_id, used=5)
    _, new = one.done()
    assert (_sum(new, Kind.TRANSFERRED_IN), -_sum(one.old, Kind.TRANSFERRED_OUT)) == (credit, credit)
    # What the formula retains beside the sessions used is earned, and shown as such.
    assert (_sum(one.old, Kind.ADJUSTED), _left(one.old), _left(new)) == (adjusted, (0, 0), (14, TWELVE))


def test_a_course_that_came_of_an_exchange_is_exchanged_and_refunded_by_all_that_stands_for_it(
    selling: Selling,
) -> None:
    one = Exchanging(selling)
    _, new = one.done()
    today = selling.clinic.clock().date()
    assert credit_of(selling.store, new.id, today=today).amount == usd(TWELVE)
    quote = refund_quote(selling.store, new.id, today=today)
    assert quote.most == usd(TWELVE - 82500)
    assert "Refund the other $825.00 from the sale that it was paid in." in quote.working[-1]


def _another_client(one: Exchanging) -> None:
    one.begin(client_id=one.selling.client("Bea Cruz"))


def _at_the_till(one: Exchanging) -> None:
    one.begin("twelve", "till")


def _two_for_one(one: Exchanging) -> None:
    one.begin(quantity=2)


def _old_credit(one: Exchanging) -> None:
    one.begin(seen_credit=1)


def _used_up(one: Exchanging) -> None:
    one.use(5)
    one.begin()


def _nothing(one: Exchanging) -> None:
    one.old_id = "none"
    one.begin()


@pytest.mark.parametrize(
    ("deed", "error", "says"),
    [
        (_another_client, Refused, "another client"),
        (_at_the_till, InvalidField, "not charged at Square POS"),
        (_two_for_one, InvalidField, "for one"),
        (_old_credit, Refused, "Look at the credit again"),
        (_used_up, Refused, "nothing to exchange"),
        (_nothing, NotFound, "no such course"),
    ],
)
def test_it_refuses(
    selling: Selling, deed: Callable[[Exchanging], None], error: type[Exception], says: str
) -> None:
    one = Exchanging(selling)
    with pytest.raises(error, match=says):
        deed(one)
    with selling.store.reading() as session:
        assert (
            session.scalars(
                select(Outbox.id).where(Outbox.state == "pending", Outbox.kind == "checkout")
            ).all()
            == []
        )


def test_a_price_lowered_in_square_below_the_credit_ends_it_with_nothing_done(selling: Selling) -> None:
    one = Exchanging(selling, used=0)
    variation = selling.clinic.packages["twelve"].square_variation_id or ""
    selling.clinic.till.edit_variation(variation, price=100000)
    try:
        begun = one.begin()
        selling.go()
        selling.after(5)
    finally:
        selling.clinic.till.edit_variation(variation, price=TWELVE)
    ended = selling.now(begun)
    assert (ended.state, one.old.status, selling.order(begun)["state"]) == ("failed", Status.OPEN, "CANCELED")
    assert "price of the package has changed" in ended.problem
