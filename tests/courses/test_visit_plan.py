"""A course's visits are planned by rhythm and opening hours, kept, handed out, and planned again when one is missed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from invoices.language import language_for
from invoices.pages.welcome import calendar_of, planner_page
from invoices.papers import PlannerVisit
from plugin.core.opening_hours import ClosedDays, Interval, OpeningHours, propose_visits
from plugin.courses.base.clinic import save_hours
from plugin.courses.handouts.welcome import planner_paper
from plugin.courses.reports.by_month import PlanBy, planned_visits
from plugin.courses.visits.visit_plan import VisitPlan, moment_of, propose_plan, read_plan, save_plan
from plugin.courses.visits.visits import planned_of_courses, planned_on
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from tests.courses.desk import OLGA
from tests.papers.clinic import PaperClinic

NINE, TEN, SIX = 9 * 60, 10 * 60, 18 * 60
ZONE = "America/Los_Angeles"
TUESDAYS_CLOSED = OpeningHours(
    ((Interval(NINE, SIX),), (), *((Interval(NINE, SIX),),) * 3, (Interval(12 * 60, SIX),), ()), ZONE
)


@pytest.fixture
def clinic(lite_store: Store) -> PaperClinic:
    made = PaperClinic(lite_store)
    save_hours(made.store, made.desk.act(OLGA), TUESDAYS_CLOSED)
    return made


def days(moments: tuple[datetime, ...]) -> list[str]:
    zone = moment_of(date(2026, 1, 1), 0, ZONE).tzinfo
    return [f"{each.astimezone(zone):%a %m-%d %H:%M}" for each in moments]


def plan(clinic: PaperClinic, course_id: str) -> VisitPlan:
    return read_plan(clinic.store, course_id, now=clinic.clock())


def proposed(clinic: PaperClinic, course_id: str) -> tuple[datetime, ...]:
    found = plan(clinic, course_id)
    return propose_plan(clinic.store, found, found.rhythm)


def test_a_closed_day_moves_one_visit_and_the_rhythm_goes_on() -> None:
    hours = replace(TUESDAYS_CLOSED, closed=(ClosedDays(date(2026, 11, 25), date(2026, 11, 27)),))
    weekly = propose_visits(date(2026, 11, 18), TEN, 7, 3, hours)
    # Wednesday, then Thanksgiving week on Saturday at its first opening, then Wednesday again.
    assert days(weekly) == ["Wed 11-18 10:00", "Sat 11-28 12:00", "Wed 12-02 10:00"]


def test_a_closed_week_is_followed_by_the_rhythm_and_not_by_a_visit_on_the_next_day() -> None:
    hours = replace(TUESDAYS_CLOSED, closed=(ClosedDays(date(2026, 12, 24), date(2027, 1, 2)),))
    weekly = propose_visits(date(2026, 12, 14), TEN, 7, 5, hours)
    assert [f"{each:%m-%d}" for each in weekly] == ["12-14", "12-21", "01-04", "01-11", "01-18"]


def test_summer_time_keeps_the_time_of_day() -> None:
    assert [each.hour for each in propose_visits(date(2026, 10, 28), TEN, 7, 2, TUESDAYS_CLOSED)] == [17, 18]


def test_a_clinic_that_never_opens_gets_no_dates() -> None:
    assert propose_visits(date(2026, 10, 28), TEN, 7, 2, OpeningHours(((),) * 7, ZONE)) == ()


def plan_day(moment: datetime) -> date:
    return moment.astimezone(moment_of(date(2026, 1, 1), 0, ZONE).tzinfo).date()


def test_what_can_be_no_plan_is_refused_with_its_field(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    clinic.come(course_id, 10)
    tomorrow = clinic.clock() + timedelta(days=1)
    for moments, field in (
        ([clinic.clock() - timedelta(hours=1)], "day_1"),
        ([tomorrow, tomorrow + timedelta(hours=1)], "day_2"),
        ([tomorrow + timedelta(days=each) for each in range(3)], "day_3"),
        ([tomorrow + timedelta(days=2000)], "day_1"),
    ):
        with pytest.raises(InvalidField) as refusal:
            save_plan(clinic.store, clinic.desk.act(OLGA), course_id, moments)
        assert refusal.value.field == field
    clinic.changes.freeze(course_id)
    with pytest.raises(Refused, match="can’t be used now"):
        save_plan(clinic.store, clinic.desk.act(OLGA), course_id, [tomorrow])


def test_a_double_tap_plans_once_and_an_empty_plan_removes_it(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    dates = proposed(clinic, course_id)[:2]
    act = clinic.desk.act(OLGA, key="one-tap")
    for is_repeat in (False, True):
        assert save_plan(clinic.store, act, course_id, dates).is_repeat is is_repeat
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, [])
    assert plan(clinic, course_id).planned == ()


def test_the_code_of_a_visit_stays_readable_however_long_the_names_are(clinic: PaperClinic) -> None:
    """Without a private page the code holds the visit itself; 2,331 octets are the most that a code holds."""
    at = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
    paper = planner_paper(clinic.store, clinic.sell(), now=clinic.clock())
    long = PlannerVisit(at=at, is_booked=True, treatment="针" * 120)
    crowded = replace(paper.clinic, name="针" * 120, address_lines=("灸" * 120,) * 12)
    usual, page = (
        planner_page(replace(paper, visits=(visit,), clinic=of), language_for("zh-Hans")).qr
        for visit, of in ((replace(long, treatment="Facial"), paper.clinic), (long, crowded))
    )
    assert "LOCATION" in (usual.url if usual else "")
    said = page.url if page else ""
    assert len(said.encode()) <= 800
    assert "DTSTART:20261201T183000Z" in said


def test_the_card_of_the_next_visit_shows_that_visit_alone(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, proposed(clinic, course_id))
    card = planner_paper(clinic.store, course_id, now=clinic.clock(), form="card")
    page = planner_page(card, language_for("en"))
    assert (len(card.visits), page.has_booked) == (1, False)


def test_a_calendar_file_escapes_and_folds_what_it_holds(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    paper = planner_paper(clinic.store, course_id, now=clinic.clock())
    at = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
    visit = PlannerVisit(
        at=at, is_booked=True, minutes=60, treatment="针灸; LED, " + "long " * 30 + "\nEND:VCALENDAR"
    )
    file = calendar_of([visit], paper.clinic, language_for("en"), at=at)
    lines = file.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert lines.count("END:VCALENDAR") == 1
    assert "DTSTART:20261201T183000Z" in lines
    assert "DTEND:20261201T193000Z" in lines
    assert "SUMMARY:针灸\\; LED\\, long" in file.replace("\r\n ", "")


def test_todays_plan_shows_who_is_expected_until_they_come(clinic: PaperClinic) -> None:
    """A planned day with an appointment, a session used, or another date in its place is not on Today."""
    course_id, other = clinic.sell("Ana Souza"), clinic.sell("Bo Lind")
    dates = proposed(clinic, course_id)
    for each in (course_id, other):
        save_plan(clinic.store, clinic.desk.act(OLGA), each, dates)
    day = plan_day(dates[0])
    clinic.go_to(day)
    assert [each.client_name for each in planned_on(clinic.store, day)] == ["Ana Souza", "Bo Lind"]
    used = clinic.desk.use(course_id)
    assert [each.client_name for each in planned_on(clinic.store, day)] == ["Bo Lind"]
    clinic.desk.undo(used.entry.id)
    clinic.book_visit(other, day)
    assert [each.client_name for each in planned_on(clinic.store, day)] == ["Ana Souza"]


def test_a_course_shows_no_planned_day_that_is_booked(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    dates = proposed(clinic, course_id)
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, dates)
    clinic.book_visit(course_id, plan_day(dates[0]))
    shown = plan(clinic, course_id)
    planned = planned_of_courses(clinic.store, [shown.course], now=clinic.clock())
    assert tuple(each.at for each in planned[course_id]) == shown.planned == tuple(dates[1:])


def test_planned_dates_are_compared_with_what_was_done(clinic: PaperClinic) -> None:
    """One kept, one missed, one planned over in time; what is still to come is not counted."""
    course_id = clinic.sell()
    dates = proposed(clinic, course_id)
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, dates[:4])
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, [*dates[:2], dates[3]])
    clinic.go_to(plan_day(dates[0]))
    clinic.desk.use(course_id)
    clinic.go_to(plan_day(dates[3]))
    assert planned_visits(clinic.store, clinic.clock(), PlanBy.PACKAGE) == (
        replace(
            planned_visits(clinic.store, clinic.clock(), PlanBy.PACKAGE)[0],
            planned=3,
            kept=1,
            changed=1,
            missed=1,
        ),
    )
    by_month = planned_visits(clinic.store, clinic.clock(), PlanBy.MONTH)
    assert sum(row.planned for row in by_month) == 3
    by_person = planned_visits(clinic.store, clinic.clock(), PlanBy.PRACTITIONER)
    assert sum(row.kept for row in by_person) == 1
