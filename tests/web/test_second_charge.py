"""The desk is asked before it charges one visit twice: what stands, and three ways to answer (B7, A7)."""

from datetime import timedelta

import pytest

from plugin.core.acts import Role
from plugin.core.ledger import Kind
from tests.courses.appointments import Appointments, at
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Form, Page
from tests.web.visitor import Visitor


@pytest.fixture
def calendar(small_desk: Desk) -> Appointments:
    return Appointments(small_desk)


@pytest.fixture
def course(calendar: Appointments) -> str:
    """Ana's course of some weeks, and her appointment, which has begun."""
    desk = calendar.desk
    sold = desk.sell(paid_at=desk.clock() - timedelta(weeks=3))
    calendar.told(start_at=at("2026-11-22T17:00:00Z"))
    return sold


def used(desk: Desk, course_id: str) -> int:
    """Count the entries that charge a session, undone ones too."""
    return sum(each.kind is Kind.USED for each in desk.course(course_id).entries)


def address(desk: Desk, course_id: str) -> str:
    return f"/clients/{desk.course(course_id).client_id}"


def tap(deb: Visitor, desk: Desk, course_id: str, way: str) -> Form:
    """Return the form of one way to charge a session, filled in."""
    if way == "use":
        return deb.page(address(desk, course_id)).form(f"/courses/{course_id}/uses")
    if way == "past":
        return deb.page(f"/courses/{course_id}/visits").form("/visits")
    if way == "missed":
        form = deb.page(f"/courses/{course_id}/missed").form("/missed")
        form.fields |= {"decision": "charge", "how": "no_show"}
        return form
    page = deb.page("/")
    form = Form("/bookings/B1/uses" if way == "arrival" else "/bookings/B1/no-show", "post")
    last = next(each for each in reversed(page.forms) if "key" in each.fields)
    key = {name: last.fields[name] for name in ("csrf_token", "key")}
    form.fields = {**key, "decision": "charge"}
    return form


@pytest.mark.parametrize("way", ["use", "past", "missed", "arrival", "no-show"])
@pytest.mark.parametrize("htmx", [False, True])
class TestTheQuestion:
    def test_it_is_put_in_place_and_nothing_is_written(
        self, small_deb: Visitor, calendar: Appointments, course: str, way: str, htmx: bool
    ) -> None:
        desk = calendar.desk
        desk.use(course)
        answer = small_deb.sending(htmx=htmx)(tap(small_deb, desk, course, way))
        assert answer.status_code == 409
        page = Page(answer.text)
        assert "Already used today at 10:00 AM by Deb (session 1 of 12)." in page.text
        assert [each for each in page.elements if each.attributes.get("role") == "alert"]
        assert ("<html" in answer.text) == (not htmx or way in ("past", "missed"))
        assert used(desk, course) == 1

    def test_another_session_is_charged_once_the_desk_says_so(
        self, small_deb: Visitor, calendar: Appointments, course: str, way: str, htmx: bool
    ) -> None:
        desk = calendar.desk
        desk.use(course)
        first = tap(small_deb, desk, course, way)
        asked = Page(small_deb.sending(htmx=htmx)(first).text)
        again = asked_form(asked, first)
        verb = "Charge" if way in ("missed", "no-show") else "Use"
        assert f"{verb} another session" in [said for _, _, said in again.buttons]
        assert again.fields["key"] != first.fields["key"]
        typed = {"decision": "charge"} if way == "missed" else {}
        for _ in range(2):
            assert small_deb.sending(htmx=htmx)(again, **typed).status_code in (200, 303)
        assert used(desk, course) == 2
        assert desk.balance(course)[0] == 10

    def test_cancel_leads_back_and_charges_nothing(
        self, small_deb: Visitor, calendar: Appointments, course: str, way: str, htmx: bool
    ) -> None:
        desk = calendar.desk
        desk.use(course)
        asked = Page(small_deb.sending(htmx=htmx)(tap(small_deb, desk, course, way)).text)
        assert "Cancel" in asked.text
        back = "/" if way in ("arrival", "no-show") else address(desk, course)
        assert back in asked.links()
        assert "Already used" not in small_deb.page(back).text
        assert used(desk, course) == 1


