"""My account: one's own name, address, password and devices."""

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.accounts.sign_ins import device_of
from plugin.courses.accounts.staff import list_staff
from plugin.services import Services
from plugin.store.people import SignIn
from tests.clock import HandMovedClock
from tests.postbox import Postbox
from tests.web.conftest import As
from tests.web.page import Form, Page
from tests.web.test_reset import work
from tests.web.visitor import PASSWORD, Visitor, email_of

ADDRESS = "/account"
NEW = "three calm otters"


def change(visitor: Visitor, what: str, **typed: str) -> Any:
    return visitor.send(visitor.page(ADDRESS).form(f"/{what}"), **typed)


def change_password(visitor: Visitor, old: str = PASSWORD, new: str = NEW, again: str = "") -> Any:
    return change(visitor, "password", old_password=old, new_password=new, password_again=again or new)


@pytest.fixture
def elsewhere(small_app: Flask, small_deb: Visitor) -> Visitor:
    """Deb in a second browser."""
    other = Visitor(small_app)
    form = other.page("/sign-in").form("/sign-in")
    other.client.post(
        form.action,
        data=form.filled(email=email_of(Role.DESK), password=PASSWORD),
        headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile Safari/604.1"},
    )
    return other


@pytest.mark.parametrize("role", Role)
def test_everybody_finds_it_in_their_menu(small_as: As, role: Role) -> None:
    visitor = small_as(role)
    assert ADDRESS in visitor.page("/").links()
    assert "My account" in visitor.page(ADDRESS).text


def test_a_name_is_changed(small_deb: Visitor) -> None:
    assert change(small_deb, "name", name="Deborah Lane").status_code == 303
    assert "Deborah Lane" in small_deb.page("/").html
    refused = change(small_deb, "name", name=" ")
    assert refused.status_code == 422
    assert Page(refused.text).text.count("The name is missing.") == 2


class TestPassword:
    def test_it_changes_ends_the_other_sessions_and_this_one_goes_on(
        self, small_app: Flask, small_deb: Visitor, elsewhere: Visitor
    ) -> None:
        assert change_password(small_deb).status_code == 303
        assert "Your new password is saved." in small_deb.page(ADDRESS).text
        assert elsewhere.get("/").status_code == 303
        visitor = Visitor(small_app)
        assert visitor.sign_in(email_of(Role.DESK)).status_code == 422
        assert visitor.sign_in(email_of(Role.DESK), NEW).status_code == 302

    @pytest.mark.parametrize(
        ("old", "new", "again", "said"),
        [
            ("wrong", NEW, "", "That is not your password."),
            ("", NEW, "", "That is not your password."),
            ("x" * 5000, NEW, "", "at most"),
            (PASSWORD, "x" * 201, "", "at most 200"),
            (PASSWORD, "short", "", "at least 10"),
            (PASSWORD, "", "", "The new password is missing."),
            (PASSWORD, "Deb Lane 2026", "", "not a name"),
            (PASSWORD, NEW, "three calm otter", "not the same"),
        ],
    )
    def test_what_is_wrong_is_said_and_no_password_is_shown(
        self, small_deb: Visitor, old: str, new: str, again: str, said: str
    ) -> None:
        answer = change_password(small_deb, old, new, again)
        assert (answer.status_code, said in Page(answer.text).text) == (422, True), Page(answer.text).text
        assert PASSWORD not in answer.text
        assert NEW not in answer.text
        assert change_password(small_deb).status_code == 303

    def test_ten_wrong_tries_are_enough(self, small_deb: Visitor) -> None:
        for _ in range(10):
            assert change_password(small_deb, "wrong").status_code == 422
        assert change_password(small_deb).status_code == 429

    def test_one_typed_after_the_sign_in_ended_is_on_no_page(self, small_deb: Visitor) -> None:
        form = small_deb.page(ADDRESS).form("/password")
        small_deb.send(small_deb.page("/").form("/sign-out"))
        typed = form.filled(old_password=PASSWORD, new_password=NEW, password_again=NEW)
        answer = small_deb.client.post(form.action, data=typed, headers={"Origin": "http://localhost"})
        assert answer.status_code == 401
        assert PASSWORD not in answer.text
        assert "otters" not in answer.text


