"""How large the papers are printed, and how they fit: measured in the files themselves."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pikepdf
import pytest
from weasyprint.formatting_structure.boxes import TextBox

from invoices.pages.density import ONE_PAGE, Density, densities_of
from invoices.pages.fit import fit
from invoices.papers import CourseAgreement, CourseSummary, PageSize, Paper
from invoices.press import render
from invoices.press.html import html_of
from invoices.press.render import the_press
from tests.papers.real import NAMES, paper, summary

LEAST_POINTS = 10
TWO_LINES = "Fine lines around the eyes, jawline and neck; tender on the left cheek, so fewer points"


def sizes_in(pdf: bytes) -> Iterator[float]:
    """Yield the size of each piece of text in points: its font's, as the page's matrices scale it."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            scale, text, font = 1.0, 1.0, 0.0
            kept: list[float] = []
            for each in pikepdf.parse_content_stream(page):
                operands = each.operands
                match str(each.operator):
                    case "q":
                        kept.append(scale)
                    case "Q":
                        scale = kept.pop()
                    case "cm":
                        scale *= abs(float(operands[3]))
                    case "Tm":
                        text = abs(float(operands[3]))
                    case "Tf":
                        font = float(operands[1])
                    case "Tj" | "TJ":
                        yield font * text * scale


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed_smaller_than_ten_points(real_pdf: Callable[[str], bytes], name: str) -> None:
    sizes = list(sizes_in(real_pdf(name)))
    assert min(sizes) >= LEAST_POINTS - 0.01


@pytest.mark.parametrize("name", ["summary", "aftercare-led", "invoice", "credit-note", "statement"])
def test_most_of_what_a_client_reads_has_twelve_points(real_pdf: Callable[[str], bytes], name: str) -> None:
    sizes = [round(size, 1) for size in sizes_in(real_pdf(name))]
    assert sizes.count(12.0) > len(sizes) / 4


@pytest.mark.parametrize("language", ["", "-spanish", "-chinese"])
@pytest.mark.parametrize("slug", ["facial", "touch-up"])
def test_a_full_aftercare_sheet_is_one_page_in_twelve_points(
    real_pdf: Callable[[str], bytes], slug: str, language: str
) -> None:
    """Only the date, who reviewed it and the contact lines are smaller."""
    file = real_pdf(f"aftercare-{slug}{language}")
    sizes = [round(size, 1) for size in sizes_in(file)]
    assert sum(size >= 12 for size in sizes) > 0.85 * len(sizes)
    with pikepdf.open(io.BytesIO(file)) as opened:
        assert len(opened.pages) == 1


def test_a_logo_leaves_an_aftercare_sheet_in_twelve_points(real_pdf: Callable[[str], bytes]) -> None:
    sizes = [round(size, 1) for size in sizes_in(real_pdf("aftercare-logo"))]
    assert sum(size >= 12 for size in sizes) > 0.85 * len(sizes)


def _with_visits(visits: int, size: PageSize, focus: str = TWO_LINES) -> CourseSummary:
    course = summary("summary-12-of-12")
    held = tuple(replace(visit, focus=focus) for visit in course.visits[:visits])
    return replace(course, visits=held, clinic=replace(course.clinic, page_size=size))


def _pages(content: Paper) -> int:
    with the_press() as press:
        return len(press.laid_out(content, {}).pages)


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("visits", [1, 4, 5, 7, 8, 12])
def test_a_course_of_twelve_with_notes_of_two_lines_stays_on_one_page(visits: int, size: PageSize) -> None:
    assert _pages(_with_visits(visits, size)) == 1


def test_a_paper_is_set_as_generously_as_it_can_be() -> None:
    chosen = [next(iter(densities_of(_with_visits(n, "letter", "Jawline"))), "long") for n in range(1, 13)]
    assert chosen[0] == "airy"
    # One visit more never gives more room.
    assert chosen == sorted(chosen, key=[*ONE_PAGE, "long"].index)
    assert chosen[-1] != "airy"


def test_an_ordinary_summary_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time of a paper goes into each layout that does not fit."""
    laid_out = []

    def counted(content: Paper, density: Density) -> str:
        laid_out.append(density)
        return html_of(content, density)

    monkeypatch.setattr(render, "html_of", counted)
    assert _pages(summary("summary")) == 1
    assert laid_out == ["roomy"]


def test_a_way_that_is_not_tried_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    skipped: list[tuple[str, Density]] = []
    for name in NAMES:
        found = paper(name)
        if isinstance(found, CourseSummary) and not found.clinic.logo:
            tried = ONE_PAGE.index(next(iter(densities_of(fit(found))), ONE_PAGE[0]))
            skipped += [(name, ONE_PAGE[tried - 1])] if tried else []
    monkeypatch.setattr(render, "densities_of", lambda _paper: ())
    for name, density in skipped:
        monkeypatch.setattr(render, "of_several_pages", lambda _paper, density=density: density)
        assert _pages(paper(name)) > 1, (name, density)
    assert len(skipped) > 3


def test_notes_are_cut_only_where_nothing_else_helps(text_of: Callable[[Paper], str]) -> None:
    assert TWO_LINES.split()[-1] in text_of(_with_visits(4, "letter"))
    cut = text_of(_with_visits(12, "letter"))
    assert "Fine lines around the eyes" in cut
    assert TWO_LINES.split()[-1] not in cut


def test_a_long_paper_says_on_each_page_what_it_is_of_how_many(real_text: Callable[[str], str]) -> None:
    text = real_text("summary-60-visits")
    assert "Page 1 of 3" in text
    assert "Juniper Street Acupuncture · Course summary for Margaret Osei Page 2 of 3" in text
    assert text.index("Your private page") < text.index("(310) 555-0100") < text.index("Session 14 ")


def test_a_paper_of_one_page_bears_no_number(real_text: Callable[[str], str]) -> None:
    assert "Page 1" not in real_text("summary")


def test_who_treats_at_all_visits_is_said_once() -> None:
    course = _with_visits(3, "letter")
    alone = replace(course, visits=tuple(replace(each, practitioner="A. Kim") for each in course.visits))
    assert html_of(alone).count("A. Kim") == html_of(course).count("A. Kim") - 1


@pytest.mark.parametrize("language", ["", "-spanish", "-chinese"])
@pytest.mark.parametrize("size", ["letter", "a4"])
def test_a_planner_of_ten_visits_is_one_page_in_twelve_points(
    draw: Callable[[Paper], bytes], size: PageSize, language: str
) -> None:
    """With the entrance and the parking said; only what explains is smaller."""
    found = paper(f"planner{language}", size)
    sizes = [round(each, 1) for each in sizes_in(draw(found))]
    assert sum(each >= 12 for each in sizes) > 0.7 * len(sizes)
    assert _pages(found) == 1


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["agreement", "agreement-spanish", "agreement-chinese", "agreement-signed"])
def test_an_agreement_is_signed_below_its_terms(name: str, size: PageSize) -> None:
    """On one page, or on a second one that holds two clauses; nothing of it is set in small letters."""
    found = paper(name, size)
    assert isinstance(found, CourseAgreement)
    with the_press() as press:
        *_first, last = press.laid_out(found, {}).pages
    text = " ".join(
        "".join(box.text for box in last._page_box.descendants() if isinstance(box, TextBox)).split()
    )
    for clause in found.after[-2:]:
        assert clause.heading.split()[0] in text
    assert densities_of(found) == ("roomy", "compact")
