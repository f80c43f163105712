"""What makes drawing quick changes no byte: every kind of paper beside the same page drawn the library's own way."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError

import pytest
from weasyprint import HTML, css, pdf, svg  # type: ignore[import-untyped]
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]

from invoices.press.render import VARIANT, the_press
from invoices.press.shortcuts import shortcuts
from invoices.press.strict import StrictPage
from tests.papers.bench import page_with_styles
from tests.papers.real import paper

OF_EACH_KIND = (
    "summary",
    "aftercare-facial",
    "invoice",
    "credit-note",
    "statement",
    "voucher",
    "month",
    "aftercare-facial-chinese",
)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_it_draws_what_plain_weasyprint_draws(name: str) -> None:
    content = paper(name)
    plain = HTML(string=page_with_styles(content)).write_pdf(
        pdf_variant=VARIANT, font_config=FontConfiguration()
    )
    with the_press() as press:
        assert press.laid_out(content, {}).write_pdf(pdf_variant=VARIANT) == plain


def test_the_short_ways_end_with_the_paper() -> None:
    def ways() -> tuple[object, ...]:
        return css.ComputedStyle, svg.size, pdf.ColorProfile

    before = ways()
    with shortcuts():
        assert all(one is not other for one, other in zip(ways(), before, strict=True))
    assert ways() == before


def test_a_page_that_is_not_well_formed_is_no_page() -> None:
    with pytest.raises(ParseError):
        StrictPage("<html><body><br></body></html>", None)
