"""What a screen reader and an archive need from every paper, and that the same content gives the same bytes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from invoices.papers import (
    AccountStatement,
    AftercareSheet,
    CreditNote,
    GiftVoucher,
    Invoice,
    OwnersMonth,
    Paper,
    to_json,
)
from invoices.press.render import Press, render
from tests.invoices.test_scripts import BUNDLED_FAMILIES, fonts_of
from tests.papers.clinic import BALANCE_URL
from tests.papers.real import NAMES, paper

Pdf = Callable[[str], bytes]
PAINTING = {"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "Do"}
every_paper = pytest.mark.parametrize("name", NAMES)
# What a voucher, a month or a course must show in a drawing; an account and a sheet need none.
WITHOUT_DRAWINGS = (AftercareSheet, AccountStatement, CreditNote, Invoice)


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def about(content: Paper) -> str:
    """Whom or what the paper is about, as its title names it."""
    if isinstance(content, GiftVoucher):
        return content.recipient_name
    if isinstance(content, OwnersMonth):
        return str(content.month.year)
    if isinstance(content, Invoice | CreditNote):
        return content.number
    return content.billed_to.name if isinstance(content, AccountStatement) else content.client_name


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Go through the structure tree in reading order."""
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, pikepdf.Array):
            waiting[:0] = list(node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield node
            if "/K" in node:
                waiting.insert(0, node.K)


def kinds(pdf: pikepdf.Pdf) -> list[str]:
    return [str(element.S) for element in elements(pdf)]


@every_paper
def test_it_is_tagged_titled_and_in_a_language(real_pdf: Pdf, name: str) -> None:
    with opened(real_pdf(name)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.Root.Lang).startswith(paper(name).language)
        assert about(paper(name)) in str(pdf.docinfo["/Title"])
        with pdf.open_metadata() as xmp:
            assert xmp["pdfuaid:part"] == "1"


@every_paper
def test_headings_start_with_the_client_and_skip_no_level(real_pdf: Pdf, name: str) -> None:
    with opened(real_pdf(name)) as pdf:
        headings = [kind for kind in kinds(pdf) if kind in {"/H1", "/H2", "/H3"}]
    assert headings[0] == "/H1"
    assert set(headings[1:]) == {"/H2"}


@every_paper
def test_every_figure_has_words_for_who_cannot_see_it(real_pdf: Pdf, name: str) -> None:
    with opened(real_pdf(name)) as pdf:
        figures = [element for element in elements(pdf) if element.S == "/Figure"]
        assert all(str(figure.Alt) for figure in figures)
    assert figures or isinstance(paper(name), WITHOUT_DRAWINGS)


def test_the_punch_card_says_in_words_what_it_shows(real_pdf: Pdf) -> None:
    with opened(real_pdf("summary")) as pdf:
        said = [str(element.Alt) for element in elements(pdf) if element.S == "/Figure"]
    assert "Touch-ups: 0 of 2 used, 2 left." in said
    assert (
        "Punch card: 5 of 12 sessions used, 7 left. Used on Oct 6, Oct 13, Oct 20, Oct 27, and Nov 3." in said
    )


def test_cells_of_the_visits_know_their_headers(real_pdf: Pdf) -> None:
    with opened(real_pdf("summary")) as pdf:
        cells = [element for element in elements(pdf) if element.S == "/TD"]
        # Five visits of four cells, and five facts.
        assert len(cells) == 5 * 4 + 5
        assert all(len(cell.A.Headers) == 1 for cell in cells)


@every_paper
def test_nothing_is_painted_outside_the_structure(real_pdf: Pdf, name: str) -> None:
    with opened(real_pdf(name)) as pdf:
        assert [painted for page in pdf.pages for painted in _untagged(page)] == []


@every_paper
def test_all_fonts_are_inside(real_pdf: Pdf, name: str) -> None:
    done = subprocess.run(["pdffonts", "-"], input=real_pdf(name), capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()[2:]
    assert lines
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in lines)


@every_paper
def test_papers_use_the_bundled_fonts_only(real_pdf: Pdf, name: str) -> None:
    assert fonts_of(real_pdf(name)) <= BUNDLED_FAMILIES


@pytest.mark.parametrize(
    "name", ["summary", "aftercare-facial-chinese", "invoice-electronic", "voucher", "month"]
)
def test_the_same_content_gives_the_same_bytes(real_pdf: Pdf, name: str) -> None:
    assert render(paper(name)) == real_pdf(name)


def test_another_process_gives_the_same_bytes(tmp_path: Path, real_pdf: Pdf) -> None:
    program = (
        "import sys; from invoices.papers import from_json; from invoices.press.render import Press, render;"
        "sys.stdout.buffer.write(render(from_json(sys.stdin.read())))"
    )
    root = Path(render.__code__.co_filename).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=to_json(paper("summary")).encode(),
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(root)},
    )
    assert done.stdout == real_pdf("summary")


def test_the_stylesheet_is_understood_to_the_last_rule(layout_warnings: list[str]) -> None:
    press = Press()
    press.pdf(paper("summary"), {})
    press.pdf(paper("aftercare-facial"), {})
    assert layout_warnings == []


def test_other_content_gives_other_bytes(real_pdf: Pdf) -> None:
    assert real_pdf("summary") != real_pdf("summary-0-of-12")


def test_the_private_page_can_be_opened_from_the_paper(real_pdf: Pdf) -> None:
    with opened(real_pdf("summary")) as pdf:
        links = [str(note.A.URI) for note in pdf.pages[0].Annots if "/A" in note]
    assert links == [BALANCE_URL]


def test_an_aftercare_sheet_holds_its_lists_as_lists(real_pdf: Pdf) -> None:
    with opened(real_pdf("aftercare-facial")) as pdf:
        assert kinds(pdf).count("/L") == 7
        assert kinds(pdf).count("/LI") == kinds(pdf).count("/LBody")


def _untagged(page: Any) -> Iterator[str]:
    depth = 0
    for instruction in pikepdf.parse_content_stream(page):
        name = str(instruction.operator)
        if name in {"BMC", "BDC"}:
            depth += 1
        elif name == "EMC":
            depth -= 1
        elif name in PAINTING and depth == 0:
            yield name
