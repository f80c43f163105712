"""The screens of two clients who are one, of what is held on somebody, of erasing it, and of exchanging a course."""

import json
import re

import pytest
from sqlalchemy import select

from plugin.courses.base.read import courses_of_client
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import create_client, read_client
from plugin.courses.privacy.export import SECTIONS
from plugin.courses.privacy.field_names import FIELD_NAMES
from plugin.store.selling import Checkout
from tests.courses.desk import ANA, Desk
from tests.web.page import Page, has_word
from tests.web.test_screen_languages import choose
from tests.web.visitor import Visitor


def _double(desk: Desk) -> tuple[str, str]:
    """Ana with a course of which one session was used, and a second Ana without."""
    course = desk.sell()
    desk.use(course, note="Rang first")
    ana = desk.course(course).client_id or ""
    return ana, desk.client("Ana Sousa", phone="+14155550199")


class TestTheSamePerson:
    def test_the_desk_finds_them_looks_at_both_and_makes_them_one(
        self, small_desk: Desk, small_deb: Visitor
    ) -> None:
        ana, other = _double(small_desk)
        page = small_deb.page(f"/clients/{other}")
        found = small_deb.page(
            next(each for each in page.links() if each.endswith("/same-person")) + "?q=souza"
        )
        both = small_deb.page(next(each for each in found.links() if each.endswith(f"/same-person/{ana}")))
        assert "They would be Ana Sousa" in both.text
        assert "(e-mail from the other one)" in both.text
        assert "11 of 12 left" in both.text
        other_way = next(
            each for each in both.links() if each.endswith(f"/clients/{ana}/same-person/{other}")
        )
        both = small_deb.page(other_way)
        assert "They would be Ana Souza" in both.text
        after = small_deb.after(both.form(f"/same-person/{other}"))
        assert "Ana Sousa is Ana Souza now." in after.text
        assert read_client(small_desk.store, other).id == ana

    def test_a_mistake_is_taken_back(self, small_desk: Desk, small_deb: Visitor) -> None:
        ana, other = _double(small_desk)
        both = small_deb.page(f"/clients/{other}/same-person/{ana}")
        small_deb.after(both.form(f"/same-person/{ana}"))
        page = small_deb.page(f"/clients/{other}/same-person")
        after = small_deb.after(page.form("/undo"))
        assert "Ana Souza is a client of their own again." in after.text
        assert len(courses_of_client(small_desk.store, ana, today=small_desk.today)) == 1

    def test_a_second_tap_is_told_kindly(self, small_desk: Desk, small_deb: Visitor) -> None:
        ana, other = _double(small_desk)
        form = small_deb.page(f"/clients/{ana}/same-person/{other}").form(f"/same-person/{other}")
        for _ in range(2):
            assert "Ana Souza" in small_deb.after(form).text


class TestWhatIsHeld:
    def test_the_owner_reads_it_and_takes_it_along(self, small_desk: Desk, small_olga: Visitor) -> None:
        ana, _ = _double(small_desk)
        page = small_olga.page(f"/clients/{ana}/held")
        for said in ("Rang first", ANA.phone or "", "CUSTOMER-ANA", "Visits"):
            assert said in page.text
        saved = {kind: small_olga.get(f"/clients/{ana}/held.{kind}") for kind in ("json", "html")}
        for kind, answer in saved.items():
            assert f'.{kind}"' in answer.headers["Content-Disposition"]
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Rang first" in answer.text
        assert json.loads(saved["json"].text)["held"]["client"][0]["name"] == "Ana Souza"
        # It opens without us: nothing is loaded from anywhere.
        assert not {each.tag for each in Page(saved["html"].text).elements} & {"script", "link", "img", "a"}

    def test_it_is_read_in_spanish(self, small_desk: Desk, small_olga: Visitor) -> None:
        ana, _ = _double(small_desk)
        choose(small_olga, "es")
        for ending in ("", ".html"):
            html = small_olga.get(f"/clients/{ana}/held{ending}").text
            titles = {each.strip() for each in re.findall(r"<h2>([^<]+)<span", html)}
            fields = set(re.findall(r"<dt>([^<]+)</dt>", html))
            assert {"Datos de contacto", "Perfiles combinados", "Visitas planificadas"} <= titles
            assert not titles & {title[:] for title in SECTIONS.values()}
            assert {"nombre", "número de cliente en Square", "sesiones, después"} <= fields
            # A Spanish name may be the English one, as “total” is.
            english = {name[:] for name in FIELD_NAMES.values()}
            assert fields & english <= {"total", "token", "SHA-256"}
        held = json.loads(small_olga.get(f"/clients/{ana}/held.json").text)["held"]
        assert held["client"][0]["name"] == "Ana Souza"

    def test_a_name_with_markup_stays_text(self, small_desk: Desk, small_olga: Visitor) -> None:
        bad = create_client(small_desk.store, small_desk.act(), name="<b>Ana</b>").id
        for address in (f"/clients/{bad}/held", f"/clients/{bad}/held.html", f"/clients/{bad}/erasure"):
            assert "<b>Ana" not in small_olga.get(address).text


