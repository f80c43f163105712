"""Where lines of a paper break: amounts never, dates never, and no last line is one short word."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from weasyprint import HTML
from weasyprint.formatting_structure.boxes import LineBox, TableCellBox

from invoices.pages.sums import is_billed
from invoices.pages.text import whole, with_full_lines
from invoices.papers import Paper
from invoices.press.render import the_press
from tests.papers.real import paper

# Papers with columns of amounts, in the languages of the longest words and amounts; A4 is the narrower size.
IN_COLUMNS = (
    "credit-note",
    "invoice-long-names",
    "invoice-spanish",
    "invoice-chinese",
    "month-spanish",
    "month-chinese",
    "statement-refunded",
    "statement-all-chinese",
    "year-end-chinese",
)
# A sixtieth of a point is what rounding makes of a width.
SLACK = 0.1


def broken_amounts(pages: list[Any]) -> Iterator[str]:
    """Yield the amounts that are on two lines, or wider than their column."""
    for page in pages:
        for cell in page._page_box.descendants():
            if isinstance(cell, TableCellBox) and _is_amount(cell):
                lines = [each for each in cell.descendants() if isinstance(each, LineBox)]
                widest = max((_width(line) for line in lines), default=0.0)
                if len(lines) > 1 or widest > cell.width + SLACK:
                    yield "".join(cell.element.itertext())


def _is_amount(cell: TableCellBox) -> bool:
    return cell.element is not None and cell.element.tag == "td" and cell.style["text_align_all"] == "right"


def _width(line: LineBox) -> float:
    return float(sum(child.margin_width() for child in line.children))


def laid_out(content: Paper) -> list[Any]:
    with the_press() as press:
        return list(press.laid_out(content, {}).pages)


def test_no_amount_is_broken_or_wider_than_its_column() -> None:
    found = {name: list(broken_amounts(laid_out(paper(name, "a4")))) for name in IN_COLUMNS}
    assert {name: amounts for name, amounts in found.items() if amounts} == {}


def test_nor_is_one_in_large_print() -> None:
    for name in ("invoice", "statement-all"):
        content = paper(name)
        enlarged: Any = replace(content, clinic=replace(content.clinic, large_print=True))
        assert list(broken_amounts(laid_out(enlarged))) == []


@pytest.mark.parametrize("style", ["overflow-wrap: anywhere", "white-space: nowrap"])
def test_a_column_that_is_too_narrow_is_noticed(style: str) -> None:
    html = (
        f'<table style="table-layout: fixed; width: 40pt"><td style="text-align: right; {style}">$12,345.00'
    )
    assert list(broken_amounts(HTML(string=html).render().pages)) == ["$12,345.00"]


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("<p>due by December 28, 2026</p>", "<p>due by December_28,_2026</p>"),
        ("<p>call (310) 555-0100.</p>", '<p>call <span class="whole">(310) 555-0100</span>.</p>'),
        ('<a title="x 310-555-0100">310-555-0100</a>', None),
        ("<p>a más tardar el 28 de diciembre de 2026</p>", "<p>a más tardar el 28_de_diciembre_de_2026</p>"),
        ("<li>place fine needles, and let you rest.</li>", "<li>place fine needles, and let you_rest.</li>"),
        ("<th>Hasta 24 h</th>", "<th>Hasta 24_h</th>"),
        ("<p>Scan to see your sessions.</p>", "<p>Scan to see your_sessions.</p>"),
        ("<p>Short: it fits.</p>", "<p>Short: it fits.</p>"),
        ("<p>where a very long last word is uncontroversially</p>", None),
    ],
)
def test_a_date_stays_in_one_piece_and_a_last_word_is_not_alone(typed: str, printed: str | None) -> None:
    assert with_full_lines(typed).replace("\u00a0", "_") == (printed or typed)


def test_the_last_characters_of_a_chinese_text_stay_together() -> None:
    assert with_full_lines("<p>您可随时向我们索取剩余的次数记录。</p>").endswith(
        '<span class="whole">数记录。</span></p>'
    )


def test_a_line_of_an_address_is_not_broken_but_a_long_one_may_be() -> None:
    assert whole("Los Angeles, CA 90012") == "Los\u00a0Angeles,\u00a0CA\u00a090012"
    assert whole("word " * 9) == "word " * 9


def test_a_touch_up_is_never_broken_at_its_hyphen() -> None:
    said = "<p>course of 12 with two touch-ups.</p><title>2 touch-ups</title>"
    assert with_full_lines(said) == (
        "<p>course of 12 with two\u00a0touch-\u2060ups.</p><title>2 touch-ups</title>"
    )


def lines_with(pages: list[Any], word: str) -> int:
    """Return how many lines of the pages have the word in one piece."""
    boxes = (each for page in pages for each in page._page_box.descendants() if isinstance(each, LineBox))
    texts = ("".join(getattr(part, "text", "") for part in box.descendants()) for box in boxes)
    return sum(word in text.replace("\u2060", "").replace("\u00a0", " ") for text in texts)


def test_how_a_payment_was_made_is_not_broken_within_its_characters() -> None:
    content: Any = paper("statement-all-chinese", "a4")
    payments = sum(each.how == "card" for each in content.lines if not is_billed(each))
    assert lines_with(laid_out(content), "银行卡") == payments


def test_a_package_of_the_month_has_one_line() -> None:
    assert lines_with(laid_out(paper("month", "a4")), "Facial acupuncture, course of 10") == 1
