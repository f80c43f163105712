"""A course agreement in words: the price, the clauses, a refund worked with its numbers, and the signature."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import LONG_FIGURE
from invoices.pages.credit_note import working
from invoices.papers import AgreementSignature, CourseAgreement, RefundExample


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
