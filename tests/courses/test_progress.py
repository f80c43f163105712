"""How courses go: each figure by its definition, and exactly as many courses behind it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from plugin.core.terms import Terms
from plugin.courses.base.columns import Share
from plugin.courses.clients.contacts import Buyer
from plugin.courses.lists.course_list import ORDERS, CourseFilter, list_courses
from plugin.courses.lists.listing import keep_listing
from plugin.courses.lists.outcomes import Outcome, Why
from plugin.courses.reports.follow_ups import FollowUpFilter, FollowUpSort, follow_up_page, follow_ups
from plugin.courses.reports.progress import (
    CourseProgress,
    ProgressBy,
    ProgressFilter,
    course_progress,
    courses_behind,
    progress_sheet,
)
from plugin.errors import InvalidField
from plugin.store.offers import Treatment
from tests.courses.desk import Desk
from tests.states import World

STOPPED = (Outcome.STALLED, Outcome.EXPIRED)
KEYS = {
    ProgressBy.PACKAGE: "package_id",
    ProgressBy.PRACTITIONER: "practitioner_id",
    ProgressBy.MONTH: "month",
}


def buyer(name: str) -> Buyer:
    return Buyer(f"C-{name}", name=name)


def shown(desk: Desk, by: ProgressBy = ProgressBy.PACKAGE) -> CourseProgress:
    keep_listing(desk.store, desk.clock)
    return course_progress(desk.store, desk.clock(), by)


def assert_counted(desk: Desk, progress: CourseProgress, by: ProgressBy) -> None:
    """Each figure has as many courses behind it, on pages of two."""
    figures: list[tuple[ProgressFilter, int]] = []
    for row in (progress.total, *progress.rows):
        of: Any = {KEYS[by]: row.key} if row.key else {}
        figures += [(ProgressFilter(STOPPED, used=used, **of), number) for used, number in row.stops]
        figures += [(ProgressFilter((each,), **of), number) for each, number in row.outcomes.items()]
        figures.append((ProgressFilter(has_time_to_buy=True, **of), row.again.whole))
        figures.append((ProgressFilter(bought_again=True, **of), row.again.part))
    figures += [(ProgressFilter(STOPPED, used=used), number) for used, number in progress.stalls]
    for wanted, number in figures:
        found, cursor = [], None
        while True:
            page, counted = courses_behind(desk.store, wanted, desk.today, limit=2, cursor=cursor)
            found += [each.course_id for each in page.rows]
            if (cursor := page.cursor) is None:
                break
        assert counted == number == len(found) == len(set(found)), wanted


@pytest.fixture
def lived(desk: Desk) -> Desk:
    """Five clients with a course of three: completed and bought again, completed, stalled twice, under way."""
    desk.clock.set(datetime(2026, 3, 2, 18, tzinfo=UTC))
    small = desk.package(sessions=3)
    with desk.store.writing() as session:
        session.execute(update(Treatment).values(suggested_days=7))
    courses = {name: desk.sell(small, paid=49500, buyer=buyer(name)) for name in ("Ana", "Bo", "Cy", "Di")}
    for name, visits in (("Ana", 3), ("Bo", 3), ("Cy", 1)):
        at = desk.clock()
        for _ in range(visits):
            desk.use(courses[name])
            desk.clock.advance(days=8)
        desk.clock.set(at)
    desk.clock.advance(days=100)
    again = desk.sell(small, paid=49500, buyer=buyer("Ana"))
    desk.use(again)
    return desk


@pytest.mark.parametrize("by", list(ProgressBy))
def test_each_course_is_counted_where_it_belongs(lived: Desk, by: ProgressBy) -> None:
    progress = shown(lived, by)
    total = progress.total
    assert total.outcomes == {
        Outcome.COMPLETED: 2,
        Outcome.STALLED: 2,
        Outcome.EXPIRED: 0,
        Outcome.CLOSED: 0,
        Outcome.UNDER_WAY: 1,
    }
    assert total.completed == Share(2, 4)
    assert total.again == Share(1, 2)
    assert progress.stalls == ((0, 1), (1, 1))
    assert_counted(lived, progress, by)


def test_by_month_of_the_sale_and_as_a_table(lived: Desk) -> None:
    progress = shown(lived, ProgressBy.MONTH)
    assert [(row.key, sum(row.outcomes.values())) for row in progress.rows] == [
        ("2026-06", 1),
        ("2026-03", 4),
    ]
    assert progress.rows[1].stops == ((0, 1), (1, 1))
    assert progress.rows[1].stops_most_after == 0
    sheet = progress_sheet(progress, ProgressBy.MONTH)
    rows = [dict(zip(sheet.headings, row, strict=True)) for row in sheet.rows]
    assert [(row["Month"], row["Completed"], row["Stopped after 1"]) for row in rows] == [
        ("2026-06", 0, 0),
        ("2026-03", 2, 1),
        ("All", 2, 1),
    ]


def test_behind_the_days_between_visits_stand_their_courses(lived: Desk) -> None:
    shown(lived)
    page, _number = courses_behind(lived.store, ProgressFilter(has_intervals=True), lived.today)
    assert [(each.client_name, each.days_between) for each in page.rows] == [("Bo", 8.0), ("Ana", 8.0)]


def test_an_average_of_few_intervals_is_not_said(lived: Desk) -> None:
    (row,) = shown(lived).rows
    assert (row.intervals, row.interval_days, row.average_days, row.plan_days) == (4, 32, None, 7)
    again = lived.sell(buyer=buyer("Eve"))
    for _ in range(2):
        lived.use(again)
        lived.clock.advance(days=3)
    total = shown(lived).total
    assert (total.intervals, total.average_days) == (5, 35 / 5)


@pytest.mark.parametrize(
    ("days", "outcome"), [(59, Outcome.UNDER_WAY), (60, Outcome.STALLED), (61, Outcome.STALLED)]
)
def test_a_course_stalls_after_sixty_days(desk: Desk, days: int, outcome: Outcome) -> None:
    desk.use(desk.sell())
    desk.clock.advance(days=days)
    assert shown(desk).total.outcomes[outcome] == 1


@pytest.mark.parametrize(("days", "has_time"), [(29, 0), (30, 1)])
def test_who_has_just_finished_may_still_buy_again(desk: Desk, days: int, has_time: int) -> None:
    desk.use(desk.sell(desk.package(sessions=1), paid=16500))
    desk.clock.advance(days=days)
    assert shown(desk).total.again == Share(0, has_time)


def test_what_was_sold_before_the_twelve_months_does_not_count(desk: Desk) -> None:
    desk.clock.set(datetime(2027, 2, 28, 23, tzinfo=UTC))
    desk.sell()
    # The leap day is in the twelfth month.
    desk.clock.set(datetime(2028, 1, 31, 18, tzinfo=UTC))
    assert sum(shown(desk).total.outcomes.values()) == 1
    desk.clock.set(datetime(2028, 2, 29, 18, tzinfo=UTC))
    assert sum(shown(desk).total.outcomes.values()) == 0


def test_an_undone_use_is_no_session_and_no_visit(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=1), paid=16500)
    desk.undo(desk.use(course_id).entry.id)
    desk.clock.advance(days=60)
    progress = shown(desk)
    assert (progress.total.outcomes[Outcome.STALLED], progress.stalls) == (1, ((0, 1),))


def test_expiring_courses_are_those_of_the_list_to_the_cent(desk: Desk) -> None:
    for days in (0, 29, 30, 31, 60, 61, 90, 91):
        package = desk.package(terms=Terms(expires_on=desk.today + timedelta(days=days)), name=f"{days} days")
        desk.use(desk.sell(package, buyer=buyer(f"B{days}")))
    progress = shown(desk)
    assert [each.courses for each in progress.expiring] == [3, 5, 7]
    for each in progress.expiring:
        wanted = CourseFilter(expires_within=each.days)
        (listed,) = list_courses(desk.store, wanted, ORDERS["expires"], now=desk.clock(), limit=5).sums
        assert (listed.courses, listed.sessions, listed.value) == (each.courses, each.sessions, each.value)


def test_a_clinic_without_data_has_no_rows(desk: Desk) -> None:
    progress = shown(desk)
    assert (progress.rows, progress.stalls, progress.total.completed) == ((), (), Share(0, 0))
    assert [each.courses for each in progress.expiring] == [0, 0, 0]


def test_every_state_of_a_course_has_one_outcome(desk: Desk) -> None:
    World(desk).build_all()
    progress = shown(desk)
    listed = list_courses(desk.store, CourseFilter(), ORDERS["sold"], now=desk.clock(), limit=1)
    assert sum(progress.total.outcomes.values()) == listed.count
    assert_counted(desk, progress, ProgressBy.PACKAGE)


def test_an_unreadable_place_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidField):
        courses_behind(desk.store, ProgressFilter(), desk.today, cursor="made up")


def test_follow_ups_of_any_state_are_counted_as_they_are_listed(desk: Desk) -> None:
    """The counts and the order come from rows, the reasons from the courses: both say the same."""
    World(desk).build_all()
    for days in (0, 20, 45, 90):
        desk.clock.advance(days=days)
        keep_listing(desk.store, desk.clock)
        everybody = follow_ups(desk.store, desk.clock())
        page = follow_up_page(desk.store, desk.clock(), FollowUpFilter(), limit=500)
        assert page.people == everybody
        assert page.everybody == len(everybody)
        assert page.counts == {why: sum(one.has(why) for one in everybody) for why in Why}
        for why in Why:
            wanted = FollowUpFilter(why, sort=FollowUpSort.NAME)
            found = follow_up_page(desk.store, desk.clock(), wanted, limit=500)
            assert {one.client_id for one in found.people} == {
                one.client_id for one in everybody if one.has(why)
            }
            assert found.found == len(found.people)


def test_follow_ups_are_searched_by_name_and_package(desk: Desk) -> None:
    for name in ("Ana 100%", "Inês Reis"):
        desk.sell(desk.package(sessions=2, name=f"Two for {name[:3]}"), paid=33000, buyer=buyer(name))
    for words, found in (
        ("ines", ["Inês Reis"]),
        ("100%", ["Ana 100%"]),
        ("two for", ["Ana 100%", "Inês Reis"]),
        ("_", []),
    ):
        keep_listing(desk.store, desk.clock)
        page = follow_up_page(
            desk.store, desk.clock(), FollowUpFilter(words=words, sort=FollowUpSort.NAME), limit=9
        )
        assert [one.name for one in page.people] == found
