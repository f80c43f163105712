"""The text of the course summary, in every state a course can be in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from invoices.language import language_for
from invoices.pages.fit import fit
from invoices.pages.summary import summary_page
from invoices.papers import Allowance, Money, NextVisit, PageSize, Paper, SummaryVisit, stamps
from tests.papers.clinic import LED
from tests.papers.real import NAMES, paper, summary

Text = Callable[[Paper], str]
Pages = Callable[[Paper], int]
Named = Callable[[str], str]
SUMMARIES = [name for name in NAMES if name.startswith("summary")]


def said(name: str, **changes: Any) -> Any:
    """The page in words, without drawing it."""
    found = fit(replace(summary(name), **changes))
    return summary_page(found, language_for(found.language))  # type: ignore[arg-type]  # it stays a summary


def facts(name: str, **changes: Any) -> dict[str, str]:
    return {fact.name: fact.value.replace("\u00a0", " ") for fact in said(name, **changes).facts}


def test_it_answers_how_many_are_left_before_anything_else(real_text: Named) -> None:
    text = real_text("summary")
    assert text.index("Margaret Osei") < text.index("7") < text.index("of 12 sessions left")
    assert text.index("of 12 sessions left") < text.index("Your visits")


@pytest.mark.parametrize(
    ("name", "figure"), [("summary-0-of-12", "12"), ("summary", "7"), ("summary-12-of-12", "0")]
)
def test_it_counts_down(name: str, figure: str) -> None:
    page = said(name)
    assert (page.figure, page.figure_label) == (figure, "of 12 sessions left")


def test_it_lists_every_visit_with_date_person_and_focus(real_text: Named) -> None:
    text = real_text("summary")
    assert "Oct 6, 2026 Session 1 A. Kim Fine lines, jawline" in text
    assert "Nov 3, 2026 Session 5 A. Kim Uneven complexion" in text


def test_it_says_what_was_bought_paid_and_agreed(real_text: Named) -> None:
    text = real_text("summary-on-hold")
    assert summary("summary-on-hold").terms
    for each in (
        "Oct 1, 2026",
        "$1,980.00",
        "Oct 1, 2027",
        "2 touch-ups left",
        *summary("summary-on-hold").terms,
    ):
        assert each in text


def test_a_course_without_expiration_says_so_once(real_text: Named) -> None:
    """Row 11 of the papers' findings: the terms don't repeat it."""
    text = real_text("summary").casefold()
    assert "expires no expiration" in text
    assert "expire" not in text.replace("expires no expiration", "")


def test_a_course_that_runs_from_its_first_visit_does_not_say_that_it_never_expires() -> None:
    assert "Expires" not in facts("summary-first-use")
    assert (
        summary("summary-first-use").terms[0]
        == "Your sessions are valid for 12 months from your first visit."
    )


def test_a_first_paper_says_what_will_stand_there(real_text: Named) -> None:
    assert "Your first visit will be listed here." in real_text("summary-0-of-12")


def test_touch_ups_are_named_and_counted_as_such(real_text: Named) -> None:
    text = real_text("summary-finished")
    assert "Jan 19, 2027 Touch-up 1" in text
    assert "Feb 16, 2027 Touch-up 2" in text
    assert "0 touch-ups left" in text


def test_touch_ups_say_from_which_session_on(real_text: Named) -> None:
    assert "from session 12 on" in real_text("summary")


def test_touch_ups_say_that_they_are_ready_once_their_session_is_used(real_text: Named) -> None:
    """Row 7."""
    text = real_text("summary-12-of-12")
    assert "2 touch-ups left" in text
    assert "ready to use now" in text
    assert "from session 12 on" not in text


def test_touch_ups_of_a_course_on_hold_are_not_said_to_be_ready() -> None:
    """Row 7."""
    held = [replace(each, is_open=False) for each in summary("summary-12-of-12").allowances]
    assert (
        said("summary-12-of-12", status="frozen", allowances=tuple(held)).touch_ups[0].opens
        != "ready to use now"
    )


def test_practitioner_and_focus_take_no_room_where_nothing_is_said() -> None:
    bare = tuple(replace(visit, practitioner="", focus="") for visit in summary().visits)
    page = said("summary", visits=bare)
    assert not page.has_focus
    assert not page.has_practitioners


def test_an_add_on_is_named_in_the_visits(text_of: Text) -> None:
    added = SummaryVisit(on=summary().visits[0].on, treatment=LED, kind="add_on")
    assert f"Added {LED}" in text_of(replace(summary(), visits=(*summary().visits, added)))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("summary-finished", "Completed on February 16, 2027. All 12 sessions are used."),
        ("summary-refunded", "Refunded on November 10, 2026. $1,155.00 was refunded to you."),
        ("summary-expired", "Expired Dec 5, 2026. Please talk to us about what is left."),
        ("summary-expired-written-off", "Expired Dec 5, 2026."),
        ("summary-written-off", "Closed Jan 4, 2027."),
        (
            "summary-on-hold",
            "On hold since November 10, 2026. Your 7 sessions are kept for you. "
            "The days on hold are added to the expiration date.",
        ),
        (
            "summary-part-paid",
            "$990.00 is due by December 28, 2026. 6 more sessions can be used once it is paid.",
        ),
        (
            "summary-transferred",
            "Transferred on November 20, 2026. The remaining sessions now belong to someone else.",
        ),
        (
            "summary-exchanged",
            "Exchanged on November 2, 2026 for Facial acupuncture, course of 12 with two touch-ups.",
        ),
        (
            "summary-gift-waiting",
            "A gift for Bea Wong. No session can be used before the voucher is redeemed.",
        ),
    ],
)
def test_each_state_of_a_course_is_said_in_a_sentence(name: str, says: str) -> None:
    """Rows 1, 3, 4 and 5."""
    assert said(name).note == says


def test_a_refund_of_an_amount_that_is_not_the_courses_alone_names_none() -> None:
    note = said("summary-refunded", refunded=None).note
    assert note == "Refunded on November 10, 2026. No sessions are left."


@pytest.mark.parametrize(
    ("name", "figure", "label"),
    [
        ("summary-part-paid", "6", "of 12 sessions are yours to use now"),
        ("summary-part-paid-used", "4", "of 12 sessions are yours to use now"),
        ("summary-expired", "11", "sessions not used"),
        ("summary-expired-written-off", "8", "sessions not used"),
        ("summary-written-off", "4", "sessions not used"),
        ("summary-finished", "12", "of 12 sessions used"),
        ("summary-refunded", "5", "of 12 sessions used"),
        ("summary-transferred", "5", "of 12 sessions used"),
        ("summary-received", "5", "of 7 sessions left"),
    ],
)
def test_its_figure_is_what_the_client_has(name: str, figure: str, label: str) -> None:
    """Rows 1 and 5."""
    page = said(name)
    assert (page.figure, page.figure_label) == (figure, label)


def test_only_what_can_still_be_used_is_in_the_clinics_color() -> None:
    """Row 5."""
    over = {name for name in SUMMARIES if said(name).is_over}
    assert over == {
        "summary-refunded",
        "summary-expired",
        "summary-expired-written-off",
        "summary-written-off",
        "summary-transferred",
        "summary-exchanged",
    }


def test_a_part_paid_course_says_what_is_due_and_when() -> None:
    """Row 1."""
    told = facts("summary-part-paid")
    assert (told["Paid"], told["Balance due"]) == ("$990.00", "$990.00 by Dec 28, 2026")
    assert facts("summary-part-paid", due_on=None)["Balance due"] == "$990.00"


def test_sessions_that_wait_for_money_are_drawn_lighter_and_explained(real_text: Named) -> None:
    """Row 1."""
    card = next(each for each in summary("summary-part-paid").allowances if each.kind == "main").stamps
    assert [stamp.state for stamp in card] == ["left"] * 6 + ["locked"] * 6
    assert "Light: not paid yet" in real_text("summary-part-paid")
    alt = said("summary-part-paid").rows[0].card.alt
    assert "6 of them are not paid yet." in alt


def test_sessions_that_are_not_paid_for_and_not_asked_for_any_more_are_said_so() -> None:
    """Row 1: of a canceled invoice nothing is due, and what is not paid can't be used."""
    page = said("summary-part-paid", balance_due=None, due_on=None)
    assert page.note == "6 sessions are not paid for and cannot be used."
    assert page.figure == "6"


