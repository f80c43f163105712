"""Today and the search: what is first, what is new, and how a client is found or made."""

from dataclasses import replace
from typing import Any

import pytest

from plugin.core.acts import Role
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.clients.contacts import Buyer
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import As
from tests.web.page import Form, Page
from tests.web.visitor import Visitor

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "W" * 120,
    "محمد بن عبد الله",
    "李美玲",
    "Zoë 🌿 O’Neill-Śmigły",
]


def new_client_form(page: Page) -> Form:
    return next(each for each in page.forms if each.method == "post" and each.action == "/clients")


def test_an_empty_clinic_is_told_what_to_do(small_deb: Visitor, small_desk: Desk) -> None:
    page = small_deb.page("/")
    assert "No session used yet" in page.text
    assert "No package sold yet" in page.text
    assert "Sunday, November 22, 2026" in page.text


def test_today_shows_sales_visits_and_questions(deb: Visitor, desk: Desk) -> None:
    package = desk.package()
    desk.use(desk.sell(package))
    desk.sell(package, buyer=None)
    page = deb.page("/")
    assert "1 item needs attention" in page.text
    assert "Session 1 · Facial acupuncture, 60 min 11 of 12 left" in page.text
    assert "Facial acupuncture, course of 12 · $1,980.00" in page.text
    assert "No client yet" in page.text
    assert "10:00 AM" in page.text


def test_what_needs_attention_stands_above_the_arrivals(deb: Visitor, desk: Desk) -> None:
    desk.sell(buyer=None)
    Appointments(desk).told()
    text = deb.page("/").text
    assert text.index("1 item needs attention") < text.index("Arrivals")


def test_every_page_of_a_practice_clinic_says_that_no_real_money_moves(small_olga: Visitor) -> None:
    for address in ("/", "/clients", "/overview", "/packages"):
        assert "Practice: no real money moves." in small_olga.page(address).text, address


def test_a_practitioner_sees_no_questions(small_as: As, small_desk: Desk) -> None:
    small_desk.sell(buyer=None)
    page = small_as(Role.PRACTITIONER).page("/")
    assert "question" not in page.text
    assert not [each for each in page.elements if each.attributes.get("id") == "attention-count"]


@pytest.mark.parametrize("typed", ["souz", "SOUZA ana", "0123", "(415) 555-0123", "ana@ex"])
def test_a_client_is_found_by_any_part(deb: Visitor, desk: Desk, typed: str) -> None:
    desk.sell()
    desk.client("Bela Costa")
    page = Page(deb.get("/clients", query_string={"q": typed}).text)
    assert "Ana Souza" in page.text
    assert "12 of 12 left" in page.text
    assert "Bela Costa" not in page.text


def test_the_search_answers_a_fragment_while_somebody_types(small_deb: Visitor, small_desk: Desk) -> None:
    small_desk.client()
    answer = small_deb.get("/clients?q=ana", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "Ana Souza" in answer.text


def test_nothing_typed_shows_who_was_seen_lately(small_deb: Visitor, small_desk: Desk) -> None:
    small_desk.client()
    page = small_deb.page("/clients")
    assert "Recent clients" in page.text
    assert "Ana Souza" in page.text


def test_a_search_without_a_match_says_what_now(small_deb: Visitor, small_desk: Desk) -> None:
    page = small_deb.page("/clients?q=%3Cb%3Ezz")
    assert "No clients match “<b>zz”" in page.text
    assert "create a new client" in page.text


def test_a_hundred_clients_come_in_pages(small_deb: Visitor, small_desk: Desk) -> None:
    for number in range(100):
        small_desk.client(f"Client {number:03}")
    page = small_deb.page("/clients?q=client")
    assert page.text.count("no course") == 30
    more = next(link for link in page.links() if "cursor=" in link)
    assert "Client 030" in small_deb.page(more).text


def test_a_new_client_is_made_once(deb: Visitor, desk: Desk) -> None:
    form = new_client_form(deb.page("/clients"))
    page = deb.after(form, name="Bela Costa", phone="415 555 0199", email="bela@example.org")
    assert "Client created." in page.text
    assert "Bela Costa" in page.text
    assert "(415) 555-0199" in page.text
    deb.after(form, name="Bela Costa", phone="415 555 0199", email="bela@example.org")
    assert deb.page("/clients").text.count("Bela Costa") == 1


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Bela", "phone": "12"}, "phone"),
        ({"name": "Bela", "email": "no address"}, "email"),
    ],
)
def test_a_refused_form_comes_back_filled(
    small_deb: Visitor, small_desk: Desk, typed: dict[str, Any], wrong: str
) -> None:
    form = new_client_form(small_deb.page("/clients"))
    answer = small_deb.send(form, **{"email": "bela@example.org", "language": "es", **typed})
    assert answer.status_code == 422
    page = Page(answer.text)
    field = page.with_id(wrong)
    assert field is not None
    assert field.attributes["aria-invalid"] == "true"
    assert field.attributes["value"] == typed[wrong]
    assert new_client_form(page).fields["language"] == "es"
    assert 'role="alert"' in page.html


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_wherever_they_stand(deb: Visitor, desk: Desk, name: str) -> None:
    course = desk.sell(buyer=Buyer("CUSTOMER-X", name=name))
    desk.use(course)
    client = desk.course(course).client_id
    for address in ("/", "/clients", f"/clients/{client}"):
        page = deb.page(address)
        assert name in page.text
        assert not [each for each in page.elements if each.tag == "img" or "onerror" in each.attributes]
        # A page that changes by itself has one script more.
        expected = 2 if address == "/clients" else 3
        assert len([each for each in page.elements if each.tag == "script"]) == expected


def test_a_clinics_name_is_text_too(small_deb: Visitor, small_desk: Desk) -> None:
    named = replace(read_clinic(small_desk.store), name="<i>Jade</i> & Co")
    save_clinic(small_desk.store, small_desk.act(OLGA), named)
    assert "<i>Jade</i> & Co" in small_deb.page("/").text
