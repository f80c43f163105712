"""Five courses whose life took a turn, told with the balance after each step: sessions left, and cents still owed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.terms import ExpiresFrom, RefundFormula, Terms
from plugin.courses.changes.gifts import shared_with
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.courses.sales.sales import Came
from plugin.errors import Refused
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk
from tests.databases import sqlite_alone

pytestmark = sqlite_alone


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return Changes(desk)


def test_a_course_frozen_for_an_operation_and_extended_after_it(desk: Desk, changes: Changes) -> None:
    """Ana's twelve sessions are good for six months from her first visit, which is on December 2nd: they end on June
    2nd. In January she must rest for ten weeks; Olga freezes the course, and nobody can use it by mistake. Seventy
    days later Deb thaws it, and the seventy days stand at the end: August 11th. Ana catches a cold and comes too
    late; her last four sessions have expired, yet nothing was earned by that. Olga adds a month, and Ana uses them.
    """
    terms = Terms(expires_after_months=6, expires_from=ExpiresFrom.FIRST_USE)
    course_id = desk.sell(desk.package(sessions=12, terms=terms))
    assert desk.course(course_id).expires_on is None

    desk.clock.advance(days=10)
    desk.use(course_id)
    assert desk.course(course_id).expires_on == date(2027, 6, 2)
    assert desk.balance(course_id) == (11, 181500)

    desk.clock.advance(days=40)
    changes.freeze(course_id)
    with pytest.raises(Refused, match="This course is frozen"):
        desk.use(course_id)
    desk.clock.advance(days=70)
    assert changes.thaw(course_id).course.expires_on == date(2027, 8, 11)
    desk.use(course_id, sessions=7)
    assert desk.balance(course_id) == (4, 66000)

    desk.clock.advance(days=150)
    assert desk.course(course_id).status is Status.EXPIRED
    assert desk.balance(course_id) == (4, 66000)
    changes.extend(course_id, desk.today + timedelta(31))
    desk.use(course_id, sessions=4)
    assert desk.balance(course_id) == (0, 0)
    told = [each.kind for each in desk.course(course_id).happenings]
    assert told == ["first_use", "frozen", "thawed", "extended"]


def test_a_course_shared_by_two_sisters(desk: Desk, changes: Changes) -> None:
    """Ana buys ten sessions and lets her sister Bea use them until Christmas. Bea comes twice; the visits are hers,
    the sessions Ana's. After Christmas Bea's turn is over, but a visit she had before, which Deb forgot, still counts.
    """
    course_id = desk.sell(desk.package(sessions=10), paid=165000)
    bea = desk.client("Bea Souza")
    with pytest.raises(Refused, match="belongs to another client"):
        desk.use(course_id, client_id=bea)

    changes.share(course_id, bea, date(2026, 12, 25))
    for _ in range(2):
        desk.clock.advance(days=7)
        desk.use(course_id, client_id=bea)
    desk.use(course_id)
    assert desk.balance(course_id) == (7, 115500)
    assert [each.guest for each in desk.course(course_id).visits] == ["Bea Souza", "Bea Souza", ""]
    assert [each.id for each in shared_with(desk.store, bea, today=desk.today)] == [course_id]

    desk.clock.advance(days=30)
    with pytest.raises(Refused, match="until an earlier day"):
        desk.use(course_id, client_id=bea)
    desk.use(course_id, client_id=bea, visited_on=date(2026, 12, 20))
    assert desk.balance(course_id) == (6, 99000)
    assert shared_with(desk.store, bea, today=desk.today) == ()


def test_a_gift_under_the_tree(desk: Desk, changes: Changes) -> None:
    """Ana buys ten sessions for her friend Bea. Until the voucher is brought, the course waits: not even Ana can use
    it. In January Bea comes with the code; Deb types it, and the course is Bea's with all it is worth. A copy of the
    voucher, brought by somebody else a week later, is refused with the day on which it was redeemed.
    """
    course_id = desk.sell(desk.package(sessions=10), paid=165000)
    changes.give(course_id, "7KQMX3FD92HT")
    assert desk.balance(course_id) == (10, 165000)
    with pytest.raises(Refused, match="waits as a gift for Bea Wong"):
        desk.use(course_id)

    desk.clock.advance(days=45)
    bea = desk.client("Bea Wong")
    changes.redeem("7kqm-x3fd-92ht", bea)
    desk.use(course_id)
    assert desk.course(course_id).client_name == "Bea Wong"
    assert desk.balance(course_id) == (9, 148500)

    desk.clock.advance(days=7)
    with pytest.raises(Refused, match="redeemed on Jan 6, 2027"):
        changes.redeem("7KQMX3FD92HT", desk.client("Cleo Hart"))
    assert desk.balance(course_id) == (9, 148500)


def test_what_ana_leaves_to_bea_and_what_she_gets_back(desk: Desk, changes: Changes) -> None:
    """Ana pays $1,800.00 for twelve sessions, $150.00 each, and comes five times. Moving away, she leaves three of the
    seven that are left to Bea: $450.00 of what the clinic owes is Bea's now. The refund for the other four is
    $600.00 by the package's formula. Bea comes once, then gives her two back to Ana's course: now six are left there,
    and $900.00 would go back; Square refunds all of them, and both courses are empty to the cent.
    """
    terms = Terms(refund_formula=RefundFormula.PRORATED)
    course_id = desk.sell(desk.package(sessions=12, terms=terms), paid=180000, order="TICKET")
    desk.use(course_id, sessions=5)
    assert desk.balance(course_id) == (7, 105000)

    bea = desk.client("Bea Wong")
    hers = changes.transfer(course_id, bea, sessions=3).course.id
    assert (desk.balance(course_id), desk.balance(hers)) == ((4, 60000), (3, 45000))
    assert _prorated(desk, course_id) == 60000
    with pytest.raises(Refused, match="came from Ana Souza"):
        refund_quote(desk.store, hers, today=desk.today)

    desk.use(hers)
    changes.transfer(hers, desk.course(course_id).client_id or "")
    assert (desk.balance(course_id), desk.balance(hers)) == ((6, 90000), (0, 0))
    assert _prorated(desk, course_id) == 90000

    desk.refund("TICKET", 180000, total=180000)
    assert (desk.balance(course_id), desk.balance(hers)) == ((0, 0), (0, 0))
    assert desk.course(course_id).status is Status.REFUNDED
    assert desk.course(hers).status is Status.TRANSFERRED


def _prorated(desk: Desk, course_id: str) -> int:
    quote = refund_quote(desk.store, course_id, today=desk.today)
    return quote.values[RefundFormula.PRORATED].amount.amount


def test_a_course_paid_in_three_parts(desk: Desk, changes: Changes) -> None:
    """Ana pays $600.00 of $1,800.00: four of twelve sessions unlock. She uses them, and her second payment is late;
    Olga knows her and allows two more, for which nothing is owed yet. When $450.00 come, $300.00 of it are for those
    two, and $150.00 for the seventh, which she uses; the eighth must wait. The rest comes, and the five that are left
    are worth $150.00 each.
    """
    sale = desk.sale(desk.line(desk.package(sessions=12), paid=180000), order="INVOICE")

    def pays(*sums: int) -> tuple[int, int]:
        came = tuple(Came(Money(each, "USD"), desk.clock()) for each in sums)
        opened = desk.book(replace(sale, came=came)).opened
        courses.extend(opened)
        return desk.balance(courses[0])

    courses: list[str] = []
    assert pays(60000) == (12, 60000)
    desk.use(courses[0], sessions=4)
    assert desk.balance(courses[0]) == (8, 0)
    with pytest.raises(Refused, match="4 of 12 sessions are paid for"):
        desk.use(courses[0])

    changes.allow(courses[0], 2)
    desk.use(courses[0], sessions=2)
    assert desk.balance(courses[0]) == (6, 0)
    desk.clock.advance(days=20)
    assert pays(60000, 105000) == (6, 15000)
    desk.use(courses[0])
    assert desk.balance(courses[0]) == (5, 0)
    with pytest.raises(Refused, match="7 of 12 sessions are paid for"):
        desk.use(courses[0])
    desk.clock.advance(days=30)
    assert pays(60000, 105000, 180000) == (5, 75000)
    desk.use(courses[0], sessions=5)
    assert desk.balance(courses[0]) == (0, 0)
    assert desk.course(courses[0]).status is Status.FINISHED