class TestEmail:
    def test_it_changes_with_the_password(self, small_deb: Visitor, elsewhere: Visitor) -> None:
        answer = change(small_deb, "email", email="Deb@Example.org", email_password=PASSWORD)
        assert answer.status_code == 303
        assert "You sign in with deb@example.org from now on." in small_deb.page(ADDRESS).text
        assert elsewhere.get("/").status_code == 303
        assert elsewhere.sign_in("deb@example.org").status_code == 302

    @pytest.mark.parametrize(
        ("email", "password", "said"),
        [
            ("deb@example.org", "wrong", "That is not your password."),
            ("deb@example.org", "", "That is not your password."),
            ("deb", PASSWORD, "not an e-mail address"),
            ("", PASSWORD, "The e-mail address is missing."),
        ],
    )
    def test_what_is_wrong_is_said(self, small_deb: Visitor, email: str, password: str, said: str) -> None:
        answer = change(small_deb, "email", email=email, email_password=password)
        assert (answer.status_code, said in Page(answer.text).text) == (422, True)
        assert small_deb.get("/").status_code == 200

    def test_one_in_use_is_refused(self, small_deb: Visitor, small_olga: Visitor) -> None:
        answer = change(small_deb, "email", email=email_of(Role.OWNER), email_password=PASSWORD)
        assert (answer.status_code, "already in use" in answer.text) == (409, True)

    def test_the_same_again_ends_nothing(self, small_deb: Visitor, elsewhere: Visitor) -> None:
        answer = change(small_deb, "email", email=email_of(Role.DESK), email_password=PASSWORD)
        assert answer.status_code == 303
        assert elsewhere.get("/").status_code == 200


class TestEmailWithMail:
    """Where mail is set up a new address is confirmed by a code that is sent there."""

    NEW_ADDRESS = "deb@example.org"

    def _ask(self, deb: Visitor, services: Services, post: Postbox, address: str = NEW_ADDRESS) -> str:
        """Ask for a code, and return it as it arrives at the new address."""
        assert change(deb, "email", email=address, email_password=PASSWORD).status_code == 303
        work(services, post)
        (letter,) = post.letters
        assert letter.to == address
        post.letters.clear()
        return re.findall("[A-Z2-7]{4}-[A-Z2-7]{4}", letter.text)[0]

    def test_nothing_changes_until_the_code_is_typed(
        self, small_deb: Visitor, elsewhere: Visitor, small_house: Services, post: Postbox
    ) -> None:
        code = self._ask(small_deb, small_house, post)
        assert elsewhere.get("/").status_code == 200
        assert f"sign in with {email_of(Role.DESK)}" in small_deb.page(ADDRESS).text
        typed = code.lower().replace("-", " ")
        assert change(small_deb, "email/code", email_code=typed).status_code == 303
        assert "You sign in with deb@example.org from now on." in small_deb.page(ADDRESS).text
        assert elsewhere.get("/").status_code == 303
        # The one before is told, and so is the new one.
        work(small_house, post)
        assert {self.NEW_ADDRESS, email_of(Role.DESK)} <= {to for to, _ in post.take()}

    def test_a_code_does_not_stand_for_the_password(
        self, small_deb: Visitor, small_house: Services, post: Postbox, clock: HandMovedClock
    ) -> None:
        def proved_at() -> datetime | None:
            with small_house.store.reading() as session:
                return session.scalar(select(SignIn.proved_at).order_by(SignIn.started_at.desc()))

        given_at = proved_at()
        code = self._ask(small_deb, small_house, post)
        clock.advance(minutes=29)
        assert change(small_deb, "email/code", email_code=code).status_code == 303
        assert "You sign in with deb@example.org from now on." in small_deb.page(ADDRESS).text
        assert (given_at is not None, proved_at()) == (True, given_at)

    def test_another_code_changes_nothing(
        self, small_deb: Visitor, small_house: Services, post: Postbox, clock: HandMovedClock
    ) -> None:
        code = self._ask(small_deb, small_house, post)
        form = small_deb.page(ADDRESS).form("/email/code")
        for wrong in ("", "ABCD-EFGH", code[:-1], "x" * 21, "é" * 8):
            answer = small_deb.send(form, email_code=wrong)
            assert answer.status_code == 422
        clock.advance(hours=1)
        answer = small_deb.send(form, email_code=code)
        assert (answer.status_code, "it has expired" in answer.text) == (422, True)
        assert list_staff(small_house.store)[0].email == email_of(Role.DESK)

    def test_a_code_is_for_one_address_and_one_change(
        self, small_deb: Visitor, small_house: Services, post: Postbox
    ) -> None:
        first = self._ask(small_deb, small_house, post)
        second = self._ask(small_deb, small_house, post, "deborah@example.org")
        form = small_deb.page(ADDRESS).form("/email/code")
        assert small_deb.send(form, email_code=first).status_code == 422
        assert small_deb.send(form, email_code=second).status_code == 303
        again = small_deb.page(ADDRESS).form("/email").fields | {"email_code": second}
        assert small_deb.send(Form(form.action, "post", again)).status_code == 422

    def test_the_next_person_in_this_browser_does_not_see_the_address(
        self, small_deb: Visitor, small_olga: Visitor, small_house: Services, post: Postbox
    ) -> None:
        self._ask(small_deb, small_house, post)
        assert self.NEW_ADDRESS in small_deb.page(ADDRESS).html
        small_deb.send(small_deb.page("/").form("/sign-out"))
        assert small_deb.sign_in(email_of(Role.OWNER)).status_code == 302
        assert self.NEW_ADDRESS not in small_deb.page(ADDRESS).html

    def test_what_is_in_use_is_refused_and_ones_own_sends_nothing(
        self, small_deb: Visitor, small_olga: Visitor, small_house: Services, post: Postbox
    ) -> None:
        for email, status in ((email_of(Role.OWNER), 409), (email_of(Role.DESK), 303)):
            assert change(small_deb, "email", email=email, email_password=PASSWORD).status_code == status
        work(small_house, post)
        assert not post.letters

    def test_ten_codes_in_five_minutes_are_enough(self, small_deb: Visitor, post: Postbox) -> None:
        form = small_deb.page(ADDRESS).form("/email")
        answers = [
            small_deb.send(form, email=f"deb{number}@example.org", email_password=PASSWORD, key=f"k{number}")
            for number in range(11)
        ]
        assert [each.status_code for each in answers] == [303] * 10 + [429]


