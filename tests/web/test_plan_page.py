"""The plan of a course at the desk and on the private page: proposed, changed, saved, refused, in a calendar."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from plugin.core.opening_hours import ClosedDays, assumed_hours
from plugin.core.terms import Terms
from plugin.courses.base.clinic import save_hours
from plugin.courses.changes.expiry import freeze_course
from plugin.courses.clients.private_page import token_of
from plugin.courses.visits.visit_plan import read_plan
from plugin.services import Services
from plugin.store.clinical import PlannedVisit
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk
from tests.web.page import Form, Page
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor


@pytest.fixture
def course(small_desk: Desk) -> str:
    return small_desk.sell(small_desk.package(sessions=3))


def plan_form(page: Page) -> Form:
    return next(each for each in page.forms if each.method == "post" and each.action.endswith("/plan"))


def planned(desk: Desk, course_id: str) -> int:
    return len(read_plan(desk.store, course_id, now=desk.clock()).planned)


def test_a_proposal_is_changed_and_saved(small_olga: Visitor, small_desk: Desk, course: str) -> None:
    page = small_olga.page(f"/courses/{course}/plan?first=&at=17:30&every_days=14")
    assert "Proposal, not saved yet" in page.text
    # Cancel leads back; a second way would be one too many.
    assert 'class="back"' not in page.html
    form = plan_form(page)
    assert [form.fields[f"time_{number}"] for number in (1, 2, 3)] == ["17:30"] * 3
    assert planned(small_desk, course) == 0
    after = small_olga.after(form, day_3="")
    assert "2 visits are planned." in after.text
    assert planned(small_desk, course) == 2
    # One was left out on purpose; with two sessions used, the plan has one too many.
    assert "no longer fits" not in small_olga.page(f"/courses/{course}/plan").text
    for _ in range(2):
        small_desk.use(course)
    assert "no longer fits what is left" in small_olga.page(f"/courses/{course}/plan").text


def test_a_day_that_is_closed_and_one_after_the_course_expires_are_named(
    small_olga: Visitor, small_desk: Desk
) -> None:
    course = small_desk.sell(small_desk.package(sessions=3, terms=Terms(expires_after_months=1)))
    page = small_olga.page(f"/courses/{course}/plan?first=2026-12-07&at=10:00&every_days=10")
    assert "The course expires on Dec 22. Planned after that: Dec 27." in page.text
    small_olga.send(plan_form(page))
    hours = replace(
        assumed_hours("America/Los_Angeles"), closed=(ClosedDays(date(2026, 12, 16), date(2026, 12, 18)),)
    )
    save_hours(small_desk.store, small_desk.act(OLGA), hours)
    text = small_olga.page(f"/courses/{course}/plan").text
    assert "The clinic is closed on Dec 17. Choose another day for it." in text


def test_the_plan_of_a_course_on_hold_says_so_before_it_is_saved(
    small_olga: Visitor, small_desk: Desk, course: str
) -> None:
    small_olga.after(plan_form(small_olga.page(f"/courses/{course}/plan")))
    said = "No visits can be planned: the course can’t be used now."
    assert said not in small_olga.page(f"/courses/{course}/plan").text
    freeze_course(small_desk.store, small_desk.act(OLGA), course, "Travels")
    assert said in small_olga.page(f"/courses/{course}/plan").text


def test_a_refused_plan_comes_back_filled_in(small_olga: Visitor, small_desk: Desk, course: str) -> None:
    form = plan_form(small_olga.page(f"/courses/{course}/plan"))
    answer = small_olga.send(form, day_2=form.fields["day_1"])
    assert (answer.status_code, "Two visits are on the same day." in answer.text) == (422, True)
    assert plan_form(Page(answer.text)).fields["day_2"] == form.fields["day_1"]
    for wrong in ({"time_1": ""}, {"day_1": "soon"}, {"day_1": "2020-01-01"}):
        assert small_olga.send(form, **wrong).status_code == 422
    assert planned(small_desk, course) == 0


def test_a_rhythm_that_no_course_has_is_said_beside_the_usual_one(small_olga: Visitor, course: str) -> None:
    for asked in ("first=2020-01-01&at=10:00&every_days=7", "first=x&at=99&every_days=-1"):
        assert small_olga.get(f"/courses/{course}/plan?{asked}").status_code == 200


def test_a_plan_that_is_booked_says_what_became_of_each_visit(
    small_app: Flask, small_house: Services, small_olga: Visitor, small_desk: Desk, course: str
) -> None:
    small_app.extensions["coursekeeper"] = with_settings(small_house, book_appointments=True)
    store, now = small_desk.store, small_desk.clock()
    form = plan_form(small_olga.page(f"/courses/{course}/plan"))
    assert "They are being booked in Square." in small_olga.after(form).text
    with store.writing() as session:
        first, _second, third = session.scalars(select(PlannedVisit).order_by(PlannedVisit.start_at)).all()
        first.booking_state, first.square_booking_id = "booked", "B1"
        third.booking_state, third.booking_problem = "failed", "Square has no free time then."
    plan = small_olga.page(f"/courses/{course}/plan").text
    assert "one left out is canceled" in plan
    assert re.search(r"\d:\d\d\s[AP]M: Square has no free time then\.", plan), "by day and time"
    client_id = read_plan(store, course, now=now).course.client_id or ""
    client = small_olga.page(f"/clients/{client_id}").text
    for said in ("Planned, booked:", "Planned, not booked yet:", "could not be booked: Square has no free"):
        assert said in client
    mine = Visitor(small_app).page(f"/my/{token_of(store, small_desk.act(), client_id)}").text
    assert "Booked for you:" in mine
    assert "Planned with you, not booked yet:" in mine
    assert "no free time" not in mine
    with store.writing() as session:
        session.get_one(PlannedVisit, third.id).start_at = now
    assert "planned, could not be booked: Square has no free time then." in small_olga.page("/").text


def test_the_tabs_of_reports_name_planned_visits_and_tips(small_olga: Visitor) -> None:
    overview = small_olga.page("/overview")
    for address in ("/reports/planned", "/tips"):
        # In the menu and among the tabs.
        assert list(overview.links()).count(address) == 2
        assert list(small_olga.page(address).links()).count(address) == 2


def test_a_tab_of_the_reports_has_the_word_of_the_menu(small_olga: Visitor) -> None:
    assert re.findall(
        r'href="/reports/usage"[^>]*>(?:<[^>]*>)*([^<]+)', small_olga.page("/overview").html
    ) == [
        "Redemptions",
        "Redemptions",
    ]


def test_freezing_a_course_names_its_appointments_and_asks_what_becomes_of_them(
    small_app: Flask, small_house: Services, small_olga: Visitor, small_desk: Desk, course: str
) -> None:
    address = f"/courses/{course}/freeze"
    assert "appointments" not in small_olga.page(address).form(address).fields
    small_app.extensions["coursekeeper"] = with_settings(small_house, book_appointments=True)
    small_olga.after(plan_form(small_olga.page(f"/courses/{course}/plan")))
    page = small_olga.page(address)
    assert re.search(r"Booked in Square by its plan: Nov 23.*; Nov 30.*; Dec 7", page.text)
    refused = small_olga.send(page.form(address), reason="Travels")
    assert refused.status_code == 422
    assert "Choose what happens to the appointments." in refused.text
    form = Page(refused.text).form(address)
    assert (form.fields["reason"], "appointments" in form.fields) == ("Travels", False)
    after = small_olga.after(form, appointments="cancel")
    assert "Frozen." in after.text
    assert "3 appointments are canceled in Square" in after.text
    assert planned(small_desk, course) == 0


def test_an_appointment_beside_the_plan_is_told_by_day_time_and_treatment(
    small_olga: Visitor, small_desk: Desk, course: str
) -> None:
    Appointments(small_desk).told(start_at=small_desk.clock() + timedelta(days=1))
    text = small_olga.page(f"/courses/{course}/plan").text
    assert re.search(r"Nov 23, \d+:\d\d\s[AP]M · Facial acupuncture", text)