def test_one_session_that_waits_is_said_in_the_singular() -> None:
    note = said("summary-part-paid", sessions_usable=11).note
    assert note.endswith("1 more session can be used once it is paid.")


@pytest.mark.parametrize("name", ["summary-gift", "summary-received"])
def test_a_course_that_was_given_or_passed_on_tells_no_price(real_text: Named, name: str) -> None:
    """Row 3: neither what was paid nor what a refund would be."""
    text = real_text(name)
    for word in ("$", "Paid", "Refund", "Bought", "price"):
        assert word not in text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("summary-gift", "A gift from Harriet Vale, Nov 28, 2026"),
        ("summary-received", "Received from Margaret Osei, Nov 20, 2026"),
    ],
)
def test_it_names_whoever_it_came_from(real_text: Named, name: str, says: str) -> None:
    """Row 3."""
    assert says in real_text(name)


def test_credit_from_an_earlier_course_stands_beside_what_was_paid() -> None:
    told = facts("summary-exchanged-into")
    assert (told["Paid"], told["Exchange credit"]) == ("$990.00", "$990.00")


def test_a_hold_of_a_course_without_expiration_promises_no_days() -> None:
    """Row 4."""
    note = said("summary-on-hold", expires_on=None).note
    assert note == "On hold since November 10, 2026. Your 7 sessions are kept for you."


