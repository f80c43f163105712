"""A letter in a window envelope: the address where the window is, on both sizes, and nothing where it is not wanted."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest

from invoices.papers import AccountStatement, Invoice, PageSize, Paper
from invoices.press.html import html_of
from tests.papers.real import paper

Draw = Callable[[Paper], bytes]
ADDRESS = ("4711 Konstantinopel Boulevard", "Apartment 12", "Rancho Palos Verdes, CA 90275")
# Left, top, right and bottom of what shows, in points: DIN 5008 form B; a #10 envelope, the letter at its bottom.
WINDOWS = {"a4": (56.7, 127.6, 297.6, 255.1), "letter": (63.0, 147.0, 387.0, 228.5)}


def _sent(name: str, size: PageSize, address: tuple[str, ...] = ADDRESS, *, has_window: bool = True) -> Paper:
    content = cast(Invoice | AccountStatement, paper(name, size))
    clinic = replace(content.clinic, has_address_window=has_window)
    return replace(content, clinic=clinic, billed_to=replace(content.billed_to, address_lines=address))


def _words(pdf: bytes) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield the words of the first page, each with its box."""
    done = subprocess.run(
        ["pdftotext", "-l", "1", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
    )
    word = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
    for *box, text in re.findall(word, done.stdout.decode()):
        yield text, tuple(map(float, box))


def _in_window(pdf: bytes, size: str) -> str:
    left, top, right, bottom = WINDOWS[size]
    return " ".join(
        text
        for text, (x1, y1, x2, y2) in _words(pdf)
        if left <= x1 and x2 <= right and top <= y1 and y2 <= bottom
    )


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["invoice", "statement"])
def test_the_window_shows_name_and_address_and_no_word_of_the_letter(
    draw: Draw, name: str, size: PageSize
) -> None:
    shown = _in_window(draw(_sent(name, size)), size)
    assert shown.endswith("Margaret Osei " + " ".join(ADDRESS))
    # On A4 the sender stands above it, as the German post wants it.
    assert shown.startswith("Juniper Street" if size == "a4" else "Margaret")


@pytest.mark.parametrize("size", ["letter", "a4"])
def test_the_longest_address_is_shown_to_its_last_line(draw: Draw, size: PageSize) -> None:
    lines = ("c/o The Juniper Street Library", "Third floor", *ADDRESS)
    assert " ".join(lines) in _in_window(draw(_sent("invoice", size, lines)), size)


def test_without_the_switch_or_an_address_nothing_changes(draw: Draw) -> None:
    for has_window in (False, True):
        words = [word for word, _ in _words(draw(_sent("invoice", "letter", has_window=has_window)))]
        assert words.count("Konstantinopel") == 1
    assert draw(_sent("invoice", "letter", ())) == draw(_sent("invoice", "letter", (), has_window=False))


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["invoice-window", "invoice-spanish", "invoice-long-names"])
def test_an_invoice_of_a_few_lines_stays_on_one_page(
    pages_of: Callable[[Paper], int], name: str, size: PageSize
) -> None:
    assert pages_of(_sent(name, size)) == 1


def test_a_letter_to_another_country_says_which_in_the_window() -> None:
    shown = html_of(paper("invoice-window")).partition('<div class="window')[2].partition("</div>")[0]
    assert re.findall("<p>(.*)</p>", shown)[-1] == "Austria"
