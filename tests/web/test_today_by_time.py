"""Today: arrivals by time with their states, one's own clients, what is due, and who comes without a booking."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import staff_by_email
from plugin.services import Services
from tests.clock import START, HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import ANA, Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor, email_of

BEA = replace(ANA, square_customer_id="CUSTOMER-BEA", name="Bea Wong", phone=None, email=None)

PART = r"(?:Now|Next|Later|Done) \d+"
STATE = r"Booked|Arrived \d+:\d+|Checked in|No-show(?= )|Canceled(?= [A-Z])"


@pytest.fixture
def calendar(small_desk: Desk) -> Appointments:
    return Appointments(small_desk)


def parts(page: Page) -> list[str]:
    """Return the headings of the day's parts with their counts, and the state of each arrival under them."""
    text = page.text[page.text.index("Arrivals") :]
    return re.findall(rf"\b(?:{PART}|{STATE})", text)


class TestParts:
    def test_the_day_stands_in_the_order_of_what_is_to_be_done(
        self, small_deb: Visitor, calendar: Appointments
    ) -> None:
        calendar.desk.sell()
        for booking, minutes in (("DUE", 30), ("NEXT", 31), ("LAST-NEXT", 120), ("LATER", 121)):
            calendar.told(booking, start_at=START + timedelta(minutes=minutes))
        calendar.told("OFF", start_at=START - timedelta(minutes=5), status="CANCELLED_BY_CUSTOMER")
        assert parts(small_deb.page("/")) == [
            *("Now 1", "Booked"),
            *("Next 2", "Booked", "Booked"),
            *("Later 1", "Booked"),
            *("Done 1", "Canceled"),
        ]

    def test_who_is_overdue_stays_until_it_is_decided(
        self, small_deb: Visitor, calendar: Appointments, clock: HandMovedClock
    ) -> None:
        calendar.desk.sell()
        calendar.told()
        clock.advance(hours=3)
        assert parts(small_deb.page("/"))[0] == "Now 1"

    def test_here_is_noted_and_taken_back_by_one_tap_each(
        self, small_deb: Visitor, calendar: Appointments
    ) -> None:
        course = calendar.desk.sell()
        calendar.told("LATER", start_at=START + timedelta(hours=5))
        page = small_deb.page("/")
        tapped = page.form("/bookings/LATER/arrival")
        page = small_deb.after(tapped)
        assert parts(page) == ["Now 1", "Arrived 10:00"]
        assert "Marked as arrived." in page.text
        page = small_deb.after(page.form("/bookings/LATER/departure"))
        assert parts(page) == ["Later 1", "Booked"]
        assert "No longer marked as arrived." in page.text
        # The first tap arrives once more: it was answered.
        assert parts(small_deb.after(tapped)) == ["Later 1", "Booked"]
        assert calendar.desk.balance(course)[0] == 12

    def test_checked_in_is_done(self, small_deb: Visitor, calendar: Appointments) -> None:
        calendar.desk.sell()
        calendar.told()
        small_deb.after(small_deb.page("/").form("/bookings/B1/arrival"))
        page = small_deb.after(small_deb.page("/").form("/bookings/B1/uses"))
        assert parts(page) == ["Done 1", "Checked in"]
        refused = small_deb.send(replace(page.form("/bookings/B1/reversal"), action="/bookings/B1/arrival"))
        assert (refused.status_code, "settled already" in refused.text) == (409, True)

    def test_another_time_in_square_is_another_arrival(
        self, small_deb: Visitor, calendar: Appointments
    ) -> None:
        calendar.desk.sell()
        calendar.told()
        small_deb.after(small_deb.page("/").form("/bookings/B1/arrival"))
        calendar.told(start_at=START + timedelta(hours=4))
        assert parts(small_deb.page("/")) == ["Later 1", "Booked"]

    def test_the_course_is_named_with_its_day_where_two_are_called_alike(
        self, small_deb: Visitor, calendar: Appointments
    ) -> None:
        package = calendar.desk.package()
        calendar.desk.sell(package)
        calendar.told()
        assert "course of 12, sold" not in small_deb.page("/").text
        calendar.desk.sell(package)
        assert "Facial acupuncture, course of 12, sold Nov 22" in small_deb.page("/").text


