"""The statement of prepaid balance in words: each course with its unused sessions, their value, and the rule of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from invoices.language import Language
from invoices.pages.account_rows import LONG_AMOUNT, LONG_FIGURE, held_together, in_one_piece, issuer, party
from invoices.papers import PrepaidBalance, PrepaidCourse


@dataclass(frozen=True)
class PrepaidRow:
    """One course; `value` is "" where another person paid for it."""

    name: str
    details: tuple[str, ...]
    unused: str
    value: str


@dataclass(frozen=True)
class PrepaidPage:
    """A statement of prepaid balance as its reader sees it."""

    figure: str
    figure_label: str
    is_long_figure: bool
    is_wide: bool
    billed_to: tuple[str, ...]
    billed_by: tuple[str, ...]
    rows: tuple[PrepaidRow, ...]
    rules: tuple[str, ...]


def prepaid_page(paper: PrepaidBalance, language: Language) -> PrepaidPage:
    """Return the whole statement."""
    figure = language.money(paper.total)
    return PrepaidPage(
        figure=figure,
        figure_label=in_one_piece(language.gettext("paid in advance and not used")),
        is_long_figure=len(figure) > LONG_FIGURE,
        # The total is the longest of the amounts.
        is_wide=len(figure) > LONG_AMOUNT,
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        rows=tuple(_row(each, language) for each in paper.courses),
        rules=tuple(_rules(paper, language)),
    )


def _row(course: PrepaidCourse, language: Language) -> PrepaidRow:
    main = course.sessions[0]
    return PrepaidRow(
        name=course.package_name,
        details=tuple(_details(course, language)),
        unused=language.gettext("{unused} of {total}", unused=main.unused, total=main.granted),
        value=language.money(course.value) if course.value is not None else "",
    )


def _details(course: PrepaidCourse, language: Language) -> Iterator[str]:
    yield language.gettext("Bought on {date}", date=language.medium_date(course.sold_on))
    for each in course.sessions[1:]:
        left = language.gettext("{unused} of {total}", unused=each.unused, total=each.granted)
        yield held_together(f"{each.treatment}{language.colon}{left}")
    if course.expires_on is not None:
        yield language.gettext("Good until {date}", date=language.medium_date(course.expires_on))
    if course.value is None:
        yield language.gettext("A gift or transfer: its value is with the person who paid for it.")


def _rules(paper: PrepaidBalance, language: Language) -> Iterator[str]:
    formulas = {each.formula for each in paper.courses if each.value is not None}
    if "prorated" in formulas:
        yield language.gettext(
            "The value is what was paid for the unused sessions, each at its share of the price."
        )
    if "discount_forfeited" in formulas:
        yield language.gettext(
            "The value is what was paid, less the used sessions at the price of a single visit."
        )
    yield language.gettext(
        "This statement says what is unused on its date. It is no bill, and each visit after it lowers the balance."
    )