class TestErasing:
    def test_it_asks_says_what_is_given_up_and_erases(self, small_desk: Desk, small_olga: Visitor) -> None:
        ana, _ = _double(small_desk)
        form = small_olga.page(f"/clients/{ana}/erasure").form("/erasure")
        refused = small_olga.send(form, name="Ana Souza")
        assert refused.status_code == 422
        page = Page(refused.text)
        assert "11 sessions worth $1,815.00" in page.text
        assert page.form("/erasure").fields["name"] == "Ana Souza"
        refused = small_olga.send(form, name="Bea", gives_up="yes")
        assert (refused.status_code, "checked" in refused.text) == (422, True)
        after = small_olga.after(form, name="ana souza", gives_up="yes")
        assert "Erased client" in after.text
        assert not has_word(after.text, "Ana")
        assert "Nothing is left to delete" in small_olga.page(f"/clients/{ana}/erasure").text
        assert "Sell a package" not in after.text

    def test_what_is_under_way_is_named_first(self, small_desk: Desk, small_olga: Visitor) -> None:
        ana, _ = _double(small_desk)
        form = small_olga.page(f"/clients/{ana}/erasure").form("/erasure")
        package = courses_of_client(small_desk.store, ana, today=small_desk.today)[0].package_id
        small_olga.send(small_olga.page(f"/sell?client_id={ana}&package_id={package}").form("/sell"))
        refused = small_olga.send(form, name="Ana Souza", gives_up="yes")
        assert refused.status_code == 409
        assert "A sale to them is pending" in Page(refused.text).text
        assert not [each for each in Page(refused.text).forms if each.action.endswith("/erasure")]


def _paying(desk: Desk, course: str) -> str:
    """The address where the exchange of the course for twelve sessions is paid."""
    twelve = next(each for each in list_packages(desk.store, limit=9).rows if "12" in each.name)
    return f"/courses/{course}/exchange/{twelve.id}"


class TestExchanging:
    @pytest.fixture
    def course(self, small_desk: Desk) -> str:
        ten = small_desk.package(sessions=10)
        small_desk.package(sessions=12)
        course = small_desk.sell(ten, paid=165000)
        for _ in range(5):
            small_desk.use(course)
        return course

    def test_the_desk_sees_the_credit_and_begins(
        self, small_desk: Desk, small_deb: Visitor, course: str
    ) -> None:
        client = small_desk.course(course).client_id
        menu = small_deb.page(f"/clients/{client}")
        page = small_deb.page(next(each for each in menu.links() if each.endswith("/exchange")))
        assert "Credit $825.00" in page.text
        assert "$1,155.00 to pay" in page.text
        ways = small_deb.page(next(each for each in page.links() if "/exchange/" in each))
        form = next(each for each in ways.forms if each.fields.get("way") == "link")
        after = small_deb.after(form)
        assert "$825.00 credit from the exchanged course" in after.text
        with small_desk.store.reading() as session:
            row = session.scalars(select(Checkout)).one()
            kept = (row.exchanges_course_id, row.credit, row.amount, row.way)
        assert kept == (course, 82500, 115500, "link")

    def test_a_smaller_package_is_the_owners(self, small_desk: Desk, small_deb: Visitor, course: str) -> None:
        three = small_desk.package(sessions=3, name="Three")
        page = small_deb.page(f"/courses/{course}/exchange/{three}")
        assert "$330.00 refunded" in page.text
        assert "The owner can do this" in page.text
        assert not [each for each in page.forms if "/exchange/" in each.action]

    def test_what_can_not_be_exchanged_says_so_on_the_clients_page(
        self, small_desk: Desk, small_deb: Visitor, course: str
    ) -> None:
        form = next(
            each
            for each in small_deb.page(_paying(small_desk, course)).forms
            if each.fields.get("way") == "link"
        )
        small_desk.use(course)
        refused = small_deb.send(form)
        assert refused.status_code == 409
        assert "Look at the credit again" in refused.text
        for _ in range(4):
            small_desk.use(course)
        answer = small_deb.get(f"/courses/{course}/exchange")
        assert (answer.status_code, "nothing to exchange" in answer.text) == (409, True)