class TestOwnClients:
    @pytest.fixture
    def kim(self, small_as: As) -> Visitor:
        return small_as(Role.PRACTITIONER)

    @pytest.fixture
    def two(self, calendar: Appointments) -> None:
        package = calendar.desk.package()
        for buyer, booking, name in ((ANA, "B1", "A. Kim"), (BEA, "B2", "Somebody Else")):
            calendar.desk.sell(package, buyer=buyer)
            calendar.told(booking, square_customer_id=buyer.square_customer_id, team_member_name=name)

    def test_it_is_remembered_for_the_person(self, kim: Visitor, small_house: Services, two: None) -> None:
        page = kim.page("/")
        assert "My clients 1 Everyone 2" in page.text
        page = kim.after(page.form("/today/clients"), own="yes")
        assert ("Arrivals 1" in page.text, "Somebody Else" in page.text) == (True, False)
        person = staff_by_email(small_house.store, email_of(Role.PRACTITIONER))
        assert person is not None
        assert person.sees_own_clients
        page = kim.after(page.form("/today/clients"), own="no")
        assert "Arrivals 2" in page.text

    def test_without_any_it_says_where_the_others_are(self, kim: Visitor, calendar: Appointments) -> None:
        calendar.told(team_member_name="Somebody Else")
        page = kim.after(kim.page("/").form("/today/clients"), own="yes")
        assert (
            "No client of yours is booked today 1 appointment is with others. Tap “Everyone” to see it."
            in page.text
        )

    def test_the_front_desk_sees_everyone(self, small_deb: Visitor, two: None) -> None:
        assert "My clients" not in small_deb.page("/").text


class TestDue:
    def test_balances_and_what_expires_within_a_week(
        self, small_deb: Visitor, small_desk: Desk, clock: HandMovedClock
    ) -> None:
        package = small_desk.package(name="Short", terms=Terms(expires_after_months=1))
        small_desk.sell(package)
        assert "Due today" not in small_deb.page("/").text
        clock.advance(days=23)
        small_deb.sign_in_again()
        assert (
            "Due today All follow-ups Ana Souza Short · expires Dec 22 12 of 12 left"
            in small_deb.page("/").text
        )

    def test_practitioners_see_no_amounts(self, small_as: As, small_desk: Desk) -> None:
        small_desk.sell()
        page = small_as(Role.PRACTITIONER).page("/")
        assert "New sales Ana Souza Facial acupuncture, course of 12" in page.text
        assert "$" not in page.text


class TestWalkIns:
    def found(self, visitor: Visitor, q: str) -> Page:
        answer = visitor.get("/today/found", query_string={"q": q}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        return Page(answer.text)

    def test_one_tap_uses_a_session(self, small_deb: Visitor, small_desk: Desk) -> None:
        course = small_desk.sell()
        page = small_deb.after(self.found(small_deb, "ana").form("/uses"))
        assert "Session 1 used. 11 of 12 left." in page.text
        assert small_desk.balance(course)[0] == 11

    def test_of_two_courses_the_desk_chooses_on_the_clients_page(
        self, small_deb: Visitor, small_desk: Desk
    ) -> None:
        package = small_desk.package()
        small_desk.sell(package)
        small_desk.sell(package)
        page = self.found(small_deb, "ana")
        assert ("24 of 24 left" in page.text, page.forms) == (True, [])

    def test_of_two_matches_none_is_acted_on(self, small_deb: Visitor, small_desk: Desk) -> None:
        package = small_desk.package()
        small_desk.sell(package)
        small_desk.sell(package, buyer=replace(BEA, name="Ana Wong"))
        assert self.found(small_deb, "ana").forms == []

    def test_who_has_none_left_is_sold_one(self, small_deb: Visitor, small_desk: Desk) -> None:
        client_id = small_desk.client("Cleo Park")
        assert f"/sell?client_id={client_id}" in self.found(small_deb, "cleo").links()

    def test_somebody_new_is_one_tap_from_a_sale(self, small_deb: Visitor, small_desk: Desk) -> None:
        small_desk.package(name="Ten facials")
        page = self.found(small_deb, "Dana Fox")
        assert "No clients match “Dana Fox”. New client “Dana Fox”: sell a package" in page.text
        page = small_deb.after(page.form("/sell/clients"))
        assert "Dana Fox" in page.text
        assert "Ten facials" in page.text

    @pytest.mark.parametrize("q", ["555", "dana@example.org"])
    def test_a_number_is_no_name(self, small_deb: Visitor, q: str) -> None:
        assert self.found(small_deb, q).forms == []

    def test_practitioners_create_and_sell_nothing(self, small_as: As) -> None:
        page = self.found(small_as(Role.PRACTITIONER), "Dana Fox")
        assert [form.action for form in page.forms] == ["/clients"]

    def test_a_hostile_name_is_text(self, small_deb: Visitor) -> None:
        page = self.found(small_deb, '<b onclick="x">"')
        assert "<b onclick" not in page.html

    def test_without_scripts_it_is_the_list_of_clients(self, small_deb: Visitor) -> None:
        answer = small_deb.get("/today/found", query_string={"q": "ana"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/clients?q=ana")
