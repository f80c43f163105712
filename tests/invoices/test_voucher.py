"""The text of the gift voucher, in every language, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.resources import as_file, files
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from invoices.language import language_for
from invoices.pages.fit import fit
from invoices.pages.voucher import voucher_page, written_code
from invoices.papers import (
    GiftContent,
    GiftVoucher,
    PageSize,
    Paper,
    PaperRefused,
    ShopPoster,
    from_json,
    to_json,
)
from invoices.press.html import html_of
from tests.invoices.second_reader import read
from tests.invoices.second_reader import said as said_by
from tests.invoices.test_scripts import fonts_of
from tests.invoices.test_structure import elements
from tests.papers.gifts import LONG_MESSAGE
from tests.papers.real import paper as real_paper
from tests.papers.real import pdf as real_pdf
from tests.papers.real import voucher

Text = Callable[[Paper], str]
Draw = Callable[[Paper], bytes]
Pages = Callable[[Paper], int]
Named = Callable[[str], str]
ENGLISH = language_for("en")


def test_it_says_for_whom_from_whom_and_what(real_text: Named) -> None:
    text = real_text("voucher")
    for said in (
        "A gift for",
        "Margaret Osei",
        "from Daniel Osei",
        "Happy birthday, Mum.",
        "12 sessions of Facial acupuncture, 60 min",
        "2 × Touch-up, 45 min",
        "No expiration",
        "(310)\u00a0555-0100 or",
        "hello@juniperstreet.example",
        "missed without notice counts as used",
    ):
        assert said.replace("\u00a0", " ") in text.replace("\u00a0", " ")


@pytest.mark.parametrize("name", ["voucher", "voucher-long", "voucher-bare"])
def test_no_price_and_no_word_of_a_refund_stands_on_it(real_text: Named, name: str) -> None:
    """Row 3 of the papers' findings."""
    text = real_text(name)
    assert "$" not in text
    assert "efund" not in text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("voucher", ("Gift voucher", "How to use it")),
        (
            "voucher-spanish",
            ("Vale de regalo", "Un regalo para", "12 sesiones de Acup", "2 × Retoque, 45 min", "Cómo usarlo"),
        ),
        ("voucher-chinese", ("礼品券", "送给", "使用方法", "使用须知", "2026年12月3日", "无期限")),
    ],
)
def test_it_speaks_the_language_all_through(real_text: Named, name: str, says: tuple[str, ...]) -> None:
    text = real_text(name)
    for said in says:
        assert said in text
    assert ("No expiration" in text) == (name == "voucher")


def test_the_code_is_shown_in_groups_and_scanned_without_dashes() -> None:
    page = voucher_page(voucher(), ENGLISH)
    assert (page.written_code, page.qr.url) == ("7KQM-X3FD-92HT", "7KQMX3FD92HT")
    assert "QR code that holds the code of this voucher: 7KQM-X3FD-92HT" in html_of(voucher())
    assert [mark.card.alt for mark in page.marks] == [
        "12 sessions, none used yet",
        "2 touch-ups, none used yet",
    ]


def test_the_code_can_be_copied_from_the_text(real_text: Named) -> None:
    assert "7KQM-X3FD-92HT" in real_text("voucher").replace("\u2011", "-")


@pytest.mark.parametrize("typed", ["7KQM-X3FD-92HT", "7kqm x3fd 92ht", "7KQMX3FD92HT"])
def test_a_code_is_taken_however_it_is_written(typed: str) -> None:
    fitted = fit(replace(voucher(), code=typed))
    assert isinstance(fitted, GiftVoucher)
    assert fitted.code == "7KQMX3FD92HT"
    assert fit(fitted) == fitted


