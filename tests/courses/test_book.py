"""Booking a sale: one course for each unit sold, once, whatever Square reports how often in which order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from invoices.papers.wire import from_plain, to_plain
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.terms import Terms
from plugin.courses.base.read import courses_of_client, recent_sales
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import merge_square_customers
from plugin.courses.clients.clients import find_clients
from plugin.courses.clients.contacts import Buyer
from plugin.courses.reports.exports import courses_sheet
from plugin.courses.sales.book import MOST_UNITS
from plugin.courses.sales.sales import Booking, Sale, SaleLine
from plugin.errors import InvalidField
from plugin.store import Store
from tests.courses.desk import ANA, Desk
from tests.databases import sqlite_alone

BEA = Buyer("CUSTOMER-BEA", name="Bea Wong", phone="+14155550199")


def owner_of(desk: Desk, course_id: str) -> str | None:
    return desk.course(course_id).client_name


def test_a_sale_opens_a_course_with_all_its_sessions_and_what_was_paid(desk: Desk) -> None:
    course = desk.course(desk.sell(desk.package(touch_ups=2), paid=198000))
    assert [(each.granted, each.left, each.value_left.amount) for each in course.allowances] == [
        (12, 12, 169714),
        (2, 2, 28286),
    ]
    assert course.paid == course.price == course.value_left == Money(198000, "USD")
    assert (course.left, course.granted, course.used, course.status) == (12, 12, 0, Status.OPEN)
    facials = [entry for entry in course.entries if entry.allowance_id == course.allowances[0].id]
    assert [(entry.kind, entry.sessions_delta) for entry in facials] == [(Kind.SOLD, 12), (Kind.PAID, 0)]
    assert owner_of(desk, course.id) == "Ana Souza"


def test_the_same_sale_again_opens_nothing(desk: Desk) -> None:
    sale = desk.sale(desk.line(desk.package()))
    first = desk.book(sale)
    assert desk.book(sale) == Booking(opened=(), already=first.opened)
    assert desk.book(replace(sale, buyer=BEA)) == Booking(opened=(), already=first.opened)
    assert owner_of(desk, first.opened[0]) == "Ana Souza"


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@sqlite_alone
def test_lines_in_another_order_are_the_same_sale(desk: Desk, order: tuple[int, ...]) -> None:
    ten, twelve = desk.package(sessions=10), desk.package(sessions=12)
    lines = (
        desk.line(ten, paid=165000, uid="A"),
        desk.line(twelve, paid=198000, uid="B"),
        desk.line(ten, paid=160000, uid="C"),
    )
    sale = desk.sale(*lines)
    first = desk.book(sale)
    assert len(first.opened) == 3
    again = desk.book(replace(sale, lines=tuple(lines[place] for place in order)))
    assert (again.opened, set(again.already)) == ((), set(first.opened))


@pytest.mark.parametrize(
    ("quantity", "paid", "prices"),
    [
        (1, 100, [100]),
        (2, 165001, [82501, 82500]),
        (3, 100, [34, 33, 33]),
        (3, 2, [1, 1, 0]),
        (3, 0, [0, 0, 0]),
    ],
)
def test_a_line_of_several_is_so_many_courses_whose_prices_add_up(
    desk: Desk, quantity: int, paid: int, prices: list[int]
) -> None:
    booked = desk.book(desk.sale(desk.line(desk.package(), quantity=quantity, paid=paid)))
    assert [desk.course(each).price.amount for each in booked.opened] == prices


@pytest.mark.parametrize("quantity", [MOST_UNITS - 1, MOST_UNITS])
def test_up_to_a_hundred_courses_are_believed(desk: Desk, quantity: int) -> None:
    package = desk.package(sessions=1)
    assert len(desk.book(desk.sale(desk.line(package, quantity=quantity))).opened) == quantity


@pytest.mark.parametrize(
    ("quantity", "said"),
    [(None, "1.5"), (None, "abc"), (None, "0"), (None, "9" * 500), (MOST_UNITS + 1, "101")],
)
@sqlite_alone
def test_a_quantity_that_is_no_whole_number_waits_for_a_person(
    desk: Desk, quantity: int | None, said: str
) -> None:
    sale = desk.sale(desk.line(desk.package(), quantity=quantity, quantity_text=said))
    booked = desk.book(sale)
    assert (booked.opened, len(booked.attention)) == ((), 1)
    assert desk.book(sale).attention == booked.attention
    (item,) = desk.questions()
    assert (item.kind, item.decisions) == ("unclear_quantity", ("dismiss",))
    assert said[:40] in item.summary
    assert "Refund this line" in (item.proposal or "")


def test_the_other_lines_of_an_unclear_sale_are_booked(desk: Desk) -> None:
    package = desk.package()
    lines = desk.line(package, uid="A", quantity=None, quantity_text="1.5"), desk.line(package, uid="B")
    booked = desk.book(desk.sale(*lines))
    assert (len(booked.opened), len(booked.attention)) == (1, 1)


def test_what_is_no_package_is_passed_over(desk: Desk) -> None:
    retail = SaleLine("R", "var-serum", "Serum", 3, "3", Money(9900, "USD"))
    odd = SaleLine("O", "var-oil", "Oil", None, "0.5", Money(900, "USD"))
    assert desk.book(desk.sale(retail, odd)) == Booking()
    mixed = desk.book(desk.sale(retail, desk.line(desk.package()), odd))
    assert (len(mixed.opened), mixed.attention) == (1, ())


def test_a_sale_without_lines_opens_nothing(desk: Desk) -> None:
    assert desk.book(desk.sale(total=100)) == Booking()


def test_a_gift_of_the_house_is_a_course_worth_nothing(desk: Desk) -> None:
    course_id = desk.sell(paid=0)
    assert desk.balance(course_id) == (12, 0)
    used = desk.use(course_id)
    assert (used.sessions_left, used.entry.value_delta.amount) == (11, 0)
    assert desk.course(course_id).status is Status.OPEN


def test_the_line_s_own_price_counts_not_the_package_s(desk: Desk) -> None:
    assert desk.course(desk.sell(paid=150000)).price == Money(150000, "USD")


def test_later_edits_of_the_package_leave_a_sold_course_alone(desk: Desk) -> None:
    package = desk.package(sessions=3)
    course = desk.course(desk.sell(package))
    desk.package(sessions=5, name=course.package_name)
    assert desk.course(course.id) == course


@pytest.mark.parametrize(
    ("paid_at", "last_day"),
    [
        (datetime(2026, 11, 30, 7, 59, tzinfo=UTC), date(2027, 5, 29)),
        (datetime(2026, 12, 1, 7, 59, tzinfo=UTC), date(2027, 5, 30)),
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), date(2027, 6, 1)),
    ],
)
@sqlite_alone
def test_expiry_counts_from_the_clinic_s_own_day(desk: Desk, paid_at: datetime, last_day: date) -> None:
    package = desk.package(terms=Terms(expires_after_months=6))
    assert desk.course(desk.sell(package, paid_at=paid_at)).expires_on == last_day


class TestForeignCurrency:
    def sale(self, desk: Desk) -> SaleLine:
        return desk.line(desk.package(), paid=25000, currency="JPY")

    def test_it_opens_nothing_until_a_person_says_so(self, desk: Desk) -> None:
        sale = desk.sale(self.sale(desk))
        booked = desk.book(sale)
        assert (booked.opened, len(booked.attention)) == ((), 1)
        (item,) = desk.questions()
        assert item.kind == "foreign_currency"
        assert "paid in JPY, but it is priced in USD" in item.summary

        desk.answer(item.id, "open_courses")
        (sold,) = recent_sales(desk.store, limit=9, today=desk.today)
        assert (sold.paid, sold.left, sold.client_name) == (Money(25000, "JPY"), 12, "Ana Souza")
        assert desk.book(sale).already == (sold.course_id,)
        assert desk.questions() == ()

    def test_it_can_be_left_closed(self, desk: Desk) -> None:
        sale = desk.sale(self.sale(desk))
        desk.answer(desk.book(sale).attention[0], "dismiss")
        assert desk.book(sale).opened == ()
        assert recent_sales(desk.store, limit=9, today=desk.today) == ()
        assert desk.questions() == ()

    def test_opened_without_a_buyer_it_asks_whose_it_is(self, desk: Desk) -> None:
        desk.answer(desk.book(desk.sale(self.sale(desk), buyer=None)).attention[0], "open_courses")
        assert [item.kind for item in desk.questions()] == ["unassigned_sale"]

    def test_a_question_that_kept_no_line_says_so(self, desk: Desk) -> None:
        item = desk.book(desk.sale(self.sale(desk))).attention[0]
        with pytest.raises(InvalidField, match="open_courses, dismiss"):
            desk.answer(item)


def test_a_sale_survives_being_kept_for_later(desk: Desk) -> None:
    sale = desk.sale(desk.line("p", quantity=None, quantity_text="½"), buyer=replace(ANA, known_as=("OLD",)))
    assert from_plain(Sale, to_plain(sale)) == sale
    nobody = replace(sale, buyer=None)
    assert from_plain(Sale, to_plain(nobody)) == nobody


class TestWithoutABuyer:
    def test_it_asks_once_whose_it_is(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), buyer=None)
        booked = desk.book(sale)
        assert desk.book(sale).opened == ()
        (item,) = desk.questions()
        assert (item.id,) == booked.attention
        assert (item.kind, item.course_ids, item.decisions) == ("unassigned_sale", booked.opened, ("assign",))
        assert item.summary == "Facial acupuncture, course of 12 sold without a client. Assign a client."

    def test_square_may_name_the_buyer_later(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package(), quantity=2), buyer=None)
        booked = desk.book(sale)
        again = desk.book(replace(sale, buyer=BEA))
        assert again.already == booked.opened
        assert {owner_of(desk, each) for each in booked.opened} == {"Bea Wong"}
        assert desk.questions() == ()
        (done,) = desk.questions(resolved=True)
        assert done.resolved_by == "Square"

    def test_a_person_s_word_stands_against_square_s_later_one(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), buyer=None)
        booked = desk.book(sale)
        desk.answer(booked.attention[0], client_id=desk.client("Cleo"))
        desk.book(replace(sale, buyer=BEA))
        assert owner_of(desk, booked.opened[0]) == "Cleo"

    def test_one_line_assigned_by_hand_leaves_the_other_to_square(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package(), quantity=2), buyer=None)
        first, second = desk.book(sale).opened
        desk.answer(desk.questions()[0].id, client_id=desk.client("Cleo"), course_id=first)
        desk.book(replace(sale, buyer=BEA))
        assert (owner_of(desk, first), owner_of(desk, second)) == ("Cleo", "Bea Wong")
        assert desk.questions() == ()

    def test_a_package_listed_after_the_sale_asks_again_for_its_own_course(self, desk: Desk) -> None:
        known, unknown = desk.package(sessions=10), desk.package(sessions=12)
        late = replace(desk.line(unknown, uid="B"), square_variation_id="var-late")
        sale = desk.sale(desk.line(known, uid="A"), late, buyer=None)
        first = desk.book(sale)
        desk.answer(first.attention[0], client_id=desk.client("Cleo"))
        desk.list_on_till(unknown, "var-late")
        second = desk.book(sale)
        (item,) = desk.questions()
        assert set(second.opened) <= set(item.course_ids)
        desk.answer(item.id, client_id=desk.client("Dora"))
        assert [owner_of(desk, each) for each in (*first.opened, *second.opened)] == ["Cleo", "Dora"]
        assert desk.questions() == ()


class TestWhoTheBuyerIs:
    def test_the_same_customer_is_the_same_client(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package)
        assert desk.course(one).client_id == desk.course(two).client_id

    def test_sisters_who_share_a_phone_stay_two_clients(self, desk: Desk) -> None:
        package = desk.package()
        one = desk.sell(package, buyer=Buyer("C1", name="Mia Chen", phone="+14155550777"))
        two = desk.sell(package, buyer=Buyer("C2", name="Zoe Chen", phone="+14155550777"))
        assert [owner_of(desk, each) for each in (one, two)] == ["Mia Chen", "Zoe Chen"]

    @pytest.mark.parametrize(
        "contact",
        [
            {"phone": "(415) 555-0123"},
            {"email": "ANA@example.org"},
            {"phone": "415 555 0123", "email": "x@example.org"},
        ],
        ids=str,
    )
    def test_name_and_phone_or_mail_find_the_client_made_at_the_desk(
        self, desk: Desk, contact: dict[str, Any]
    ) -> None:
        made = desk.client("ANA  SOUZA", **contact)
        assert desk.course(desk.sell()).client_id == made

    @pytest.mark.parametrize(
        ("name", "contact"),
        [("Ana Souza", {}), ("Ana Sousa", {"phone": "4155550123"}), ("Ana Souza", {"phone": "4155550124"})],
        ids=str,
    )
    def test_less_than_that_makes_a_client_of_its_own(
        self, desk: Desk, name: str, contact: dict[str, Any]
    ) -> None:
        made = desk.client(name, **contact)
        assert desk.course(desk.sell()).client_id != made

    def test_two_who_fit_equally_are_nobody(self, desk: Desk) -> None:
        twins = {desk.client("Ana Souza", phone="4155550123") for _ in range(2)}
        assert desk.course(desk.sell()).client_id not in twins

    def test_a_client_who_is_a_square_customer_already_is_not_taken_for_another(self, desk: Desk) -> None:
        package = desk.package()
        one = desk.sell(package)
        two = desk.sell(package, buyer=replace(ANA, square_customer_id="CUSTOMER-ANA-2"))
        assert desk.course(one).client_id != desk.course(two).client_id

    def test_a_buyer_without_particulars_has_a_name_all_the_same(self, desk: Desk) -> None:
        package = desk.package()
        known: list[Any] = [{}, {"phone": "nonsense"}, {"email": "x@example.org"}]
        names = [
            owner_of(desk, desk.sell(package, buyer=Buyer(f"C{number}", **said)))
            for number, said in enumerate(known)
        ]
        assert names == ["Client without a name", "Client without a name", "x@example.org"]

    def test_an_id_changed_by_a_merge_is_the_same_person(self, desk: Desk) -> None:
        package = desk.package()
        one = desk.sell(package)
        two = desk.sell(package, buyer=Buyer("CUSTOMER-NEW", name="Ana Souza", known_as=("CUSTOMER-ANA",)))
        three = desk.sell(package, buyer=Buyer("CUSTOMER-ANA", known_as=("CUSTOMER-NEW",)))
        assert len({desk.course(each).client_id for each in (one, two, three)}) == 1

    def test_two_clients_whom_square_calls_one_are_joined(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package, buyer=BEA)
        used = desk.use(two)
        both = Buyer("CUSTOMER-BEA", name="Ana Wong", known_as=("CUSTOMER-ANA",))
        three = desk.sell(package, buyer=both)
        owner = desk.course(one).client_id
        assert owner is not None
        courses = courses_of_client(desk.store, owner, today=desk.today)
        assert {course.id for course in courses} == {one, two, three}
        assert desk.use(two, client_id=used.client_id).client_id == owner

    @pytest.mark.parametrize("into", ["CUSTOMER-ANA", "CUSTOMER-BEA", "CUSTOMER-NEW"])
    def test_a_merge_moves_every_course_and_visit(self, desk: Desk, store: Store, into: str) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package, buyer=BEA)
        desk.use(two)
        for _ in range(2):
            store.transact(
                lambda session: merge_square_customers(
                    Work(session, store, desk.act()),
                    from_ids=["CUSTOMER-ANA", "CUSTOMER-BEA"],
                    into=Buyer(into, name="Ana Wong"),
                )
            )
        first, second = desk.course(one), desk.course(two)
        assert first.client_id == second.client_id
        assert first.client_name == "Ana Wong"
        assert [each.kind for each in second.happenings] == ["merged"]
        assert desk.use(two, client_id=first.client_id).sessions_left == 10

    def test_a_merge_of_strangers_changes_nothing(self, desk: Desk, store: Store) -> None:
        merged = store.transact(
            lambda session: merge_square_customers(
                Work(session, store, desk.act()), from_ids=["X", "Y"], into=Buyer("Z", name="Zed")
            )
        )
        assert merged is None

    @pytest.mark.parametrize("name", ["ß" * 120, "ﷺ" * 120, "x" * 500, "\x00" * 5, "Ana\x00"], ids=ascii)
    def test_a_name_of_any_length_can_buy(self, desk: Desk, name: str) -> None:
        assert owner_of(desk, desk.sell(buyer=Buyer("C", name=name)))


@sqlite_alone
def test_courses_are_found_by_client_and_by_when_they_were_sold_whatever_was_written_first(
    desk: Desk,
) -> None:
    now, package = desk.clock(), desk.package()
    sold = [
        desk.sell(package, buyer=buyer, paid_at=now - timedelta(days=days))
        for buyer, days in ((ANA, 1), (BEA, 3), (ANA, 2))
    ]
    newest = [row.course_id for row in recent_sales(desk.store, limit=9, today=desk.today)]
    assert newest == [sold[0], sold[2], sold[1]]
    clients = find_clients(desk.store, "", today=desk.today).rows
    assert {row.client.name: row.balance.left for row in clients} == {"Ana Souza": 24, "Bea Wong": 12}
    sheet = courses_sheet(desk.store, now, None)
    place = list(sheet.headings).index("course")
    assert [row[place] for row in sheet.rows] == [sold[1], sold[2], sold[0]]
