"""The year-end sheet in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from invoices.language import Language
from invoices.papers import YEAR_AMOUNTS, Money, PaperRefused, YearEnd, YearKind, YearLine, YearRow

ROWS_CAP = 200


@dataclass(frozen=True)
class YearPage:
    """What the sheet says beside its figures, and their sums."""

    heading: str
    standing: str
    currency: str
    total: YearRow
    names: Mapping[YearKind, str]
    methods: tuple[tuple[str, tuple[YearLine, ...], Money], ...]


def year_page(paper: YearEnd, language: Language) -> YearPage:
    """Return the whole sheet."""
    return YearPage(
        heading=_heading(paper, language),
        standing=_standing(paper, language),
        currency=_currency(paper),
        total=total_of(paper),
        names=_names(language),
        methods=(
            (language.gettext("By the cash method"), paper.cash, _income(paper.cash)),
            (language.gettext("By the accrual method"), paper.accrual, _income(paper.accrual)),
        ),
    )


def total_of(paper: YearEnd) -> YearRow:
    """Return all packages together."""
    sums = {
        name: Money(sum(getattr(each, name).amount for each in paper.rows), _currency(paper))
        for name in YEAR_AMOUNTS
    }
    return YearRow(package="", **sums)


def check_year(paper: YearEnd) -> YearEnd:
    """Return the sheet as it is. Raises PaperRefused where it is too long or does not add up."""
    if len(paper.rows) > ROWS_CAP:
        raise PaperRefused(f"A year holds {ROWS_CAP} packages.")
    if paper.issued_on.year < paper.year:
        raise PaperRefused("A year is printed once it has begun.")
    for each in paper.rows:
        moved = each.received.amount - each.earned.amount - each.refunded.amount + each.other.amount
        if each.carried_in.amount + moved != each.carried_over.amount:
            raise PaperRefused(
                "A package of the year does not add up: what it carries over is another amount."
            )
    return paper


def _currency(paper: YearEnd) -> str:
    return paper.cash[0].amount.currency


def _heading(paper: YearEnd, language: Language) -> str:
    if paper.issued_on <= date(paper.year, 12, 31):
        return language.gettext("{year}, so far", year=str(paper.year))
    return str(paper.year)


def _standing(paper: YearEnd, language: Language) -> str:
    if paper.is_closed:
        return language.gettext("The books of the year are closed; its figures stay as they are.")
    return language.gettext("The books of the year are still open; what is entered late changes it.")


def _income(lines: Sequence[YearLine]) -> Money:
    return Money(sum(each.amount.amount for each in lines), lines[0].amount.currency)


def _names(language: Language) -> dict[YearKind, str]:
    return {
        "received": language.gettext("Received for courses, without tax"),
        "refunded": language.gettext("Refunded for courses, without tax"),
        "earned": language.gettext("Value of sessions used"),
        "written_off": language.gettext("Sessions written off by the clinic"),
        "kept": language.gettext("Kept at refunds"),
        "adjusted": language.gettext("Adjustments of courses"),
        "tax": language.gettext("Tax received, less refunded"),
        "tips": language.gettext("Tips received, less refunded"),
        "fees": language.gettext("Processing fees of Square"),
    }
