"""The last day of a course: by the terms, by the first use, moved by the owner; frozen, expired, written off."""

from datetime import date, timedelta

import pytest

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.core.terms import ExpiresFrom, Terms
from plugin.courses.clients.clients import find_clients
from plugin.errors import InvalidField, NotAllowed, Refused
from tests.courses.changes.changing import Changes
from tests.courses.desk import DEB, Desk

YEAR_FROM_FIRST_USE = Terms(expires_after_months=12, expires_from=ExpiresFrom.FIRST_USE)


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return Changes(desk)


@pytest.fixture
def course_id(desk: Desk) -> str:
    """A course of twelve that ends a month from its sale."""
    return desk.sell(desk.package(terms=Terms(expires_after_months=1)))


def ends(desk: Desk, course_id: str) -> date | None:
    return desk.course(course_id).expires_on


def said(desk: Desk, course_id: str) -> str:
    return desk.course(course_id).happenings[-1].text


def test_months_from_the_first_use_begin_with_it(desk: Desk) -> None:
    course_id = desk.sell(desk.package(terms=YEAR_FROM_FIRST_USE))
    assert ends(desk, course_id) is None
    desk.clock.advance(days=40)
    desk.use(course_id)
    first = desk.today
    assert ends(desk, course_id) == first.replace(year=first.year + 1)
    assert said(desk, course_id).endswith(": 12 months from the first visit")


def test_the_end_follows_the_first_use_when_that_is_undone_or_another_was_earlier(desk: Desk) -> None:
    course_id = desk.sell(desk.package(terms=YEAR_FROM_FIRST_USE))
    sold = desk.today
    desk.clock.advance(days=20)
    used = desk.use(course_id)
    desk.use(course_id, visited_on=sold + timedelta(5))
    assert ends(desk, course_id) == (sold + timedelta(5)).replace(year=sold.year + 1)
    desk.undo(used.entry.id)
    assert ends(desk, course_id) == (sold + timedelta(5)).replace(year=sold.year + 1)
    (standing,) = [
        each for each in desk.course(course_id).entries if each.kind is Kind.USED and not each.reversed_by
    ]
    desk.undo(standing.id)
    assert ends(desk, course_id) is None


def test_a_day_the_owner_has_set_stays_when_the_first_use_changes(desk: Desk, changes: Changes) -> None:
    course_id = desk.sell(desk.package(terms=YEAR_FROM_FIRST_USE))
    changes.extend(course_id, changes.day(500))
    chosen = ends(desk, course_id)
    used = desk.use(course_id)
    assert ends(desk, course_id) == chosen
    desk.undo(used.entry.id)
    assert ends(desk, course_id) == chosen


def test_the_owner_extends_and_another_extension_undoes_it(
    desk: Desk, changes: Changes, course_id: str
) -> None:
    before = ends(desk, course_id)
    extended = changes.extend(course_id, changes.day(200), key="k")
    assert extended.course.expires_on == changes.day(200)
    assert changes.extend(course_id, changes.day(200), key="k").is_repeat
    assert said(desk, course_id).startswith("Expiration: ")
    changes.extend(course_id, before, shorten=True)
    assert ends(desk, course_id) == before
    assert [each.kind for each in desk.course(course_id).happenings] == ["extended", "extended"]


@pytest.mark.parametrize(
    ("days", "shorten", "why"),
    [
        (-1, True, "The course was sold on .* Choose that day or a later one"),
        (3700, False, "more than ten years"),
        (10, False, "That shortens the course"),
    ],
)
def test_a_day_in_an_impossible_place_is_refused(
    desk: Desk, changes: Changes, course_id: str, days: int, shorten: bool, why: str
) -> None:
    before = ends(desk, course_id)
    with pytest.raises(InvalidField, match=why):
        changes.extend(course_id, changes.day(days), shorten=shorten)
    assert ends(desk, course_id) == before


