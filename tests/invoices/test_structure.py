"""What a screen reader and an archive need from every paper, and that the same content gives the same bytes."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pikepdf
import pytest

from invoices.language import language_for
from invoices.pages.text import ways_to_reach
from invoices.papers import (
    AccountStatement,
    AftercareSheet,
    CourseAgreement,
    CourseSummary,
    CreditNote,
    GiftVoucher,
    Guide,
    Invoice,
    OwnersMonth,
    Paper,
    PrepaidBalance,
    Receipt,
    ShopPoster,
    VoucherLetter,
    YearEnd,
    to_json,
)
from invoices.press.render import Press, render
from tests.invoices.test_scripts import BUNDLED_FAMILIES, families_in
from tests.papers.clinic import BALANCE_URL
from tests.papers.real import NAMES, no_complaints, paper

Pdf = Callable[[str], bytes]
Draw = Callable[[Paper], bytes]
PAINTING = {"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "Do"}
# What a voucher, a month or a course must show in a drawing; an account and a sheet need none.
WITHOUT_DRAWINGS = (
    CourseAgreement,
    AftercareSheet,
    AccountStatement,
    CreditNote,
    Guide,
    Invoice,
    PrepaidBalance,
    Receipt,
    VoucherLetter,
    YearEnd,
)


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def about(content: Paper) -> str:
    """The subject of the paper, as its title names it."""
    if isinstance(content, GiftVoucher | VoucherLetter):
        return content.recipient_name
    hangs_in_view = isinstance(content, ShopPoster) or (
        isinstance(content, AftercareSheet) and content.form == "card"
    )
    if hangs_in_view:
        return content.clinic.name
    if isinstance(content, Guide):
        return content.title
    if isinstance(content, OwnersMonth):
        return str(content.month.year)
    if isinstance(content, YearEnd):
        return str(content.year)
    if isinstance(content, Invoice | CreditNote | Receipt):
        return content.number
    return (
        content.billed_to.name
        if isinstance(content, AccountStatement | PrepaidBalance)
        else content.client_name
    )


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Yield the structure tree in reading order."""
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


def faults(content: Paper, file: bytes) -> Iterator[str]:
    """Return what a screen reader or an archive would miss in a paper."""
    with opened(file) as pdf:
        if not (pdf.Root.MarkInfo.Marked and pdf.Root.ViewerPreferences.DisplayDocTitle):
            yield "it is not tagged, or shows its file's name"
        if not str(pdf.Root.Lang).startswith(content.language):
            yield "it is in no language, or in another"
        if about(content) not in str(pdf.docinfo["/Title"]):
            yield "its title does not say what it is about"
        with pdf.open_metadata() as xmp:
            if xmp["pdfuaid:part"] != "1":
                yield "it does not claim PDF/UA-1"
        headings = [kind for kind in kinds(pdf) if kind in {"/H1", "/H2", "/H3"}]
        if headings[0] != "/H1" or not set(headings[1:]) <= {"/H2"}:
            yield f"its headings are {headings}"
        figures = [element for element in elements(pdf) if element.S == "/Figure"]
        if not all(str(figure.Alt) for figure in figures):
            yield "a figure has no words"
        if not figures and not isinstance(content, WITHOUT_DRAWINGS):
            yield "it has no figure"
        yield from _tree_faults(pdf)
        if painted := [each for page in pdf.pages for each in _untagged(page)]:
            yield f"painted outside the structure: {painted}"
    yield from _font_faults(file)


def _tree_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    for element in elements(pdf):
        below = [str(kid.S) for kid in kids_of(element)]
        if element.S == "/Figure" and not _is_on_its_page(element):
            yield f"a figure lies beside its page: {element.Alt}"
        if element.S == "/TH" and str(element.A.get("/Scope")) not in {"/Column", "/Row"}:
            yield "a header does not say what it heads"
        if element.S == "/L" and set(below) != {"/LI"}:
            yield f"a list of {below}"
        if element.S == "/LI" and below not in (["/Lbl", "/LBody"], ["/LBody"]):
            yield f"an item of {below}"
    for note in (note for page in pdf.pages for note in page.get("/Annots", ())):
        if str(note.Contents) == str(note.A.URI):
            yield f"a link says only its address: {note.A.URI}"
        if (element := _element_of(note, pdf)) != "/Link":
            yield f"a link is tagged as {element}: {note.A.URI}"


def _element_of(note: Any, pdf: pikepdf.Pdf) -> str:
    nums = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    return str(dict(zip(map(int, nums[::2]), nums[1::2], strict=True))[int(note.StructParent)].S)


