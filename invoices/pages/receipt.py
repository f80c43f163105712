"""The receipt of a payment, the statement of prepaid balance and the year-end sheet in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from invoices.language import Language
from invoices.pages import account_rows
from invoices.papers import (
    YEAR_AMOUNTS,
    Money,
    PaperRefused,
    PrepaidBalance,
    PrepaidCourse,
    Receipt,
    YearEnd,
    YearKind,
    YearLine,
    YearRow,
)


@dataclass(frozen=True)
class Fact:
    """One fact about the payment; `url` where it is a link."""

    name: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class ReceiptPage:
    """A receipt as its reader sees it."""

    heading: str
    figure: str
    figure_label: str
    is_long_figure: bool
    billed_to: tuple[str, ...]
    billed_by: tuple[str, ...]
    facts: tuple[Fact, ...]
    sums: tuple[account_rows.Sum, ...]
    closing: tuple[str, ...]


def receipt_page(paper: Receipt, language: Language) -> ReceiptPage:
    figure = language.money(paper.payment.amount)
    phrase = {
        "all": language.gettext("paid in full on {date}"),
        "deposit": language.gettext("deposit paid on {date}"),
        "balance": language.gettext("balance paid on {date}"),
        "part": language.gettext("part payment on {date}"),
    }[paper.part]
    return ReceiptPage(
        heading=language.gettext("Receipt {number}", number=paper.number),
        figure=figure,
        figure_label=account_rows.in_one_piece(phrase.format(date=language.long_date(paper.payment.on))),
        is_long_figure=len(figure) > account_rows.LONG_FIGURE,
        billed_to=account_rows.party(paper.billed_to, paper.clinic, language),
        billed_by=account_rows.issuer(paper.clinic, language),
        facts=tuple(_facts(paper, language)),
        sums=tuple(_sums(paper, language)),
        closing=tuple(_closing(paper, language)),
    )


def _facts(paper: Receipt, language: Language) -> Iterator[Fact]:
    time = language.time_of_day(paper.paid_at, paper.clinic.time_zone)
    yield Fact(language.gettext("Paid on"), language.with_comma(language.long_date(paper.payment.on), time))
    yield Fact(
        language.gettext("Paid by"), account_rows.how(paper.payment.how, paper.payment.label, language)
    )
    if paper.receipt_url:
        yield Fact(
            language.gettext("Square’s receipt"),
            paper.receipt_url.removeprefix("https://"),
            paper.receipt_url,
        )


def _sums(paper: Receipt, language: Language) -> Iterator[account_rows.Sum]:
    of_invoice = language.gettext(
        "Invoice {number} of {date}",
        number=paper.invoice_number,
        date=language.medium_date(paper.invoice_issued_on),
    )
    yield account_rows.Sum(of_invoice, language.money(paper.total))
    if paper.paid_before.amount:
        yield account_rows.Sum(language.gettext("Paid before"), language.money(paper.paid_before))
    called = {
        "all": language.gettext("This payment"),
        "deposit": language.gettext("This payment, the deposit"),
        "balance": language.gettext("This payment, the balance"),
        "part": language.gettext("This payment, a part"),
    }[paper.part]
    yield account_rows.Sum(called, language.money(paper.payment.amount), is_end=True)
    yield account_rows.due_sum(paper.balance_due, paper.due_on, language)


def _closing(paper: Receipt, language: Language) -> Iterator[str]:
    if paper.replaces:
        yield language.gettext(
            "It replaces receipt {number}, which was made out to another person.", number=paper.replaces
        )
    if paper.reference:
        yield language.gettext("Order reference: {reference}", reference=paper.reference)


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
        figure_label=account_rows.in_one_piece(language.gettext("paid in advance and not used")),
        is_long_figure=len(figure) > account_rows.LONG_FIGURE,
        # The total is the longest of the amounts.
        is_wide=len(figure) > account_rows.LONG_AMOUNT,
        billed_to=account_rows.party(paper.billed_to, paper.clinic, language),
        billed_by=account_rows.issuer(paper.clinic, language),
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
        yield account_rows.held_together(f"{each.treatment}{language.colon}{left}")
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
        names={
            "received": language.gettext("Received for courses, without tax"),
            "refunded": language.gettext("Refunded for courses, without tax"),
            "earned": language.gettext("Value of sessions used"),
            "written_off": language.gettext("Sessions written off by the clinic"),
            "kept": language.gettext("Kept at refunds"),
            "adjusted": language.gettext("Adjustments of courses"),
            "tax": language.gettext("Tax received, less refunded"),
            "tips": language.gettext("Tips received, less refunded"),
            "fees": language.gettext("Processing fees of Square"),
        },
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
