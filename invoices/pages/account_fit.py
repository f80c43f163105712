"""What an invoice or credit note can hold. One that does not add up to the cent is refused: it stands for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal

from invoices.e_invoice import why_not
from invoices.pages.cleantext import clean, clean_name, length
from invoices.papers import (
    AccountLine,
    AccountStatement,
    CreditNote,
    Invoice,
    Money,
    PaperRefused,
    Party,
    PaymentLine,
    TaxLine,
)

LINES_CAP = 200
ADDRESS_CAP = 6
TAXES_CAP = 20
PAYMENTS_CAP = 50
WORKING_CAP = 12
# All that the lines say together; an ordinary invoice says a tenth of it, and layout takes its time by the letter.
SAID_CAP = 12_000
DETAIL_CAP = 400
DESCRIPTION_CAP = 250
REASON_CAP = 300
_MOST = 10**13
_CURRENCY = re.compile("[A-Z]{3}")
_COUNTRY = re.compile("[A-Z]{2}|")
_NUMBER = re.compile(r"[^\s\x00-\x1f\x7f]{1,40}")
_QUANTITY = re.compile("[0-9]{1,7}([.][0-9]{1,5})?")
_PERCENTAGE = re.compile("([0-9]{1,3}([.][0-9]{1,6})?)?")
# Square rounds a price times a part of one, such as 0.5, to the nearest minor unit.
_ROUNDING = 1


def check_invoice(paper: Invoice) -> Invoice:
    """Return the invoice, its lines not too wordy. Raises PaperRefused where it holds too much or does not add up."""
    _check_common(paper, paper.payments)
    beside = paper.tip.amount + paper.service_charge.amount
    if _net(paper) + _taxes(paper) + beside != paper.total.amount:
        raise PaperRefused(
            "This invoice does not add up: its lines, taxes, tip and service charge are not its total."
        )
    if paper.total.amount < 0 or paper.tip.amount < 0:
        raise PaperRefused(
            "An invoice's total and tip can't be below zero; what goes back has a credit note."
        )
    if sum(payment.amount.amount for payment in paper.payments) != paper.paid.amount:
        raise PaperRefused("This invoice does not add up: its payments are not what it says was paid.")
    if paper.total.amount - paper.paid.amount != paper.balance_due.amount:
        raise PaperRefused("This invoice does not add up: what is due is not its total less what was paid.")
    return replace(paper, lines=_brief(paper.lines))


def check_credit_note(paper: CreditNote) -> CreditNote:
    """Return the credit note, its lines not too wordy. Raises PaperRefused where it does not add up."""
    _check_common(paper, paper.returned)
    if not _NUMBER.fullmatch(paper.invoice_number):
        raise PaperRefused(
            "A credit note needs the number of its invoice, of 1 to 40 characters without spaces."
        )
    if paper.issued_on < paper.invoice_issued_on:
        raise PaperRefused("A credit note can't be older than its invoice.")
    if _net(paper) + _taxes(paper) != paper.total.amount:
        raise PaperRefused("This credit note does not add up: its lines and taxes are not its total.")
    if paper.total.amount >= 0:
        raise PaperRefused("A credit note gives something back: its total must be below zero.")
    if len(paper.workings) > LINES_CAP or any(len(each.sessions) > WORKING_CAP for each in paper.workings):
        raise PaperRefused(f"A credit note holds {LINES_CAP} courses of {WORKING_CAP} treatments.")
    if sum(payment.amount.amount for payment in paper.returned) > -paper.total.amount:
        raise PaperRefused("This credit note does not add up: more money went back than it credits.")
    return replace(paper, lines=_brief(paper.lines))


def check_electronic(paper: Invoice | CreditNote) -> None:
    """Raise PaperRefused where a fitted paper promises an electronic form that it can't have.

    Before its number is given: an issued paper is drawn as it stands, or never.
    """
    if not paper.is_electronic:
        return
    if why := why_not(paper.clinic):
        raise PaperRefused(why)
    # What it needs to import is for the few clinics that have electronic invoices.
    from invoices.e_invoice.facturx import xml_of

    xml_of(paper)


def _check_common(paper: Invoice | CreditNote, payments: tuple[PaymentLine, ...]) -> None:
    called = "An invoice" if isinstance(paper, Invoice) else "A credit note"
    if not _NUMBER.fullmatch(paper.number):
        raise PaperRefused(f"{called} needs a number of 1 to 40 characters without spaces.")
    if not clean_name(paper.billed_to.name, 4):
        raise PaperRefused(f"{called} needs the name of whom it is billed to.")
    check_party(paper.billed_to)
    if not 1 <= len(paper.lines) <= LINES_CAP:
        raise PaperRefused(f"{called} holds 1 to {LINES_CAP} lines.")
    if len(paper.taxes) > TAXES_CAP or len(payments) > PAYMENTS_CAP:
        raise PaperRefused(
            f"{called} holds {TAXES_CAP} taxes and {PAYMENTS_CAP} payments; this one has more."
        )
    check_money(paper)
    if any(payment.amount.amount <= 0 for payment in payments):
        raise PaperRefused("A payment is an amount above zero.")
    _check_taxes(paper.taxes, paper.lines)
    for place, line in enumerate(paper.lines, start=1):
        _check_line(line, paper.taxes, place)


def check_party(billed: Party) -> None:
    """Raise PaperRefused where whoever is billed can't be named on a paper."""
    if not _COUNTRY.fullmatch(billed.country):
        raise PaperRefused("A country is named by two capital letters.")
    if len(billed.address_lines) > ADDRESS_CAP:
        raise PaperRefused(f"An address may have {ADDRESS_CAP} lines.")


