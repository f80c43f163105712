"""The welcome sheet of the day of the sale, and what the summary says after the last session."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from invoices.language import language_for
from invoices.pages.summary import summary_page
from invoices.pages.welcome import welcome_page
from invoices.papers import Paper
from invoices.press.html import html_of
from plugin.courses.base.clinic import change_clinic
from plugin.courses.catalog.names import TypedName, save_names
from plugin.courses.handouts.cache import WELCOME, hand_out
from plugin.courses.handouts.texts import read_treatment_text, save_text
from plugin.courses.handouts.welcome import planner_paper, welcome_paper
from plugin.store import Store
from plugin.store.offers import Treatment
from tests.clock import HandMovedClock
from tests.courses.desk import FACIAL, OLGA, Desk
from tests.papers.clinic import PaperClinic


@pytest.fixture
def clinic(lite_store: Store) -> PaperClinic:
    return PaperClinic(lite_store)


def test_the_welcome_sheet_says_what_was_bought_how_it_runs_and_whom_to_call(clinic: PaperClinic) -> None:
    """Row 16: a client who has just paid reads more than an empty list of visits."""
    course_id = clinic.sell()
    paper = welcome_paper(clinic.store, course_id, now=clinic.clock())
    page = welcome_page(paper, language_for("en"))
    assert page.contents == (f"12 sessions of {FACIAL}", "2 touch-ups, from session 12 on")
    assert paper.suggested_interval == "We suggest a visit every week."
    assert page.first_visit.replace("\u00a0", " ") == "Not booked yet. To book, call (310) 555-0100."
    assert [part.role for part in paper.sections] == ["runs", "before"]
    assert any("refund" in term.casefold() for term in paper.terms)


def test_welcome_sheet_and_card_say_how_to_find_the_clinic_in_the_client_s_language(
    clinic: PaperClinic,
) -> None:
    course_id, act = clinic.sell(), clinic.desk.act(OLGA)
    translated = TypedName(clinic.letterhead().parking, "zh", "", "屋后，两小时免费")
    save_names(clinic.store, act, [translated])
    for paper in (
        welcome_paper(clinic.store, course_id, now=clinic.clock(), language="zh-Hans"),
        planner_paper(clinic.store, course_id, now=clinic.clock(), language="zh-Hans", form="card"),
    ):
        said = re.sub("<span[^>]*>|</span>", "", html_of(paper)).replace("\u00a0", " ")
        assert "停车：屋后，两小时免费" in said
        assert "入口：the green door, second floor" in said
        assert 'href="https://maps.juniperstreet.example/118"' in said


def test_a_text_of_the_clinic_without_these_parts_leaves_the_starting_ones(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    with clinic.store.reading() as session:
        treatment_id = session.scalars(select(Treatment.id).where(Treatment.name == FACIAL)).one()
    seen = read_treatment_text(clinic.store, treatment_id, "en").newest
    for number, before in enumerate(("", "\n## Before your first visit\n\n- Bring your scarf.\n")):
        own = f"# Ours\n\n## Tonight\n\n- Rest.\n\n## When to call us\n\n- Anything odd.\n{before}"
        act = clinic.desk.act(OLGA)
        save_text(clinic.store, act, treatment_id, "en", own, is_reviewed=False, seen_version=seen + number)
        paper = welcome_paper(clinic.store, course_id, now=clinic.clock())
        said = [run.text for part in paper.sections for block in part.blocks for run in block.items[0]]
        assert ("Bring your scarf." in said) is bool(before)
        assert len(paper.sections) == (1 if before else 2)


def test_it_is_handed_out_like_the_other_papers(lite_store: Store, clock: HandMovedClock) -> None:
    desk = Desk(lite_store, clock)
    course_id = desk.sell(desk.package(sessions=12))
    drawn: list[Paper] = []

    def render(paper: Paper, _assets: object = None) -> bytes:
        drawn.append(paper)
        return b"paper"

    for _ in range(2):
        act = desk.act(OLGA)
        paper = hand_out(desk.store, render, act, course_id, WELCOME, public_url="https://desk.example.org")
    assert (paper.pdf, len(drawn)) == (b"paper", 1)


def test_after_the_last_session_the_summary_says_what_was_done_and_what_may_follow(
    clinic: PaperClinic,
) -> None:
    """Row 21. No word on what came of it; a price only where the clinic has switched that on."""
    course_id = clinic.sell()
    clinic.come(course_id, 11)
    assert clinic.summary(course_id).last_session is None
    last = clinic.come(course_id, 1, first=clinic.clock().date() + timedelta(days=7))
    paper = clinic.summary(course_id)
    assert paper.last_session is not None
    assert (paper.last_session.sessions, paper.last_session.last_on) == (12, last)
    said = " ".join(summary_page(paper, language_for("en")).last_session).replace("\u00a0", " ")
    assert said.startswith("12 sessions, Oct 6, 2026 to ")
    assert "Thank you for coming." in said
    assert "$" not in said
    change_clinic(clinic.store, clinic.desk.act(OLGA), {"offers_next_course": True})
    said = " ".join(summary_page(clinic.summary(course_id), language_for("en")).last_session)
    assert "two touch-ups, $1,980.00." in said
