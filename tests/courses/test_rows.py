"""What a sale, its payments and its refunds write, row by row: other programs, papers and the audit read it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import SQUARE, Role
from plugin.core.fingerprint import reason_fingerprint
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base import events
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import (
    add_history,
    allowances_of,
    course_for_change,
    head_of,
    main_of,
    money_paid,
    next_reversal,
)
from plugin.courses.base.events import CourseChanged, SaleBooked, VisitRecorded
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.clients.contacts import Buyer
from plugin.courses.sales.book import book_sale, booked_lines_in
from plugin.courses.sales.sales import Booking, Came, ReturnLine, Sale, SaleLine
from plugin.courses.sales.unlinked import unlinked_mark
from plugin.courses.visits.in_hand import course_in_hand
from plugin.courses.visits.no_shows import Missed, settle_missed
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import NotFound
from plugin.store.base import Base
from plugin.store.ledger import Allowance, Course, Entry, History, Operation, Visit
from plugin.store.people import Client, SquareCustomer
from plugin.store.queues import Attention, SquareRefund
from plugin.store.selling import Checkout, PublicOrder
from tests.courses.changes.changing import Changes
from tests.courses.desk import FACIAL, OLGA, SINGLE, TOUCH_UP, Desk, back

WHOLE = 198000


def rows(desk: Desk, table: type[Base], *names: str) -> list[tuple[Any, ...]]:
    """Return these columns of every row, in the order in which the rows were made."""
    columns = [getattr(table, name) for name in names]
    order = getattr(table, "id", None)
    with desk.store.reading() as session:
        query = select(*columns) if order is None else select(*columns).order_by(order)
        return [tuple(row) for row in session.execute(query)]


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def two_with_tax(desk: Desk) -> Sale:
    """Return a sale, an hour old, of one line of two packages that cost a cent more than can be halved."""
    package = desk.package(touch_ups=2, terms=Terms(expires_after_months=6))
    line = replace(desk.line(package, quantity=2, paid=330001), tax=33001, tax_in_price=10001)
    return desk.sale(line, order="O", paid_at=desk.clock() - timedelta(hours=1), total=363002)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[SaleBooked]:
    heard: list[SaleBooked] = []

    def hear(_work: Work, event: SaleBooked) -> tuple[str, ...]:
        heard.append(event)
        return ("ITEM",)

    monkeypatch.setitem(events._subscribers, SaleBooked, (hear,))
    return heard


class TestASale:
    def test_each_course_has_its_share_of_what_the_line_was_charged(self, desk: Desk) -> None:
        sale = two_with_tax(desk)
        booked = desk.book(sale)
        (client_id,) = {desk.course(each).client_id for each in booked.opened}
        assert rows(desk, Course, "id", "client_id", "unit", "price", "tax", "tax_in_price", "tax_paid") == [
            (booked.opened[0], client_id, 1, 165001, 16501, 5001, 16501),
            (booked.opened[1], client_id, 2, 165000, 16500, 5000, 16500),
        ]

    def test_each_course_names_the_sale_and_the_package_it_is_from(self, desk: Desk) -> None:
        sale = two_with_tax(desk)
        desk.book(sale)
        names = (
            "square_order_id",
            "square_line_uid",
            "square_location_id",
            "package_name",
            "package_version",
        )
        of_both = ("O", "L1", "LOCATION", "Facial acupuncture, course of 12", 1)
        assert rows(desk, Course, *names) == [of_both] * 2
        terms = Terms(expires_after_months=6).to_json()
        days = (sale.paid_at, desk.clock(), date(2027, 5, 22))
        assert rows(desk, Course, "terms", "sold_at", "booked_at", "expires_on") == [(terms, *days)] * 2

    def test_each_allowance_has_the_treatment_as_it_was_sold(self, desk: Desk) -> None:
        booked = desk.book(two_with_tax(desk))
        names = ("position", "treatment", "kind", "single_price", "price", "usable_from_session")
        assert rows(desk, Allowance, "course_id", *names) == [
            (booked.opened[0], 0, FACIAL, "main", SINGLE, 141429, None),
            (booked.opened[0], 1, TOUCH_UP, "touch_up", SINGLE, 23572, 12),
            (booked.opened[1], 0, FACIAL, "main", SINGLE, 141429, None),
            (booked.opened[1], 1, TOUCH_UP, "touch_up", SINGLE, 23571, 12),
        ]

    def test_the_price_is_allocated_by_what_the_sessions_cost_one_by_one(self, desk: Desk) -> None:
        contents = (
            NewContent(FACIAL, 10, usd(SINGLE), kind="main"),
            NewContent(TOUCH_UP, 2, usd(5000), kind="touch_up", usable_from_session=10),
        )
        new = NewPackage("Ten and two", usd(170000), contents, Terms())
        package = create_package(desk.store, desk.act(OLGA), new).id
        desk.list_on_till(package, f"var-{package}")
        desk.sell(package, paid=170000)
        assert rows(desk, Allowance, "single_price", "price") == [(SINGLE, 160286), (5000, 9714)]

    def test_each_entry_has_a_key_of_its_own_by_which_it_is_written_once(self, desk: Desk) -> None:
        desk.book(two_with_tax(desk))
        keys = [key for (key,) in rows(desk, Entry, "idempotency_key")]
        assert keys == [
            *(f"sale:O/L1/{unit}:{position}:sold" for unit in (1, 2) for position in (0, 1)),
            *(f"sale:O/L1/{unit}:{position}:paid" for unit in (1, 2) for position in (0, 1)),
        ]

    def test_each_entry_says_when_it_happened_and_who_wrote_it(self, desk: Desk) -> None:
        sale = two_with_tax(desk)
        desk.book(sale)
        names = (
            "happened_at",
            "written_at",
            "by",
            "staff_id",
            "source",
            "reason",
            "reason_salt",
            "reason_sha256",
        )
        said = (sale.paid_at, desk.clock(), SQUARE.name, None, SQUARE.source.value, "", "", "")
        assert rows(desk, Entry, *names, "visit_id", "reverses") == [(*said, None, None)] * 8


class TestALine:
    def linked(self, desk: Desk, sale: Sale, links: dict[str, str]) -> Booking:
        act = desk.act(SQUARE)
        return desk.store.transact(
            lambda session: book_sale(Work(session, desk.store, act), sale, linked=links)
        )

    def test_a_person_s_link_counts_before_that_of_the_item(self, desk: Desk) -> None:
        ten, twelve = desk.package(sessions=10), desk.package(sessions=12)
        booked = self.linked(desk, desk.sale(desk.line(ten)), {"L1": twelve})
        assert rows(desk, Course, "id", "package_id") == [(booked.opened[0], twelve)]

    def test_what_was_linked_once_stays_the_package_of_its_line(self, desk: Desk) -> None:
        package = desk.package()
        sale = desk.sale(replace(desk.line(package), square_variation_id=""), order="O")
        assert desk.book(sale) == Booking()
        booked = self.linked(desk, replace(sale, came=(Came(usd(50000)),)), {"L1": package})
        assert desk.book(sale) == Booking(already=booked.opened, paid=booked.opened)
        assert rows(desk, Course, "id", "package_id") == [(booked.opened[0], package)]

    def test_a_line_that_a_person_links_is_not_held_against_the_others_of_its_sale(self, desk: Desk) -> None:
        ten, twelve = desk.package(sessions=10), desk.package(sessions=12)
        unlinked = replace(desk.line(twelve, uid="B"), square_variation_id="")
        sale = desk.sale(desk.line(ten, uid="A"), unlinked, order="O")
        desk.book(sale)
        desk.sell(ten, order="P")
        alone = replace(sale, lines=(unlinked,))
        assert len(self.linked(desk, alone, {"B": twelve}).opened) == 1
        assert desk.questions() == ()
        with desk.store.reading() as session:
            assert booked_lines_in(session, "O") == {"A", "B"}
        # As an edit in Square it is asked about.
        desk.book(alone)
        assert [item.kind for item in desk.questions()] == ["changed_sale"]

    def test_a_second_unit_of_a_line_opens_its_course_and_asks_nothing(self, desk: Desk) -> None:
        package = desk.package()
        first = desk.book(desk.sale(desk.line(package), order="O"))
        two = desk.line(package, quantity=2, paid=2 * WHOLE)
        second = desk.book(desk.sale(two, order="O"))
        assert (second.already, len(second.opened), desk.questions()) == (first.opened, 1, ())

    def test_an_item_of_one_line_is_told_beside_those_of_the_others(self, desk: Desk) -> None:
        package = desk.package()
        unclear = desk.line(package, uid="A", quantity=None, quantity_text="1.5")
        sale = desk.sale(unclear, desk.line(package, uid="B"), buyer=None)
        first, second = desk.book(sale), desk.book(sale)
        kinds = {item.id: item.kind for item in desk.questions()}
        assert [kinds[each] for each in first.attention] == ["unclear_quantity", "unassigned_sale"]
        assert [kinds[each] for each in second.attention] == ["unclear_quantity"]

    def test_what_was_asked_about_a_line_is_answered_once_its_course_is_open(self, desk: Desk) -> None:
        package = desk.package()
        with desk.store.writing() as session:
            work = Work(session, desk.store, desk.act(SQUARE))
            asked: dict[str, Any] = {"kind": "unlinked_sale", "summary": "Not linked", "details": {}}
            open_item(work, dedupe=unlinked_mark("O", "L1"), **asked)
        desk.sell(package, order="O")
        assert rows(desk, Attention, "resolved_by", "resolution") == [
            ("Square", {"reason": "The course is open."})
        ]

    def test_a_buyer_named_later_makes_no_client_where_the_course_has_one(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()))
        desk.book(sale)
        desk.book(replace(sale, buyer=Buyer("CUSTOMER-BEA", name="Bea Wong")))
        assert rows(desk, Client, "name") == [("Ana Souza",)]


class TestPayments:
    def test_each_has_its_day_and_a_key_by_what_was_paid_by_then(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        later = desk.clock() + timedelta(days=2)
        came = (Came(usd(50000)), Came(usd(WHOLE), later))
        desk.book(replace(sale, came=came[:1]))
        desk.book(replace(sale, came=came))
        assert rows(desk, Entry, "idempotency_key", "value_delta", "happened_at")[1:] == [
            ("sale:O/L1/1:0:paid:50000", 50000, sale.paid_at),
            ("sale:O/L1/1:0:paid:198000", 148000, later),
        ]

    def test_a_free_course_has_one_payment_of_nothing(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package(), paid=0), order="O")
        desk.book(sale)
        desk.book(sale)
        assert rows(desk, Entry, "idempotency_key", "kind", "value_delta") == [
            ("sale:O/L1/1:0:sold", "sold", 0),
            ("sale:O/L1/1:0:paid", "paid", 0),
        ]

    def test_a_payment_goes_by_share_to_both_lines_and_what_is_left_to_the_last(self, desk: Desk) -> None:
        package = desk.package(touch_ups=1)
        lines = desk.line(package, uid="A", paid=100), desk.line(package, uid="B", paid=201)
        sale = desk.sale(*lines, order="O")
        booked = desk.book(replace(sale, came=(Came(usd(100)),)))
        assert [desk.course(each).paid.amount for each in booked.opened] == [33, 66]
        assert desk.book(replace(sale, came=(Came(usd(301)),))).paid == booked.opened
        assert [desk.course(each).paid.amount for each in booked.opened] == [100, 201]

    def test_of_several_payments_met_at_once_each_course_paid_is_told(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package(), quantity=3, paid=2), order="O")
        booked = desk.book(replace(sale, came=(Came(usd(1)), Came(usd(2)))))
        assert (len(booked.opened), set(booked.paid)) == (3, set(booked.opened))
        # A cent for each of two; the third is free, which the first payment records.
        paid = [
            row[1:] for row in rows(desk, Entry, "kind", "idempotency_key", "value_delta") if row[0] == "paid"
        ]
        assert paid == [
            ("sale:O/L1/1:0:paid:1", 1),
            ("sale:O/L1/3:0:paid:1", 0),
            ("sale:O/L1/2:0:paid", 1),
        ]

    def test_a_payment_too_small_for_a_cent_of_a_line_writes_nothing(self, desk: Desk) -> None:
        package = desk.package()
        lines = [replace(desk.line(package, paid=460, uid=uid), tax=40) for uid in ("A", "B")]
        booked = desk.book(replace(desk.sale(*lines, total=1000), came=(Came(usd(1)),)))
        assert booked.paid == ()
        assert rows(desk, Course, "tax_paid") == [(0,)] * 2
        assert rows(desk, Entry, "kind") == [("sold",)] * 2

    def test_money_for_a_closed_course_is_asked_about_with_its_tax(self, desk: Desk) -> None:
        line = replace(desk.line(desk.package(), paid=165000), tax=33000)
        sale = desk.sale(line, order="O", total=WHOLE)
        desk.book(replace(sale, came=(Came(usd(60000)),)))
        desk.refund("O", 60000, total=60000)
        desk.book(sale)
        desk.book(sale)
        names = ("kind", "dedupe", "square_order_id", "square_refund_id", "resolved_at", "summary", "details")
        assert rows(desk, Attention, *names) == [
            (
                "money_for_closed",
                "money_for_closed:O:198000",
                "O",
                None,
                None,
                "$1,380.00 was paid for a course that is closed. It belongs to no session.",
                {
                    "unclaimed": 138000,
                    "proposal": "Give the money back in Square, or sell a new course.",
                },
            )
        ]

    def test_money_for_closed_courses_on_two_lines_is_asked_about_in_one_sum_for_each_sale(
        self, desk: Desk
    ) -> None:
        package = desk.package()
        for order in "OP":
            lines = (desk.line(package, uid=uid) for uid in "AB")
            # Whose it is was asked before: another item of the same sale.
            sale = desk.sale(*lines, order=order, buyer=None)
            desk.book(replace(sale, came=(Came(usd(1)),)))
            desk.refund(order, 1, total=1, refund_id=f"REFUND-{order}")
            desk.book(sale)
        said = "$3,960.00 was paid for a course that is closed. It belongs to no session."
        assert [item.summary for item in desk.questions()] == [said, said]

    def test_each_payment_for_a_closed_course_is_asked_about_once(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        came = tuple(Came(usd(so_far)) for so_far in (50000, 98000, 150000, WHOLE))
        desk.book(replace(sale, came=came[:1]))
        desk.refund("O", 50000, total=50000)
        for many in (2, 2):
            desk.book(replace(sale, came=came[:many]))
        (item,) = desk.questions()
        desk.answer(item.id, "dismiss")
        for many in (2, 3, 3, 4, 4):
            desk.book(replace(sale, came=came[:many]))
        said = "{} was paid for a course that is closed. It belongs to no session."
        assert item.summary == said.format("$480.00")
        asked = sorted(each.summary for each in desk.questions())
        assert asked == [said.format("$480.00"), said.format("$520.00")]

    def test_what_an_earlier_version_asked_about_is_not_asked_about_again(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        desk.book(replace(sale, came=(Came(usd(50000)),)))
        desk.refund("O", 50000, total=50000)
        desk.book(sale)
        with desk.store.writing() as session:
            item = session.scalars(select(Attention)).one()
            item.dedupe, item.details = "money_for_closed:O", {"proposal": "Give the money back."}
        desk.book(sale)
        assert len(desk.questions()) == 1

    def test_what_comes_after_an_item_of_an_earlier_version_is_asked_about(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        came = [Came(usd(50000), desk.clock())]
        desk.book(replace(sale, came=tuple(came)))
        desk.refund("O", 50000, total=50000)
        came.append(Came(usd(98000), desk.clock()))
        desk.book(replace(sale, came=tuple(came)))
        with desk.store.writing() as session:
            item = session.scalars(select(Attention)).one()
            item.dedupe, item.details = "money_for_closed:O", {"proposal": "Give the money back."}
        desk.clock.advance(days=1)
        came.append(Came(usd(WHOLE), desk.clock()))
        for _again in range(2):
            desk.book(replace(sale, came=tuple(came)))
        said = "{} was paid for a course that is closed. It belongs to no session."
        asked = sorted(item.summary for item in desk.questions())
        assert asked == [said.format("$1,000.00"), said.format("$480.00")]

    def test_money_that_came_after_an_item_of_an_earlier_version_is_asked_about_in_full(
        self, desk: Desk
    ) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        came = [Came(usd(50000), desk.clock())]
        desk.book(replace(sale, came=tuple(came)))
        desk.refund("O", 50000, total=50000)
        # Square's clock is ahead of ours: the item was opened before the payment it asks about.
        came.append(Came(usd(98000), desk.clock() + timedelta(minutes=1)))
        desk.book(replace(sale, came=tuple(came)))
        with desk.store.writing() as session:
            item = session.scalars(select(Attention)).one()
            item.dedupe, item.details = "money_for_closed:O", {"proposal": "Give the money back."}
        desk.book(replace(sale, came=tuple(came)))
        # Whether it was asked about can't be told, so it is asked again, and by the whole amount.
        said = "$480.00 was paid for a course that is closed. It belongs to no session."
        assert [each.summary for each in desk.questions()] == [said, said]

    def test_one_course_of_a_line_closed_leaves_its_money_to_the_other(self, desk: Desk) -> None:
        line = replace(desk.line(desk.package(), quantity=2, paid=330000), tax=66000)
        sale = desk.sale(line, order="O", total=2 * WHOLE)
        one, two = desk.book(replace(sale, came=(Came(usd(WHOLE)),))).opened
        desk.refund("O", WHOLE // 2, back(), total=2 * WHOLE)
        names = ("id", "closed_as", "tax_paid")
        # 520 more: 433.33 and its tax, all for the open one.
        desk.book(replace(sale, came=(Came(usd(WHOLE)), Came(usd(250000)))))
        assert rows(desk, Course, *names) == [(one, None, 25167), (two, "refunded", 16500)]
        desk.book(replace(sale, came=(Came(usd(WHOLE)), Came(usd(250000)), Came(usd(2 * WHOLE)))))
        # 82,500 came for each; the open one takes its other half, and what the closed one lacked is asked about.
        assert rows(desk, Course, *names) == [(one, None, 33000), (two, "refunded", 16500)]
        assert [desk.course(each).paid.amount for each in (one, two)] == [165000, 82500]
        assert [item.summary for item in desk.questions() if item.kind == "money_for_closed"] == [
            "$990.00 was paid for a course that is closed. It belongs to no session."
        ]

    def test_a_tax_of_less_than_a_cent_for_each_course_is_paid_to_the_cent(self, desk: Desk) -> None:
        package = desk.package()
        line = replace(desk.line(package, quantity=3, paid=3000), tax=2)
        sale = desk.sale(line, desk.line(package, uid="L2", paid=998), order="O")
        sale = replace(sale, total=usd(4000))
        part = replace(sale, came=(Came(usd(3000)),))
        for told in (part, part, replace(sale, came=(Came(usd(1000)),))):
            # Told again, or with less than was known: what was paid stays paid.
            desk.book(told)
            assert rows(desk, Course, "square_line_uid", "unit", "tax_paid") == [
                ("L1", 1, 1),
                ("L1", 2, 0),
                ("L1", 3, 0),
                ("L2", 1, 0),
            ]
        desk.book(sale)
        assert rows(desk, Course, "tax_paid") == [(1,), (1,), (0,), (0,)]

    def test_a_free_course_that_was_closed_takes_no_tax_of_the_others(self, desk: Desk) -> None:
        line = replace(desk.line(desk.package(), quantity=3, paid=2), tax=2)
        sale = desk.sale(line, order="O", total=4)
        desk.book(replace(sale, came=(Came(usd(1)),)))
        desk.refund("O", 1, back(), total=4)
        desk.book(sale)
        assert rows(desk, Course, "closed_as", "tax_paid") == [(None, 1), (None, 1), ("refunded", 0)]

    def test_payments_known_at_once_after_the_first_have_keys_of_their_own(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        came = tuple(Came(usd(so_far)) for so_far in (50000, 98000, WHOLE))
        desk.book(replace(sale, came=came[:1]))
        desk.book(replace(sale, came=came))
        keys = [key for (key,) in rows(desk, Entry, "idempotency_key")]
        assert keys[1:] == [f"sale:O/L1/1:0:paid:{so_far}" for so_far in (50000, 98000, WHOLE)]


class TestWhatFollowsASale:
    def test_it_is_told_what_was_opened_and_paid(self, desk: Desk, published: list[SaleBooked]) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        first = desk.book(replace(sale, came=(Came(usd(50000)),)))
        second = desk.book(sale)
        desk.book(sale)
        client_id = desk.course(first.opened[0]).client_id
        assert published == [
            SaleBooked("O", client_id, first.opened, usd(50000), (), is_paid_more=True),
            SaleBooked("O", None, (), None, (), is_paid_more=True),
            SaleBooked("O", None, (), None, (), is_paid_more=False),
        ]
        assert (first.attention, second.attention) == (("ITEM",), ("ITEM",))

    def test_a_sale_without_a_package_is_not_told(self, desk: Desk, published: list[SaleBooked]) -> None:
        retail = SaleLine("R", "var-serum", "Serum", 3, "3", usd(9900))
        desk.book(desk.sale(retail))
        assert published == []

    def test_an_invoice_canceled_part_paid_has_no_line_left_and_is_not_told_again(
        self, desk: Desk, published: list[SaleBooked]
    ) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O")
        opened = desk.book(replace(sale, came=(Came(usd(50000)),))).opened
        assert desk.book(replace(sale, lines=())).already == opened
        assert len(published) == 1

    def test_what_its_followers_ask_is_told_beside_what_the_sale_asks(
        self, desk: Desk, published: list[SaleBooked]
    ) -> None:
        booked = desk.book(desk.sale(desk.line(desk.package()), buyer=None))
        (item,) = desk.questions()
        assert booked.attention == (item.id, "ITEM")


class TestASaleThatWasBegun:
    """At the desk or on the public page: whose it is was said there, whoever Square says pays."""

    def test_at_the_desk_it_is_of_the_client_it_was_begun_for(
        self, desk: Desk, published: list[SaleBooked]
    ) -> None:
        package, bea = desk.package(), desk.client("Bea Wong")
        with desk.store.writing() as session:
            begun: dict[str, Any] = {
                "id": "C", "client_id": bea, "package_id": package, "way": "link", "amount": WHOLE,
                "currency": "USD", "square_order_id": "O", "created_at": desk.clock(), "by": "Deb",
            }  # fmt: skip
            session.add(Checkout(**begun))
        opened = desk.book(desk.sale(desk.line(package), order="O")).opened
        assert rows(desk, Course, "client_id") == [(bea,)]
        assert published == [SaleBooked("O", bea, opened, None, ("C",), is_paid_more=True)]

    def test_on_the_public_page_it_is_of_the_name_that_was_typed_there(
        self, desk: Desk, published: list[SaleBooked]
    ) -> None:
        package, now = desk.package(), desk.clock()
        with desk.store.writing() as session:
            begun: dict[str, Any] = {
                "id": "P", "package_id": package, "package_version": 1, "name": "Bea Wong",
                "email": "bea@example.org", "language": "en", "agreed": [], "agreed_at": now, "amount": WHOLE,
                "currency": "USD", "begun_at": now, "square_order_id": "O",
            }  # fmt: skip
            session.add(PublicOrder(**begun))
        sale = desk.sale(desk.line(package), order="O", buyer=Buyer("CUSTOMER-PAGE"))
        opened = desk.book(sale).opened
        desk.book(sale)
        ((client_id, name),) = rows(desk, Client, "id", "name")
        assert (name, rows(desk, Course, "client_id")) == ("Bea Wong", [(client_id,)])
        assert rows(desk, SquareCustomer, "square_customer_id", "client_id") == [("CUSTOMER-PAGE", client_id)]
        assert published == [
            SaleBooked("O", client_id, opened, None, (), is_paid_more=True, public_order_id="P"),
            SaleBooked("O", None, (), None, (), public_order_id="P"),
        ]


class TestASaleWithoutAClient:
    def test_the_item_holds_the_courses_and_the_nameless_customers(self, desk: Desk) -> None:
        sale = desk.sale(desk.line(desk.package()), order="O", buyer=None)
        booked = desk.book(replace(sale, nameless_ids=("NOBODY-1", "NOBODY-2")))
        names = ("id", "kind", "dedupe", "square_order_id", "details")
        assert rows(desk, Attention, *names) == [
            (
                booked.attention[0],
                "unassigned_sale",
                "unassigned:O",
                "O",
                {
                    "course_ids": list(booked.opened),
                    "square_customer_ids": ["NOBODY-1", "NOBODY-2"],
                },
            )
        ]

    def test_courses_opened_later_are_added_to_the_item_once(self, desk: Desk) -> None:
        known, late = desk.package(sessions=10), desk.package(sessions=12)
        second = replace(desk.line(late, uid="B"), square_variation_id="var-late")
        sale = desk.sale(desk.line(known, uid="A"), second, order="O", buyer=None)
        first = desk.book(sale)
        desk.list_on_till(late, "var-late")
        then = desk.book(sale)
        (item,) = desk.questions()
        assert item.course_ids == (*first.opened, *then.opened)


class TestItemsThatKeepTheSale:
    def test_an_unclear_quantity_is_asked_about_once_for_each_line(self, desk: Desk) -> None:
        package = desk.package()
        lines = (
            desk.line(package, uid=uid, quantity=None, quantity_text="1.5", name="n" * 200) for uid in "AB"
        )
        sale = desk.sale(*lines, order="O")
        desk.book(sale)
        desk.book(sale)
        kept = rows(desk, Attention, "kind", "dedupe", "square_order_id")
        assert kept == [("unclear_quantity", f"quantity:O:{uid}", "O") for uid in "AB"]
        said = f"{'n' * 120} was sold with the quantity “1.5”. No course was opened."
        assert {summary for (summary,) in rows(desk, Attention, "summary")} == {said}
        assert [details["sale"]["square_order_id"] for (details,) in rows(desk, Attention, "details")] == [
            "O"
        ] * 2

    def test_a_foreign_currency_is_asked_about_once_for_each_line(self, desk: Desk) -> None:
        package = desk.package()
        sale = desk.sale(*(desk.line(package, uid=uid, currency="EUR") for uid in "AB"), order="O")
        desk.book(sale)
        desk.book(sale)
        kept = rows(desk, Attention, "kind", "dedupe", "square_order_id")
        assert kept == [("foreign_currency", f"currency:O:{uid}", "O") for uid in "AB"]


class TestARefund:
    def test_it_is_kept_as_it_was_last_told(self, desk: Desk) -> None:
        desk.sell(order="O")
        names = (
            "square_refund_id",
            "square_order_id",
            "return_order_id",
            "amount",
            "currency",
            "status",
            "seen_at",
        )
        for status in ("PENDING", "COMPLETED"):
            desk.clock.advance(hours=1)
            desk.refund("O", 10000, return_order="R", status=status)
            told = ("REFUND-1", "O", "R", 10000, "USD", status, desk.clock())
            assert rows(desk, SquareRefund, *names, "tip", "for_course") == [(*told, 0, 0)]

    @pytest.mark.parametrize(("tip", "kept"), [(0, 0), (4000, 4000), (10000, 10000), (10001, 10000)])
    def test_no_more_of_it_is_tip_than_it_is(self, desk: Desk, tip: int, kept: int) -> None:
        desk.sell(order="O")
        desk.refund("O", 10000, return_order=None, tip=tip, order_tip=tip)
        assert rows(desk, SquareRefund, "tip") == [(kept,)]

    def test_what_was_once_named_as_tip_stays_tip(self, desk: Desk) -> None:
        desk.sell(order="O")
        for tip in (4000, 0):
            desk.refund("O", 10000, return_order=None, tip=tip, order_tip=4000)
        assert rows(desk, SquareRefund, "tip") == [(4000,)]

    def test_what_was_counted_against_a_course_is_no_tip(self, desk: Desk) -> None:
        desk.sell(order="O")
        said: Any = {"return_order": None, "order_tip": 4000}
        desk.refund("O", 4000, **said)
        desk.answer(desk.questions()[0].id, "take_sessions", sessions=1)
        desk.refund("O", 4000, tip=4000, **said)
        assert rows(desk, SquareRefund, "tip", "for_course") == [(0, 4000)]

    @pytest.mark.parametrize(
        ("lines", "closed_by", "reason", "said"),
        [
            ((back(),), "return:RETURN-1:R1:1", "Moved away", "Refunded in Square: Moved away"),
            ((), "whole:REFUND-1:{course}", "", "Refunded in Square"),
            ((back(),), "return:RETURN-1:R1:1", "x" * 400, "Refunded in Square: " + "x" * 280),
        ],
        ids=["by line", "by amount", "a long reason"],
    )
    def test_its_entries_have_a_key_and_its_reason(
        self, desk: Desk, lines: tuple[Any, ...], closed_by: str, reason: str, said: str
    ) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", WHOLE, *lines, reason=reason)
        mark = closed_by.format(course=course_id)
        assert rows(desk, Course, "closed_by", "closed_as", "closed_at") == [(mark, "refunded", desk.clock())]
        key, why, salt, digest = rows(
            desk, Entry, "idempotency_key", "reason", "reason_salt", "reason_sha256"
        )[-1]
        assert (key, why) == (f"refund:{mark}:{course_id}:0:3", said)
        assert digest == reason_fingerprint(salt, said)
        assert len(salt) == 16
        happened = rows(desk, History, "course_id", "kind", "text", "at", "by", "source", "reason")
        of = (
            course_id,
            "closed",
            "Refunded; 12 sessions left the balance",
            desk.clock(),
            "Square",
            "square",
            said,
        )
        assert happened == [of]

    def test_of_two_that_are_alike_the_last_one_closes_first(self, desk: Desk) -> None:
        line = desk.line(desk.package(), quantity=3, paid=3 * WHOLE)
        desk.book(desk.sale(line, order="O"))
        desk.refund("O", 2 * WHOLE, back(quantity=2), total=3 * WHOLE)
        assert rows(desk, Course, "unit", "closed_by") == [
            (1, None),
            (2, "return:RETURN-1:R1:2"),
            (3, "return:RETURN-1:R1:1"),
        ]

    def test_a_course_of_another_sale_is_left_alone(self, desk: Desk) -> None:
        package = desk.package()
        other, course_id = desk.sell(package, order="P"), desk.sell(package, order="O")
        desk.use(course_id)
        desk.refund("O", WHOLE, back())
        assert rows(desk, Course, "id", "closed_as") == [(other, None), (course_id, "refunded")]

    def test_a_return_told_again_with_more_units_closes_the_others(self, desk: Desk) -> None:
        line = desk.line(desk.package(), quantity=3, paid=3 * WHOLE)
        for course_id in desk.book(desk.sale(line, order="O")).opened:
            desk.use(course_id)
        for quantity in (1, 2):
            desk.refund("O", quantity * WHOLE, back(quantity=quantity), total=3 * WHOLE)
        one, two = "return:RETURN-1:R1:1", "return:RETURN-1:R1:2"
        assert rows(desk, Course, "closed_by") == [(None,), (two,), (one,)]
        # A person opens both again: these two units stay as that person decided, the third is new.
        for item in desk.questions():
            desk.answer(item.id, "reopen")
        desk.refund("O", 3 * WHOLE, back(quantity=3), total=3 * WHOLE)
        assert rows(desk, Course, "closed_by") == [(None,), (None,), ("return:RETURN-1:R1:3",)]

    def test_a_course_opened_after_the_refund_closes_beside_one_that_a_person_opened_again(
        self, desk: Desk
    ) -> None:
        known, late = desk.package(sessions=10), desk.package(sessions=12)
        second = replace(desk.line(late, uid="B"), square_variation_id="var-late")
        sale = desk.sale(desk.line(known, uid="A"), second, order="O")
        desk.use(desk.book(sale).opened[0])
        desk.refund("O", 2 * WHOLE, total=2 * WHOLE)
        (item,) = desk.questions()
        desk.answer(item.id, "reopen")
        desk.list_on_till(late, "var-late")
        desk.book(sale)
        said = desk.refund("O", 2 * WHOLE, total=2 * WHOLE)
        assert said == "1 of the sale’s courses closed."
        assert rows(desk, Course, "closed_as") == [(None,), ("refunded",)]

    def test_a_line_that_names_nothing_is_no_line_of_the_sale(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 100, back("ANOTHER"), back("L1", line="R2"))
        assert rows(desk, Course, "id", "closed_by") == [(course_id, "return:RETURN-1:R2:1")]

    def test_a_line_and_the_rest_of_the_sale_close_together(self, desk: Desk) -> None:
        package = desk.package()
        lines = desk.line(package, uid="A"), desk.line(package, uid="B")
        desk.book(desk.sale(*lines, order="O"))
        rest = ReturnLine("R2", None, 1)
        said = desk.refund("O", 2 * WHOLE, back("A"), rest, total=2 * WHOLE)
        assert said == "2 of the sale’s courses closed."
        (_, first), (second_id, second) = rows(desk, Course, "id", "closed_by")
        assert (first, second) == ("return:RETURN-1:R1:1", f"whole:REFUND-1:{second_id}")

    def test_older_news_and_what_no_course_came_of_are_said(self, desk: Desk) -> None:
        desk.sell(order="O")
        desk.refund("O", WHOLE, back(), status="FAILED")
        said = "That refund had failed before; this is older news."
        assert desk.refund("O", WHOLE, back(), status="PENDING") == said
        assert rows(desk, SquareRefund, "status") == [("FAILED",)]

    def test_a_used_course_is_closed_once_though_a_person_opened_it_again(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id)
        desk.refund("O", WHOLE, return_order=None)
        (item,) = desk.questions()
        assert (item.kind, item.square_refund_id) == ("refunded_used_course", "REFUND-1")
        desk.answer(item.id, "reopen")
        assert desk.refund("O", WHOLE, return_order=None) == "Nothing was left to close."
        assert rows(desk, Course, "closed_as") == [(None,)]


class TestARefundAfterATransfer:
    def transferred(self, desk: Desk, *names: str) -> list[str]:
        """Sell order "O" and transfer two sessions of it to each of these; return the courses they got."""
        course_id, changes = desk.sell(order="O"), Changes(desk)
        return [changes.transfer(course_id, desk.client(name), sessions=2).course.id for name in names]

    def test_it_asks_about_the_sessions_that_others_have_now(self, desk: Desk) -> None:
        moved = self.transferred(desk, "Bea Wong", "Cleo Finch")
        desk.refund("O", 66000, return_order=None)
        names = ("kind", "dedupe", "square_order_id", "square_refund_id", "summary", "details")
        (asked,) = (row for row in rows(desk, Attention, *names) if row[0] == "refund_after_transfer")
        assert asked == (
            "refund_after_transfer",
            "refund_after_transfer:REFUND-1",
            "O",
            "REFUND-1",
            "$660.00 of a sale was refunded, sessions of which were transferred to Bea Wong, Cleo Finch.",
            {
                "course_ids": moved,
                "proposal": "They are still there. Write them off on that client’s page if they are not to be used.",
            },
        )

    @pytest.mark.parametrize(
        ("amount", "said", "is_asked"),
        [
            (5000, {}, True),
            (5000, {"tip": 4999}, True),
            (5000, {"tip": 5000}, False),
            (1, {"tip": 1}, False),
            (0, {"tip": 0}, True),
            (5000, {"status": "FAILED"}, False),
        ],
        ids=str,
    )
    def test_money_that_returns_no_session_asks_nothing(
        self, desk: Desk, amount: int, said: dict[str, Any], is_asked: bool
    ) -> None:
        self.transferred(desk, "Bea Wong")
        desk.refund("O", amount, return_order=None, order_tip=5000, **said)
        kinds = [kind for (kind,) in rows(desk, Attention, "kind")]
        assert ("refund_after_transfer" in kinds) == is_asked

    def test_sessions_of_another_sale_and_those_that_went_on_are_not_named(self, desk: Desk) -> None:
        changes, cleo = Changes(desk), desk.client("Cleo Finch")
        gone, kept = self.transferred(desk, "Bea Wong", "Dora Lane")
        changes.transfer(gone, cleo)
        changes.transfer(desk.sell(order="P"), cleo, sessions=2)
        desk.refund("O", 66000, return_order=None)
        (asked,) = (item for item in desk.questions() if item.kind == "refund_after_transfer")
        assert asked.course_ids == (kept,)

    def test_a_client_who_got_sessions_twice_is_named_once(self, desk: Desk) -> None:
        course_id, changes, bea = desk.sell(order="O"), Changes(desk), desk.client("Bea Wong")
        for _ in range(2):
            changes.transfer(course_id, bea, sessions=1)
        desk.refund("O", 16500, return_order=None)
        assert [item.summary for item in desk.questions() if item.kind == "refund_after_transfer"] == [
            "$165.00 of a sale was refunded, sessions of which were transferred to Bea Wong."
        ]


class TestAnUndo:
    def test_its_entry_names_the_one_it_undoes(self, desk: Desk) -> None:
        used = desk.use(desk.sell())
        desk.clock.advance(hours=1)
        desk.undo(used.entry.id, reason="Wrong client")
        names = ("idempotency_key", "kind", "reverses", "reason", "visit_id", "happened_at", "sessions_delta")
        assert rows(desk, Entry, *names, "value_delta", "by", "source")[-1] == (
            f"reverse:{used.entry.id}",
            "reversed",
            used.entry.id,
            "Wrong client",
            None,
            desk.clock(),
            1,
            SINGLE,
            "Deb",
            "desk",
        )

    def test_sessions_that_were_added_are_granted_no_more(self, desk: Desk) -> None:
        course_id = desk.sell()
        Changes(desk).adjust(course_id, 2)
        with desk.store.reading() as session:
            entry = session.scalars(select(Entry).order_by(Entry.seq.desc())).first()
            assert entry is not None
            head = head_of(session, entry.allowance_id)
            undone = next_reversal(Work(session, desk.store, desk.act(OLGA)), head, entry, "Not agreed")
        assert (undone.sessions_delta, undone.granted_before, undone.granted_after) == (-2, 14, 12)


class TestAUse:
    def test_it_writes_an_entry_and_a_visit(self, desk: Desk) -> None:
        person = add_staff(
            desk.store, email="wu@example.org", name="Dr. Wu", role=Role.PRACTITIONER, password_hash="x",
            now=desk.clock(),
        ).actor  # fmt: skip
        course_id = desk.sell()
        used = desk.use(course_id, key="tap", actor=person, sessions=2)
        ((client_id,),) = rows(desk, Client, "id")
        (visit,) = rows(
            desk, Visit, "id", "client_id", "course_id", "visited_on", "practitioner_id", "created_at"
        )
        assert visit[1:] == (client_id, course_id, desk.today, person.staff_id, desk.clock())
        names = ("idempotency_key", "kind", "sessions_delta", "value_delta", "visit_id", "reverses", "reason")
        assert rows(desk, Entry, *names, "happened_at", "by", "staff_id", "source")[-1] == (
            "use:tap",
            "used",
            -2,
            -2 * SINGLE,
            visit[0],
            None,
            "",
            desk.clock(),
            "Dr. Wu",
            person.staff_id,
            "desk",
        )
        (kept,) = rows(desk, Operation, "answer")[-1]
        assert kept == {"entry_id": used.entry.id, "session_number": 2, "earlier": []}

    def test_a_missed_visit_is_an_entry_with_its_reason_and_no_visit(self, desk: Desk) -> None:
        course_id = desk.sell()
        settle_missed(desk.store, desk.act(key="tap"), course_id, Missed("charge"))
        assert rows(desk, Visit, "id") == []
        names = ("idempotency_key", "kind", "sessions_delta", "visit_id", "reason", "happened_at")
        assert rows(desk, Entry, *names)[-1] == (
            "no-show:tap",
            "used",
            -1,
            None,
            "No-show on Nov 22, 2026",
            desk.clock(),
        )

    def test_what_follows_is_told_who_came_to_whose_course(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[object] = []
        for kind in (VisitRecorded, CourseChanged):
            monkeypatch.setitem(events._subscribers, kind, (lambda _work, event: heard.append(event),))
        bea, course_id = desk.client("Bea Wong"), desk.sell(paid_at=desk.clock() - timedelta(days=3))
        Changes(desk).share(course_id, bea)
        heard.clear()
        owner, day = desk.course(course_id).client_id or "", desk.today - timedelta(1)
        wish = UseSession(course_id, client_id=bea, visited_on=day)
        with_mail = use_session(desk.store, desk.act(), wish, has_mail=True).entry
        without = desk.use(course_id).entry
        desk.undo(without.id)
        recorded = VisitRecorded(with_mail.visit_id or "", course_id, bea, owner, day, desk.today)
        assert heard == [recorded, *[CourseChanged(course_id)] * 3]


class TestACourse:
    def test_one_that_is_not_there_is_said_to_be_none(self, desk: Desk) -> None:
        with desk.store.writing() as session:
            with pytest.raises(NotFound) as refusal:
                course_for_change(session, "nothing")
            with pytest.raises(NotFound) as refusal_of_use:
                course_in_hand(session, "nothing", desk.clock())
        assert str(refusal.value) == str(refusal_of_use.value) == "There is no such course."

    def test_a_long_line_of_its_history_is_cut(self, desk: Desk) -> None:
        course_id = desk.sell()

        def add(session: Any) -> None:
            work = Work(session, desk.store, desk.act(OLGA))
            add_history(work, course_id, "noted", "x" * 401, reason="Why")
            add_history(work, course_id, "noted", "Short")

        desk.store.transact(add)
        names = ("course_id", "kind", "text", "at", "by", "source", "reason")
        assert rows(desk, History, *names) == [
            (course_id, "noted", "x" * 400, desk.clock(), "Olga", "desk", "Why"),
            (course_id, "noted", "Short", desk.clock(), "Olga", "desk", ""),
        ]

    def test_its_main_allowance_is_that_of_the_main_treatment_or_the_first(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(touch_ups=2))
        with desk.store.reading() as session:
            main, touch_up = allowances_of(session, course_id)
            assert (main.kind, touch_up.kind) == ("main", "touch_up")
            assert main_of([touch_up, main]) is main
            assert main_of([touch_up]) is touch_up

    def test_what_was_paid_counts_payments_alone(self, desk: Desk) -> None:
        course = desk.course(desk.sell())
        desk.use(course.id)
        (part,) = course.allowances
        with desk.store.reading() as session:
            assert (money_paid(session, part.id), money_paid(session, "nothing")) == (WHOLE, 0)
