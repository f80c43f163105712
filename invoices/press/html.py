"""A paper's HTML and styles by Jinja2, for the PDF and for previews. Loads no renderer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from invoices import papers
from invoices.language import Language, language_for
from invoices.pages.account_rows import (
    LONG_AMOUNT,
    LONG_FIGURE,
    closing,
    due_sum,
    has_long_prices,
    how,
    how_to_pay,
    in_one_piece,
    is_windowed,
    issuer,
    party,
    postal_lines,
    prepaid_details,
)
from invoices.pages.agreement import example_text, not_promised, quoted, signature_lines
from invoices.pages.colour import pale_ground, readable_accent
from invoices.pages.density import Density, densities_of, of_several_pages
from invoices.pages.invoice import credit_note_page, invoice_page
from invoices.pages.month import call_lines, flows_chart, month_notes, month_page, owed_chart
from invoices.pages.qr import qr_code
from invoices.pages.sheet import cells, halves, progress_of, review_text, session_text, sheet_page
from invoices.pages.statement import balance_name, entry_text, has_long_amounts, statement_label
from invoices.pages.summary import summary_page, visit_text
from invoices.pages.sums import is_billed
from invoices.pages.text import (
    hours_line,
    lang,
    named,
    phone_way,
    ways_to_reach,
    when_line,
    whole,
    with_full_lines,
)
from invoices.pages.voucher import letter_sentences, voucher_page
from invoices.pages.welcome import planner_page, welcome_page

# From text of 12 points to text of 16.
LARGER = 4 / 3
_POINTS = re.compile(r"\b(\d+(?:\.\d+)?)pt\b")
_PICTURES = re.compile(r"(?<=<svg )[^>]*")

# The bundled fonts of single scripts, in every list of fonts after those of Latin, Greek and Cyrillic letters.
SCRIPTS = '"Chinese", "Korean", "Arabic", "Devanagari", "Hebrew", "Khmer", "Tamil", "Thai"'


@dataclass(frozen=True)
class Layout:
    """How a kind of paper is laid out: its template, and what its page says that takes more than writing it out."""

    template: str
    page: Callable[[Any, Language], Any] = lambda _paper, _language: None


LAYOUTS: dict[type[papers.Paper], Layout] = {
    papers.CourseSummary: Layout("course_summary.html", summary_page),
    papers.AftercareSheet: Layout("aftercare_sheet.html", sheet_page),
    papers.Invoice: Layout("account.html", invoice_page),
    papers.CreditNote: Layout("account.html", credit_note_page),
    papers.AccountStatement: Layout("statement.html"),
    papers.Receipt: Layout("receipt.html"),
    papers.PrepaidBalance: Layout("prepaid.html"),
    papers.GiftVoucher: Layout("gift_voucher.html", voucher_page),
    papers.OwnersMonth: Layout("owners_month.html", month_page),
    papers.YearEnd: Layout("year_end.html"),
    papers.Guide: Layout("guide.html"),
    papers.CourseAgreement: Layout("course_agreement.html"),
    papers.WelcomeSheet: Layout("welcome_sheet.html", welcome_page),
    papers.VisitPlanner: Layout("visit_planner.html", planner_page),
    papers.CourseQuote: Layout("course_quote.html"),
    papers.VoucherLetter: Layout("voucher_letter.html"),
    papers.ShopPoster: Layout("shop_poster.html"),
}


# What templates call by its name.
_CALLS: tuple[Callable[..., Any], ...] = (
    balance_name,
    call_lines,
    cells,
    closing,
    due_sum,
    entry_text,
    example_text,
    flows_chart,
    halves,
    has_long_amounts,
    has_long_prices,
    hours_line,
    how,
    how_to_pay,
    is_billed,
    is_windowed,
    issuer,
    letter_sentences,
    month_notes,
    not_promised,
    owed_chart,
    party,
    phone_way,
    postal_lines,
    prepaid_details,
    progress_of,
    qr_code,
    quoted,
    review_text,
    session_text,
    signature_lines,
    statement_label,
    visit_text,
    ways_to_reach,
    when_line,
)


def html_of(paper: papers.Paper, density: Density | None = None, *, logo_address: str = "") -> str:
    """Return the page of a fitted paper, in the density in which it should fit by default.

    `logo_address`: where the logo is found, the renderer's own by default.
    """
    chosen: Density = next(iter((density,) if density else densities_of(paper)), of_several_pages(paper))
    language = language_for(paper.language)
    layout = LAYOUTS[type(paper)]
    logo = paper.clinic.logo
    page: str = (
        _templates()
        .get_template(layout.template)
        .render(
            paper=paper,
            density=chosen,
            is_long="long" in chosen,
            page=layout.page(paper, language),
            language=language,
            _=language.gettext,
            ngettext=language.ngettext,
            pgettext=language.pgettext,
            tag=language.tag,
            accent=readable_accent(paper.clinic.accent),
            logo_address=logo_address or (f"app:{logo.sha256}" if logo else ""),
        )
    )
    page = with_full_lines(page)
    if not paper.clinic.large_print:
        return page
    return _PICTURES.sub(lambda found: enlarged(found[0]), page)


def shared_css(*, is_large: bool = False) -> str:
    """Return the styles of all papers; `is_large`: in larger type, one thing under the other."""
    folder = files("invoices") / "print"
    css = (folder / "print.css").read_text("utf-8").replace("SCRIPTS,", f"{SCRIPTS},")
    return enlarged(css) + (folder / "large.css").read_text("utf-8") if is_large else css


def enlarged(text: str) -> str:
    """Return the text with every measure in points a third larger: 12 become 16."""
    return _POINTS.sub(lambda found: f"{float(found[1]) * LARGER:.4g}pt", text)


def own_css(paper: papers.Paper) -> str:
    """Return the few rules that differ between clinics and languages."""
    accent = readable_accent(paper.clinic.accent)
    css = ClinicStyle(
        paper.clinic.page_size, accent, language_for(paper.language).gettext("Page {page} of {pages}")
    ).css()
    return enlarged(css) if paper.clinic.large_print else css


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("invoices", "print"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        {call.__name__: call for call in _CALLS},
        LONG_AMOUNT=LONG_AMOUNT,
        LONG_FIGURE=LONG_FIGURE,
        Money=papers.Money,
    )
    templates.filters["lang"] = lang
    templates.filters["in_one_piece"] = in_one_piece
    templates.filters["named"] = named
    templates.filters["whole"] = whole
    return templates


@dataclass(frozen=True)
class ClinicStyle:
    """The few rules that differ between clinics and languages."""

    page_size: papers.PageSize
    accent: str
    page_phrase: str

    def css(self) -> str:
        before, rest = self.page_phrase.split("{page}")
        between, after = rest.split("{pages}")
        number = f'"{before}" counter(page) "{between}" counter(pages) "{after}"'
        family = f'"Inter", {SCRIPTS}, sans-serif'
        continued = f"font: 400 10pt/13pt {family}; color: #5D6B6A; vertical-align: middle"
        return f"""
            @page {{ size: {self.page_size} }}
            @page long {{
                @top-left {{ content: string(running); {continued} }}
                @top-right {{ content: {number}; white-space: nowrap; {continued} }} }}
            @page long:first {{ @top-left {{ content: none }} }}
            .figure, .when, .phone, .lead h2, .voucher-name {{ color: {self.accent} }}
            .next, .lead, .voucher-code {{ background: {pale_ground(self.accent)} }}
        """
