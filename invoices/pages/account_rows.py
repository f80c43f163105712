"""Wording shared by invoice and credit note: lines, sums, taxes, payments. Computes no sums."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invoices import papers
from invoices.e_invoice import FILE_NAME, NORM
from invoices.e_invoice.eligibility import registration
from invoices.language import NO_BREAK_SPACE, Language

# Amounts of more characters than this are set smaller, so that none breaks in its column.
LONG_AMOUNT = 10
LONG_FIGURE = 11
_BEFORE_UNIT = re.compile(r"(?<=[0-9]) (?=[^\W\d]{1,4}\b)")
# Where prices are without tax by custom, no reader expects a statement that none is charged.
NO_SALES_TAX_SAID = "US"


@dataclass(frozen=True)
class Row:
    """One line of the account."""

    description: str
    details: tuple[str, ...]
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
class Working:
    """How a refund was computed; `name`: the course, where there are several."""

    name: str
    formula: str
    removed: str


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """What differs between an invoice and a credit note, as its reader sees it; `under`: the line below the heading."""

    heading: str
    under: str = ""
    dates: tuple[str, ...]
    figure: str
    figure_label: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    workings: tuple[Working, ...] = ()


def in_one_piece(label: str) -> str:
    """Join the last two words, so that no year is alone on a line; three are never joined."""
    last_two = label.rsplit(" ", 1)
    return label if NO_BREAK_SPACE in last_two[-1] else NO_BREAK_SPACE.join(last_two)


def rows_of(paper: papers.Invoice | papers.CreditNote, language: Language) -> tuple[Row, ...]:
    return tuple(row(line, paper.taxes, language) for line in paper.lines)


def row(line: papers.AccountLine, taxes: Iterable[papers.TaxLine], language: Language) -> Row:
    """Return one line. Its amounts are without tax, so that they add up to the subtotal; nothing is left empty.

    A price that includes its tax is shown beside the one without: the client knows it from the receipt.
    """
    on_it = [tax for tax in taxes if tax.name in line.taxes]
    is_gross = any(tax.is_included for tax in on_it)
    has_price = not line.is_part
    return Row(
        description=_with_units(line.description),
        details=tuple(_details(line, language, is_gross=is_gross)),
        quantity=language.number(Decimal(line.quantity)) if has_price else "",
        unit_price=_unit_price(line, language, is_gross=is_gross) if has_price else "",
        discount=_taken_off(line.discount, language) if line.discount.amount and not is_gross else "",
        tax=_rate(line, on_it, language),
        amount=language.money(line.net),
    )


def _taken_off(discount: papers.Money, language: Language) -> str:
    return language.money(papers.Money(-discount.amount, discount.currency))


def _unit_price(line: papers.AccountLine, language: Language, *, is_gross: bool) -> str:
    if not is_gross:
        return language.money(line.unit_price)
    each = Decimal(line.net.amount) / Decimal(line.quantity)
    return language.price(each, line.net.currency)


def _rate(line: papers.AccountLine, taxes: list[papers.TaxLine], language: Language) -> str:
    """Return the rate of all taxes on a line together; where one is not known, their sum."""
    if not taxes:
        return ""
    if not all(tax.percentage for tax in taxes):
        return language.money(line.tax)
    return language.percent(sum((Decimal(tax.percentage) for tax in taxes), Decimal()))


def _details(line: papers.AccountLine, language: Language, *, is_gross: bool) -> Iterator[str]:
    # Each part on a line of its own: no separator is left at a line's end.
    yield from (held_together(part) for part in line.detail.split(" · ") if part)
    if is_gross and not line.is_part:
        yield _gross_price(line, language)


def held_together(detail: str) -> str:
    times = _with_units(detail).replace(" × ", f"{NO_BREAK_SPACE}×{NO_BREAK_SPACE}")
    return times.replace(" ·", f"{NO_BREAK_SPACE}·")


def _with_units(text: str) -> str:
    """Join a number and its unit on one line, such as 60 min."""
    return _BEFORE_UNIT.sub(NO_BREAK_SPACE, text)


def _gross_price(line: papers.AccountLine, language: Language) -> str:
    is_one = Decimal(line.quantity) == 1
    phrase = language.gettext("{price} with tax") if is_one else language.gettext("{price} each with tax")
    price = phrase.format(price=language.money(line.unit_price))
    if not line.discount.amount:
        return price
    return language.gettext("{price}, less {amount}", price=price, amount=language.money(line.discount))


def tax_sums(taxes: Iterable[papers.TaxLine], language: Language) -> Iterator[Sum]:
    """Return every tax with its rate, its base, and whether the prices include it."""
    for tax in taxes:
        phrase = (
            language.gettext("{tax} on {base}, included in the prices")
            if tax.is_included
            else language.gettext("{tax} on {base}")
        )
        rate = language.percent(Decimal(tax.percentage)) if tax.percentage else ""
        # A tax that is named by its rate does not repeat it.
        called = f"{tax.name} {rate}" if rate and rate not in tax.name else tax.name
        base = language.money(tax.base)
        yield Sum(phrase.format(tax=called, base=base), language.money(tax.amount))


def due_sum(due: papers.Money, due_on: date | None, language: Language) -> Sum:
    """Return what is left to pay, and until when; below zero it was paid beyond the total."""
    if due.amount < 0:
        beyond = papers.Money(-due.amount, due.currency)
        return Sum(language.gettext("Paid beyond the total"), language.money(beyond), is_end=True)
    name = language.gettext("Balance due")
    if due.amount and due_on:
        name = language.gettext("Balance due by {date}", date=language.medium_date(due_on))
    return Sum(name, language.money(due), is_end=True)


def how_to_pay(phone: str, language: Language, *, has_page: bool) -> str:
    """Return how to pay beside the page that is printed, or where there is none."""
    if has_page:
        return (
            language.gettext("You can also pay at the clinic, or call {phone}.", phone=phone)
            if phone
            else language.gettext("You can also pay at the clinic.")
        )
    return (
        language.gettext("You can pay at the clinic, or call {phone}.", phone=phone)
        if phone
        else language.gettext("You can pay at the clinic.")
    )


def how(paid_by: papers.PaidBy, label: str, language: Language) -> str:
    """Return how money was paid or refunded, such as "Card · Visa"."""
    said = {
        "card": language.gettext("Card"),
        "cash": language.gettext("Cash"),
        "gift_card": language.gettext("Gift card"),
        "bank": language.gettext("Bank transfer"),
        "wallet": language.gettext("Digital wallet"),
        "other": language.gettext("Other"),
    }[paid_by]
    if not label or label.casefold() == said.casefold():
        return said
    return label if paid_by == "other" else f"{said} · {label}"


def party(billed: papers.Party, clinic: papers.Clinic, language: Language) -> tuple[str, ...]:
    """Return whom the paper is for, line by line."""
    lines = (billed.name, *postal_lines(billed, clinic, language), _breakable(billed.email), billed.phone)
    return tuple(line for line in lines if line)


def postal_lines(billed: papers.Party, clinic: papers.Clinic, language: Language) -> tuple[str, ...]:
    """Return the lines of an address; the country where it is another than the clinic's."""
    is_abroad = billed.address_lines and billed.country not in ("", clinic.country)
    country = language.locale.territories.get(billed.country, "") if is_abroad else ""
    return (*billed.address_lines, str(country)) if country else billed.address_lines


