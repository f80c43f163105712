"""The owner's pages about one person, and new API tokens: inviting, changing, links, sessions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import holder_of, list_tokens
from plugin.courses.accounts.staff import StaffView, list_all_staff, staff_by_email
from plugin.services import Services
from plugin.store.people import Staff
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.postbox import Postbox
from tests.square.clinic import Silence
from tests.web.page import Form, Page
from tests.web.visitor import Visitor, email_of

ADDRESS = "/clinic/staff"
WU = {"name": "Lin Wu", "email": "wu@example.org", "role": "practitioner"}


@pytest.fixture
def post(small_app: Flask, small_house: Services) -> Postbox:
    """Mail that is set up."""
    post = Postbox()
    small_app.extensions["coursekeeper"] = replace(small_house, mail=post)
    return post


@pytest.fixture
def deb(small_house: Services, small_deb: Visitor) -> StaffView:
    return found(small_house, email_of(Role.DESK))


def found(services: Services, email: str) -> StaffView:
    person = staff_by_email(services.store, email)
    assert person is not None
    return person


def work(services: Services, post: Postbox) -> None:
    worker = Worker(replace(services, mail=post), chance=lambda: 0.0, log=Silence())
    while worker.run_next("effects"):
        pass


def invite(olga: Visitor, **typed: str) -> Any:
    return olga.send(olga.page(f"{ADDRESS}/new").form("/new"), **{**WU, **typed})


def link_on(page: Page) -> str:
    field = page.with_id("link-url")
    assert field is not None
    return "/reset/" + field.attributes["value"].split("/reset/")[1]


def choose(visitor: Visitor, link: str) -> Any:
    typed = {"password": "three calm otters", "password_confirm": "three calm otters"}
    return visitor.send(visitor.page(link).form(link), **typed)


def edit(olga: Visitor, person: StaffView, **typed: str) -> Any:
    return olga.send(olga.page(f"{ADDRESS}/{person.id}").form(person.id), **typed)


class TestInviting:
    def test_a_link_is_shown_once_and_lets_the_person_in(
        self, small_olga: Visitor, small_app: Flask, small_house: Services
    ) -> None:
        form = small_olga.page(f"{ADDRESS}/new").form("/new")
        answers = [
            small_olga.send(form, printed_name="Lin Wu, L.Ac.", license="AC 1", **WU) for _ in range(2)
        ]
        assert [each.status_code for each in answers] == [200, 200]
        page = Page(answers[1].text)
        assert "Link for Lin Wu" in page.text
        assert len(list_all_staff(small_house.store)) == 2
        assert "/reset/" not in small_olga.page(ADDRESS).html
        visitor = Visitor(small_app)
        assert choose(visitor, link_on(page)).status_code == 303
        assert visitor.sign_in("wu@example.org", "three calm otters").status_code == 302
        row = small_olga.page(ADDRESS).text
        assert "Lin Wu wu@example.org Lin Wu, L.Ac. · AC 1 Practitioner · last sign-in" in row

    def test_by_mail_nothing_is_shown(
        self, small_olga: Visitor, small_house: Services, post: Postbox, small_app: Flask
    ) -> None:
        answer = invite(small_olga, how="mail")
        assert answer.status_code == 303
        page = Page(small_olga.get(answer.headers["Location"]).text)
        assert "The e-mail to wu@example.org is on its way." in page.text
        assert "Lin Wu Invited" in page.text
        work(small_house, post)
        assert choose(Visitor(small_app), post.link()).status_code == 303

    def test_without_mail_only_the_link_is_offered(self, small_olga: Visitor) -> None:
        page = small_olga.page(f"{ADDRESS}/new")
        assert page.form("/new").fields["how"] == "link"
        assert "E-mail is not set up" in page.text
        refused = invite(small_olga, how="mail")
        assert refused.status_code == 409
        assert Page(refused.text).form("/new").fields["email"] == "wu@example.org"

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"name": " "}, "The name is missing."),
            ({"email": ""}, "The e-mail address is missing."),
            ({"email": "wu"}, "not an e-mail address"),
            ({"role": "king"}, "Choose one of those in the list."),
            ({"how": "pigeon"}, "Choose one of those in the list."),
            ({"email": "owner@example.org"}, "already in use"),
            ({"license": "x" * 81}, "at most 80"),
            ({"name": "x" * 100_000}, "at most 120"),
        ],
    )
    def test_what_is_wrong_is_said_beside_what_was_typed(
        self, small_olga: Visitor, small_house: Services, typed: dict[str, str], said: str
    ) -> None:
        answer = invite(small_olga, **{"how": "link", **typed})
        assert answer.status_code in (409, 422)
        page = Page(answer.text)
        assert said in page.text
        assert page.form("/new").fields["name"] == typed.get("name", "Lin Wu")
        assert len(list_all_staff(small_house.store)) == 1

    def test_one_that_expired_is_marked_and_renewed(
        self, small_olga: Visitor, clock: HandMovedClock, small_app: Flask
    ) -> None:
        first = link_on(Page(invite(small_olga, how="link").text))
        clock.advance(days=7)
        small_olga.sign_in_again()
        listed = small_olga.page(ADDRESS)
        assert "Invitation expired" in listed.text
        (address,) = [each for each in listed.links() if each.startswith(f"{ADDRESS}/0")][:1]
        renewal = small_olga.page(address).form("/invitation")
        second = link_on(Page(small_olga.send(renewal).text))
        assert Visitor(small_app).get(first).status_code == 410
        assert choose(Visitor(small_app), second).status_code == 303
        assert small_olga.send(small_olga.page(ADDRESS).form("/deactivation")).status_code == 303
        assert small_olga.send(renewal).status_code == 409

    def test_a_withdrawn_one_is_gone(
        self, small_olga: Visitor, small_house: Services, small_app: Flask
    ) -> None:
        link = link_on(Page(invite(small_olga, how="link").text))
        person = found(small_house, "wu@example.org")
        page = small_olga.after(small_olga.page(f"{ADDRESS}/{person.id}").form("/withdrawal"))
        assert "The invitation of Lin Wu is withdrawn." in page.text
        assert Visitor(small_app).get(link).status_code == 410
        assert small_olga.get(f"{ADDRESS}/{person.id}").status_code == 404

    def test_an_undelivered_one_is_shown(
        self, small_olga: Visitor, small_house: Services, post: Postbox
    ) -> None:
        invite(small_olga, how="mail", email="gone@example.org")
        work(small_house, post)
        assert "The last e-mail was not delivered." in small_olga.page(ADDRESS).text
        person = found(small_house, "gone@example.org")
        assert "does not accept this address" in small_olga.page(f"{ADDRESS}/{person.id}").text


class TestChanging:
    def test_a_role_holds_from_the_next_request(
        self, small_olga: Visitor, small_deb: Visitor, deb: StaffView
    ) -> None:
        assert small_deb.get(ADDRESS).status_code == 403
        assert edit(small_olga, deb, role="owner").status_code == 303
        assert small_deb.get(ADDRESS).status_code == 200
        assert edit(small_olga, deb, role="practitioner").status_code == 303
        assert small_deb.get("/sell").status_code == 403
        assert small_deb.get("/").status_code == 200

    def test_the_last_owner_stays_and_one_of_two_may_step_down(
        self, small_olga: Visitor, small_house: Services, deb: StaffView
    ) -> None:
        olga = found(small_house, email_of(Role.OWNER))
        refused = edit(small_olga, olga, role="desk")
        assert refused.status_code == 409
        assert "last active owner" in refused.text
        edit(small_olga, deb, role="owner")
        answer = edit(small_olga, olga, role="desk")
        assert answer.headers["Location"] == "/"
        assert small_olga.get(ADDRESS).status_code == 403

    def test_a_new_address_signs_them_out_and_an_empty_one_is_refused(
        self, small_olga: Visitor, small_deb: Visitor, deb: StaffView
    ) -> None:
        assert edit(small_olga, deb, email="").status_code == 422
        assert small_deb.get("/").status_code == 200
        assert edit(small_olga, deb, email="deb@example.org", name="Deb <b>").status_code == 303
        assert small_deb.get("/").status_code == 303
        assert small_deb.sign_in("deb@example.org").status_code == 302

    def test_ones_own_address_is_not_changed_here(self, small_olga: Visitor, small_house: Services) -> None:
        olga = found(small_house, email_of(Role.OWNER))
        assert "email" not in small_olga.page(f"{ADDRESS}/{olga.id}").form(olga.id).fields
        assert edit(small_olga, olga, email="new@example.org").status_code == 409
        assert edit(small_olga, olga, name="Olga R.").status_code == 303
        assert found(small_house, email_of(Role.OWNER)).name == "Olga R."

    def test_the_password_is_asked_again_after_half_an_hour(
        self, small_olga: Visitor, deb: StaffView, clock: HandMovedClock, small_house: Services
    ) -> None:
        form = small_olga.page(f"{ADDRESS}/{deb.id}").form(deb.id)
        clock.advance(minutes=31)
        answer = small_olga.send(form, role="owner")
        assert answer.status_code == 401
        assert found(small_house, deb.email).role is Role.DESK

    @pytest.mark.parametrize("path", ["", "/invitation", "/withdrawal", "/reset-link", "/sign-outs"])
    def test_nobody_of_that_id_is_said_so(self, small_olga: Visitor, deb: StaffView, path: str) -> None:
        fields = small_olga.page(f"{ADDRESS}/{deb.id}").form(deb.id).fields
        form = Form(f"{ADDRESS}/none{path}", "post", {**fields, "how": "link"})
        assert small_olga.send(form).status_code == 404


class TestResetLinks:
    def test_one_is_shown_and_the_old_password_goes_on_until_it_is_used(
        self, small_olga: Visitor, small_deb: Visitor, deb: StaffView, small_app: Flask
    ) -> None:
        page = Page(small_olga.send(small_olga.page(f"{ADDRESS}/{deb.id}").form("/reset-link")).text)
        # Both PUBLIC_URL and the address of the owner's browser are this machine's own.
        assert "works on this computer only" in page.text
        assert small_deb.get("/").status_code == 200
        choose(Visitor(small_app), link_on(page))
        assert small_deb.get("/").status_code == 303

    def test_by_mail_it_is_not(
        self, small_olga: Visitor, deb: StaffView, small_house: Services, post: Postbox
    ) -> None:
        page = small_olga.after(small_olga.page(f"{ADDRESS}/{deb.id}").form("/reset-link"), how="mail")
        assert f"The e-mail to {deb.email} is on its way." in page.text
        work(small_house, post)
        assert post.take() == [(deb.email, "A new password for Your clinic")]

    def test_a_person_who_left_gets_none(self, small_olga: Visitor, deb: StaffView) -> None:
        form = small_olga.page(f"{ADDRESS}/{deb.id}").form("/reset-link")
        small_olga.after(small_olga.page(ADDRESS).form("/deactivation"))
        assert small_olga.send(form).status_code == 409


class TestSessions:
    def test_the_owner_sees_and_ends_them(
        self, small_olga: Visitor, small_deb: Visitor, deb: StaffView, small_app: Flask
    ) -> None:
        there = Visitor(small_app)
        there.sign_in(deb.email)
        page = small_olga.page(f"{ADDRESS}/{deb.id}")
        assert page.text.count("Unknown browser") == 4
        ways = [form for form in page.forms if "/sign-outs/" in form.action]
        small_olga.after(ways[0])
        assert sorted([there.get("/").status_code, small_deb.get("/").status_code]) == [200, 303]
        Visitor(small_app).sign_in(deb.email)
        page = small_olga.after(small_olga.page(f"{ADDRESS}/{deb.id}").form("/sign-outs"))
        assert "Deb Lane is signed out everywhere." in page.text
        assert there.get("/").status_code == small_deb.get("/").status_code == 303

    def test_a_second_factor_is_shown(self, small_olga: Visitor, small_house: Services) -> None:
        assert "second factor off" in small_olga.page(ADDRESS).text
        with small_house.store.writing() as session:
            session.execute(update(Staff).values(totp_secret="sealed"))
        assert "second factor on" in small_olga.page(ADDRESS).text


class TestTokens:
    def test_one_is_shown_once(self, small_olga: Visitor, small_house: Services) -> None:
        form = small_olga.page(ADDRESS).form("/tokens")
        answer = small_olga.send(form, token_name="Kiosk", token_role="desk", expires_in="30")
        field = Page(answer.text).with_id("token")
        assert field is not None
        token = field.attributes["value"]
        holder = holder_of(small_house.store, token, small_house.clock())
        assert holder is not None
        assert (holder.actor.name, holder.actor.role) == ("Kiosk", Role.DESK)
        (listed,) = list_tokens(small_house.store)
        assert listed.expires_at == small_house.clock() + timedelta(days=30)
        assert token not in small_olga.page(ADDRESS).html
        again = small_olga.send(form, token_name="Kiosk", token_role="desk", expires_in="30")
        assert again.status_code == 409
        assert "can’t be shown again" in Page(again.text).text
        assert len(list_tokens(small_house.store)) == 1

    @pytest.mark.parametrize(
        "typed", [{"token_name": " "}, {"token_role": "king"}, {"expires_in": "-5"}, {"expires_in": "x"}]
    )
    def test_what_is_wrong_is_said_and_none_is_made(
        self, small_olga: Visitor, small_house: Services, typed: dict[str, str]
    ) -> None:
        form = small_olga.page(ADDRESS).form("/tokens")
        answer = small_olga.send(form, **{"token_name": "Kiosk", **typed})
        assert answer.status_code == 422
        assert list_tokens(small_house.store) == ()

    def test_never_is_a_choice(self, small_olga: Visitor, small_house: Services) -> None:
        small_olga.send(small_olga.page(ADDRESS).form("/tokens"), token_name="Kiosk", expires_in="0")
        assert list_tokens(small_house.store)[0].expires_at is None


class Elsewhere(Visitor):
    """A browser that reaches the desk by another address."""

    def __init__(self, app: Flask, base_url: str) -> None:
        super().__init__(app)
        self.base_url = base_url

    def get(self, address: str, **options: Any) -> Any:
        return super().get(address, base_url=self.base_url, **options)

    def _post(self, form: Form, typed: Any, headers: Any) -> Any:
        return self.client.post(form.action, data=form.filled(**typed), base_url=self.base_url)


class TestAddressesOfLinks:
    def test_shown_and_sent_links_begin_as_the_owners_own_while_there_is_no_public_address(
        self, small_app: Flask, small_house: Services, small_olga: Visitor, post: Postbox
    ) -> None:
        olga = Elsewhere(small_app, "http://192.168.1.5:8000")
        olga.sign_in(email_of(Role.OWNER))
        shown = Page(invite(olga, how="link").text)
        assert "works on this computer only" not in shown.text
        field = shown.with_id("link-url")
        assert field is not None
        assert field.attributes["value"].startswith("http://192.168.1.5:8000/reset/")
        invite(olga, how="mail", email="second@example.org")
        work(small_house, post)
        assert "http://192.168.1.5:8000/reset/" in post.letters[-1].text

    def test_a_stranger_gets_no_link_to_an_address_they_name(
        self, small_app: Flask, post: Postbox, small_deb: Visitor
    ) -> None:
        assert Visitor(small_app).page("/reset").forms
        page = Elsewhere(small_app, "http://evil.example").page("/reset")
        assert page.forms == []
        assert "Ask the owner for a reset link" in page.text
