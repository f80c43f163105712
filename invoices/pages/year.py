"""The year-end sheet in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from invoices.language import Language
from invoices.papers import Money, PaperRefused, YearEnd, YearKind, YearLine, YearRow

ROWS_CAP = 200
_AMOUNTS = ("carried_in", "received", "earned", "refunded", "other", "carried_over", "older")


@dataclass(frozen=True)
class YearFigure:
    """A name and its amount."""

    name: str
    amount: str
    is_sum: bool = False


@dataclass(frozen=True)
class YearLineRow:
    """A package and its amounts, in the order of the columns."""

    package: str
    amounts: tuple[str, ...]


@dataclass(frozen=True)
class YearPage:
    """The sheet as its reader sees it."""

    heading: str
    issued_on: str
    standing: str
    currency: str
    rows: tuple[YearLineRow, ...]
    total: YearLineRow
    methods: tuple[tuple[str, tuple[YearFigure, ...]], ...]
    beside: tuple[YearFigure, ...]
    notes: tuple[str, ...]


def year_page(paper: YearEnd, language: Language) -> YearPage:
    """Return the whole sheet."""
    return YearPage(
        heading=_heading(paper, language),
        issued_on=language.long_date(paper.issued_on),
        standing=_standing(paper, language),
        currency=_currency(paper),
        rows=tuple(_row(each, language) for each in paper.rows),
        total=_row(total_of(paper), language, language.gettext("All")),
        methods=(
            (language.gettext("By the cash method"), _figures(paper.cash, language)),
            (language.gettext("By the accrual method"), _figures(paper.accrual, language)),
        ),
        beside=tuple(_figure(each, language) for each in paper.beside),
        notes=_notes(language),
    )


def total_of(paper: YearEnd) -> YearRow:
    """Return all packages together."""
    sums = {
        name: Money(sum(getattr(each, name).amount for each in paper.rows), _currency(paper))
        for name in _AMOUNTS
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


def _row(row: YearRow, language: Language, name: str = "") -> YearLineRow:
    return YearLineRow(
        name or row.package, tuple(language.bare_amount(getattr(row, each)) for each in _AMOUNTS)
    )


def _figures(lines: Sequence[YearLine], language: Language) -> tuple[YearFigure, ...]:
    income = Money(sum(each.amount.amount for each in lines), lines[0].amount.currency)
    total = YearFigure(language.gettext("Income from sessions"), language.money(income), is_sum=True)
    return (*(_figure(each, language) for each in lines), total)


def _figure(line: YearLine, language: Language) -> YearFigure:
    return YearFigure(_name(line.kind, language), language.money(line.amount))


def _name(kind: YearKind, language: Language) -> str:
    return {
        "received": language.gettext("Received for courses, without tax"),
        "refunded": language.gettext("Refunded for courses, without tax"),
        "earned": language.gettext("Sessions used"),
        "written_off": language.gettext("Sessions written off by the clinic"),
        "kept": language.gettext("Kept at refunds"),
        "adjusted": language.gettext("Adjustments of courses"),
        "tax": language.gettext("Tax received, less refunded"),
        "tips": language.gettext("Tips received, less refunded"),
        "fees": language.gettext("Processing fees of Square"),
    }[kind]


def _notes(language: Language) -> tuple[str, ...]:
    return (
        language.gettext(
            "Carried over is what clients have paid for sessions not used yet. Expired sessions stay in it until the "
            "clinic writes them off."
        ),
        language.gettext(
            "Which method applies, and for how long income may be deferred, is for your accountant."
        ),
    )
