"""A client's own page and the link that stops letters: opened by an address alone, and silent to every other one."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from invoices.papers import Paper, PaperFailed
from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.catalog.names import TypedName, save_names
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.clients.clients import change_client, read_client
from plugin.courses.clients.private_page import stop_token, token_of
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.services import Services
from plugin.store.people import Client
from plugin.web.client_page.views import AS_CLIENT
from tests.courses.appointments import Appointments, at
from tests.courses.desk import ANA, OLGA, Desk
from tests.web.conftest import PDF, As
from tests.web.page import Page, has_word
from tests.web.visitor import Visitor

SECRET = "s" * 48
ANOTHER = "x" * 43


class Ana:
    """Ana, three visits into her course, at her phone."""

    def __init__(self, app: Flask, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        desk.describe(phone="(415) 555-0100", email="front@jade.example")
        self.course = desk.sell(desk.package(touch_ups=2))
        self.id = desk.course(self.course).client_id or ""
        for focus in ("Jaw", "", ""):
            desk.use(self.course, focus=focus, note="Likes it quiet")
            desk.clock.advance(days=7)
        self.phone = Visitor(app)
        self.address = f"/my/{token_of(self.store, desk.act(), self.id)}"

    def page(self) -> str:
        answer = self.phone.get(self.address)
        assert answer.status_code == 200
        return answer.text

    def speak(self, language: str) -> None:
        change_client(self.store, self.desk.act(), self.id, name="Ana Souza", language=language)


@pytest.fixture
def ana(small_app: Flask, small_desk: Desk) -> Ana:
    return Ana(small_app, small_desk)


def test_it_shows_what_is_left_booked_and_done(ana: Ana) -> None:
    Appointments(ana.desk).told(
        "B1", start_at=at("2026-12-20T18:00:00+00:00"), square_customer_id=ANA.square_customer_id
    )
    page = Page(ana.page())
    text = page.text
    for said in (
        "Hello Ana",
        "9 of 12 sessions left",
        "2 of 2 touch-ups left",
        "Sunday, December 20",
        "To change it, call (415) 555-0100.",
        "Session 3",
        "Nov 22",
        "Your sessions do not expire.",
        "Call (415) 555-0100",
    ):
        assert said in text, said
    assert "Souza" not in text
    assert "quiet" not in text
    assert "1,980" not in text


def test_it_is_for_nobody_s_list_and_told_to_no_other_site(ana: Ana) -> None:
    answer = ana.phone.get(ana.address)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    assert "<title>My course · Jade Room</title>" in answer.text
    assert ana.phone.get("/sign-in").headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("language", "tag", "says"),
    [
        ("es", "es", ("Hola, Ana", "de 12 sesiones por usar", "Sesión 1: usada 22 nov", "Sin cita todavía")),
        ("zh-Hans", "zh", ("Ana，您好", "次未使用，共12次", "第1次: 已使用 11月22日", "尚未预约")),
    ],
)
def test_it_speaks_their_language(ana: Ana, language: str, tag: str, says: tuple[str, ...]) -> None:
    ana.speak(language)
    text = ana.page()
    assert f'<html lang="{tag}' in text
    for said in says:
        assert said in text, said
    assert "left" not in Page(text).text


def test_it_says_how_to_find_the_clinic_in_their_language(ana: Ana) -> None:
    found: dict[str, Any] = {
        "map_url": "https://map.example/jade",
        "parking": "behind the house",
        "entrance": "green door",
    }
    ana.desk.describe(**found)
    save_names(ana.store, ana.desk.act(OLGA), [TypedName("green door", "es", "", "puerta verde")])
    ana.speak("es")
    page = ana.page()
    assert "Entrada: puerta verde" in page
    assert "Estacionamiento: behind the house" in page
    assert 'href="https://map.example/jade"' in page


def test_the_card_of_the_steps_of_help_opens_after_a_visit(ana: Ana) -> None:
    (card,) = re.findall(r'href="(/my/[^"]*help-card.pdf)"', ana.page())
    assert ana.phone.get(card).data.startswith(PDF)
    assert ana.phone.get(card.replace("/visits/", "/visits/x")).status_code == 404


def test_their_papers_open_and_nobody_else_s(ana: Ana) -> None:
    desk = ana.desk
    visit = desk.course(ana.course).visits[-1].id
    for paper in (f"/courses/{ana.course}/summary.pdf", f"/visits/{visit}/aftercare.pdf"):
        answer = ana.phone.get(ana.address + paper)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, PDF, "application/pdf")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    other = desk.sell(buyer=replace(ANA, square_customer_id="CUSTOMER-BEA", name="Bea", email="", phone=""))
    desk.use(other)
    theirs = desk.course(other).visits[0].id
    for paper in (
        f"/courses/{other}/summary.pdf",
        f"/visits/{theirs}/aftercare.pdf",
        "/courses/x/summary.pdf",
        "/documents/x.pdf",
    ):
        assert ana.phone.get(ana.address + paper).status_code == 404


@pytest.mark.parametrize("clinic", ["Jade Acupuncture", "Jade {Mission}"])
def test_a_paper_that_fails_says_whom_to_ask(ana: Ana, small_house: Services, clinic: str) -> None:
    def jammed(_paper: Paper, _assets: object = None) -> bytes:
        raise PaperFailed("The printer's worker stopped.")

    ana.desk.describe(name=clinic)
    phone = Visitor(create_app(services=replace(small_house, render=jammed)))
    answer = phone.get(f"{ana.address}/courses/{ana.course}/summary.pdf")
    assert answer.status_code == 503
    assert f"Try again in a minute, or ask {clinic}." in Page(answer.text).text


def test_of_a_shared_course_each_sees_their_own_part(ana: Ana, small_app: Flask) -> None:
    desk = ana.desk
    bea = desk.client("Bea Cruz")
    share_course(ana.store, desk.act(), ana.course, Share(bea))
    desk.use(ana.course, client_id=bea, focus="Scar")
    address = f"/my/{token_of(ana.store, desk.act(), bea)}"
    text = Page(Visitor(small_app).get(address).text).text
    assert "Shared with you by Ana" in text
    assert "8 of 12 sessions left" in text
    assert ("Session 4" in text, "Scar" in text, "Jaw" in text) == (True, True, False)
    assert "Course summary" not in text
    assert Visitor(small_app).get(f"{address}/courses/{ana.course}/summary.pdf").status_code == 404
    hers = ana.page()
    assert ("Jaw" in hers, "Scar" in hers) == (True, False)


def test_a_course_on_hold_ended_or_used_up_says_so(ana: Ana) -> None:
    for _ in range(9):
        ana.desk.use(ana.course)
    ana.desk.use(ana.course, sessions=2)
    text = Page(ana.page()).text
    assert "You have no course with us at the moment." in text
    assert "Earlier courses" in text
    assert "12 of 12 sessions used" in text


@pytest.mark.parametrize("token", [ANOTHER, "short", "x" * 400, "a%00b", "%F0%9F%98%80"])
def test_every_other_address_answers_the_same(ana: Ana, token: str) -> None:
    unknown, other = ana.phone.get(f"/my/{ANOTHER}"), ana.phone.get(f"/my/{token}")
    assert (other.status_code, other.text) == (404, unknown.text)
    assert "Sign in" not in other.text
    assert other.headers["Referrer-Policy"] == "no-referrer"


def test_the_erased_have_none(ana: Ana) -> None:
    erase_client(ana.store, ana.desk.act(OLGA), Erasure(ana.id, "Ana Souza", gives_up=True))
    assert ana.phone.get(ana.address).status_code == 404


def test_who_tries_one_address_after_the_other_is_slowed_down(ana: Ana, small_app: Flask) -> None:
    thief = Visitor(small_app, address="192.0.2.9")
    answers = [thief.get(f"/my/{ANOTHER}").status_code for _ in range(61)]
    assert (answers[0], answers[-1]) == (404, 429)
    assert ana.phone.get(ana.address).status_code == 200


def test_the_desk_opens_it_and_shuts_the_old_address(ana: Ana, small_as: As) -> None:
    deb = small_as(Role.DESK)
    assert deb.get(f"/clients/{ana.id}/page").headers["Location"] == f"{ana.address}?{AS_CLIENT}=1"
    form = deb.page(f"/clients/{ana.id}").form(f"/clients/{ana.id}/page")
    assert "Their page has a new address" in deb.after(form).text
    assert ana.phone.get(ana.address).status_code == 404


class TestStoppingLetters:
    def link(self, ana: Ana) -> str:
        return f"/mail/stop/{stop_token(SECRET, ana.id)}"

    def wants(self, ana: Ana) -> bool:
        return read_client(ana.store, ana.id).wants_mail

    def test_looking_changes_nothing_and_one_button_does_it(self, ana: Ana) -> None:
        looked = ana.phone.get(self.link(ana))
        assert "Jade Room sends you an e-mail after each visit." in looked.text
        assert not has_word(looked.text, "Ana")
        assert self.wants(ana)
        done = ana.phone.client.post(self.link(ana))
        assert "You are unsubscribed from the e-mails of Jade Room." in done.text
        assert not self.wants(ana)

    def test_a_mail_program_does_it_with_one_post_as_often_as_it_likes(self, ana: Ana) -> None:
        for _ in range(2):
            sent = ana.phone.client.post(self.link(ana), data={"List-Unsubscribe": "One-Click"})
            assert sent.status_code == 200
        assert not self.wants(ana)

    @pytest.mark.parametrize("wrong", ["x", "e30.x", f"{stop_token('t' * 48, 'x')}", "a%00b"])
    def test_a_link_that_was_not_made_here_does_nothing(self, ana: Ana, wrong: str) -> None:
        answer = ana.phone.client.post(f"/mail/stop/{wrong}")
        assert (answer.status_code, self.wants(ana)) == (404, True)

    def test_who_sends_one_after_the_other_is_slowed_down(self, ana: Ana) -> None:
        answers = [ana.phone.client.post("/mail/stop/x").status_code for _ in range(61)]
        assert (answers[0], answers[-1]) == (404, 429)


class TestAtTheDesk:
    def _particulars(self, visitor: Visitor, ana: Ana) -> Any:
        return visitor.page(f"/clients/{ana.id}").form(f"/clients/{ana.id}/particulars")

    def test_letters_are_turned_off_and_on(self, ana: Ana, small_as: As, small_house: Services) -> None:
        deb = small_as(Role.DESK)
        form = self._particulars(deb, ana)
        data = form.filled()
        assert data["wants_mail"]
        del data["wants_mail"]
        deb.client.post(form.action, data=data)
        assert not read_client(small_house.store, ana.id).wants_mail
        assert "E-mails after visits are off." in deb.page(f"/clients/{ana.id}").text
        form = self._particulars(deb, ana)
        deb.client.post(form.action, data={**form.filled(), "wants_mail": "yes"})
        assert read_client(small_house.store, ana.id).wants_mail

    def test_a_letter_that_came_back_is_told_and_the_address_can_be_trusted_again(
        self, ana: Ana, small_as: As
    ) -> None:
        said = "The mail server does not accept this address (SMTP 550)."
        ana.store.transact(lambda session: setattr(session.get_one(Client, ana.id), "mail_problem", said))
        deb = small_as(Role.DESK)
        page = deb.page(f"/clients/{ana.id}")
        assert f"The last e-mail to ana@example.org bounced. {said}" in page.text
        after = deb.after(page.form(f"/clients/{ana.id}/mail-address"))
        assert "E-mails to ana@example.org are resumed." in after.text
        assert read_client(ana.store, ana.id).mail_problem == ""


def test_c23_visits_of_one_day_stand_from_the_last_to_the_first(ana: Ana) -> None:
    for _ in range(2):
        ana.desk.use(ana.course)
    text = Page(ana.page()).text
    places = [text.index(f"Session {number}", text.index("Your visits")) for number in (5, 4, 3, 2, 1)]
    assert places == sorted(places)
