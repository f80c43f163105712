"""The check before a treatment in browsers: the owner's list, the client's two answers, and who is told."""

from dataclasses import replace

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.courses.checks.answers import check_of
from plugin.courses.clients.private_page import token_of
from plugin.services import Services
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor

POINTS = {"en": "I feel ill today\nI am allergic to metal", "es": "Hoy me siento mal", "zh": ""}


class Clinic:
    def __init__(self, app: Flask, house: Services, desk: Desk) -> None:
        on = {"treatment_check": True, "treatment_check_before_use": True, "check_in_screen": True}
        self.services = replace(house, settings_source=house.settings.model_copy(update=on))
        app.extensions["coursekeeper"] = self.services
        self.app, self.desk = app, desk
        self.course = desk.sell()
        self.ana = desk.course(self.course).client_id or ""
        self.page = f"/my/{token_of(desk.store, desk.act(), self.ana)}"
        self.phone = Visitor(app)
        self.olga = self.staff(Role.OWNER)

    def staff(self, role: Role) -> Visitor:
        return signed_in(self.app, self.services, role)

    def save_list(self) -> Page:
        form = self.olga.page("/clinic/check").form("/clinic/check")
        return self.olga.after(form, **POINTS, reviewed_by="A. Kim, L.Ac.")

    def answer(self, answer: str, version: str = "1") -> Page:
        sent = {"do": "check", "answer": answer, "version": version}
        answered = self.phone.client.post(f"{self.page}/ratings", data=sent)
        return Page(answered.text) if answered.status_code == 422 else self.phone.page(self.page)

    def answered(self) -> str:
        found = check_of(self.desk.store, self.desk.act(), self.ana)
        return found.answer if found else ""


@pytest.fixture
def clinic(small_app: Flask, small_house: Services, small_desk: Desk) -> Clinic:
    return Clinic(small_app, small_house, small_desk)


def test_the_owner_saves_the_reviewed_list_and_clients_read_it(clinic: Clinic) -> None:
    assert "Before your treatment today" not in clinic.phone.page(clinic.page).text
    assert "Clients see nothing until" in clinic.olga.page("/clinic/check").text
    assert "Version 1, reviewed by A. Kim, L.Ac. ·" in clinic.save_list().text
    assert "I am allergic to metal" in clinic.phone.page(clinic.page).text
    form = clinic.olga.page("/clinic/check").form("/clinic/check")
    assert "missing" in clinic.olga.send(form, **POINTS, reviewed_by="").text


def test_ask_me_is_plain_to_whoever_treats_until_they_have_asked(clinic: Clinic) -> None:
    assert "No answer yet" in clinic.olga.page("/reports/checks").text
    clinic.save_list()
    assert "We will talk with you before we begin." in clinic.answer("ask").text
    kim, deb = clinic.staff(Role.PRACTITIONER), clinic.staff(Role.DESK)
    Appointments(clinic.desk).told()
    for page in (
        "/my-day?who=everyone",
        f"/clients/{clinic.ana}",
        f"/clients/{clinic.ana}/notes/{clinic.desk.today}",
    ):
        assert "Ask me" in kim.page(page).text, page
    of_client = deb.page(f"/clients/{clinic.ana}")
    assert "Ask me" in of_client.text
    assert "I have asked" not in of_client.text
    assert "asks them first" in deb.send(of_client.form("/uses")).text
    said = kim.after(kim.page(f"/clients/{clinic.ana}").form("/check"))
    assert "Asked by" in said.text
    deb.after(deb.page(f"/clients/{clinic.ana}").form("/uses"))
    assert "1 of 1" in clinic.olga.page("/reports/checks").text
    assert clinic.olga.get("/reports/checks.csv").text.splitlines()[-1].endswith(",1,1,0,1,1")
    assert clinic.desk.course(clinic.course).used == 1


def test_nonsense_is_refused_in_the_clients_words(clinic: Clinic) -> None:
    clinic.save_list()
    for answer, version in (("maybe", "1"), ("none", "9"), ("none", "9" * 300), ("", "x"), ("none", "")):
        assert "Please read it and answer again." in clinic.answer(answer, version).text
    assert clinic.answered() == ""


def test_at_the_check_in_screen_who_has_just_checked_in_answers(clinic: Clinic) -> None:
    clinic.save_list()
    Appointments(clinic.desk).told()
    screen = clinic.staff(Role.DESK)
    screen.send(screen.page("/check-in-screens").form("/check-in-screens"))
    done = Page(screen.client.post("/check-in", data={"name": "Ana Souza", "last_digits": "0123"}).text)
    assert "I am allergic to metal" in done.text
    form = next(each for each in done.forms if "ticket" in each.fields)
    ticket = form.fields["ticket"]
    assert "could not be checked in" in screen.client.post("/check-in", data={"ticket": f"{ticket}x"}).text
    old = screen.client.post("/check-in", data={**form.fields, "version": "9", "answer": "ask"})
    assert "I am allergic to metal" in old.text
    assert "Thank you." in screen.client.post("/check-in", data={**form.fields, "answer": "ask"}).text
    assert clinic.answered() == "ask"
