"""What invoice and credit note share in words: lines, sums, taxes, payments. Adds nothing up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_decimal, format_percent

from invoices.e_invoice import FILE_NAME, NORM
from invoices.papers import AccountLine, Clinic, CreditNote, Invoice, Party, PaymentLine, TaxLine
from invoices.words import NO_BREAK_SPACE, Language
from invoices.words.phrases import AccountPhrases

# Amounts beyond this many letters are set smaller, so that none breaks in its column.
LONG_AMOUNT = 10
LONG_FIGURE = 11
NO_BREAK_HYPHEN = "\u2011"
MANY_LINES = 12


@dataclass(frozen=True)
class Row:
    """One line of the account."""

    description: str
    detail: str
    quantity: str
    unit_price: str
    discount: str
    tax: str
    amount: str


@dataclass(frozen=True)
class Sum:
    """One line under the lines; `is_end` for the total and what is due."""

    name: str
    amount: str
    is_end: bool = False


@dataclass(frozen=True)
class Moved:
    """Money that came or went back."""

    on: str
    how: str
    amount: str


@dataclass(frozen=True)
class AccountPage:
    """An invoice or credit note as its reader sees it."""

    words: AccountPhrases
    title: str
    heading: str
    under: str
    dates: tuple[str, ...]
    figure: str
    figure_label: str
    is_long_figure: bool
    notes: tuple[str, ...]
    billed_to: tuple[str, ...]
    billed_by: tuple[str, ...]
    lines_name: str
    rows: tuple[Row, ...]
    has_discounts: bool
    has_taxes: bool
    is_dense: bool
    is_wide: bool
    sums: tuple[Sum, ...]
    moved_name: str
    moved: tuple[Moved, ...]
    closing: tuple[str, ...]
    is_airy: bool


def in_one_piece(label: str) -> str:
    """Keep the last two words together, so that no year stands alone on a line."""
    return NO_BREAK_SPACE.join(label.rsplit(" ", 1))


def row(line: AccountLine, language: Language) -> Row:
    """Say one line; a discount or tax of nothing is left empty."""
    return Row(
        description=line.description,
        detail=line.detail.replace(" × ", f"{NO_BREAK_SPACE}×{NO_BREAK_SPACE}").replace(
            " ·", f"{NO_BREAK_SPACE}·"
        ),
        quantity=format_decimal(Decimal(line.quantity), locale=language.locale, decimal_quantization=False),
        unit_price=language.money(line.unit_price),
        discount=language.money(line.discount) if line.discount.amount else "",
        tax=language.money(line.tax) if line.tax.amount else "",
        amount=language.money(line.total),
    )


def tax_sums(taxes: Iterable[TaxLine], language: Language) -> Iterator[Sum]:
    """Say every tax with its rate, what it lies on, and whether the prices hold it already."""
    phrases = language.account
    for tax in taxes:
        phrase = phrases.tax_included if tax.is_included else phrases.tax_of
        rate = percent(tax.percentage, language)
        # A tax that was named by its rate already does not say it twice.
        called = f"{tax.name} {rate}" if rate and rate not in tax.name else tax.name
        # A minus at the end of a line would be taken for a dash.
        base = language.money(tax.base).replace("-", NO_BREAK_HYPHEN)
        yield Sum(phrase.format(tax=called, base=base), language.money(tax.amount))


def percent(percentage: str, language: Language) -> str:
    """Return a rate such as 9.5 as people write it, "" where it is not known."""
    if not percentage:
        return ""
    part = Decimal(percentage) / 100
    written = format_percent(part, locale=language.locale, decimal_quantization=False)
    return str(written).replace("\u202f", NO_BREAK_SPACE)


def moved(payments: Iterable[PaymentLine], language: Language) -> tuple[Moved, ...]:
    """Say each payment: when, how, how much."""
    return tuple(
        Moved(language.medium_date(each.on), _how(each, language), language.money(each.amount))
        for each in payments
    )


def _how(payment: PaymentLine, language: Language) -> str:
    phrases, label = language.account, payment.label
    how = {
        "card": phrases.by_card,
        "cash": phrases.by_cash,
        "gift_card": phrases.by_gift_card,
        "bank": phrases.by_bank,
        "wallet": phrases.by_wallet,
        "other": phrases.by_other,
    }[payment.how]
    if not label or label.casefold() == how.casefold():
        return how
    return label if payment.how == "other" else f"{how} · {label}"


def party(billed: Party) -> tuple[str, ...]:
    """Return whom the paper is for, line by line."""
    return tuple(filter(None, (billed.name, billed.email, billed.phone)))


def issuer(clinic: Clinic, language: Language) -> tuple[str, ...]:
    """Return who issued the paper: the name the law knows, where, and the tax number."""
    tax_id = language.account.tax_id.format(number=clinic.tax_id) if clinic.tax_id else ""
    return tuple(filter(None, (clinic.legal_name or clinic.name, *clinic.address_lines, tax_id)))


def closing(paper: Invoice | CreditNote, language: Language) -> tuple[str, ...]:
    """Return what stands last: where to find the sale in Square, and that the electronic form is inside."""
    phrases = language.account
    reference = phrases.reference.format(reference=paper.reference) if paper.reference else ""
    electronic = phrases.electronic.format(file=FILE_NAME, norm=NORM) if paper.is_electronic else ""
    return tuple(filter(None, (reference, electronic)))


def is_wide(rows: Iterable[Row]) -> bool:
    """Say whether some amount needs smaller letters to stay in one piece."""
    amounts = (one for each in rows for one in (each.unit_price, each.discount, each.tax, each.amount))
    return max(map(len, amounts), default=0) > LONG_AMOUNT