def asked_form(page: Page, first: Form) -> Form:
    """Return the form that sends the same again, knowingly."""
    return next(each for each in page.forms if each.action == first.action and "known_charges" in each.fields)


@pytest.mark.parametrize("way", ["arrival", "no-show"])
@pytest.mark.parametrize("htmx", [False, True])
def test_linking_checks_the_appointment_in_and_charges_nothing(
    small_deb: Visitor, calendar: Appointments, course: str, way: str, htmx: bool
) -> None:
    desk = calendar.desk
    desk.use(course)
    asked = Page(small_deb.sending(htmx=htmx)(tap(small_deb, desk, course, way)).text)
    verb = "use" if way == "arrival" else "charge"
    assert f"Link that visit, or {verb} another session?" in asked.text
    link = asked.form("/bookings/B1/link")
    assert [said for _, _, said in link.buttons] == ["Link to that visit"]
    small_deb.sending(htmx=htmx)(link)
    linked = Page(small_deb.sending(htmx=htmx)(link).text) if htmx else small_deb.after(link)
    assert "Linked to session 1 of 12. Nothing more was charged." in linked.text
    assert "Used, 11 of 12 left" in linked.text
    assert (used(desk, course), calendar.one().state) == (1, "used")


def test_a_session_used_elsewhere_is_the_main_button_of_the_arrival(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    small_deb.after(tap(small_deb, desk, course, "use"))
    page = small_deb.page("/")
    assert "A session was used at 10:00 AM by Deb Lane" in page.text
    assert "Use a session" not in page.text
    link = page.form("/bookings/B1/link")
    assert next(said for _, _, said in link.buttons) == "Check in with that session"
    checked_in = small_deb.after(link)
    assert "Used, 11 of 12 left" in checked_in.text
    # It is linked now and not offered again, nor for her second appointment.
    calendar.told("B2", start_at=at("2026-11-22T20:00:00Z"))
    assert not [each for each in small_deb.page("/").forms if each.action.endswith("/link")]
    # Undoing the check-in leaves the session used.
    desk.clock.advance(minutes=1)
    small_deb.after(checked_in.form("/bookings/B1/reversal"))
    assert used(desk, course) == 1


@pytest.mark.parametrize("status", ["ACCEPTED", "NO_SHOW"])
def test_another_appointment_that_was_missed_can_still_be_decided(
    small_deb: Visitor, calendar: Appointments, course: str, status: str
) -> None:
    small_deb.after(tap(small_deb, calendar.desk, course, "use"))
    calendar.told(status=status)
    page = small_deb.page("/")
    assert page.form("/bookings/B1/link")
    small_deb.after(page.form("/bookings/B1/no-show"), decision="forgive")
    assert (calendar.one().state, used(calendar.desk, course)) == ("forgiven", 1)


def test_a_session_that_was_the_last_one_is_offered_too(small_deb: Visitor, calendar: Appointments) -> None:
    desk = calendar.desk
    course = desk.sell(desk.package(sessions=1), paid=16500)
    calendar.told()
    small_deb.after(tap(small_deb, desk, course, "use"))
    checked_in = small_deb.after(small_deb.page("/").form("/bookings/B1/link"))
    assert "Used, 0 of 1 left" in checked_in.text


def test_undoing_a_link_gives_no_session_back(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    small_deb.after(tap(small_deb, desk, course, "use"))
    desk.clock.advance(minutes=5)
    linked = small_deb.after(small_deb.page("/").form("/bookings/B1/link"))
    undone = small_deb.after(linked.form("/bookings/B1/reversal"))
    assert undone.form("/bookings/B1/link")
    assert desk.balance(course)[0] == 11


def test_a_linked_visit_can_not_be_linked_to_a_second_appointment(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    calendar.use()
    calendar.told("B2", start_at=at("2026-11-22T17:30:00Z"))
    first = small_deb.page("/").form("/bookings/B2/uses")
    asked = Page(small_deb.send(first).text)
    assert "Use another session?" in asked.text
    assert not [each for each in asked.forms if each.action.endswith("/link")]
    small_deb.after(asked_form(asked, first))
    assert used(calendar.desk, course) == 2


def test_a_no_show_charged_on_today_and_entered_again_is_asked_about(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    calendar.told(status="NO_SHOW")
    small_deb.after(small_deb.page("/").form("/bookings/B1/no-show"), decision="charge")
    answer = small_deb.send(tap(small_deb, desk, course, "missed"))
    assert answer.status_code == 409
    assert "Already charged as a no-show today at 10:00" in Page(answer.text).text
    # What was filled in is there again.
    assert Page(answer.text).form("/missed").fields["decision"] == "charge"
    assert used(desk, course) == 1


def test_a_past_visit_is_asked_about_with_its_day_and_another_day_is_looked_at_anew(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    for day in ("2026-11-10", "2026-11-12", "2026-11-12"):
        desk.use(course, visited_on=at(f"{day}T12:00:00Z").date())
    form = tap(small_deb, desk, course, "past")
    asked = Page(small_deb.send(form, visited_on="2026-11-10").text)
    assert "Already used on Nov 10, 2026 by Deb (session 1 of 12). Use another session?" in asked.text
    again = asked_form(asked, form)
    assert again.fields["visited_on"] == "2026-11-10"
    other_day = small_deb.send(again, visited_on="2026-11-12")
    assert other_day.status_code == 409
    assert "(session 3 of 12)" in Page(other_day.text).text
    assert "Session 2 used" in small_deb.after(again).text
    assert used(desk, course) == 4


def test_two_pages_left_open_are_asked_one_after_the_other(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    one, other = (tap(small_deb, desk, course, "use") for _ in range(2))
    small_deb.after(one)
    # The lost answer's second send is no second charge.
    small_deb.after(one)
    asked = Page(small_deb.send(other).text)
    assert used(desk, course) == 1
    # Meanwhile a third page charges another one, knowingly: the question on the second is out of date.
    desk.use(course)
    again = small_deb.send(asked_form(asked, other))
    assert again.status_code == 409
    assert "(session 2 of 12)" in Page(again.text).text
    small_deb.after(asked_form(Page(again.text), other))
    assert used(desk, course) == 3


def test_the_question_of_a_guest_comes_back_to_the_guests_page(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    desk = calendar.desk
    bea = desk.client("Bea Wong")
    small_deb.after(small_deb.page(f"/courses/{course}/shares?to={bea}").form("/shares"))
    page = small_deb.page(f"/clients/{bea}")
    first = page.form(f"/courses/{course}/uses")
    small_deb.after(first)
    second = small_deb.page(f"/clients/{bea}").form(f"/courses/{course}/uses")
    asked = Page(small_deb.send(second).text)
    again = asked_form(asked, second)
    assert (again.fields["guest_id"], f"/clients/{bea}" in asked.links()) == (bea, True)
    assert "Session 2 used" in small_deb.after(again).text


@pytest.mark.parametrize("known", ["", "x", "-1", "1.5", "0", "9" * 5000])
def test_only_a_number_says_that_the_desk_knows(
    small_deb: Visitor, calendar: Appointments, course: str, known: str
) -> None:
    calendar.desk.use(course)
    form = tap(small_deb, calendar.desk, course, "use")
    assert small_deb.send(form, known_charges=known).status_code == 409
    assert used(calendar.desk, course) == 1


def test_an_appointment_without_a_row_is_asked_about_at_the_top(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    calendar.desk.use(course)
    form = tap(small_deb, calendar.desk, course, "arrival")
    calendar.desk.clock.advance(days=1)
    small_deb.sign_in_again()
    answer = small_deb.send(form)
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Already used on Nov 22, 2026 at 10:00" in page.text
    small_deb.after(page.form("/bookings/B1/link"))
    assert used(calendar.desk, course) == 1


def test_what_can_not_be_linked_is_told_on_today(
    small_deb: Visitor, calendar: Appointments, course: str
) -> None:
    entry = calendar.desk.use(course).entry.id
    link = small_deb.page("/").form("/bookings/B1/link")
    calendar.desk.undo(entry)
    answer = small_deb.send(link)
    assert answer.status_code == 409
    assert "That session was undone" in Page(answer.text).text
    assert small_deb.send(link, entry_id="").status_code == 404


def test_a_practitioner_is_asked_too(small_as: As, calendar: Appointments, course: str) -> None:
    kim = small_as(Role.PRACTITIONER)
    calendar.desk.use(course)
    asked = Page(kim.send(tap(kim, calendar.desk, course, "use")).text)
    assert "Use another session?" in asked.text
