"""Papers in large print: 16 points, one column, nothing lost; a document is copied so, and says that it is a copy."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from invoices.papers import Paper
from invoices.press.render import the_press
from tests.invoices.conftest import text_in
from tests.invoices.test_type import sizes_in
from tests.papers.real import paper

SIXTEEN = 16
# The days under the circles, and the line at the head of further pages.
MARKS_AND_HEADS = 13.3


def large(name: str) -> Paper:
    found: Any = paper(name)
    enlarged: Paper = replace(found, clinic=replace(found.clinic, large_print=True))
    return enlarged


@pytest.mark.parametrize("name", ["summary", "aftercare-facial", "invoice", "credit-note"])
def test_its_text_has_sixteen_points(draw: Callable[[Paper], bytes], name: str) -> None:
    sizes = [round(size, 1) for size in sizes_in(draw(large(name)))]
    assert min(sizes) >= MARKS_AND_HEADS
    assert sum(size >= SIXTEEN for size in sizes) > len(sizes) * 0.7


@pytest.mark.parametrize("name", ["summary", "aftercare-facial"])
def test_it_says_all_that_the_paper_says(
    text_of: Callable[[Paper], str], real_text: Callable[[str], str], name: str
) -> None:
    assert set(real_text(name).split()) - set(text_of(large(name)).split()) == set()


@pytest.mark.parametrize("language", ["", "-spanish", "-chinese"])
@pytest.mark.parametrize("name", ["aftercare-facial", "aftercare-touch-up"])
def test_the_contact_lines_of_a_sheet_are_never_alone_on_its_last_page(
    draw: Callable[[Paper], bytes], name: str, language: str
) -> None:
    *_others, last = text_in(draw(large(name + language))).split("\f")[:-1]
    assert "911" in last
    assert "hello@juniperstreet.example" in last


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["aftercare-facial", "welcome"])
@pytest.mark.parametrize("language", ["", "-spanish", "-chinese"])
def test_a_sheet_takes_one_leaf_in_every_language(name: str, language: str, size: Any) -> None:
    found = large(name + language)
    with the_press() as press:
        on_size = replace(found, clinic=replace(found.clinic, page_size=size))
        assert len(press.laid_out(on_size, {}).pages) == 2


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["summary", "summary-spanish", "summary-chinese", "agreement"])
def test_a_summary_of_some_visits_and_an_agreement_take_one_leaf(name: str, size: Any) -> None:
    found = large(name)
    with the_press() as press:
        on_size = replace(found, clinic=replace(found.clinic, page_size=size))
        assert len(press.laid_out(on_size, {}).pages) == 2


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize(("name", "visits"), [("summary", 8), ("summary", 11), ("summary-12-of-12", 12)])
def test_a_summary_of_a_course_of_twelve_takes_one_leaf(name: str, visits: int, size: Any) -> None:
    found: Any = large(name)
    all_of_them: Any = large("summary-12-of-12")
    with the_press() as press:
        clinic = replace(found.clinic, page_size=size)
        on_size = replace(found, clinic=clinic, visits=all_of_them.visits[:visits])
        assert len(press.laid_out(on_size, {}).pages) == 2


def test_the_line_at_the_head_of_a_further_page_is_one_line(draw: Callable[[Paper], bytes]) -> None:
    found: Any = large("summary")
    on_a4 = replace(found, clinic=replace(found.clinic, page_size="a4"))
    assert "Juniper Street Acupuncture · Course summary for Margaret Osei" in text_in(draw(on_a4))


@pytest.mark.parametrize("visits", [5, 6, 7])
def test_the_visits_of_a_summary_are_not_cut_for_two_of_them(
    draw: Callable[[Paper], bytes], visits: int
) -> None:
    found: Any = large("summary-12-of-12")
    *_others, last = text_in(draw(replace(found, visits=found.visits[:visits]))).split("\f")[:-1]
    assert sum(f"Session {number} " in last for number in range(1, visits + 1)) not in (1, 2)


def test_an_invoice_in_large_print_is_a_copy_and_keeps_its_figures(
    draw: Callable[[Paper], bytes], text_of: Callable[[Paper], str]
) -> None:
    text = text_of(large("invoice"))
    assert "A copy in large print, to read." in text
    for each in ("Quantity 2", "Discount −$9.60", "Tax 9.5%", "$86.40", "$2,114.61"):
        assert each in text
    assert b"pdfaid" not in draw(large("invoice"))