class TestDevices:
    def test_this_one_is_marked_and_others_are_signed_out(
        self, small_deb: Visitor, elsewhere: Visitor
    ) -> None:
        page = small_deb.page(ADDRESS)
        assert "Unknown browser This device" in page.text
        assert "Safari on an iPhone Signed in" in page.text
        (way,) = [form for form in page.forms if "/sign-outs/" in form.action]
        small_deb.after(way)
        assert elsewhere.get("/").status_code == 303
        assert small_deb.get("/").status_code == 200

    def test_all_others_at_once(self, small_deb: Visitor, elsewhere: Visitor) -> None:
        page = small_deb.after(small_deb.page(ADDRESS).form("/sign-outs"))
        assert "You are signed out everywhere else." in page.text
        assert elsewhere.get("/").status_code == 303

    def test_another_persons_is_not_found(
        self, small_deb: Visitor, small_olga: Visitor, small_house: Services
    ) -> None:
        with small_olga.client.session_transaction() as kept:
            of_olga = kept["sign_in"]
        fields = small_deb.page(ADDRESS).form("/name").fields
        answer = small_deb.send(Form(f"{ADDRESS}/sign-outs/{of_olga}", "post", fields))
        assert answer.status_code == 404
        assert small_olga.get("/").status_code == 200
        assert len(list_staff(small_house.store)) == 2


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            "Safari on a Mac or iPad",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on a Windows PC",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on an Android device"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on an iPad"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on a Linux PC"),
        ("Windows", "A browser on a Windows PC"),
        ("<script>", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_named_in_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


def test_the_main_buttons_change_sides_on_this_device_only(small_deb: Visitor, elsewhere: Visitor) -> None:
    mark = 'class="left-handed"'
    assert mark not in small_deb.get(ADDRESS).text
    change(small_deb, "hand", is_left="y")
    assert mark in small_deb.get("/").text
    assert mark not in elsewhere.get("/").text
    form = small_deb.page(ADDRESS).form("/hand")
    del form.fields["is_left"]
    small_deb.send(form)
    assert mark not in small_deb.get("/").text


def test_no_heading_says_what_the_label_below_it_says(small_deb: Visitor) -> None:
    html = small_deb.page(ADDRESS).html
    headings, labels = (set(re.findall(rf"<{tag}[^>]*>([^<]+)<", html)) for tag in ("h2", "label"))
    assert headings
    assert headings & labels == set()
