"""A course whose visits are planned, missed, planned again, booked, printed, and put into a calendar."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from invoices.language import language_for
from invoices.pages.welcome import planner_page
from plugin.courses.base.clinic import save_hours
from plugin.courses.handouts.welcome import calendar_file, planner_paper
from plugin.courses.visits.visit_plan import save_plan
from plugin.store import Store
from plugin.store.clinical import PlannedVisit
from tests.courses.desk import FACIAL, OLGA
from tests.courses.test_visit_plan import TUESDAYS_CLOSED, days, plan, plan_day, proposed
from tests.papers.clinic import PaperClinic


@pytest.fixture
def clinic(store: Store) -> PaperClinic:
    made = PaperClinic(store)
    save_hours(made.store, made.desk.act(OLGA), TUESDAYS_CLOSED)
    return made


def test_ana_misses_a_planned_visit_and_the_rest_is_planned_again(clinic: PaperClinic) -> None:
    """Ana has four sessions left of twelve. Four dates are planned, a week apart, and none on a Tuesday, when the
    clinic is closed. She misses the first, so four dates are planned again, from today on. One of them is booked in
    Square and takes the place of the planned date. The planner prints four visits, one of them booked, in Spanish
    too; the calendar file has four events, three of them tentative. What was planned first is kept, to be compared.
    """
    course_id = clinic.sell()
    last = clinic.come(course_id, 8)
    dates = proposed(clinic, course_id)
    assert len(dates) == 4
    assert not any(day.startswith("Tue") for day in days(dates))
    assert plan(clinic, course_id).planned == ()
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, dates)
    kept = plan(clinic, course_id)
    assert (kept.planned, kept.is_off) == (dates, False)
    # The first planned day passes, and nobody came.
    clinic.go_to(dates[0].date() + timedelta(days=2))
    off = plan(clinic, course_id)
    assert (off.is_off, off.missed) == (True, (dates[0].date(),))
    again = proposed(clinic, course_id)
    assert len(again) == 4
    assert min(again) > clinic.clock()
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, again)
    assert plan(clinic, course_id).is_off is False
    # An appointment takes the place of the plan for its day.
    clinic.book_visit(course_id, plan_day(again[0]), treatment=FACIAL)
    booked = plan(clinic, course_id)
    assert (len(booked.booked), len(booked.planned), booked.to_plan) == (1, 3, 3)
    assert min(proposed(clinic, course_id)) >= booked.booked[-1].at + timedelta(days=6)
    paper = planner_paper(clinic.store, course_id, now=clinic.clock(), balance_url="https://x.example/my/abc")
    assert [each.is_booked for each in paper.visits] == [True, False, False, False]
    assert paper.calendar_url == f"https://x.example/my/abc/courses/{course_id}/visits.ics"
    page = planner_page(paper, language_for("es"))
    assert " de " in page.rows[0].day
    assert (page.rows[0].state, page.rows[1].state) == ("reservada", "prevista")
    file = calendar_file(clinic.store, course_id, now=clinic.clock())
    assert file.count("BEGIN:VEVENT") == 4
    assert file.count("STATUS:TENTATIVE") == 3
    with clinic.store.reading() as session:
        replaced = session.scalars(select(PlannedVisit.start_at).where(PlannedVisit.replaced_at.is_not(None)))
        # What was planned first stays, to be compared with what was done.
        assert set(replaced) == set(dates[1:]) - set(again)
    assert last < dates[0].date()
