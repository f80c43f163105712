"""Refunding a course at the desk: both sums shown, one look at what will happen, one tap, and its state on the card."""

from typing import Any

import pytest

from plugin.courses.refunds.desk_refund_parts import note_answer, plan_parts, refuse_rest
from plugin.courses.refunds.desk_refunds import DeskRefundView, refunds_of_courses
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor


@pytest.fixture
def course_id(small_desk: Desk) -> str:
    """A course of twelve, sold for $1,680.00, seven sessions used."""
    course_id = small_desk.sell(paid=168000)
    small_desk.use(course_id, sessions=7)
    return course_id


@pytest.fixture
def client_address(small_desk: Desk, course_id: str) -> str:
    return f"/clients/{small_desk.course(course_id).client_id}"


def looked_over(olga: Visitor, course_id: str, **typed: Any) -> Page:
    form = olga.page(f"/courses/{course_id}/refund").form("/refund")
    answer = olga.send(form, **{"reason": "Moved away", **typed})
    assert answer.status_code == 200, answer.text[:600]
    return Page(answer.text)


def shown(services: Services, course_id: str) -> DeskRefundView | None:
    return refunds_of_courses(services.store, [course_id], now=services.clock()).get(course_id)


def test_both_sums_and_their_working_are_shown(
    small_olga: Visitor, course_id: str, client_address: str
) -> None:
    assert f"/courses/{course_id}/refund" in small_olga.page(client_address).links()
    page = small_olga.page(f"/courses/{course_id}/refund")
    for said in ("$700.00", "$1,680.00 × 5 ÷ 12 = $700.00.", "$525.00", "7 used × $165.00 = $1,155.00."):
        assert said in page.text
    assert page.text.index("Prorated") < page.text.index("Less used at single price")
    assert page.form("/refund").fields["choice"] == "prorated"
    assert "At most $1,680.00." in page.text


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ({}, "$700.00"),
        ({"choice": "discount_forfeited"}, "$525.00"),
        ({"choice": "own", "amount": "840"}, "$840.00"),
        ({"choice": "own", "amount": "1,680.00"}, "$1,680.00"),
    ],
    ids=str,
)
def test_one_look_and_one_tap_begin_it(
    small_olga: Visitor, small_house: Services, course_id: str, typed: dict[str, Any], amount: str
) -> None:
    page = looked_over(small_olga, course_id, **typed)
    assert "Nothing has been sent yet." in page.text
    assert "5 × Facial acupuncture, 60 min" in page.text
    form = page.form("/refunds")
    assert [text for _, _, text in form.buttons] == [f"Refund {amount}"]
    assert shown(small_house, course_id) is None
    assert f"Refund of {amount} pending." in small_olga.after(form).text
    begun = shown(small_house, course_id)
    assert begun is not None
    assert begun.formula == typed.get("choice", "prorated")


def test_the_tap_sent_twice_begins_one(small_olga: Visitor, small_house: Services, course_id: str) -> None:
    form = looked_over(small_olga, course_id).form("/refunds")
    first, again = small_olga.send(form), small_olga.send(form)
    assert (first.status_code, again.status_code) == (303, 303)
    another = small_olga.get(f"/courses/{course_id}/refund")
    assert (another.status_code, "pending already" in another.text) == (409, True)


REFUSED = [
    ({"choice": "own", "amount": ""}, "amount"),
    ({"choice": "own", "amount": "all"}, "amount"),
    ({"choice": "own", "amount": "0"}, "amount"),
    ({"choice": "own", "amount": "1,680.01"}, "amount"),
    ({"choice": "own", "amount": "5", "reason": " "}, "reason"),
]


def test_a_refused_form_comes_back_filled_in(small_olga: Visitor, course_id: str) -> None:
    form = small_olga.page(f"/courses/{course_id}/refund").form("/refund")
    for typed, field in REFUSED:
        sent = {"reason": "Moved away", **typed}
        answer = small_olga.send(form, **sent)
        assert answer.status_code == 422, typed
        again = Page(answer.text)
        fields = again.form("/refund").fields
        assert {name: fields[name] for name in sent} == sent
        wrong = next(each for each in again.elements if each.attributes.get("aria-invalid") == "true")
        assert wrong.attributes["name"] == field


def test_no_choice_is_asked_for(small_olga: Visitor, course_id: str) -> None:
    form = small_olga.page(f"/courses/{course_id}/refund").form("/refund")
    answer = small_olga.send(form, choice="", reason="Moved away")
    assert (answer.status_code, "Choose the refund amount." in answer.text) == (422, True)


def test_going_back_keeps_what_was_chosen(small_olga: Visitor, course_id: str) -> None:
    page = looked_over(small_olga, course_id, choice="own", amount="840")
    back = Page(small_olga.send(page.form("/refund"), back="1").text).form("/refund").fields
    assert (back["choice"], back["amount"], back["reason"]) == ("own", "840", "Moved away")


def test_a_session_used_meanwhile_asks_to_look_again(
    small_olga: Visitor, small_desk: Desk, small_house: Services, course_id: str
) -> None:
    form = looked_over(small_olga, course_id).form("/refunds")
    small_desk.use(course_id)
    answer = small_olga.send(form)
    assert answer.status_code == 422
    assert "The course changed since. Check the amounts again." in answer.text
    assert "$560.00" in Page(answer.text).text
    assert shown(small_house, course_id) is None


def test_how_it_stands_is_told_on_the_course(
    small_olga: Visitor, small_desk: Desk, small_house: Services, course_id: str, client_address: str
) -> None:
    small_olga.after(looked_over(small_olga, course_id).form("/refunds"))
    begun = shown(small_house, course_id)
    assert begun is not None
    page = small_olga.page(client_address)
    assert "Refund of $700.00 pending. Waiting for Square." in page.text
    assert f"/courses/{course_id}/refund" not in page.links()
    plan_parts(small_house.store, begun.id, [("PAY", 70000)])
    note_answer(small_house.store, begun.id, "PAY", square_refund_id="REFUND", status="PENDING")
    assert "Square has accepted it." in small_olga.page(client_address).text


def test_a_failure_is_told_with_its_reason_and_it_can_be_begun_again(
    small_olga: Visitor, small_desk: Desk, small_house: Services, course_id: str, client_address: str
) -> None:
    small_olga.after(looked_over(small_olga, course_id).form("/refunds"))
    begun = shown(small_house, course_id)
    assert begun is not None
    refuse_rest(small_house.store, small_desk.act(), begun.id, "Square refused: the card is gone.")
    page = small_olga.page(client_address)
    assert "Refund of $700.00 failed. Square refused: the card is gone." in page.text
    assert f"/courses/{course_id}/refund" in page.links()
    assert "did not go through" in small_olga.page("/attention").text


def test_only_the_owner_is_offered_it(small_deb: Visitor, course_id: str, client_address: str) -> None:
    assert f"/courses/{course_id}/refund" not in small_deb.page(client_address).links()
    assert small_deb.get(f"/courses/{course_id}/refund").status_code == 403
