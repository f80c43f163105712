"""Attention: each question says what happened, what we propose, and takes one tap to answer."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from plugin.core.acts import SQUARE
from plugin.courses.base.work import Work, transact
from plugin.courses.sales.unlinked import SoldItem, ask_about_unlinked
from plugin.courses.visits.plan_bookings import refused_in
from plugin.courses.visits.visit_plan import read_plan, save_plan
from plugin.store.clinical import PlannedVisit
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
    assert "All caught up" in page.text
    badge = page.with_id("attention-count")
    assert badge is not None
    assert "hidden" in badge.attributes


def test_a_sale_without_a_client_waits_and_is_counted(deb: Visitor, item: str) -> None:
    page = deb.page("/attention")
    assert "Facial acupuncture, course of 12 sold without a client. Assign a client." in page.text
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
    assert "All caught up" in page.text
    assert "Resolved" in page.text
    assert "12 of 12 left" in deb.page(f"/clients/{client}").text


def test_it_works_without_scripts(deb: Visitor, desk: Desk, item: str) -> None:
    desk.client("Maria Alvarez")
    page = deb.page(f"/attention/{item}/clients?q=maria")
    assert "All caught up" in deb.after(page.form("/resolution")).text


def test_somebody_new_is_made_and_assigned_in_one_form(deb: Visitor, desk: Desk, item: str) -> None:
    form = deb.page("/attention").form("/client")
    page = deb.after(form, name="Bela Costa", phone="415 555 0199")
    assert "Assigned to Bela Costa." in page.text
    again = deb.after(form, name="Bela Costa", phone="415 555 0199")
    assert "All caught up" in again.text
    assert deb.page("/clients?q=bela").text.count("Bela Costa") == 1


def test_a_wrong_field_of_somebody_new_is_named_and_nothing_is_lost(
    deb: Visitor, desk: Desk, item: str
) -> None:
    answer = deb.send(deb.page("/attention").form("/client"), name="Bela Costa", phone="12")
    assert answer.status_code == 422
    page = Page(answer.text)
    form = page.form("/client")
    assert (form.fields["name"], form.fields["phone"]) == ("Bela Costa", "12")
    assert "This is not a full phone number." in page.text
    assert len(desk.questions()) == 1


def test_two_people_answer_at_once_and_the_second_is_told(deb: Visitor, desk: Desk, item: str) -> None:
    maria, bela = desk.client("Maria Alvarez"), desk.client("Bela Costa")
    form = candidates(deb, item, "maria").form("/resolution")
    desk.answer(item, "assign", client_id=bela)
    answer = deb.send(form)
    assert answer.status_code == 409
    assert "This item was resolved already." in answer.text
    assert "No package yet" in deb.page(f"/clients/{maria}").text


def test_nobody_fits_is_said(deb: Visitor, desk: Desk, item: str) -> None:
    assert "No clients match “zz”." in candidates(deb, item, "zz").text


@pytest.fixture
def refund(desk: Desk) -> str:
    """A refund of $500.00 that names no line."""
    course = desk.sell(order="ORDER-R", buyer=ANA)
    desk.refund("ORDER-R", 50000, return_order=None)
    return course


def test_an_unclear_refund_shows_its_arithmetic(deb: Visitor, refund: str) -> None:
    page = deb.page("/attention")
    assert "Partial refund of $500.00 with no item. How many sessions to remove?" in page.text
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
    assert "All caught up" in page.text
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
    assert "Dismiss" in page.text
    done = deb.after(page.form("/resolution"), decision="dismiss", reason="Rung up again")
    assert "Dismissed." in done.text
    assert "Dismissed: Rung up again · Deb Lane" in done.text
    assert "All caught up" in done.text


@pytest.fixture
def pair(desk: Desk) -> tuple[str, ...]:
    """One sale of two courses without a client."""
    twelve, ten = desk.package(), desk.package(sessions=10)
    lines = desk.line(twelve, uid="L1"), desk.line(ten, uid="L2", paid=165000)
    return desk.book(desk.sale(*lines, buyer=None)).opened


def test_of_two_courses_each_can_be_assigned_by_itself(
    deb: Visitor, desk: Desk, pair: tuple[str, ...]
) -> None:
    maria, bela = desk.client("Maria Alvarez"), desk.client("Bela Costa")
    item = desk.questions()[0].id
    assert "Only Facial acupuncture, course of 10, $1,650.00" in deb.page("/attention").text
    found = deb.page(f"/attention/{item}/clients?q=maria&course_id={pair[0]}")
    assert "Assign only this one to Maria Alvarez" in found.text
    page = deb.after(found.form("/resolution"))
    assert "Assigned to Maria Alvarez. The rest of that sale is still unassigned." in page.text
    assert "Which of them?" not in page.text
    done = deb.after(deb.page(f"/attention/{item}/clients?q=bela").form("/resolution"))
    assert "Assigned to Bela Costa." in done.text
    assert "Assigned to Maria Alvarez and Bela Costa · Deb Lane" in done.text
    assert [desk.course(each).client_id for each in pair] == [maria, bela]


def test_all_of_them_go_with_one_tap_where_nothing_is_chosen(
    deb: Visitor, desk: Desk, pair: tuple[str, ...]
) -> None:
    maria = desk.client("Maria Alvarez")
    form = candidates(deb, desk.questions()[0].id, "maria").form("/resolution")
    assert "All caught up" in deb.after(form).text
    assert {desk.course(each).client_id for each in pair} == {maria}


def test_somebody_new_can_have_one_of_them(deb: Visitor, desk: Desk, pair: tuple[str, ...]) -> None:
    form = deb.page("/attention").form("/client")
    page = deb.after(form, name="Bela Costa", course_id=pair[1])
    assert "Assigned to Bela Costa. The rest of that sale is still unassigned." in page.text
    assert [desk.course(each).client_name for each in pair] == [None, "Bela Costa"]


def test_between_equal_courses_nobody_must_choose(deb: Visitor, desk: Desk) -> None:
    booked = desk.book(desk.sale(desk.line(desk.package(), quantity=2, paid=396000), buyer=None))
    page = deb.page("/attention")
    assert "Which packages? All 2 Only one Assign client" in page.text
    assert page.html.count('type="radio"') == 4
    assert len(booked.opened) == 2


def test_a_course_of_another_sale_is_not_smuggled_in(
    deb: Visitor, desk: Desk, pair: tuple[str, ...], item: str
) -> None:
    desk.client("Maria Alvarez")
    assert "Assign to Maria" in deb.page(f"/attention/{item}/clients?q=maria&course_id={pair[0]}").text


@pytest.mark.parametrize(
    ("amount", "words", "left", "answer"),
    [
        (16499, "Keep all sessions", 12, "Kept all sessions"),
        (16500, "Remove 1 session", 11, "1 session removed"),
        (50000, "Remove 3 sessions", 9, "3 sessions removed"),
    ],
)
def test_the_proposal_is_one_tap(
    deb: Visitor, desk: Desk, amount: int, words: str, left: int, answer: str
) -> None:
    course = desk.sell(order="ORDER-R", buyer=ANA)
    desk.refund("ORDER-R", amount, return_order=None)
    form = deb.page("/attention").form("/resolution")
    ((name, value, said),) = form.buttons
    assert said == words
    page = deb.after(form, **{name: value})
    assert "All caught up" in page.text
    assert f"{answer} · Deb Lane" in page.text
    assert desk.course(course).left == left


def test_all_that_was_paid_is_closed_with_one_tap(deb: Visitor, desk: Desk) -> None:
    course = desk.sell(order="ORDER-R", buyer=ANA)
    desk.refund("ORDER-R", 198000, total=250000, return_order=None)
    form = deb.page("/attention").form("/resolution")
    ((name, value, said),) = form.buttons
    assert said == "Cancel package"
    assert "Package canceled · Deb Lane" in deb.after(form, **{name: value}).text
    assert desk.course(course).left == 0


def test_a_proposal_that_can_not_be_carried_out_any_more_is_not_made(
    deb: Visitor, desk: Desk, refund: str
) -> None:
    desk.use(refund, sessions=10)
    page = deb.page("/attention")
    assert "Remove 3 sessions" not in page.text
    assert "covers 3 sessions" not in page.text
    assert "Remove these sessions" in page.text


def test_a_question_nobody_answered_for_a_reason_says_so(deb: Visitor, desk: Desk) -> None:
    desk.book(desk.sale(desk.line(desk.package(), quantity=None, quantity_text="1.5")))
    page = deb.after(deb.page("/attention").form("/resolution"), decision="dismiss")
    assert "Dismissed: Nothing to do · Deb Lane" in page.text


def _looks_like_a_package(desk: Desk, package_id: str, variation: str | None) -> None:
    """Have a line asked about that no package is linked to, as an observed sale does."""
    line = desk.line(package_id, uid="like")
    sale = desk.sale(replace(line, square_variation_id=variation or ""), buyer=None)
    sold = SoldItem("like", variation, "Twelve facials", "Regular", line.total)
    act = desk.act(SQUARE)
    desk.store.transact(
        lambda session: ask_about_unlinked(Work(session, desk.store, act), sale, sold, package_id)
    )


@pytest.mark.parametrize("variation", ["var-new", None], ids=["an item", "an amount"])
def test_a_sale_that_looks_like_a_package_is_opened_as_the_one_chosen(
    deb: Visitor, desk: Desk, variation: str | None
) -> None:
    """B9."""
    ten, twelve = desk.package(sessions=10), desk.package(sessions=12)
    _looks_like_a_package(desk, twelve, variation)
    page = deb.page("/attention")
    form = page.form("/resolution")
    assert form.fields["package_id"] == twelve
    said = [words for _, _, words in form.buttons]
    assert said[0] == ("Link and open the course" if variation else "Open the course")
    assert ("Not a package: ignore this item from now on" in said) is (variation is not None)
    page = deb.after(form, decision="link_and_open", package_id=ten)
    assert "The course is open." in page.text
    assert "Linked, course opened · Deb Lane" in page.text
    assert desk.questions()[0].kind == "unassigned_sale"
    (course_id,) = desk.questions()[0].course_ids
    assert desk.course(course_id).package_id == ten


def test_an_item_that_is_no_package_is_ignored_with_one_tap(deb: Visitor, desk: Desk) -> None:
    """B9."""
    _looks_like_a_package(desk, desk.package(), "var-new")
    page = deb.after(deb.page("/attention").form("/resolution"), decision="ignore_item")
    assert "This item is ignored from now on." in page.text
    assert "All caught up" in page.text


def test_a_free_time_of_a_visit_that_is_not_booked_is_one_tap(deb: Visitor, desk: Desk) -> None:
    course = desk.sell()
    at = desk.clock() + timedelta(days=7)
    save_plan(desk.store, desk.act(), course, [at], books=True)
    with desk.store.reading() as session:
        visit = session.scalar(select(PlannedVisit.id)) or ""
    free = [at + timedelta(hours=hours) for hours in (1, 2)]
    transact(
        desk.store,
        desk.act(),
        lambda work: refused_in(work, visit, "Square has no free time then.", nearest=free),
    )
    page = deb.page("/attention")
    buttons = [each for each in ("Book Nov 29, 11:00 AM", "Book Nov 29, 12:00 PM") if each in page.text]
    assert len(buttons) == 2
    after = deb.after(page.form("/resolution"), decision="book_2")
    assert "The visit is planned for this time, and is being booked in Square." in after.text
    (date,) = read_plan(desk.store, course, now=desk.clock()).dates
    assert (date.at, date.state) == (free[1], "waiting")


def test_only_choices_hide_their_input_under_the_label(deb: Visitor) -> None:
    """The forms of Attention have the same class: an input laid over theirs would take the taps on Dismiss."""
    rules = re.findall(r"([^{}]+)\{[^{}]*opacity:\s*0[;}\s]", deb.get("/styles.css").text)
    hiding = [rule.strip() for rule in rules if ".tap" in rule and "input" in rule]
    assert hiding == ["label.tap input"]
