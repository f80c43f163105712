"""How many statements a use, an undo, a sale and a read may send. What grows past it reads again what is in hand."""

import pytest

from plugin.courses.base.read import read_course
from plugin.courses.clients.contacts import Buyer
from plugin.courses.sales.sales import Sale
from plugin.courses.visits.use import UseSession, use_session
from tests.budgets.counting import counted, round_trips
from tests.courses.conftest import desk as desk
from tests.courses.desk import Desk
from tests.databases import postgresql_alone

# Two of a use are the locks that PostgreSQL needs.
USE, USE_WITH_MAIL, USE_AGAIN, UNDO, BOOK, BOOK_AGAIN = 8, 11, 5, 10, 21, 7
READ = 5


@pytest.fixture
def two_packages(desk: Desk) -> Sale:
    first, second = desk.package(touch_ups=2), desk.package(name="Three facials", sessions=3)
    lines = desk.line(first), desk.line(second, uid="L2", paid=49500)
    return desk.sale(*lines, buyer=Buyer("CUSTOMER-BO", name="Bo Li", phone="+14155550124"))


def test_a_sale_of_two_packages_to_a_new_client(desk: Desk, two_packages: Sale) -> None:
    with counted(desk.store.engine) as sent:
        booked = desk.book(two_packages)
    assert len(booked.opened) == 2
    assert len(sent) <= BOOK, "\n".join(each.sql for each in sent)


def test_the_same_sale_again(desk: Desk, two_packages: Sale) -> None:
    desk.book(two_packages)
    with counted(desk.store.engine) as sent:
        assert desk.book(two_packages).opened == ()
    assert len(sent) <= BOOK_AGAIN, "\n".join(each.sql for each in sent)


@pytest.mark.parametrize(("has_mail", "budget"), [(False, USE), (True, USE_WITH_MAIL)])
def test_a_use(desk: Desk, has_mail: bool, budget: int) -> None:
    course_id = desk.sell(desk.package(touch_ups=2))
    act = desk.act()
    with counted(desk.store.engine) as sent:
        used = use_session(desk.store, act, UseSession(course_id), has_mail=has_mail)
    assert used.sessions_left == 11
    assert len(sent) <= budget, "\n".join(each.sql for each in sent)


@postgresql_alone
def test_the_round_trips_of_a_use(desk: Desk) -> None:
    course_id = desk.sell()
    desk.use(course_id)
    # The pool gives the connection that was used last.
    with desk.store.engine.connect() as connection:
        driver = connection.connection.driver_connection
    desk.clock.advance(days=1)
    with round_trips(driver) as trips:
        desk.use(course_id)
    assert trips == [3]


def test_the_same_use_again(desk: Desk) -> None:
    course_id = desk.sell()
    desk.use(course_id, key="tap")
    with counted(desk.store.engine) as sent:
        assert desk.use(course_id, key="tap").is_repeat
    assert len(sent) <= USE_AGAIN, "\n".join(each.sql for each in sent)


def test_reading_a_course(desk: Desk) -> None:
    course_id = desk.sell()
    desk.use(course_id)
    with counted(desk.store.engine) as sent:
        read_course(desk.store, course_id, today=desk.clock().date())
    assert len(sent) <= READ, "\n".join(each.sql for each in sent)


def test_an_undo(desk: Desk) -> None:
    used = desk.use(desk.sell())
    with counted(desk.store.engine) as sent:
        desk.undo(used.entry.id)
    assert len(sent) <= UNDO, "\n".join(each.sql for each in sent)