def test_a_state_without_a_day_still_reads_well() -> None:
    note = said("summary-on-hold", status_on=None).note
    assert note.startswith("On hold. Your 7 sessions")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("summary-expired", "Hatched: expired"),
        ("summary-expired-written-off", "Hatched: expired"),
        ("summary-written-off", "Dashed: no longer on this course"),
        ("summary-on-hold", "Lined across: on hold"),
        ("summary-refunded", "Dashed: no longer on this course"),
    ],
)
def test_marks_that_need_it_are_explained(name: str, says: str) -> None:
    assert said(name).key == (says,)


def test_an_open_course_needs_no_explanation() -> None:
    assert said("summary").key == ()


def test_the_next_visit_stands_in_the_clinics_time_with_its_treatment() -> None:
    """Row 7."""
    at = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)
    box = said(
        "summary", next_visit=NextVisit(at=at, practitioner="J. Park", treatment="Touch-up, 45 min")
    ).next
    assert (box.when, box.detail.replace("\u00a0", " ")) == ("Tuesday, December 1", "7:00 PM with J. Park")
    assert box.treatment.replace("\u00a0", " ") == "Touch-up, 45 min"


def test_without_a_next_visit_it_suggests_the_interval_and_the_phone() -> None:
    box = said("summary-no-show").next
    assert (box.when, box.detail) == ("Not booked yet", "We suggest a visit every week.")
    assert box.hint.replace("\u00a0", " ") == "To book, call (310) 555-0100."


@pytest.mark.parametrize(
    "name",
    [
        "summary-12-of-12",
        "summary-finished",
        "summary-refunded",
        "summary-expired",
        "summary-on-hold",
        "summary-transferred",
        "summary-exchanged",
        "summary-gift-waiting",
    ],
)
def test_nothing_is_suggested_for_a_touch_up_or_where_nothing_is_left(real_text: Named, name: str) -> None:
    """Row 7: how often facials are suggested has no bearing on a touch-up."""
    text = real_text(name)
    assert "We suggest" not in text
    assert "Most people" not in text


