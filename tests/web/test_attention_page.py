"""Attention: each question says what happened, what we propose, and takes one tap to answer."""

from __future__ import annotations

import pytest

from tests.courses.desk import ANA, Desk
from tests.web.page import Page
from tests.web.visitor import Visitor


@pytest.fixture
def item(desk: Desk) -> str:
    desk.sell(buyer=None)
    return desk.questions()[0].id


def candidates(visitor: Visitor, item: str, q: str) -> Page:
    answer = visitor.get(f"/attention/{item}/clients", query_string={"q": q}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return Page(answer.text)


def test_nothing_waiting_says_so(small_deb: Visitor, small_desk: Desk) -> None:
    page = small_deb.page("/attention")
    assert "Nothing waits" in page.text
    badge = page.with_id("attention-count")
    assert badge is not None
    assert "hidden" in badge.attributes


def test_a_sale_without_a_client_waits_and_is_counted(deb: Visitor, item: str) -> None:
    page = deb.page("/attention")
    assert "Facial acupuncture, course of 12 sold without a client. Whose is it?" in page.text
    assert "$1,980.00 · sold Nov 22" in page.text
    badge = page.with_id("attention-count")
    assert badge is not None
    assert badge.attributes["data-count"] == "1"


def test_one_name_and_one_tap_assign_it(deb: Visitor, desk: Desk, item: str) -> None:
    client = desk.client("Maria Alvarez")
    found = candidates(deb, item, "alva")
    assert "Assign to Maria Alvarez" in found.text
    page = deb.after(found.form("/resolution"))
    assert "Assigned to Maria Alvarez. Open the client" in page.text
    assert "Nothing waits" in page.text
    assert "Taken care of" in page.text
    assert "12 of 12 left" in deb.page(f"/clients/{client}").text


def test_it_works_without_scripts(deb: Visitor, desk: Desk, item: str) -> None:
    desk.client("Maria Alvarez")
    page = deb.page(f"/attention/{item}/clients?q=maria")
    assert "Nothing waits" in deb.after(page.form("/resolution")).text


def test_somebody_new_is_made_and_assigned_in_one_form(deb: Visitor, desk: Desk, item: str) -> None:
    form = deb.page("/attention").form("/client")
    page = deb.after(form, name="Bela Costa", phone="415 555 0199")
    assert "Assigned to Bela Costa." in page.text
    again = deb.after(form, name="Bela Costa", phone="415 555 0199")
    assert "Nothing waits" in again.text
    assert deb.page("/clients?q=bela").text.count("Bela Costa") == 1


def test_a_wrong_field_of_somebody_new_is_named_and_nothing_is_lost(
    deb: Visitor, desk: Desk, item: str
) -> None:
    answer = deb.send(deb.page("/attention").form("/client"), name="Bela Costa", phone="12")
    assert answer.status_code == 422
    page = Page(answer.text)
    form = page.form("/client")
    assert (form.fields["name"], form.fields["phone"]) == ("Bela Costa", "12")
    assert "That is no phone number." in page.text
    assert len(desk.questions()) == 1


def test_two_people_answer_at_once_and_the_second_is_told(deb: Visitor, desk: Desk, item: str) -> None:
    maria, bela = desk.client("Maria Alvarez"), desk.client("Bela Costa")
    form = candidates(deb, item, "maria").form("/resolution")
    desk.answer(item, "assign", client_id=bela)
    answer = deb.send(form)
    assert answer.status_code == 409
    assert "Somebody has taken care of that already." in answer.text
    assert "No course yet" in deb.page(f"/clients/{maria}").text


def test_nobody_fits_is_said(deb: Visitor, desk: Desk, item: str) -> None:
    assert "Nobody fits “zz”." in candidates(deb, item, "zz").text


@pytest.fixture
def refund(desk: Desk) -> str:
    """A refund of $500.00 that names no line."""
    course = desk.sell(order="ORDER-R", buyer=ANA)
    desk.refund("ORDER-R", 50000, return_order=None)
    return course


def test_an_unclear_refund_shows_its_arithmetic(deb: Visitor, refund: str) -> None:
    page = deb.page("/attention")
    assert "$500.00 of a sale was refunded in Square without naming what." in page.text
    assert "$500.00 covers 3 sessions at $165.00" in page.text


@pytest.mark.parametrize(
    ("decision", "sessions", "left"),
    [("take_sessions", "3", 9), ("keep_sessions", "", 12), ("close_course", "", 0)],
)
def test_one_tap_settles_an_unclear_refund(
    deb: Visitor, desk: Desk, refund: str, decision: str, sessions: str, left: int
) -> None:
    form = deb.page("/attention").form("/resolution")
    page = deb.after(form, decision=decision, sessions=sessions)
    assert "Nothing waits" in page.text
    assert desk.course(refund).left == left


@pytest.mark.parametrize("typed", ["", "0", "two", "-1", "1.5", "9" * 30, "٣x"])
def test_an_odd_number_of_sessions_is_refused_in_words(
    deb: Visitor, desk: Desk, refund: str, typed: str
) -> None:
    form = deb.page("/attention").form("/resolution")
    answer = deb.send(form, decision="take_sessions", sessions=typed)
    assert answer.status_code in (409, 422)
    assert 'role="alert"' in answer.text or "notice bad" in answer.text
    assert desk.course(refund).left == 12


def test_an_unknown_decision_is_refused(deb: Visitor, item: str) -> None:
    form = deb.page("/attention").form("/client")
    form.action = form.action.replace("/client", "/resolution")
    assert deb.send(form, decision="give_away").status_code == 422


def test_what_can_not_be_booked_can_be_put_aside(deb: Visitor, desk: Desk) -> None:
    package = desk.package()
    desk.book(desk.sale(desk.line(package, quantity=None, quantity_text="1.5")))
    page = deb.page("/attention")
    assert "quantity “1.5”" in page.text
    assert "Put aside" in page.text
    done = deb.after(page.form("/resolution"), decision="dismiss")
    assert "Put aside." in done.text
    assert "Nothing waits" in done.text