def test_only_the_owner_extends_freezes_and_writes_off(desk: Desk, changes: Changes, course_id: str) -> None:
    with pytest.raises(NotAllowed):
        changes.extend(course_id, changes.day(90), actor=DEB)
    with pytest.raises(NotAllowed):
        changes.freeze(course_id, actor=DEB)


def test_an_expired_course_takes_visits_of_the_days_before_and_no_others(desk: Desk, course_id: str) -> None:
    desk.clock.advance(days=60)
    last = ends(desk, course_id)
    assert last is not None
    assert desk.course(course_id).status is Status.EXPIRED
    assert desk.use(course_id, visited_on=last).sessions_left == 11
    for late in (last + timedelta(1), desk.today):
        with pytest.raises(Refused, match="has expired"):
            desk.use(course_id, visited_on=late)


def test_an_expired_course_extended_is_open_again(desk: Desk, changes: Changes, course_id: str) -> None:
    desk.clock.advance(days=60)
    with pytest.raises(InvalidField, match="still be expired"):
        changes.extend(course_id, changes.day(-1))
    assert changes.extend(course_id, changes.day(0)).course.status is Status.OPEN
    assert desk.use(course_id).sessions_left == 11


def test_frozen_days_come_back_at_the_thaw(desk: Desk, changes: Changes, course_id: str) -> None:
    before = ends(desk, course_id)
    assert before is not None
    changes.freeze(course_id)
    with pytest.raises(Refused, match="Unfreeze it first"):
        desk.use(course_id)
    with pytest.raises(Refused, match="frozen already"):
        changes.freeze(course_id)
    desk.clock.advance(days=100)
    # It would have expired by now, had it not been frozen; the client still has it in every list.
    assert desk.course(course_id).status is Status.FROZEN
    assert find_clients(desk.store, "Ana", today=desk.today).rows[0].balance.left == 12
    assert changes.thaw(course_id, actor=DEB).course.expires_on == before + timedelta(100)
    assert said(desk, course_id).startswith("Unfrozen after 100 days; expires on ")
    assert desk.use(course_id).sessions_left == 11


def test_a_course_without_end_is_frozen_and_thawed_without_one(desk: Desk, changes: Changes) -> None:
    course_id = desk.sell()
    changes.freeze(course_id)
    desk.clock.advance(days=1)
    changes.thaw(course_id)
    assert ends(desk, course_id) is None
    with pytest.raises(Refused, match="not frozen"):
        changes.thaw(course_id)


@pytest.mark.parametrize(("days", "kind"), [(0, Kind.WRITTEN_OFF), (60, Kind.EXPIRED)])
def test_what_is_written_off_leaves_what_is_owed_and_comes_back_to_the_cent(
    desk: Desk, changes: Changes, days: int, kind: Kind
) -> None:
    terms = Terms(expires_after_months=1)
    course_id = desk.sell(desk.package(sessions=7, touch_ups=2, terms=terms), paid=100001)
    desk.use(course_id, sessions=3)
    before = desk.course(course_id)
    desk.clock.advance(days=days)
    gone = changes.write_off(course_id).course
    assert (gone.left, gone.value_left.amount, gone.status) == (0, 0, Status.FINISHED)
    assert [each.kind for each in gone.entries[-2:]] == [kind, kind]
    with pytest.raises(Refused, match="Nothing of this course is left"):
        changes.write_off(course_id)
    back = changes.undo_write_off(course_id).course
    assert [(a.left, a.value_left) for a in back.allowances] == [
        (a.left, a.value_left) for a in before.allowances
    ]
    with pytest.raises(Refused, match="Nothing of this course is written off"):
        changes.undo_write_off(course_id)


def test_nothing_is_earned_by_the_mere_passing_of_a_day(desk: Desk, course_id: str) -> None:
    owed = desk.balance(course_id)
    desk.clock.advance(days=4000)
    assert desk.balance(course_id) == owed