@pytest.mark.parametrize(
    "name", ["summary-refunded", "summary-on-hold", "summary-gift-waiting", "summary-expired"]
)
def test_a_course_that_can_not_be_used_asks_for_no_next_visit(name: str) -> None:
    assert said(name).next is None


def test_a_refunded_course_says_what_was_kept_and_by_which_credit_note() -> None:
    """Row 39: not how many of nothing are left, and until when."""
    page = said("summary-refunded")
    facts = {fact.name: fact.value for fact in page.facts}
    assert facts == {
        "Bought": "Oct 1, 2026",
        "Paid": "$1,980.00",
        "Refunded": "$1,155.00",
        "Kept for sessions used": "$825.00",
        "Credit note": summary("summary-refunded").credit_notes[0],
        "Closed": "Nov 10, 2026",
    }
    assert page.touch_ups == ()


def test_nothing_is_kept_of_what_was_refunded_in_full() -> None:
    names = [fact.name for fact in said("summary-refunded", refunded=summary().paid).facts]
    assert "Kept for sessions used" not in names


@pytest.mark.parametrize("name", ["summary-finished", "summary-refunded", "summary-written-off"])
def test_a_course_of_which_nothing_is_left_has_no_terms(name: str) -> None:
    """Row 11."""
    assert summary(name).terms == ()


def test_it_ends_with_how_to_reach_the_clinic(real_text: Named) -> None:
    assert real_text("summary").endswith(
        "(310) 555-0100 · hello@juniperstreet.example · juniperstreet.example"
    )


def test_a_course_of_one_is_said_in_the_singular() -> None:
    assert said("summary-0-of-12", sessions_left=1, sessions_total=1).figure_label == "of 1 session left"


def test_several_treatments_each_have_their_own_card(text_of: Text) -> None:
    found = summary()
    body = Allowance(
        treatment="Body acupuncture", granted=6, used=0, left=6, stamps=stamps(granted=6, used_on=(), left=6)
    )
    both = replace(found, allowances=(*found.allowances, body), sessions_total=18, sessions_left=13)
    text = text_of(both)
    assert "Body acupuncture" in text
    assert found.allowances[0].treatment in text


def test_yen_has_no_minor_unit() -> None:
    assert facts("summary", paid=Money(198000, "JPY"))["Paid"] == "¥198,000"


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize(
    "name", [name for name in SUMMARIES if name not in ("summary-60-visits", "summary-large")]
)
def test_an_ordinary_course_stays_on_one_page(pages_of: Pages, name: str, size: PageSize) -> None:
    assert pages_of(paper(name, size)) == 1


def test_a_long_course_repeats_its_headings_and_counts_its_pages(real_text: Named, pages_of: Pages) -> None:
    pages = pages_of(paper("summary-60-visits"))
    text = real_text("summary-60-visits")
    assert text.count("Date Session With Focus") == pages
    assert f"Margaret Osei Page {pages} of {pages}" in text
    assert "Session 1 " in text
    assert "Session 60 " in text


def _many(visits: int) -> tuple[SummaryVisit, ...]:
    first = date(2026, 1, 1).toordinal()
    return tuple(
        SummaryVisit(on=date.fromordinal(first + n), treatment="Facial acupuncture", session_number=n)
        for n in range(1, visits + 1)
    )


@pytest.mark.parametrize(
    ("visits", "says"),
    [(100, "40 earlier visits are not listed."), (61, "1 earlier visit is not listed."), (60, "")],
)
def test_it_lists_the_last_sixty_and_says_how_many_came_before(visits: int, says: str) -> None:
    fitted: Any = fit(replace(summary("summary"), visits=_many(visits)))
    assert summary_page(fitted, language_for("en")).earlier == says
    assert [visit.session_number for visit in fitted.visits] == list(range(visits - 59, visits + 1))
