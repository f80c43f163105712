"""The client's page: what is left, one tap to use a session, one to take it back, and every line of it."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.clients.private_page import token_of
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


def client_address(desk: Desk, course_id: str) -> str:
    return f"/clients/{desk.course(course_id).client_id}"


@pytest.fixture
def course(desk: Desk) -> str:
    return desk.sell(desk.package(touch_ups=2))


@pytest.fixture
def address(desk: Desk, course: str) -> str:
    return client_address(desk, course)


def test_it_shows_the_balance_as_a_card(deb: Visitor, address: str) -> None:
    page = deb.page(address)
    assert "Ana Souza" in page.text
    assert "12 of 12 left" in page.text
    assert "2 of 2 left · Touch-up, 45 min, from session 12 on" in page.text
    assert page.html.count('class="punch left"') == 12


def test_one_tap_uses_a_session(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    page = deb.after(deb.page(address).form("/uses"))
    assert "Session 1 used. 11 of 12 left." in page.text
    assert page.html.count('class="punch used"') == 1
    assert desk.balance(course)[0] == 11


def test_the_message_is_told_once(deb: Visitor, address: str) -> None:
    deb.after(deb.page(address).form("/uses"))
    assert "Session 1 used" not in deb.page(address).text


def test_two_taps_on_one_page_are_one_session(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    form = deb.page(address).form("/uses")
    first, second = deb.after(form), deb.after(form)
    assert "11 of 12 left" in first.text
    assert "Session 1 used. 11 of 12 left." in second.text
    assert desk.balance(course)[0] == 11


def test_undo_gives_it_back_and_both_lines_stay(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    used = deb.after(deb.page(address).form("/uses"))
    page = deb.after(used.form("/reversal"))
    assert "Session restored. 12 of 12 left." in page.text
    assert "Session 1 restored" in page.text
    assert "undone" in page.text
    assert "Undone at the desk" in page.text
    assert desk.balance(course)[0] == 12


def test_undo_in_the_history_takes_a_reason(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    desk.use(course)
    page = deb.after(deb.page(address).form("/reversal"), reason="She was <b>late</b>")
    assert "She was <b>late</b>" in page.text
    assert "<b>late</b>" not in page.html


def test_an_undo_that_comes_too_late_says_so(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    used = desk.use(course)
    form = deb.page(address).form("/reversal")
    desk.undo(used.entry.id)
    answer = deb.send(form)
    assert answer.status_code == 409
    assert "undone before" in answer.text


def test_the_last_session_can_not_be_used_twice(deb: Visitor, desk: Desk) -> None:
    course = desk.sell(desk.package(sessions=1), paid=16500)
    form = deb.page(client_address(desk, course)).form("/uses")
    desk.use(course)
    answer = deb.send(form)
    assert answer.status_code == 409
    assert "No session is left" in answer.text
    assert "0 of 1 left" in Page(answer.text).text
    assert desk.balance(course)[0] == 0


def test_a_key_for_another_wish_is_refused(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    form = deb.page(address).form("/uses")
    deb.send(form)
    touch_up = desk.course(course).allowances[1].id
    assert deb.send(form, allowance_id=touch_up).status_code == 409
    assert desk.balance(course)[0] == 11


@pytest.mark.parametrize("key", ["", "x" * 81, "two words", "é"])
def test_a_form_without_a_good_key_writes_nothing(
    deb: Visitor, desk: Desk, course: str, address: str, key: str
) -> None:
    assert deb.send(deb.page(address).form("/uses"), key=key).status_code == 422
    assert desk.balance(course)[0] == 12


def test_htmx_gets_the_living_part_and_the_message(deb: Visitor, address: str) -> None:
    answer = deb.send_by_htmx(deb.page(address).form("/uses"))
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="notices" hx-swap-oob="innerHTML"' in answer.text
    assert "Session 1 used. 11 of 12 left." in Page(answer.text).text
    assert answer.headers["X-Seen"]


def test_a_touch_up_is_heard_by_its_name_and_number(
    app: Flask, deb: Visitor, desk: Desk, course: str
) -> None:
    course_of = desk.course(course)
    assert "Touch-up 1: left" in deb.page(f"/clients/{course_of.client_id}").text
    token = token_of(desk.store, desk.act(), course_of.client_id or "")
    assert "Touch-up 1: left" in Visitor(app).page(f"/my/{token}").text


def test_touch_ups_come_when_they_are_due(deb: Visitor, desk: Desk) -> None:
    sold_at = desk.clock() - timedelta(weeks=3)
    course = desk.sell(desk.package(sessions=2, touch_ups=1), paid=33000, paid_at=sold_at)
    address = client_address(desk, course)
    desk.use(course, visited_on=desk.today - timedelta(days=1))
    deb.after(deb.page(address).form("/uses"))
    page = deb.page(address)
    assert "Use a touch-up" in page.text
    assert "Touch-up 1 used. 0 of 1 left." in deb.after(page.form("/uses")).text
    assert "All sessions are used" in deb.page(address).text


def test_a_refund_closes_the_card_and_stays_in_the_history(deb: Visitor, desk: Desk, course: str) -> None:
    desk.use(course)
    order = desk.course(course).square_order_id or ""
    desk.refund(order, 198000)
    page = deb.page(client_address(desk, course))
    assert "0 of 12 left" in page.text
    assert "Refunded: 11 × Facial acupuncture, 60 min, 2 × Touch-up, 45 min" in page.text
    assert "Moved away" in page.text
    assert page.html.count('class="punch gone"') == 11
    assert not [form for form in page.forms if form.action.endswith("/uses")]


def test_the_course_that_ends_first_is_offered_first(deb: Visitor, desk: Desk) -> None:
    lasting = desk.sell(desk.package(name="Lasting"))
    ending = desk.sell(desk.package(name="Ending", terms=Terms(expires_after_months=6)))
    page = deb.page(client_address(desk, lasting))
    assert page.form("/uses").action == f"/courses/{ending}/uses"
    assert f"/courses/{lasting}/uses" in [form.action for form in page.forms]
    assert "expires May 22, 2027" in page.text


def test_an_expired_course_says_what_can_be_done(as_role: As, desk: Desk, clock: HandMovedClock) -> None:
    course = desk.sell(desk.package(terms=Terms(expires_after_months=1)))
    clock.advance(days=40)
    page = as_role(Role.DESK).page(client_address(desk, course))
    assert "This course has expired with 12 sessions left. The owner can extend it." in page.text
    assert page.html.count('class="punch held"') == 12


def test_several_courses_each_have_their_history(deb: Visitor, desk: Desk) -> None:
    first = desk.sell()
    second = desk.sell()
    page = deb.page(client_address(desk, first))
    assert (
        len([each for each in page.elements if each.attributes.get("class", "").startswith("surface course")])
        == 2
    )
    assert {f"h-{first}", f"d-{second}"} <= {each.attributes.get("id") for each in page.elements}


def test_a_client_without_a_course_is_told_what_to_do(deb: Visitor, desk: Desk) -> None:
    assert "Sell one here, or charge it at Square POS" in deb.page(f"/clients/{desk.client()}").text


def test_an_unknown_client_is_a_kind_404(deb: Visitor) -> None:
    answer = deb.get("/clients/nobody")
    assert answer.status_code == 404
    assert "There is no such client." in answer.text


def test_dates_are_the_clinics(deb: Visitor, desk: Desk, course: str, clock: HandMovedClock) -> None:
    clock.advance(
        hours=13
    )  # Seven in the morning of the 23rd in UTC, still the evening before in Los Angeles.
    deb.sign_in_again()
    desk.use(course)
    page = deb.page(client_address(desk, course))
    assert re.search(r'<time class="line-day"[^>]*>Nov 22<', page.html)


def test_a_practitioner_uses_sessions_too(as_role: As, desk: Desk, course: str, address: str) -> None:
    kim = as_role(Role.PRACTITIONER)
    page = kim.after(kim.page(address).form("/uses"))
    assert "with A. Kim" in page.text
    assert "Attention" not in page.text


def test_the_paper_of_each_session_is_at_hand(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    desk.use(course)
    desk.use(course)
    page = deb.page(address)
    visits = [visit.id for visit in desk.course(course).visits]
    papers = [link for link in page.links() if "aftercare.pdf" in link]
    sheets = {f"/courses/{course}/aftercare.pdf?visit={visit}" for visit in visits}
    assert sheets | {f"/courses/{course}/aftercare.pdf?visit={visits[-1]}&large=1"} == set(papers)


def test_a_course_of_last_year_shows_its_year(deb: Visitor, desk: Desk, clock: HandMovedClock) -> None:
    course = desk.sell(paid_at=clock() - timedelta(days=400))
    assert "Sold Oct 18, 2025" in deb.page(client_address(desk, course)).text


def buttons(page: Page) -> list[tuple[str, str]]:
    """Return what can be used, as (course address, words), in the order of the page."""
    return [(form.action, form.buttons[0][2]) for form in page.forms if form.action.endswith("/uses")]


def test_of_several_courses_the_one_at_hand_is_named_and_another_is_one_tap(deb: Visitor, desk: Desk) -> None:
    old = desk.sell(desk.package(name="Course of ten", sessions=10), paid_at=desk.clock() - timedelta(days=9))
    new = desk.sell(desk.package(name="Course of twelve"))
    page = deb.page(client_address(desk, old))
    assert "Next is Facial acupuncture, 60 min, from “Course of ten”." in page.text
    assert buttons(page)[:2] == [
        (f"/courses/{old}/uses", "Use a session"),
        (f"/courses/{new}/uses", "Use one of “Course of twelve”, 12 left"),
    ]
    other = next(form for form in page.forms if form.action == f"/courses/{new}/uses")
    assert "Session 1 used. 11 of 12 left." in deb.after(other).text
    assert (desk.balance(old)[0], desk.balance(new)[0]) == (10, 11)


def test_alone_a_course_needs_no_name(deb: Visitor, address: str) -> None:
    page = deb.page(address)
    assert "from “" not in page.text
    assert [words for _, words in buttons(page)] == ["Use a session"]


def test_left_over_touch_ups_wait_behind_a_new_course(deb: Visitor, desk: Desk) -> None:
    old = desk.sell(
        desk.package(name="Old", sessions=1, touch_ups=2),
        paid=16500,
        paid_at=desk.clock() - timedelta(days=90),
    )
    desk.use(old)
    page = deb.page(client_address(desk, old))
    assert buttons(page)[0] == (f"/courses/{old}/uses", "Use a touch-up")
    new = desk.sell(desk.package(name="New"))
    page = deb.page(client_address(desk, old))
    assert buttons(page)[0] == (f"/courses/{new}/uses", "Use a session")
    assert f"/courses/{old}/uses" in [action for action, _ in buttons(page)]


def test_open_touch_ups_stand_beside_the_next_session(deb: Visitor, desk: Desk) -> None:
    course = desk.sell(desk.package(sessions=2, touch_ups=1), paid=33000)
    desk.use(course)
    page = deb.page(client_address(desk, course))
    assert [words for _, words in buttons(page)] == ["Use a session"]
    assert "from session 2 on" in page.text
    desk.use(course)
    page = deb.page(client_address(desk, course))
    assert [words for _, words in buttons(page)] == ["Use a touch-up"]
    assert "from session" not in page.text


@pytest.mark.parametrize(("days", "is_soon"), [(31, False), (30, True), (0, True), (-1, False)])
def test_a_course_that_ends_within_thirty_days_says_so(
    as_role: As, desk: Desk, clock: HandMovedClock, days: int, is_soon: bool
) -> None:
    course = desk.sell(desk.package(terms=Terms(expires_after_months=2)))
    expires_on = desk.course(course).expires_on
    assert expires_on is not None
    clock.advance(days=(expires_on - desk.today).days - days)
    page = as_role(Role.DESK).page(client_address(desk, course))
    assert ('<span class="chip warn">Expires Jan 22' in page.html) == is_soon


def test_c22_courses_of_one_package_are_told_apart_by_their_sale(deb: Visitor, desk: Desk) -> None:
    package = desk.package()
    first = desk.sell(package)
    address = client_address(desk, first)
    assert "sold Nov 22, no." not in deb.page(address).text
    desk.sell(package)
    desk.clock.advance(days=3)
    desk.sell(package)
    deb.sign_in_again()
    page = deb.page(address)
    for sold in ("sold Nov 22, no. 1", "sold Nov 22, no. 2", "sold Nov 25"):
        assert sold in page.text


def test_c23_a_line_says_when_it_was_entered_later_than_its_visit(
    deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    desk.clock.advance(days=6)
    deb.sign_in_again()
    desk.use(course)
    assert "· entered" not in deb.page(address).text
    desk.use(course, visited_on=desk.today - timedelta(days=6))
    assert "· entered Nov 28" in deb.page(address).text


def test_b5_a_form_that_comes_changed_after_a_lost_answer_says_what_was_saved(
    deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    entry = desk.use(course).entry.id
    form = deb.page(address).form(f"/entries/{entry}/reversal")
    deb.after(form, reason="First words")
    again = deb.send(form, reason="Other words")
    assert again.status_code == 409
    assert "This form was saved already, as you first sent it." in Page(again.text).text
    assert desk.balance(course)[0] == 12
