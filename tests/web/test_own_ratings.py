"""Own ratings in browsers: the client's phone, the clinic's device in their hands, and what each of the staff sees."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from plugin.core.acts import Actor, Role, Source
from plugin.courses.accounts.staff import list_staff
from plugin.courses.catalog.visit_options import OptionKind, list_options, retire_option
from plugin.courses.clients.private_page import token_of
from plugin.courses.ratings.views import own_ratings
from plugin.services import Services
from plugin.store.tables import Client
from plugin.web.access import CHECK_IN_COOKIE
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor, hire


class Clinic:
    def __init__(self, app: Flask, house: Services, desk: Desk) -> None:
        on = house.settings.model_copy(update={"own_ratings": True})
        self.services = replace(house, settings_source=on)
        self.app = app
        app.extensions["coursekeeper"] = self.services
        self.desk = desk
        self.course = desk.sell()
        self.ana = desk.course(self.course).client_id or ""
        self.page = f"/my/{token_of(desk.store, desk.act(), self.ana)}"
        self.phone = Visitor(self.app)

    def answer(self, **said: Any) -> Page:
        """Send something from the phone, and see the page it leads to."""
        answer = self.phone.client.post(f"{self.page}/ratings", data=said)
        return Page(answer.text) if answer.status_code == 422 else self.phone.page(self.page)

    def concern(self) -> str:
        return own_ratings(self.desk.store, self.ana, today=self.desk.today).current[0].id

    def rate(self, value: str | int) -> Page:
        return self.answer(do="rate", **{f"c-{self.concern()}": value})

    def staff(self, role: Role) -> Visitor:
        return signed_in(self.app, self.services, role)


@pytest.fixture
def clinic(small_app: Flask, small_house: Services, small_desk: Desk) -> Clinic:
    return Clinic(small_app, small_house, small_desk)


def test_off_nothing_is_asked(small_app: Flask, small_desk: Desk) -> None:
    ana = small_desk.course(small_desk.sell()).client_id or ""
    address = f"/my/{token_of(small_desk.store, small_desk.act(), ana)}"
    assert "Your own ratings" not in Visitor(small_app).page(address).text


def test_from_the_choice_to_the_line(clinic: Clinic) -> None:
    assert "Choose up to three concerns" in clinic.phone.page(clinic.page).text
    page = clinic.answer(do="choose", focus="Jawline", own="My frown")
    assert "How much does it bother you today?" in page.text
    assert "As a table" not in page.text
    page = clinic.rate(8)
    assert "Rating the next one 8" in page.text
    assert "They say nothing about visits to come." in page.text


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"do": "choose", "own": " "}, "Choose at least one concern."),
    ({"do": "choose", "own": ["A", "B", "C", "D"]}, "Choose at most three concerns."),
    ({"do": "choose", "own": "x" * 5000}, "at most 60 letters"),
    ({"do": "rate", "c-nonsense": "5"}, "Tap a number from 0 to 10"),
    ({"do": "rate"}, "Tap a number from 0 to 10"),
)


def test_what_is_wrong_is_said_in_the_clients_words(clinic: Clinic) -> None:
    for said, why in WRONG:
        assert why in clinic.answer(**said).text, said


def test_a_refused_answer_keeps_what_was_ticked_typed_and_tapped(clinic: Clinic) -> None:
    focus = [each.name for each in list_options(clinic.desk.store) if each.kind is OptionKind.FOCUS][:3]
    page = clinic.answer(do="choose", focus=focus, own=["My frown", ""])
    ticked = [each.attributes for each in page.elements if each.attributes.get("name") == "focus"]
    assert [each["value"] for each in ticked if "checked" in each] == focus
    assert 'value="My frown"' in page.html
    clinic.answer(do="choose", own=["My frown", "My neck"])
    frown = clinic.concern()
    page = clinic.answer(do="rate", **{f"c-{frown}": "7", "c-nonsense": "5"})
    assert "Tap a number from 0 to 10" in page.text
    tapped = [each.attributes for each in page.elements if each.attributes.get("name") == f"c-{frown}"]
    assert [each["value"] for each in tapped if "checked" in each] == ["7"]


def test_a_concern_that_left_the_list_stays_a_box_in_their_language(clinic: Clinic) -> None:
    store = clinic.desk.store
    jawline = next(each for each in list_options(store) if each.name == "Jawline")
    clinic.answer(do="choose", focus="Jawline", own="My frown")
    retire_option(store, clinic.desk.act(OLGA), jawline.id, is_retired=True)
    with store.writing() as session:
        session.get_one(Client, clinic.ana).language = "es-US"
    page = clinic.phone.page(clinic.page)
    ticked = [each.attributes for each in page.elements if each.attributes.get("name") == "focus"]
    boxes = {each["value"]: each for each in ticked}
    assert "checked" in boxes["Jawline"]
    assert "checked" in boxes["My frown"]
    assert "> Contorno de la mandíbula</label>" in page.html
    assert 'name="own" value="Jawline"' not in page.html


def test_the_reason_is_what_a_phone_shows_first(clinic: Clinic) -> None:
    page = clinic.phone.page(clinic.page)
    assert page.form("/ratings").action.endswith("/ratings#ratings")
    assert page.with_id("ratings") is not None


def test_no_other_number_is_saved(clinic: Clinic) -> None:
    clinic.answer(do="choose", focus="Jawline")
    for value in ("11", "-1", "5.5", "five", "9" * 400):
        assert "Tap a number from 0 to 10" in clinic.rate(value).text, value


def test_declining_deleting_and_keeping_it_off_papers(clinic: Clinic) -> None:
    clinic.answer(do="choose", focus="Jawline")
    clinic.rate(8)
    assert "You chose not to rate." in clinic.answer(do="decline").text
    assert "Rated today" in clinic.answer(do="resume").text
    clinic.answer(do="papers")
    seen = own_ratings(clinic.desk.store, clinic.ana, today=clinic.desk.today)
    assert not seen.choice.is_on_papers
    assert "Choose up to three concerns" in clinic.answer(do="delete").text


def test_another_address_saves_nothing(clinic: Clinic) -> None:
    assert clinic.phone.client.post(f"/my/{'x' * 43}/ratings", data={"do": "decline"}).status_code == 404


def test_those_who_treat_read_them_and_the_desk_only_whether(clinic: Clinic) -> None:
    clinic.answer(do="choose", focus="Jawline")
    clinic.rate(8)
    of_client = f"/clients/{clinic.ana}"
    desk, kim = clinic.staff(Role.DESK), clinic.staff(Role.PRACTITIONER)
    at_desk = desk.page(of_client).text
    assert "Rated today." in at_desk
    assert "Jawline" not in at_desk
    # As the client sees it, too.
    assert "Your own ratings" not in desk.page(f"{clinic.page}?as_client=1").text
    assert desk.client.post(f"{clinic.page}/ratings", data={"do": "delete"}).status_code == 303
    assert "the next one 8" in kim.page(of_client).text
    assert "No ratings yet" in kim.page("/ratings").text
    clinic.desk.use(clinic.course, actor=kim_of(clinic))
    assert "Jawline" in kim.page("/ratings").text
    assert "Jawline" in kim.get("/ratings.csv").text
    assert desk.get("/ratings").status_code == 403


def kim_of(clinic: Clinic) -> Actor:
    row = next(each for each in list_staff(clinic.desk.store) if each.role == Role.PRACTITIONER)
    return Actor(row.name, Role.PRACTITIONER, Source.DESK, row.id)


class TestADeviceInTheirHands:
    @pytest.fixture
    def handed(self, clinic: Clinic) -> Visitor:
        visitor = clinic.staff(Role.DESK)
        form = visitor.page(f"/clients/{clinic.ana}").form("/hand-over")
        assert visitor.send(form).headers["Location"] == "/check-in/client"
        return visitor

    def test_shows_this_client_and_nothing_else(self, clinic: Clinic, handed: Visitor) -> None:
        assert "Hello Ana" in handed.page("/check-in/client").text
        # It deletes what the device keeps of the desk.
        assert "/client/handed_over.js" in handed.get("/check-in/client").text
        for address in ("/", "/clients", f"/clients/{clinic.ana}", "/settings", "/ratings", "/check-in"):
            answer = handed.get(address)
            assert answer.headers.get("Location", "").startswith("/check-in") or answer.status_code == 404, (
                address
            )
        assert handed.client.post("/clients", data={"name": "X"}).status_code in (400, 401)

    def test_they_rate_and_hand_it_back(self, clinic: Clinic, handed: Visitor) -> None:
        handed.client.post("/check-in/client", data={"do": "choose", "focus": "Jawline"})
        handed.client.post("/check-in/client", data={"do": "rate", f"c-{clinic.concern()}": "8"})
        assert "Rated today" in handed.page("/check-in/client").text
        answer = handed.client.post("/check-in/client/done")
        assert "Please hand the device back." in answer.text
        assert handed.client.get_cookie(CHECK_IN_COOKIE) is None
        assert handed.get("/check-in/client").headers["Location"].startswith("/locked")

    def test_it_ends_by_itself_and_when_staff_sign_in(self, clinic: Clinic, handed: Visitor) -> None:
        token = handed.client.get_cookie(CHECK_IN_COOKIE)
        assert token is not None
        assert handed.sign_in(hire(clinic.services, Role.OWNER)).status_code == 302
        handed.client.set_cookie(CHECK_IN_COOKIE, token.value)
        assert handed.get("/check-in/client").status_code == 303

    def test_it_lasts_half_an_hour(self, clinic: Clinic, handed: Visitor) -> None:
        clinic.desk.clock.advance(minutes=31)
        assert handed.get("/check-in/client").status_code == 303

    def test_another_cookie_opens_nothing(self, clinic: Clinic) -> None:
        stranger = Visitor(clinic.app)
        stranger.client.set_cookie(CHECK_IN_COOKIE, "x" * 43)
        sent = stranger.client.post("/check-in/client", data={"do": "delete"})
        assert [stranger.get("/check-in/client").status_code, sent.status_code] == [303, 303]