@pytest.mark.parametrize(
    ("good_until", "months", "says"),
    [
        (date(2027, 12, 31), None, "Good until December 31, 2027"),
        (None, 12, "Good for 12 months from the first visit"),
        (None, 1, "Good for 1 month from the first visit"),
        (None, None, "No expiration"),
    ],
)
def test_how_long_it_is_good_for_is_always_said(
    good_until: date | None, months: int | None, says: str
) -> None:
    paper = replace(voucher(), good_until=good_until, months_from_first_visit=months)
    assert voucher_page(paper, ENGLISH).good == says


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("name", ["voucher", "voucher-long", "voucher-bare"])
def test_it_is_one_sheet_to_fold_or_four_pages_of_a_card(pages_of: Pages, name: str, size: PageSize) -> None:
    paper = real_paper(name, size)
    assert isinstance(paper, GiftVoucher)
    assert pages_of(paper) == 1
    assert pages_of(replace(paper, form="pages")) == 4


def test_every_letter_of_the_code_has_the_same_width_in_a_font_of_our_own(draw: Draw) -> None:
    assert "Code" in fonts_of(draw(voucher()))
    with (
        as_file(files("invoices") / "print" / "fonts" / "NotoSansMono_700Bold.ttf") as path,
        TTFont(path) as mono,
    ):
        assert len({mono["hmtx"][name][0] for name in mono.getGlyphOrder()}) == 1


def test_the_code_stands_in_four_modules_of_quiet_ground() -> None:
    side = voucher_page(voucher(), ENGLISH).qr.side
    assert f'viewBox="-4 -4 {side + 8} {side + 8}"' in html_of(voucher())
    assert f'd="M-4 -4h{side + 8}v{side + 8}h-{side + 8}z" fill="#FFFFFF"' in html_of(voucher())


def test_the_inside_stands_on_its_head_and_its_figures_are_found_there(draw: Draw) -> None:
    with pikepdf.open(BytesIO(draw(voucher()))) as pdf:
        boxes = [[float(side) for side in each.A.BBox] for each in elements(pdf) if each.S == "/Figure"]
    # The upper left quarter of the sheet is the right half of the inside.
    assert len(boxes) == 3
    assert all(0 < left < right < 306 and 396 < low < high < 792 for left, low, right, high in boxes)


def test_what_is_too_long_for_the_card_is_on_a_page_of_its_own(draw: Draw) -> None:
    gifts = tuple(GiftContent(f"Restorative acupuncture of the face, number {n}", 3) for n in range(12))
    terms = ("Please cancel at least 24 hours ahead. " * 9,) * 4
    paper = replace(voucher("voucher-long"), contents=gifts, terms=terms)
    page = voucher_page(paper, ENGLISH)
    assert (page.has_contents, page.has_terms, page.marks) == (False, False, ())
    for form, pages in (("fold", 2), ("pages", 5)):
        with pikepdf.open(BytesIO(draw(replace(paper, form=form)))) as pdf:  # type: ignore[arg-type]
            assert len(pdf.pages) == pages
    assert read(draw(paper)) == said_by(paper)


def test_the_longest_message_in_chinese_stays_on_one_page(pages_of: Pages) -> None:
    assert pages_of(replace(voucher("voucher-chinese"), message="愿您安康。" * 100)) == 1


def test_a_long_message_is_set_smaller_and_never_cut_below_its_limit(real_text: Named) -> None:
    assert len(LONG_MESSAGE) <= 500
    assert LONG_MESSAGE.split()[-1] in real_text("voucher-long")
    sizes = [voucher_page(replace(voucher(), message="Aa " * n), ENGLISH).message_size for n in (9, 90, 160)]
    assert sizes == ["grand slanted", "middling slanted", "modest slanted"]


def test_letters_without_an_italic_are_not_slanted() -> None:
    assert voucher_page(voucher("voucher-chinese"), ENGLISH).message_size == "grand"


def test_a_clinic_without_a_phone_still_says_how_to_book() -> None:
    bare = replace(voucher().clinic, phone="", email="")
    assert voucher_page(replace(voucher(), clinic=bare), ENGLISH).steps[0] == "Book your first visit with us."
    mail = replace(bare, email="hello@example.org")
    steps = voucher_page(replace(voucher(), clinic=mail), ENGLISH).steps
    assert steps[0] == "Book your first visit: hello@example.org."


