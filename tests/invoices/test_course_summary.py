"""What the course summary says, in every state a course can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from invoices import samples
from invoices.papers import Allowance, CourseSummary, Money, NextVisit, PageSize, Paper, SummaryVisit, stamps
from invoices.samples import course

Text = Callable[[Paper], str]
Pages = Callable[[Paper], int]


def test_it_answers_how_many_are_left_before_anything_else(text_of: Text) -> None:
    text = text_of(course(5))
    assert text.index("Margaret Osei") < text.index("7") < text.index("of 12 sessions left")
    assert text.index("of 12 sessions left") < text.index("Your visits")


@pytest.mark.parametrize(("used", "says"), [(0, "12"), (1, "11"), (11, "1"), (12, "0")])
def test_it_counts_down(text_of: Text, used: int, says: str) -> None:
    words = text_of(course(used)).split()
    assert says in words
    assert "of 12 sessions left" in " ".join(words)


def test_it_lists_every_visit_with_date_person_and_focus(text_of: Text) -> None:
    text = text_of(course(5))
    assert "Oct 6, 2026 Session 1 A. Kim Fine lines, jawline" in text
    assert "Nov 3, 2026 Session 5 A. Kim Uneven complexion" in text


def test_it_says_what_was_bought_paid_and_agreed(text_of: Text) -> None:
    text = text_of(replace(course(5), expires_on=date(2027, 10, 1)))
    for said in ("Oct 1, 2026", "$1,980.00", "Oct 1, 2027", "2 of 2 left", *samples.TERMS):
        assert said in text


def test_a_course_without_expiry_says_so(text_of: Text) -> None:
    assert "No expiry date" in text_of(course(5))


def test_a_first_paper_says_what_will_stand_there(text_of: Text) -> None:
    assert "Your first visit will be listed here." in text_of(course(0))


def test_touch_ups_are_named_as_such(text_of: Text) -> None:
    text = text_of(course(12, touch_ups_used=2))
    assert "Touch-up 1" in text
    assert "0 touch-ups left" in text


def test_touch_ups_say_from_which_session_on(text_of: Text) -> None:
    assert "from session 12 on" in text_of(course(5))


def test_practitioner_and_focus_take_no_room_where_nothing_is_said(text_of: Text) -> None:
    paper = course(2)
    bare = tuple(replace(visit, practitioner="", focus="") for visit in paper.visits)
    text = text_of(replace(paper, visits=bare))
    assert "Focus" not in text
    assert "With" not in text


def test_an_add_on_is_named_in_the_visits(text_of: Text) -> None:
    paper = course(1)
    added = SummaryVisit(on=paper.visits[0].on, treatment=samples.LED, kind="add_on")
    assert f"Added {samples.LED}" in text_of(replace(paper, visits=(*paper.visits, added)))


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (samples.finished(), "Completed on January 5, 2027. All 12 sessions are used."),
        (samples.refunded(), "Refunded on November 10, 2026. $1,155.00 went back to you."),
        (replace(samples.refunded(), refunded=None), "Refunded on November 10, 2026. No sessions are left."),
        (samples.expired(), "Expired on October 1, 2027 with 4 sessions unused."),
        (samples.on_hold(), "On hold since November 10, 2026. Your 7 sessions are kept for you."),
        (samples.part_paid(), "$990.00 is still to pay."),
        (samples.transferred(), "Transferred on November 10, 2026."),
    ],
)
def test_each_state_of_a_course_is_said_in_a_sentence(text_of: Text, paper: Paper, says: str) -> None:
    assert says in text_of(paper)


def test_a_finished_course_counts_what_was_used(text_of: Text) -> None:
    assert "of 12 sessions used" in text_of(samples.finished())


def test_a_state_without_a_day_still_reads_well(text_of: Text) -> None:
    assert "On hold. Your 7 sessions" in text_of(replace(samples.on_hold(), status_on=None))


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (samples.expired(), "Hatched: expired"),
        (samples.on_hold(), "Hatched: on hold"),
        (samples.refunded(), "Dashed: no longer on this course"),
    ],
)
def test_marks_that_need_it_are_explained(text_of: Text, paper: Paper, says: str) -> None:
    assert says in text_of(paper)


def test_an_open_course_needs_no_explanation(text_of: Text) -> None:
    text = text_of(course(5))
    assert "Hatched" not in text
    assert "Dashed" not in text


def test_the_next_visit_stands_in_the_clinics_time(text_of: Text) -> None:
    at = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)
    text = text_of(replace(course(5), next_visit=NextVisit(at=at, practitioner="J. Park")))
    assert "Tue, Dec 1" in text
    assert "7:00 PM with J. Park" in text


def test_without_a_next_visit_it_suggests_the_interval_and_the_phone(text_of: Text) -> None:
    text = text_of(replace(course(5), next_visit=None)).replace("\u00a0", " ")
    for said in ("Not booked yet", "Most people come once a", "To book, call (310) 555-0100."):
        assert said in text


def test_a_closed_course_asks_for_no_next_visit(text_of: Text) -> None:
    assert "Not booked yet" not in text_of(samples.refunded())


def test_it_ends_with_how_to_reach_the_clinic(text_of: Text) -> None:
    text = text_of(course(5))
    assert text.endswith("(310) 555-0100 · hello@juniperstreet.example · juniperstreet.example")


def test_a_course_of_one_is_said_in_the_singular(text_of: Text) -> None:
    assert "of 1 session left" in text_of(course(0, 1))


def test_several_treatments_each_have_their_own_card(text_of: Text) -> None:
    paper = course(2)
    body = Allowance(
        treatment="Body acupuncture", granted=6, used=0, left=6, stamps=stamps(granted=6, used_on=(), left=6)
    )
    both = replace(paper, allowances=(*paper.allowances, body), sessions_total=18, sessions_left=16)
    text = text_of(both)
    assert "Body acupuncture" in text
    assert samples.FACIAL in text


def test_yen_has_no_minor_unit(text_of: Text) -> None:
    assert "¥198,000" in text_of(replace(course(5), paid=Money(198000, "JPY")))


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize(
    "paper",
    [
        course(0),
        course(5),
        course(12),
        course(12, touch_ups_used=2),
        samples.finished(),
        samples.on_hold(),
        samples.expired(),
        samples.long_names(),
    ],
    ids=["none", "five", "twelve", "touch-ups", "finished", "on hold", "expired", "long names"],
)
def test_an_ordinary_course_stays_on_one_page(pages_of: Pages, paper: CourseSummary, size: PageSize) -> None:
    assert pages_of(replace(paper, clinic=samples.clinic(size))) == 1


def test_a_long_course_repeats_its_headings_and_counts_its_pages(text_of: Text, pages_of: Pages) -> None:
    paper = course(60, 60)
    pages = pages_of(paper)
    text = text_of(paper)
    assert text.count("Date Session With Focus") == 2
    assert f"Margaret Osei Page {pages} of {pages}" in text
    assert "Session 1 " in text
    assert "Session 60 " in text


def test_it_lists_the_last_sixty_and_says_how_many_came_before(text_of: Text) -> None:
    text = text_of(course(100, 100))
    assert "40 earlier visits are not listed." in text
    assert "Session 41 " in text
    assert "Session 40 " not in text


def test_one_earlier_visit_is_said_in_the_singular(text_of: Text) -> None:
    assert "1 earlier visit is not listed." in text_of(course(61, 61))
