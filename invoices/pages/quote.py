"""A quote in words: the price, the sessions with the price of one, a refund worked with its numbers, how to pay."""

from dataclasses import dataclass

from invoices.language import Language
from invoices.pages.account_rows import LONG_FIGURE, how_to_pay
from invoices.pages.agreement import example_text, not_promised
from invoices.pages.qr import QrCode, qr_code
from invoices.papers import CourseQuote, QuotedTreatment


@dataclass(frozen=True)
class QuotePage:
    """A quote as its reader sees it; `qr` and `pay_text` (the address to type) are None and "" without an address."""

    figure: str
    figure_label: str
    is_long_figure: bool
    contents: tuple[tuple[str, str], ...]
    example: str
    not_promised: str
    valid: str
    pay_label: str
    pay_text: str
    qr: QrCode | None
    how_to_buy: str


def quote_page(paper: CourseQuote, language: Language) -> QuotePage:
    figure = language.money(paper.price)
    return QuotePage(
        figure=figure,
        figure_label=language.gettext("price of the course"),
        is_long_figure=len(figure) > LONG_FIGURE,
        contents=tuple(_content(each, language) for each in paper.contents),
        example=example_text(paper.example, language) if paper.example else "",
        not_promised=not_promised(language),
        valid=valid_text(paper, language),
        pay_label=language.gettext("Pay {amount}", amount=figure),
        pay_text=paper.pay_url.removeprefix("https://"),
        qr=qr_code(paper.pay_url) if paper.pay_url else None,
        how_to_buy=how_to_pay(paper.clinic.phone, language, has_page=bool(paper.pay_url)),
    )


def valid_text(paper: CourseQuote, language: Language) -> str:
    """Return until when the price is valid."""
    return language.gettext("This price is valid until {date}.", date=language.long_date(paper.valid_until))


def _content(each: QuotedTreatment, language: Language) -> tuple[str, str]:
    """Return the sessions of a treatment, and what one of them costs, "" where it costs nothing."""
    later = (
        language.pgettext("private page", "from session {n} on", n=each.usable_from_session)
        if each.usable_from_session
        else ""
    )
    what = language.with_comma(f"{each.sessions} × {each.treatment}", later)
    if not each.single_price.amount:
        return what, ""
    single, within = language.money(each.single_price), language.money(each.session_price)
    if within == single:
        return what, language.gettext("{price} a session", price=single)
    return what, language.gettext(
        "{price} a session in this course, {single} for a single visit", price=within, single=single
    )