def test_more_sessions_than_marks_can_count_are_said_in_words_alone() -> None:
    many = replace(voucher(), contents=(GiftContent("Facial acupuncture", 25),))
    page = voucher_page(many, ENGLISH)
    assert (page.marks, page.contents) == ((), ("25 sessions of Facial acupuncture",))


@pytest.mark.parametrize(
    "change",
    [
        {"code": "7KQM"[:3]},
        {"code": "<script>"},
        {"code": "X" * 33},
        {"recipient_name": "\u200b "},
        {"giver_name": ""},
        {"package_name": ""},
        {"contents": ()},
        {"contents": (GiftContent("Facial", 0),)},
        {"contents": (GiftContent("Facial", 1),) * 13},
        {"months_from_first_visit": 0},
        {"terms": ("x" * 401,)},
        {"form": "scroll"},
    ],
)
def test_what_is_no_voucher_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(PaperRefused):
        fit(replace(voucher(), **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "message",
    [
        "x" * 100_000,
        "\u0301" * 5_000,
        "\u202e<b>Free sessions</b>\u0000" * 50,
        "<script>alert(1)</script><img src=file:///etc/passwd>",
    ],
    ids=["unbroken", "piled marks", "turned round", "markup"],
)
def test_a_hostile_message_is_only_text(text_of: Text, pages_of: Pages, message: str) -> None:
    paper = replace(voucher(), message=message)
    assert pages_of(paper) == 1
    assert "\u202e" not in text_of(paper)
    fitted = fit(paper)
    assert isinstance(fitted, GiftVoucher)
    assert len(fitted.message.replace("\u200b", "")) <= 500


def test_a_voucher_kept_before_the_newer_fields_can_still_be_read() -> None:
    kept = (
        to_json(voucher("voucher-bare"))
        .replace(',"months_from_first_visit":null', "")
        .replace('"form":"fold",', "")
        .replace(',"kind":"main"', "")
    )
    kept = kept.replace('"kind":"main",', "").replace('"months_from_first_visit":null,', "")
    assert "months_from" not in kept
    assert "form" not in kept
    assert from_json(kept) == voucher("voucher-bare")


def test_its_letter_speaks_of_a_message_only_where_one_is_inside(real_text: Named) -> None:
    assert "Fold it twice, with the front outside. It shows no price." in real_text("voucher-letter")
    assert "su mensaje queda dentro" in real_text("voucher-letter-spanish")
    assert "您的留言在里面" in real_text("voucher-letter-chinese")


def test_a_poster_with_a_long_name_and_address_stays_one_page(pages_of: Pages) -> None:
    poster = real_paper("poster")
    assert isinstance(poster, ShopPoster)
    clinic = replace(poster.clinic, name="Κλινική Βελονισμού Παπαχαραλαμπόπουλος")
    url = "https://courses.juniperstreetacupuncture-losangeles.example/shop"
    assert pages_of(replace(poster, clinic=clinic, url=url)) == 1


@pytest.mark.parametrize("name", ["voucher-window", "voucher-window-long"])
def test_a_voucher_for_a_window_envelope_has_each_part_on_its_third(name: str) -> None:
    """The window of DL (DIN 680: 20 mm from the left, 90 by 45 mm) or #10 shows whom it is for, and no code."""
    with pypdfium2.PdfDocument(real_pdf(name)) as opened:
        page = opened[0]
        third, text = page.get_height() / 3, page.get_textpage()
        width = page.get_width()
        upper = text.get_text_bounded(bottom=2 * third)
        window = text.get_text_bounded(right=width / 2, bottom=2 * third)
        inside = text.get_text_bounded(bottom=third, top=2 * third)
        lower = text.get_text_bounded(top=third)
    content = real_paper(name)
    assert isinstance(content, GiftVoucher)
    code = written_code(content.code)
    assert content.recipient_name.split()[0] in window
    assert content.clinic.name not in window
    assert content.clinic.name in upper
    assert content.giver_name.split()[0] in inside
    assert [code in part for part in (upper, inside, lower)] == [False, False, True]
    assert "How to use it" in lower