def _brief(lines: tuple[AccountLine, ...]) -> tuple[AccountLine, ...]:
    """Cut what the lines say to an equal share each, where together they say too much."""
    said = sum(
        min(length(each.description), DESCRIPTION_CAP) + min(length(each.detail), DETAIL_CAP)
        for each in lines
    )
    if said <= SAID_CAP:
        return lines
    share = SAID_CAP // len(lines) // 2
    return tuple(
        replace(each, description=clean(each.description, share), detail=clean(each.detail, share))
        for each in lines
    )


def check_money(paper: Invoice | CreditNote | AccountStatement) -> None:
    """Raise PaperRefused where an amount is none, or in another currency than the others."""
    amounts = list(_amounts(paper))
    if any(abs(money.amount) > _MOST or not _CURRENCY.fullmatch(money.currency) for money in amounts):
        raise PaperRefused("An amount of money needs a currency of three capital letters and a sane size.")
    if len({money.currency for money in amounts}) > 1:
        raise PaperRefused("An invoice, credit note or statement is told in one currency.")


def _amounts(value: object) -> Iterable[Money]:
    if isinstance(value, Money):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _amounts(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _amounts(getattr(value, field.name))


def _check_taxes(taxes: tuple[TaxLine, ...], lines: tuple[AccountLine, ...]) -> None:
    names = [tax.name for tax in taxes]
    if len(set(names)) < len(names) or not all(clean(name, 4) for name in names):
        raise PaperRefused("Every tax needs a name of its own.")
    if not all(_PERCENTAGE.fullmatch(tax.percentage) for tax in taxes):
        raise PaperRefused("A tax has a rate in percent, such as 9.5, or none that is known.")
    if {name for line in lines for name in line.taxes} - set(names):
        raise PaperRefused("A line names a tax that is not among the taxes.")
    for tax in taxes:
        base = sum(line.net.amount for line in lines if tax.name in line.taxes)
        if base != tax.base.amount:
            raise PaperRefused(
                f"The tax {tax.name[:60]} does not add up: its base is not the lines it lies on."
            )
    if sum(tax.amount.amount for tax in taxes) != sum(line.tax.amount for line in lines):
        raise PaperRefused("The taxes do not add up: they are not what the lines say.")


def _check_line(line: AccountLine, taxes: tuple[TaxLine, ...], place: int) -> None:
    if not clean(line.description, 4):
        raise PaperRefused(f"Line {place} needs a description.")
    if not _QUANTITY.fullmatch(line.quantity) or not Decimal(line.quantity):
        raise PaperRefused(f"Line {place} needs a quantity above zero, such as 1 or 0.5.")
    if line.net.amount + line.tax.amount != line.total.amount:
        raise PaperRefused(f"Line {place} does not add up: its net and tax are not its total.")
    if line.tax.amount and not line.taxes:
        raise PaperRefused(f"Line {place} has a tax and does not name it.")
    is_included = any(tax.is_included for tax in taxes if tax.name in line.taxes)
    charged = Decimal(line.quantity) * line.unit_price.amount - line.discount.amount
    # A price with an included tax is above the net by some or all of the line's tax.
    ends = (line.net.amount, line.total.amount if is_included else line.net.amount)
    if not min(ends) - _ROUNDING <= charged <= max(ends) + _ROUNDING:
        raise PaperRefused(f"Line {place} does not add up: quantity, price and discount are not its net.")


def _net(paper: Invoice | CreditNote) -> int:
    net = sum(line.net.amount for line in paper.lines)
    if net != paper.net.amount:
        raise PaperRefused("The lines do not add up: they are not the net sum.")
    return net


def _taxes(paper: Invoice | CreditNote) -> int:
    return sum(tax.amount.amount for tax in paper.taxes)
