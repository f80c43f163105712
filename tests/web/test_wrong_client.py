"""A course that went to the wrong client: found again from its card, moved in one tap, while it is untouched."""

import pytest

from plugin.core.acts import Role
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


@pytest.fixture
def course(desk: Desk) -> str:
    return desk.sell()


@pytest.fixture
def maria(desk: Desk) -> str:
    return desk.client("Maria Alvarez")


def address(desk: Desk, course: str) -> str:
    return f"/clients/{desk.course(course).client_id}"


def candidates(visitor: Visitor, course: str, q: str) -> Page:
    answer = visitor.get(f"/courses/{course}/clients", query_string={"q": q}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return Page(answer.text)


def test_one_name_and_one_tap_move_it(deb: Visitor, desk: Desk, course: str, maria: str) -> None:
    assert "Move to another client" in deb.page(address(desk, course)).text
    old = desk.course(course).client_id
    form = candidates(deb, course, "alva").form("/client")
    page = deb.after(form)
    assert "Facial acupuncture, course of 12 belongs to Maria Alvarez now. Back to Ana Souza" in page.text
    assert "12 of 12 left" in page.text
    assert "Moved from Ana Souza to Maria Alvarez" in page.text
    assert "Assigned to the wrong client" in page.text
    assert f"/clients/{old}" in page.links()
    assert desk.course(course).client_id == maria
    assert "No package yet" in deb.page(f"/clients/{old}").text


def test_sent_twice_it_is_moved_once(deb: Visitor, desk: Desk, course: str, maria: str) -> None:
    form = candidates(deb, course, "alva").form("/client")
    deb.after(form)
    assert "belongs to Maria Alvarez now." in deb.after(form).text
    assert len(desk.course(course).happenings) == 1


def test_it_works_without_scripts(deb: Visitor, desk: Desk, course: str, maria: str) -> None:
    page = deb.page(f"/courses/{course}/clients?q=maria")
    panel = page.with_id(f"w-{course}")
    assert panel is not None
    assert "open" in panel.attributes
    assert "Maria Alvarez" in deb.after(page.form("/client")).text


def test_the_one_who_has_it_is_not_offered(deb: Visitor, course: str, maria: str) -> None:
    assert "No other clients match “souza”." in candidates(deb, course, "souza").text


def test_once_a_session_was_used_it_stays(deb: Visitor, desk: Desk, course: str, maria: str) -> None:
    form = candidates(deb, course, "alva").form("/client")
    used = desk.use(course)
    assert "Move to another client" not in deb.page(address(desk, course)).text
    answer = deb.send(form)
    assert answer.status_code == 409
    assert "can’t be moved as a whole" in Page(answer.text).text
    assert "11 of 12 left" in Page(answer.text).text
    desk.undo(used.entry.id)
    assert "Move to another client" in deb.page(address(desk, course)).text


def test_a_used_touch_up_counts_as_well(deb: Visitor, desk: Desk) -> None:
    course = desk.sell(desk.package(sessions=1, touch_ups=1), paid=16500)
    used = desk.use(course)
    desk.use(course, allowance_id=desk.course(course).allowances[1].id)
    desk.undo(used.entry.id)
    assert "Move to another client" not in deb.page(address(desk, course)).text


def test_a_closed_course_stays(deb: Visitor, desk: Desk, course: str) -> None:
    desk.refund(desk.course(course).square_order_id or "", 198000)
    assert "Move to another client" not in deb.page(address(desk, course)).text


def test_a_practitioner_does_not_see_it(as_role: As, desk: Desk, course: str) -> None:
    assert "Move to another client" not in as_role(Role.PRACTITIONER).page(address(desk, course)).text