def is_windowed(paper: papers.Paper) -> bool:
    """Return whether a window envelope shows the address on the paper."""
    billed: papers.Party | None = getattr(paper, "billed_to", None)
    return paper.clinic.has_address_window and billed is not None and bool(billed.address_lines)


def _breakable(email: str) -> str:
    """Let an address break where it is read in parts, and nowhere else."""
    return email.replace("\u200b", "").replace("@", "\u200b@").replace(".", ".\u200b")


def issuer(clinic: papers.Clinic, language: Language) -> tuple[str, ...]:
    """Return who issued the paper: legal name, address and tax number."""
    # A number that begins as its country's VAT identifiers do is one; any other is the country's own.
    called = (
        language.gettext("VAT ID {number}")
        if registration(clinic)[0] == "VA"
        else language.gettext("Tax ID {number}")
    )
    tax_id = called.format(number=clinic.tax_id) if clinic.tax_id else ""
    return tuple(filter(None, (clinic.legal_name or clinic.name, *clinic.address_lines, tax_id)))


def closing(paper: papers.Invoice | papers.CreditNote, language: Language) -> tuple[str, ...]:
    """Return the closing lines: what the law requires, the sale's mark in Square, the electronic form inside."""
    is_prepaid = isinstance(paper, papers.Invoice) and paper.is_prepayment
    is_untaxed = not paper.taxes and paper.clinic.country != NO_SALES_TAX_SAID
    law = language.sentences(
        language.gettext("The sessions are paid in advance and given at the visits.") if is_prepaid else "",
        language.gettext("No tax is charged") + language.full_stop if is_untaxed else "",
    )
    reference = (
        language.gettext("Order reference: {reference}", reference=paper.reference) if paper.reference else ""
    )
    electronic = (
        language.gettext(
            "This file holds the same in electronic form: {file}, by {norm}.", file=FILE_NAME, norm=NORM
        )
        if paper.is_electronic
        else ""
    )
    return tuple(filter(None, (law, reference, electronic)))


def has_long_prices(rows: Iterable[Row]) -> bool:
    """Return whether some amount needs a smaller size to fit on one line."""
    amounts = (one for each in rows for one in (each.unit_price, each.discount, each.tax, each.amount))
    return max(map(len, amounts), default=0) > LONG_AMOUNT


def prepaid_details(course: papers.PrepaidCourse, language: Language) -> Iterator[str]:
    """Yield what is said of a course on the statement of prepaid balance, beside its main treatment."""
    yield language.gettext("Bought on {date}", date=language.medium_date(course.sold_on))
    for each in course.sessions[1:]:
        left = language.gettext("{unused} of {total}", unused=each.unused, total=each.granted)
        yield held_together(f"{each.treatment}{language.colon}{left}")
    if course.expires_on is not None:
        yield language.gettext("Good until {date}", date=language.medium_date(course.expires_on))
    if course.value is None:
        yield language.gettext("A gift or transfer: its value is with the person who paid for it.")
