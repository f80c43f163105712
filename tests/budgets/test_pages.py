"""What open pages ask of the database, each second and when they are drawn, however much is on them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.services import Services
from plugin.store.versions import WATCHED
from tests.budgets.counting import Statement, counted
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import ANA, Desk
from tests.courses.documents.sales import Papers
from tests.web.visitor import Visitor

MOST_TO_ASK = 2
MOST_OF_CLIENT, MOST_OF_ATTENTION, MOST_OF_TODAY, MOST_OF_LIST = 20, 12, 40, 18
_READ = re.compile(r"(?:FROM|JOIN) (\w+)")
# What is read for a page's frame or for who asks; it is no part of what is kept fresh.
_NOT_SHOWN = {
    # Who asks, not what is shown.
    "sign_in",
    "passkey",
    # The few Terminals of a clinic: their names stand in a sale's page, and change with the next step of it.
    "terminal",
    # What a package is sold as; no open page shows it.
    "listing",
    # It changes with its note alone.
    "visit_note_option",
    # Written with the history of its course, which is counted.
    "planned_visit",
    "package_content",
    # Only whether Square fails, which is asked beside the version.
    "connection",
    # They only narrow down which courses are looked at, by what is counted.
    "listed_course",
    "unlisted_course",
    # Written with its course, never changed.
    "imported_course",
    "logo",
}


def tables_read(statements: list[Statement]) -> set[str]:
    return {name for each in statements for name in _READ.findall(each.sql)} - {"anon_1", "anon_2"}


def live_address(deb: Visitor, screen: str) -> tuple[str, str]:
    page = deb.page(screen)
    body = next(each for each in page.elements if each.tag == "body")
    region = page.with_id("live")
    return body.attributes["data-live"], region.attributes["data-seen"] if region else ""


@pytest.fixture
def busy(desk: Desk) -> Callable[[str], str]:
    """A client who has used a session and is due, a sale nobody is named on; returns the address of a page."""
    appointments = Appointments(desk)
    course_id = desk.sell()
    desk.use(course_id)
    appointments.told()
    desk.sell(buyer=None)
    client_id = desk.course(course_id).client_id
    addresses = {
        "today": "/",
        "client": f"/clients/{client_id}",
        "attention": "/attention",
        "clients": "/clients",
    }
    return addresses.__getitem__


@pytest.mark.parametrize("screen", ["today", "client", "attention", "clients"])
def test_asking_whether_there_is_anything_new_takes_two_statements(
    deb: Visitor, busy: Callable[[str], str], services: Services, screen: str
) -> None:
    address, seen = live_address(deb, busy(screen))
    with counted(services.store.engine) as statements:
        answer = deb.get(address, query_string={"seen": seen})
    assert answer.status_code == 204
    assert len(statements) <= MOST_TO_ASK
    assert answer.headers["X-Seen"] == seen


@pytest.mark.parametrize("screen", ["today", "client", "attention"])
def test_a_living_page_reads_only_tables_whose_changes_are_counted(
    deb: Visitor, busy: Callable[[str], str], services: Services, screen: str
) -> None:
    address, _ = live_address(deb, busy(screen))
    with counted(services.store.engine) as statements:
        assert deb.get(address, query_string={"seen": ""}).status_code == 200
    assert tables_read(statements) - {*WATCHED, "version"} - _NOT_SHOWN == set()


def test_each_page_sees_what_changes_on_it_and_sleeps_through_the_rest(
    deb: Visitor, desk: Desk, busy: Callable[[str], str], services: Services
) -> None:
    """A use of another client is news for Today, and none for this one's page."""
    package = desk.package()
    today, client = (live_address(deb, busy(screen)) for screen in ("today", "client"))
    other = desk.sell(
        package,
        buyer=replace(ANA, square_customer_id="CUSTOMER-BEA", name="Bea Wong", phone=None, email=None),
    )
    desk.use(other)
    with counted(services.store.engine) as statements:
        assert deb.get(client[0], query_string={"seen": client[1]}).status_code == 204
    assert len(statements) <= MOST_TO_ASK
    assert deb.get(today[0], query_string={"seen": today[1]}).status_code == 200


