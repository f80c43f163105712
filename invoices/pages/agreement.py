"""A course agreement in words: the price, the clauses, a refund worked with its numbers, and the signature; and a
quote: the price, the sessions with the price of one, the same refund, how to pay.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import LONG_FIGURE, how_to_pay
from invoices.pages.invoice import working
from invoices.pages.qr import QrCode, qr_code
from invoices.papers import AgreementSignature, CourseAgreement, CourseQuote, QuotedTreatment, RefundExample


@dataclass(frozen=True)
class SignedPage:
    """A signature as its reader sees it; `lines` say how, when and of what it is."""

    name: str
    path: str
    lines: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class AgreementPage:
    """An agreement as its reader sees it."""

    figure: str
    figure_label: str
    is_long_figure: bool
    example: str
    signed: SignedPage | None


def agreement_page(paper: CourseAgreement, language: Language) -> AgreementPage:
    figure = language.money(paper.price)
    return AgreementPage(
        figure=figure,
        figure_label=language.gettext("price of the course"),
        is_long_figure=len(figure) > LONG_FIGURE,
        example=example_text(paper.example, language) if paper.example else "",
        signed=_signed(paper.signature, paper.clinic.time_zone, language) if paper.signature else None,
    )


def example_text(example: RefundExample, language: Language) -> str:
    """Return what is paid back after some sessions, with how it is computed."""
    formula = working(example.working, language, is_named=False).formula
    return language.gettext(
        "For example, after {used} of {total} sessions: {formula} = {amount} paid back.",
        used=example.used,
        total=example.total,
        formula=formula,
        amount=language.money(example.amount).replace(" ", NO_BREAK_SPACE),
    )


def not_promised(language: Language) -> str:
    return language.gettext(
        "How much a course helps, and for how long, differs from person to person. No result is promised."
    )


def moments(at: datetime, time_zone: str, language: Language) -> tuple[str, str]:
    """Return a moment by the clinic's clock, and in UTC."""
    local = at.astimezone(ZoneInfo(time_zone))
    day, time = language.long_date(local.date()), language.time_of_day(at, time_zone)
    zone = get_timezone_name(local, width="short", locale=language.locale)
    return language.with_comma(day, f"{time} {zone}"), f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _signed(signature: AgreementSignature, time_zone: str, language: Language) -> SignedPage:
    local, utc = moments(signature.signed_at, time_zone, language)
    how = {
        "drawn": language.gettext("Signed on screen"),
        "typed": language.gettext("Signed by typing the name"),
        "paper": language.gettext("Signed on paper, recorded by the clinic"),
    }[signature.way]
    present = (
        language.gettext("With {name} of the clinic", name=signature.present)
        if signature.present
        else language.gettext("On the client’s own device")
    )
    return SignedPage(
        name=signature.name,
        path=signature.path,
        lines=(language.with_comma(how, local), utc, present),
        sha256=signature.shown_sha256,
    )


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
