"""The check-in screen: who may use it, who is checked in, and that it tells nothing of anybody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.shared_devices import list_screens
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.services import Services
from plugin.web.access import CHECK_IN_COOKIE
from tests.applications import SharedApplication
from tests.courses.appointments import Appointments
from tests.courses.desk import ANA, Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor, hire

ANA_TYPED = {"name": "Ana Souza", "last_digits": "0123"}


def with_settings(services: Services, **more: Any) -> Services:
    return replace(services, settings_source=services.settings.model_copy(update=more))


@pytest.fixture
def house(small_house: Services) -> Services:
    return with_settings(small_house, check_in_screen=True)


@pytest.fixture
def site(house: Services, _shared_small_app: SharedApplication) -> Flask:
    return _shared_small_app.serving(house)


@pytest.fixture
def course(small_desk: Desk) -> str:
    """Ana's package, and her appointment of today at ten, which is now."""
    course = small_desk.sell(small_desk.package())
    Appointments(small_desk).told()
    return course


def start(visitor: Visitor) -> Visitor:
    """Turn the visitor's browser into the screen."""
    form = visitor.page("/check-in-screens").form("/check-in-screens")
    assert visitor.send(form).headers["Location"] == "/check-in"
    return visitor


@pytest.fixture
def screen(site: Flask, house: Services) -> Visitor:
    return start(signed_in(site, house, Role.DESK))


def check_in(screen: Visitor, **typed: str) -> TestResponse:
    return screen.client.post("/check-in", data=typed or ANA_TYPED, environ_base=screen.environ)


def said(answer: TestResponse) -> str:
    text = Page(answer.text).text
    return text[: text.index("Or show the code")]


def used(desk: Desk, course: str) -> int:
    return desk.course(course).used


class TestWhoMayOpenIt:
    def test_nobody_without_its_cookie(self, site: Flask, course: str, small_desk: Desk) -> None:
        stranger = Visitor(site)
        for answer in (stranger.get("/check-in"), check_in(stranger)):
            assert answer.headers["Location"] == "/sign-in"
        assert Appointments(small_desk).one().arrived_at is None

    def test_starting_it_needs_the_desk_and_the_owners_leave(self, site: Flask, house: Services) -> None:
        practitioner = signed_in(site, house, Role.PRACTITIONER)
        assert practitioner.get("/check-in-screens").status_code == 403
        desk = signed_in(site, house, Role.DESK)
        form = desk.page("/check-in-screens").form("/check-in-screens")
        site.extensions["coursekeeper"] = with_settings(house, check_in_screen=False)
        assert "Check-in screens are off" in desk.page("/check-in-screens").text
        answer = desk.send(form)
        assert "has not turned check-in screens on" in answer.text
        assert CHECK_IN_COOKIE not in str(answer.headers)

    def test_it_opens_nothing_of_the_staffs(self, screen: Visitor) -> None:
        for address in ("/", "/clients", "/find?q=a", "/settings", "/account"):
            answer = screen.get(address)
            assert answer.headers.get("Location") == "/check-in" or answer.status_code == 404, address
        assert screen.client.post("/clients", data={"name": "X"}).status_code in (400, 401)

    def test_it_is_left_by_signing_in_alone(self, screen: Visitor, house: Services) -> None:
        assert "Check in" in screen.page("/check-in").text
        assert screen.get("/locked").headers["Location"].startswith("/sign-in")
        assert screen.sign_in(hire(house, Role.OWNER)).status_code == 302
        assert screen.get("/").status_code == 200
        assert screen.client.get_cookie(CHECK_IN_COOKIE) is None
        assert list_screens(house.store) == ()

    def test_a_lost_one_is_ended_from_elsewhere(self, site: Flask, screen: Visitor, house: Services) -> None:
        desk = signed_in(site, house, Role.OWNER)
        page = desk.page("/check-in-screens")
        assert "Ended" in desk.after(page.form("/end")).text
        answer = check_in(screen)
        assert answer.headers["Location"] == "/sign-in"
        assert f"{CHECK_IN_COOKIE}=;" in answer.headers["Set-Cookie"]


class TestCheckingIn:
    def test_marks_the_arrival_and_tells_what_is_left(
        self, screen: Visitor, course: str, small_desk: Desk, site: Flask, house: Services
    ) -> None:
        answer = check_in(screen)
        assert answer.status_code == 200
        assert "You are checked in. 11 of 12 left after today" in said(answer)
        assert answer.headers["Refresh"] == "15;url=/check-in"
        assert used(small_desk, course) == 0
        assert "Arrived 10:00 AM" in signed_in(site, house, Role.OWNER).page("/").text

    def test_by_code_and_by_name_in_any_order(self, screen: Visitor, course: str, small_desk: Desk) -> None:
        client_id = small_desk.course(course).client_id or ""
        token = token_of(small_desk.store, small_desk.act(), client_id)
        for typed in (
            {"code": f"https://desk.example.org/my/{token}"},
            {"code": token},
            {"name": "souza  ANA", "last_digits": "0123"},
        ):
            assert "You are checked in" in said(check_in(screen, **typed)), typed
        renew_page(small_desk.store, small_desk.act(), client_id)
        assert check_in(screen, code=token).status_code == 422

    def test_twice_is_the_same(self, screen: Visitor, course: str, small_desk: Desk) -> None:
        first = check_in(screen)
        at = Appointments(small_desk).one().arrived_at
        small_desk.clock.advance(minutes=9)
        again = check_in(screen)
        assert said(first) == said(again)
        assert Appointments(small_desk).one().arrived_at == at

    def test_after_the_desk_has_used_it_today_counts_once(
        self, screen: Visitor, course: str, small_desk: Desk
    ) -> None:
        Appointments(small_desk).use()
        assert "11 of 12 left after today" in said(check_in(screen))

    def test_of_two_appointments_the_next_one_and_what_follows_it_soon(
        self, screen: Visitor, course: str, small_desk: Desk
    ) -> None:
        appointments, now = Appointments(small_desk), small_desk.clock()
        appointments.told("SOON", version=0, start_at=now + timedelta(minutes=60))
        appointments.told("LATER", version=0, start_at=now + timedelta(hours=5))
        check_in(screen)
        arrived = {each.booking_id for each in appointments.arrivals() or () if each.arrived_at}
        assert arrived == {"B1", "SOON"}
        small_desk.clock.advance(hours=5)
        check_in(screen)
        assert appointments.one("LATER").arrived_at == small_desk.clock()

    def test_an_appointment_moved_to_another_day_is_not_arrived_for(
        self, screen: Visitor, course: str, small_desk: Desk
    ) -> None:
        check_in(screen)
        appointments = Appointments(small_desk)
        day = small_desk.today + timedelta(days=1)
        appointments.told(version=5, start_at=small_desk.clock() + timedelta(days=1))
        assert appointments.one(day=day).arrived_at is None