def kids_of(element: Any) -> list[Any]:
    kids = element.K if isinstance(element.K, pikepdf.Array) else [element.K]
    return [kid for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def _is_on_its_page(figure: Any) -> bool:
    left, bottom, right, top = (float(each) for each in figure.A.BBox)
    _, _, width, height = (float(each) for each in figure.Pg.MediaBox)
    return 0 <= left < right <= width and 0 <= bottom < top <= height


def _font_faults(file: bytes) -> Iterator[str]:
    done = subprocess.run(["pdffonts", "-"], input=file, capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()[2:]
    if not lines or any(line.split()[-5:-2] != ["yes", "yes", "yes"] for line in lines):
        yield "a font is not inside"
    if others := families_in(lines) - BUNDLED_FAMILIES:
        yield f"fonts that are not ours: {others}"


@pytest.mark.parametrize("name", NAMES)
def test_a_paper_is_made_for_screen_readers_and_holds_its_fonts(real_pdf: Pdf, name: str) -> None:
    assert list(faults(paper(name), real_pdf(name))) == []


def test_a_page_without_structure_is_full_of_faults(real_pdf: Pdf) -> None:
    """What is proved above can fail."""
    with opened(real_pdf("summary")) as pdf:
        pdf.Root.MarkInfo.Marked = False
        pdf.Root.Lang = "xx"
        pdf.docinfo["/Title"] = "Paper"
        for element in list(elements(pdf)):
            if element.S == "/H2":
                element.S = pikepdf.Name("/H3")
            if element.S == "/Figure":
                element.Alt = ""
        page = pdf.pages[0]
        page.contents_add(b"0 0 9 9 re f", prepend=True)
        out = io.BytesIO()
        pdf.save(out)
    found = " ".join(faults(paper("summary"), out.getvalue()))
    for fault in ("not tagged", "no language", "title", "headings", "no words", "painted outside"):
        assert fault in found


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
        # Five visits of three cells beside their day, and four facts beside their names.
        assert [len(cell.A.Headers) for cell in cells] == [2] * 15 + [1] * 4


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


def test_the_stylesheet_is_understood_to_the_last_rule() -> None:
    with no_complaints():
        press = Press()
        press.pdf(paper("summary"), {})
        press.pdf(paper("aftercare-facial"), {})


def test_other_content_gives_other_bytes(real_pdf: Pdf) -> None:
    assert real_pdf("summary") != real_pdf("summary-0-of-12")


def test_the_private_page_can_be_opened_from_the_paper(real_pdf: Pdf) -> None:
    with opened(real_pdf("summary")) as pdf:
        links = {str(note.Contents): str(note.A.URI) for note in pdf.pages[0].Annots}
    assert links["Your private page"] == BALANCE_URL


def test_a_paper_on_a_phone_is_tapped_to_call_to_write_and_to_look(real_pdf: Pdf) -> None:
    with opened(real_pdf("aftercare-facial-spanish")) as pdf:
        links = {str(note.Contents): str(note.A.URI) for note in pdf.pages[0].Annots}
    assert set(links.values()) == {
        "tel:911",
        "tel:+1-310-555-0100",
        "mailto:hello@juniperstreet.example",
        "https://juniperstreet.example",
    }
    assert "Abrir juniperstreet.example" in links


@pytest.mark.parametrize(
    ("phone", "email", "website"),
    [
        ("ask for Ann", "nobody", "javascript:alert(1)"),
        ("1" * 300, "a b@example.org", "data:text/html,x"),
        ("\u202e", "@", "//elsewhere.example"),
    ],
)
def test_what_is_no_address_is_no_link(phone: str, email: str, website: str) -> None:
    clinic = replace(paper("summary").clinic, phone=phone, email=email, website=website)
    assert [way.address for way in ways_to_reach(clinic, language_for("en"))] == ["", "", ""]


def test_the_answer_is_one_heading_below_the_name_of_the_paper(real_pdf: Pdf) -> None:
    assert _headings(real_pdf("aftercare-facial"))[0] == "Aftercare"
    assert _headings(real_pdf("summary"))[:2] == ["Course summary", "7 of 12 sessions left"]
    assert _headings(real_pdf("invoice-part-paid"))[1].startswith("$990.00 ")


def test_the_punch_card_says_what_is_on_hold_and_what_expired(real_pdf: Pdf) -> None:
    with opened(real_pdf("summary-on-hold")) as pdf:
        held = [str(element.Alt) for element in elements(pdf) if element.S == "/Figure"][:2]
    assert all("on hold" in each for each in held)
    with opened(real_pdf("summary-expired")) as pdf:
        assert any("expired." in str(each.Alt) for each in elements(pdf) if each.S == "/Figure")


def test_an_aftercare_sheet_holds_its_lists_as_lists(real_pdf: Pdf) -> None:
    with opened(real_pdf("aftercare-facial")) as pdf:
        # The two columns of tonight are one list.
        assert kinds(pdf).count("/L") == 5
        assert kinds(pdf).count("/LI") == kinds(pdf).count("/LBody") == kinds(pdf).count("/Lbl")


def test_every_name_is_read_by_the_voice_of_its_letters(real_pdf: Pdf) -> None:
    spoken = [*_languages(real_pdf("summary-names")), *_languages(real_pdf("summary-scripts"))]
    assert set(spoken) == {"ru", "el", "zh", "ja", "ko", "hi", "th", "ar", "he", "ta", "km"}


def test_latin_words_on_a_chinese_paper_are_read_by_an_english_voice(real_pdf: Pdf) -> None:
    assert set(_languages(real_pdf("summary-chinese"))) == {"en"}
    assert _languages(real_pdf("summary-spanish")) == []


def test_a_name_inside_a_sentence_has_its_own_voice_and_the_sentence_keeps_its_own(draw: Draw) -> None:
    given = replace(cast(CourseSummary, paper("summary-gift")), client_name="Ana")
    assert given.received is not None
    pdf = draw(replace(given, received=replace(given.received, giver_name="王 美玲")))
    with opened(pdf) as read:
        named = [element for element in elements(read) if "/Lang" in element]
        assert [str(each.Lang) for each in named] == ["zh", "zh"]
        assert all(each.P.S == "/P" for each in named)


def _headings(file: bytes) -> list[str]:
    """The titles of the outline, which is made of the headings."""
    found: list[str] = []
    with opened(file) as pdf, pdf.open_outline() as outline:
        waiting = list(outline.root)
        while waiting:
            item = waiting.pop(0)
            found.append(str(item.title))
            waiting[:0] = list(item.children)
    return found


def _languages(file: bytes) -> list[str]:
    with opened(file) as pdf:
        return [str(element.Lang) for element in elements(pdf) if "/Lang" in element]


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