def test_time_alone_is_news_for_today(
    deb: Visitor, busy: Callable[[str], str], clock: HandMovedClock, desk: Desk
) -> None:
    """Half an hour before an appointment it is due; at its time it has begun; half an hour later it is late."""
    Appointments(desk).told("B2", version=0, start_at=clock() + timedelta(hours=2))
    address, seen = live_address(deb, busy("today"))
    answers = []
    for minutes in (89, 2, 28, 2, 28, 3):
        clock.advance(minutes=minutes)
        answer = deb.get(address, query_string={"seen": seen})
        seen = answer.headers["X-Seen"]
        answers.append(answer.status_code)
    assert answers == [204, 200, 204, 200, 204, 200]


@pytest.mark.parametrize("screen", ["today", "client", "attention"])
def test_a_new_day_is_looked_at_again(
    deb: Visitor, busy: Callable[[str], str], clock: HandMovedClock, services: Services, screen: str
) -> None:
    clock.advance(hours=13, minutes=59)
    deb.sign_in_again()
    address, seen = live_address(deb, busy(screen))
    assert deb.get(address, query_string={"seen": seen}).status_code == 204
    clock.advance(minutes=1)
    with counted(services.store.engine) as statements:
        deb.get(address, query_string={"seen": seen})
    assert len(statements) > MOST_TO_ASK


def statements_of(deb: Visitor, services: Services, screen: str) -> int:
    deb.page(screen)
    with counted(services.store.engine) as statements:
        deb.page(screen)
    return len(statements)


def test_the_page_of_a_client_asks_no_more_for_many_courses_and_documents(
    deb: Visitor, desk: Desk, services: Services
) -> None:
    papers = Papers(desk)
    client = f"/clients/{desk.course(papers.sell('FIRST')).client_id}"
    few = statements_of(deb, services, client)
    for number in range(12):
        papers.sell(f"MORE-{number}")
        desk.use(desk.sell(papers.package))
    papers.work()
    assert statements_of(deb, services, client) <= MOST_OF_CLIENT
    assert few <= MOST_OF_CLIENT


def test_attention_asks_no_more_for_many_items(deb: Visitor, desk: Desk, services: Services) -> None:
    package = desk.package()
    desk.sell(package, buyer=None)
    few = statements_of(deb, services, "/attention")
    for _ in range(30):
        desk.sell(package, buyer=None)
    many = statements_of(deb, services, "/attention")
    assert (few, many) == (many, few)
    assert many <= MOST_OF_ATTENTION


def test_today_asks_no_more_for_many_visits_and_arrivals(
    deb: Visitor, desk: Desk, busy: Callable[[str], str], services: Services
) -> None:
    few = statements_of(deb, services, busy("today"))
    appointments, package = Appointments(desk), desk.package()
    for number in range(10):
        buyer = replace(ANA, square_customer_id=f"CUSTOMER-{number}", phone=None, email=None)
        desk.use(desk.sell(package, buyer=buyer))
        appointments.told(f"MORE-{number}", square_customer_id=f"CUSTOMER-{number}")
    assert statements_of(deb, services, "/") <= few + 1
    assert few <= MOST_OF_TODAY


def test_the_list_of_courses_asks_no_more_for_many(
    small_olga: Visitor, small_desk: Desk, small_house: Services
) -> None:
    package = small_desk.package()
    small_desk.sell(package)
    few = statements_of(small_olga, small_house, "/courses")
    for _ in range(20):
        small_desk.use(small_desk.sell(package))
    assert statements_of(small_olga, small_house, "/courses") == few
    assert few <= MOST_OF_LIST