class TestUsingTheSession:
    @pytest.fixture
    def using(self, small_house: Services) -> Visitor:
        services = with_settings(small_house, check_in_screen=True, check_in_uses_session=True)
        return start(signed_in(create_app(services=services), services, Role.DESK))

    def test_happens_once_where_the_owner_wants_it(
        self, using: Visitor, course: str, small_desk: Desk
    ) -> None:
        assert said(check_in(using)) == said(check_in(using))
        assert used(small_desk, course) == 1
        assert Appointments(small_desk).one().state == "used"

    def test_never_a_second_one_of_the_day(self, using: Visitor, course: str, small_desk: Desk) -> None:
        small_desk.use(course)
        assert "11 of 12 left after today" in said(check_in(using))
        assert used(small_desk, course) == 1
        assert Appointments(small_desk).one().arrived_at is not None


class TestItTellsNothing:
    def test_every_failure_has_the_same_answer(self, screen: Visitor, course: str, small_desk: Desk) -> None:
        """Wrong digits, no appointment, no such client, canceled, a code of nobody's, nonsense."""
        small_desk.client("Bela Costa", phone="+14155550999")
        bela = small_desk.client("Cleo Costa", phone="+14155550888")
        nobody: dict[str, Any] = {"version": 0, "square_customer_id": "NOBODY", "customer_name": "Dee Dunn"}
        Appointments(small_desk).told("B2", **nobody)
        answers = [
            check_in(screen, **typed)
            for typed in (
                {"name": "Ana Souza", "last_digits": "0124"},
                {"name": "Ana", "last_digits": "0123"},
                {"name": "Bela Costa", "last_digits": "0999"},
                {"name": "Dee Dunn", "last_digits": "0000"},
                {"code": token_of(small_desk.store, small_desk.act(), bela)},
                {"code": "x" * 5000, "name": "Ana Souza", "last_digits": "0123"},
                {"name": "", "last_digits": ""},
            )
        ]
        assert {each.status_code for each in answers} == {422}
        assert len({each.text for each in answers}) == 1
        assert Appointments(small_desk).one().arrived_at is None

    def test_two_clients_who_cannot_be_told_apart(
        self, screen: Visitor, course: str, small_desk: Desk
    ) -> None:
        twin = replace(ANA, square_customer_id="CUSTOMER-TWIN", phone="+12125550123", email=None)
        small_desk.sell(small_desk.package(name="Another"), buyer=twin)
        Appointments(small_desk).told("B2", version=0, square_customer_id="CUSTOMER-TWIN")
        assert check_in(screen).status_code == 422
        assert not any(each.arrived_at for each in Appointments(small_desk).arrivals() or ())

    def test_nor_of_a_package_that_somebody_shares_with_them(self, screen: Visitor, small_desk: Desk) -> None:
        course = small_desk.sell(small_desk.package())
        guest = replace(ANA, square_customer_id="CUSTOMER-GUEST", name="Gil Costa", phone="+12125550777")
        spent = small_desk.sell(small_desk.package(sessions=1, name="One"), buyer=guest)
        small_desk.use(spent)
        guest_id = small_desk.course(spent).client_id or ""
        share_course(small_desk.store, small_desk.act(), course, Share(guest_id))
        small_desk.clock.advance(days=1)
        told = {"start_at": small_desk.clock(), "square_customer_id": "CUSTOMER-GUEST"}
        Appointments(small_desk).told("B3", version=0, **told)
        answer = check_in(screen, name="Gil Costa", last_digits="0777")
        assert "You are checked in. Please take a seat." in said(answer)

    def test_a_flood_of_guesses_is_stopped_and_says_no_more(
        self, screen: Visitor, course: str, small_desk: Desk
    ) -> None:
        answers = [check_in(screen, name="Ana Souza", last_digits=f"{number:04}") for number in range(12)]
        assert [each.status_code for each in answers] == [422] * 8 + [429] * 4
        assert len({each.text for each in answers}) == 1
        right = check_in(screen)
        assert right.status_code == 429
        assert Appointments(small_desk).one().arrived_at is None
        small_desk.clock.advance(minutes=6)
        assert check_in(screen).status_code in (200, 429)

    def test_the_camera_is_for_it_and_nothing_of_a_client_is_on_it(
        self, screen: Visitor, course: str
    ) -> None:
        answer = screen.get("/check-in")
        assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Souza" not in answer.text
        assert "\0" not in check_in(screen, name="\0", last_digits="0").text
