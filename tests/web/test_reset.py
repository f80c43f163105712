"""Links to set a password, in the browser: asked for, opened, forged, late and used twice."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts.staff import StaffView, deactivate_staff, list_staff, read_staff, staff_by_email
from plugin.courses.accounts.staff_edits import RESET_SALT, NewPerson, invite, link_address
from plugin.services import Services
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.postbox import Postbox
from tests.square.clinic import Silence
from tests.web.page import Page
from tests.web.visitor import PASSWORD, Visitor, email_of, hire

NEW = "three calm otters"
OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)
ENDED = "This link no longer works"


@pytest.fixture
def visitor(small_app: Flask) -> Visitor:
    return Visitor(small_app)


@pytest.fixture
def deb(small_house: Services) -> StaffView:
    hire(small_house, Role.DESK)
    return list_staff(small_house.store)[0]


@pytest.fixture
def wu(small_house: Services) -> StaffView:
    act = Act(OPERATOR, small_house.clock(), "invites")
    return invite(
        small_house.store, act, NewPerson("wu@example.org", "Dr. Wu", Role.PRACTITIONER), by_mail=False
    )


def link_of(services: Services, person: StaffView) -> str:
    address = link_address(services.settings, read_staff(services.store, person.id), services.clock())
    return "/reset/" + address.split("/reset/")[1]


def set_by(visitor: Visitor, link: str, password: str = NEW, again: str = "") -> Any:
    form = visitor.page(link).form(link)
    return visitor.send(form, password=password, password_confirm=again or password)


def ask(visitor: Visitor, email: str) -> Any:
    return visitor.send(visitor.page("/reset").form("/reset"), email=email)


def work(services: Services, post: Postbox) -> None:
    worker = Worker(replace(services, mail=post), chance=lambda: 0.0, log=Silence())
    while worker.run_next("effects"):
        pass


def test_an_invited_person_sets_a_password_and_signs_in(
    visitor: Visitor, small_house: Services, wu: StaffView
) -> None:
    answer = set_by(visitor, link_of(small_house, wu))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    page = Page(visitor.get("/sign-in").text)
    assert "Your password is saved. Sign in with it." in page.text
    assert visitor.sign_in(wu.email, NEW).status_code == 302
    assert read_staff(small_house.store, wu.id).state == "active"


def test_without_a_password_nobody_signs_in(visitor: Visitor, wu: StaffView) -> None:
    for password in ("", " ", NEW):
        assert visitor.sign_in(wu.email, password).status_code == 422


def test_the_page_says_whose_it_is_and_is_told_to_nobody(
    visitor: Visitor, small_house: Services, wu: StaffView
) -> None:
    answer = visitor.get(link_of(small_house, wu))
    assert "wu@example.org" in answer.text
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_link_works_once(visitor: Visitor, small_app: Flask, small_house: Services, deb: StaffView) -> None:
    link = link_of(small_house, deb)
    second = Visitor(small_app)
    form = second.page(link).form(link)
    set_by(visitor, link)
    for answer in (
        visitor.get(link),
        second.send(form, password="another calm otter", password_confirm="another calm otter"),
    ):
        assert answer.status_code == 410
        assert ENDED in answer.text
    assert visitor.sign_in(deb.email, NEW).status_code == 302


def test_it_ends_every_session_also_the_one_that_is_open_here(
    small_app: Flask, small_house: Services, small_deb: Visitor
) -> None:
    deb = list_staff(small_house.store)[0]
    there = Visitor(small_app)
    there.sign_in(deb.email)
    assert set_by(small_deb, link_of(small_house, deb)).status_code == 303
    assert there.get("/").status_code == small_deb.get("/").status_code == 303


def test_in_a_browser_where_another_is_signed_in_that_one_is_signed_out(
    small_olga: Visitor, small_house: Services, wu: StaffView
) -> None:
    assert set_by(small_olga, link_of(small_house, wu)).status_code == 303
    assert "Your password is saved" in small_olga.page("/sign-in").text


@pytest.mark.parametrize(
    ("is_invited", "days", "is_open"),
    [(True, 6.99, True), (True, 7, False), (False, 0.99, True), (False, 1, False)],
)
def test_a_link_expires(
    visitor: Visitor,
    small_house: Services,
    clock: HandMovedClock,
    deb: StaffView,
    wu: StaffView,
    is_invited: bool,
    days: float,
    is_open: bool,
) -> None:
    link = link_of(small_house, wu if is_invited else deb)
    clock.advance(days=days)
    assert visitor.get(link).status_code == (200 if is_open else 410)


def test_a_deactivation_and_a_new_password_end_a_link(
    visitor: Visitor, small_house: Services, deb: StaffView
) -> None:
    first, second = (link_of(small_house, deb) for _ in range(2))
    set_by(visitor, first)
    assert visitor.get(second).status_code == 410
    third = link_of(small_house, deb)
    deactivate_staff(small_house.store, Act(OPERATOR, small_house.clock(), "leaves"), deb.id)
    assert visitor.get(third).status_code == 410


def forged(services: Services, person: StaffView) -> list[str]:
    secret = services.settings.secret_key.get_secret_value()
    later = int(services.clock().timestamp()) + 60
    content = f"link:{later}:{person.session_mark}"
    true = link_of(services, person).removeprefix("/reset/")
    body, at, signature = true.rsplit(".", 2)
    return [
        "nothing",
        f"{body}.{at}.{signature[:-2]}AA",
        f"{body[:-4]}AAAA.{at}.{signature}",
        URLSafeTimedSerializer(["x" * 48], salt=RESET_SALT).dumps([content, None]),
        URLSafeTimedSerializer([secret], salt="another").dumps([content, None]),
        "x" * 5000,
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_forged_link_opens_nothing(
    visitor: Visitor, small_house: Services, deb: StaffView, number: int
) -> None:
    answer = visitor.get("/reset/" + forged(small_house, deb)[number])
    assert (answer.status_code, ENDED in answer.text) == (410, True)
    assert deb.email not in answer.text


def test_a_links_content_is_no_sign_in(small_deb: Visitor, small_house: Services) -> None:
    deb = list_staff(small_house.store)[0]
    later = int(small_house.clock().timestamp()) + 60
    with small_deb.client.session_transaction() as kept:
        kept["_user_id"] = f"link:{later}:{deb.session_mark}"
        kept["sign_in"] = "none"
    assert small_deb.get("/clients").status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "", "at least 10"),
        ("x" * 201, "", "at most 200"),
        ("password1234", "", "Add another word"),
        ("1234567890", "", "Add another word"),
        ("Deb.Lane2026", "", "not a name"),
        ("deskexample.org1", "", "not a name"),
        ("YourClinic-123", "", "not a name"),
        (NEW, "three calm otter", "not the same"),
    ],
)
def test_a_weak_password_is_refused_in_words_and_the_link_stays(
    visitor: Visitor, small_house: Services, deb: StaffView, password: str, again: str, said: str
) -> None:
    link = link_of(small_house, deb)
    answer = set_by(visitor, link, password, again)
    assert (answer.status_code, said in answer.text) == (422, True), Page(answer.text).text
    assert password not in answer.text
    assert set_by(visitor, link).status_code == 303


def test_accents_are_the_same_on_every_keyboard(
    visitor: Visitor, small_house: Services, deb: StaffView
) -> None:
    set_by(visitor, link_of(small_house, deb), "drei l\u00f6ffel tee")
    assert visitor.sign_in(deb.email, "drei lo\u0308ffel tee").status_code == 302


class TestForgotten:
    def test_a_link_comes_by_mail_and_works(
        self, visitor: Visitor, small_house: Services, deb: StaffView, post: Postbox
    ) -> None:
        answer = ask(visitor, deb.email.upper())
        assert answer.status_code == 303
        page = Page(visitor.get(answer.headers["Location"]).text)
        assert "If this address is used to sign in here" in page.text
        work(small_house, post)
        assert set_by(visitor, post.link()).status_code == 303
        assert visitor.sign_in(deb.email, NEW).status_code == 302

    def test_known_and_unknown_addresses_get_the_same_answer(
        self, visitor: Visitor, small_house: Services, deb: StaffView, post: Postbox
    ) -> None:
        answers = [ask(visitor, each) for each in (deb.email, "nobody@example.org")]
        shown = [Page(visitor.get(each.headers["Location"]).text).text for each in answers]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert shown[0] == shown[1]
        work(small_house, post)
        assert [to for to, _ in post.take()] == [deb.email]

    def test_without_mail_the_page_says_whom_to_ask(self, visitor: Visitor, deb: StaffView) -> None:
        page = visitor.page("/sign-in")
        assert "/reset" in page.links()
        page = visitor.page("/reset")
        assert "Ask the owner for a reset link" in page.text
        assert page.forms == []

    @pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 5000])
    def test_what_is_no_address_is_said_so(self, visitor: Visitor, post: Postbox, email: str) -> None:
        answer = ask(visitor, email)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text

    def test_three_are_enough_for_one_address(
        self, small_app: Flask, small_house: Services, deb: StaffView, post: Postbox
    ) -> None:
        for number in range(3):
            assert ask(Visitor(small_app, address=f"10.1.0.{number}"), deb.email).status_code == 303
        assert ask(Visitor(small_app, address="10.1.1.1"), deb.email.upper()).status_code == 429
        assert ask(Visitor(small_app, address="10.1.1.1"), "other@example.org").status_code == 303

    def test_ten_are_enough_for_one_machine(self, small_app: Flask, post: Postbox) -> None:
        visitor = Visitor(small_app, address="10.1.2.1")
        for number in range(10):
            assert ask(visitor, f"guess{number}@example.org").status_code == 303
        assert ask(visitor, "guess@example.org").status_code == 429

    def test_the_old_password_goes_on_until_a_new_one_is_set(
        self, visitor: Visitor, small_house: Services, deb: StaffView, post: Postbox
    ) -> None:
        ask(visitor, deb.email)
        work(small_house, post)
        assert visitor.sign_in(email_of(Role.DESK), PASSWORD).status_code == 302
        found = staff_by_email(small_house.store, deb.email)
        assert found == replace(deb, last_signed_in_at=small_house.clock())
