"""A missed visit without a booking: forgiven or charged, counted with the booked ones, undone like any use."""

from datetime import timedelta

import pytest

from plugin.core.terms import NoShow, Terms
from plugin.courses.changes.frame import Changed
from plugin.courses.visits.no_shows import Missed, missed_offer, settle_missed
from plugin.errors import InvalidField, NoneLeft, Refused
from plugin.staff_languages import staff_language
from plugin.stored_sentences import in_words
from plugin.wording import speaking
from tests.courses.desk import DEB, Desk


def settle(desk: Desk, course_id: str, decision: str, **more: object) -> Changed:
    return settle_missed(desk.store, desk.act(DEB), course_id, Missed(decision, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "reason"), [("no_show", "No-show on"), ("late_cancellation", "Late cancellation on")]
)
def test_a_charged_one_uses_a_session_without_a_visit(desk: Desk, how: str, reason: str) -> None:
    course_id = desk.sell()
    course = settle(desk, course_id, "charge", how=how).course
    last = course.entries[-1]
    assert (course.left, last.visit_id) == (11, None)
    assert last.reason.startswith(reason)
    desk.undo(last.id, reason="She had called in time")
    assert desk.balance(course_id) == (12, 198000)


def test_a_forgiven_one_costs_nothing_and_is_counted(desk: Desk) -> None:
    course_id = desk.sell(desk.package(terms=Terms(no_show=NoShow.CHARGE, forgiven_no_shows=1)))
    assert missed_offer(desk.store, course_id).proposed is NoShow.FORGIVE
    course = settle(desk, course_id, "forgive").course
    assert course.left == 12
    assert "waived" in course.happenings[-1].text
    offer = missed_offer(desk.store, course_id)
    assert (offer.forgiven, offer.proposed) == (1, NoShow.CHARGE)


def test_its_history_is_stored_in_english_whoever_forgives_it(desk: Desk) -> None:
    course_id = desk.sell()
    with speaking(staff_language("es")):
        text = settle(desk, course_id, "forgive").course.happenings[-1].text
    assert text == "No-show on Nov 22, 2026: waived"
    assert in_words(text, "es-US") == "No se presentó el 22 nov 2026: no se cobra"


def test_the_same_tap_twice_counts_once(desk: Desk) -> None:
    course_id = desk.sell()
    act = desk.act(DEB)
    assert not settle_missed(desk.store, act, course_id, Missed("charge")).is_repeat
    assert settle_missed(desk.store, act, course_id, Missed("charge")).is_repeat
    assert desk.balance(course_id)[0] == 11


@pytest.mark.parametrize(
    ("missed", "field"),
    [
        (Missed("maybe"), "decision"),
        (Missed(""), "decision"),
        (Missed("charge", how="overslept"), "how"),
    ],
)
def test_it_refuses_what_it_does_not_know(desk: Desk, missed: Missed, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        settle_missed(desk.store, desk.act(DEB), desk.sell(), missed)
    assert refused.value.field == field


@pytest.mark.parametrize("days", [1, -1])
def test_it_refuses_a_day_to_come_and_one_before_the_sale(desk: Desk, days: int) -> None:
    course_id = desk.sell()
    day = desk.today + timedelta(days)
    with pytest.raises(InvalidField) as refused:
        settle(desk, course_id, "charge", missed_on=day)
    assert refused.value.field == "missed_on"


def test_none_left_is_not_charged_and_a_closed_course_takes_none(desk: Desk) -> None:
    course_id = desk.sell()
    desk.use(course_id, sessions=12)
    with pytest.raises((NoneLeft, Refused)):
        settle(desk, course_id, "charge")
