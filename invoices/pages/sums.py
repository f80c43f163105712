"""Checks of papers about money. One that does not add up to the cent is refused: an issued paper is permanent."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import get_args

from invoices.e_invoice import why_not
from invoices.pages.text import clean, clean_name, length
from invoices.papers import (
    AccountLine,
    AccountStatement,
    CreditNote,
    Invoice,
    MonthPoint,
    OwnersMonth,
    PackageRow,
    PaperRefused,
    Party,
    PaymentLine,
    PrepaidBalance,
    Receipt,
    RollKind,
    RollLine,
    StatementLine,
    TaxLine,
    YearEnd,
)

LINES_CAP = 200
ADDRESS_CAP = 6
TAXES_CAP = 20
PAYMENTS_CAP = 50
WORKING_CAP = 12
YEAR_ROWS_CAP = 200
PAY_PAGES_CAP = 3
# The text of all lines together; an ordinary invoice has a tenth of it, and layout time grows with the text.
SAID_CAP = 12_000
DETAIL_CAP = 400
DESCRIPTION_CAP = 250
REASON_CAP = 300
_COUNTRY = re.compile("[A-Z]{2}|")
_NUMBER = re.compile(r"[^\s\x00-\x1f\x7f]{1,40}")
_QUANTITY = re.compile("[0-9]{1,7}([.][0-9]{1,5})?")
_PERCENTAGE = re.compile("([0-9]{1,3}([.][0-9]{1,6})?)?")
# Square rounds a price times a part of one, such as 0.5, to the nearest minor unit.
_ROUNDING = 1


def check_invoice(paper: Invoice) -> Invoice:
    """Return the invoice, its lines not too wordy. Raises PaperRefused where it is too long or does not add up."""
    _check_common(paper, paper.payments)
    beside = paper.tip.amount + paper.service_charge.amount
    if _net(paper) + _taxes(paper) + beside != paper.total.amount:
        raise PaperRefused(
            "This invoice does not add up: its lines, taxes, tip and service charge are not its total."
        )
    if paper.total.amount < 0 or paper.tip.amount < 0:
        raise PaperRefused(
            "An invoice’s total and tip can’t be below zero; what goes back has a credit note."
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
        raise PaperRefused("A credit note can’t be older than its invoice.")
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
    """Raise PaperRefused where a fitted paper states an electronic form that it can't have.

    Called before its number is assigned: an issued paper is drawn as it is, or never.
    """
    if not paper.is_electronic:
        return
    if why := why_not(paper.clinic):
        raise why
    # Imported late: only a few clinics have electronic invoices.
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
    if any(payment.amount.amount <= 0 for payment in payments):
        raise PaperRefused("A payment is an amount above zero.")
    _check_taxes(paper.taxes, paper.lines)
    for place, line in enumerate(paper.lines, start=1):
        _check_line(line, paper.taxes, place)


def check_party(billed: Party) -> None:
    """Raise PaperRefused where the billed party can't be named on a paper."""
    if not _COUNTRY.fullmatch(billed.country):
        raise PaperRefused("A country is named by two capital letters.")
    if len(billed.address_lines) > ADDRESS_CAP:
        raise PaperRefused(f"An address may have {ADDRESS_CAP} lines.")


def _brief(lines: tuple[AccountLine, ...]) -> tuple[AccountLine, ...]:
    """Shorten the lines' texts to an equal share each, where together they are too long."""
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


_BILLED = ("invoice", "credit_note", "canceled")


def check_statement(paper: AccountStatement) -> AccountStatement:
    """Return the statement. Raises PaperRefused where it is too long or does not add up."""
    if not clean_name(paper.billed_to.name, 4):
        raise PaperRefused("A statement needs the name of whom it is for.")
    check_party(paper.billed_to)
    if not 1 <= len(paper.lines) <= LINES_CAP:
        raise PaperRefused(f"A statement holds 1 to {LINES_CAP} lines.")
    if len(paper.pay_pages) > PAY_PAGES_CAP or any(each.amount.amount <= 0 for each in paper.pay_pages):
        raise PaperRefused(
            f"A statement has up to {PAY_PAGES_CAP} pages to pay, each for an amount above zero."
        )
    balance = 0
    for place, line in enumerate(paper.lines, start=1):
        balance += signed(line)
        if line.balance.amount != balance:
            raise PaperRefused(f"Line {place} of the statement does not add up: its balance is another.")
    billed = sum(each.amount.amount for each in paper.lines if each.what in _BILLED)
    if billed != paper.billed.amount or balance != paper.balance_due.amount:
        raise PaperRefused("This statement does not add up: its lines are not its sums.")
    if paper.billed.amount - paper.paid.amount != paper.balance_due.amount:
        raise PaperRefused(
            "This statement does not add up: what is due is not what was billed less what was paid."
        )
    return paper


def check_prepaid(paper: PrepaidBalance) -> PrepaidBalance:
    """Return the statement of prepaid balance. Raises PaperRefused where it is too long or does not add up."""
    if not clean_name(paper.billed_to.name, 4):
        raise PaperRefused("A statement needs the name of whom it is for.")
    check_party(paper.billed_to)
    if len(paper.courses) > LINES_CAP or any(
        not 1 <= len(each.sessions) <= WORKING_CAP for each in paper.courses
    ):
        raise PaperRefused(f"A prepaid balance holds {LINES_CAP} courses of 1 to {WORKING_CAP} treatments.")
    if any(each.unused > each.granted for one in paper.courses for each in one.sessions):
        raise PaperRefused("No more sessions can be unused than were granted.")
    if sum(each.value.amount for each in paper.courses if each.value is not None) != paper.total.amount:
        raise PaperRefused("This statement does not add up: its values are not its total.")
    return paper


def check_receipt(paper: Receipt) -> Receipt:
    """Return the receipt. Raises PaperRefused where it lacks a name or number, or does not add up."""
    if not _NUMBER.fullmatch(paper.number) or not _NUMBER.fullmatch(paper.invoice_number):
        raise PaperRefused(
            "A receipt needs its number and its invoice’s, of 1 to 40 characters without spaces."
        )
    if not clean_name(paper.billed_to.name, 4):
        raise PaperRefused("A receipt needs the name of who paid.")
    check_party(paper.billed_to)
    if paper.payment.amount.amount <= 0:
        raise PaperRefused("A payment is an amount above zero.")
    if paper.paid_at.tzinfo is None:
        raise PaperRefused("A payment needs a time with its time zone.")
    left = paper.total.amount - paper.paid_before.amount - paper.payment.amount.amount
    if left != paper.balance_due.amount:
        raise PaperRefused("This receipt does not add up: what is left is not the total less what was paid.")
    return paper


def signed(line: StatementLine) -> int:
    """Return the line's effect on the balance: what is billed adds to it, what is paid takes from it."""
    return line.amount.amount if line.what in _BILLED else -line.amount.amount


def is_billed(line: StatementLine) -> bool:
    """Return whether the line belongs to the column of billed amounts."""
    return line.what in _BILLED


PACKAGES_CAP = 200
PEOPLE_CAP = 60
MONTHS_SHOWN = 12
_LINES: tuple[RollKind, ...] = get_args(RollKind)
# Undone in a later month, a use or a sale counts below zero there.
SIGNED: dict[type, frozenset[str]] = {
    RollLine: frozenset({"sessions"}),
    PackageRow: frozenset({"sold", "used", "sold_sessions"}),
    MonthPoint: frozenset({"sold_sessions", "used_sessions"}),
}


def check_month(paper: OwnersMonth) -> OwnersMonth:
    """Return the month as it is. Raises PaperRefused where it is too long or its parts do not add up."""
    if tuple(line.kind for line in paper.roll_forward) != _LINES:
        raise PaperRefused("A month has the nine lines of the roll-forward, each once and in their order.")
    if len(paper.packages) > PACKAGES_CAP or len(paper.follow_ups) > PEOPLE_CAP:
        raise PaperRefused(f"A month holds {PACKAGES_CAP} packages and {PEOPLE_CAP} reasons to call.")
    if paper.month.day != 1 or paper.issued_on < paper.month:
        raise PaperRefused("A month is named by its first day, and printed once it has begun.")
    lines = {line.kind: line for line in paper.roll_forward}
    *moved, closing = paper.roll_forward
    if sum(line.value.amount for line in moved) != closing.value.amount:
        raise PaperRefused("The money of the month does not add up: its lines are not the balance after it.")
    if sum(line.sessions for line in moved) != closing.sessions:
        raise PaperRefused(
            "The sessions of the month do not add up: its lines are not what is left after it."
        )
    packages = paper.packages
    said = (
        sum(each.sold_value.amount for each in packages),
        sum(each.sold_sessions for each in packages),
        sum(each.used_value.amount for each in packages),
        sum(each.used for each in packages),
    )
    used = lines["used"]
    if said != (lines["paid"].value.amount, lines["sold"].sessions, -used.value.amount, -used.sessions):
        raise PaperRefused("The packages of the month are not its sums: what was sold and used differs.")
    _check_trend(paper, lines)
    return paper


def _check_trend(paper: OwnersMonth, lines: dict[RollKind, RollLine]) -> None:
    if len(paper.trend) != MONTHS_SHOWN or [point.month for point in paper.trend] != list(
        _months_up_to(paper.month)
    ):
        raise PaperRefused(f"The charts show the {MONTHS_SHOWN} months up to the one that is printed.")
    last = paper.trend[-1]
    said = (last.sold.amount, last.used.amount, last.owed.amount, last.sold_sessions, last.used_sessions)
    paid, used = lines["paid"], lines["used"]
    wanted = (
        paid.value.amount,
        -used.value.amount,
        lines["closing"].value.amount,
        lines["sold"].sessions,
        -used.sessions,
    )
    if said != wanted:
        raise PaperRefused("The last month of the charts is not the month that is printed.")


def _months_up_to(month: date) -> Iterator[date]:
    months = [month]
    while len(months) < MONTHS_SHOWN:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    yield from reversed(months)


def check_year(paper: YearEnd) -> YearEnd:
    """Return the sheet as it is. Raises PaperRefused where it is too long or does not add up."""
    if len(paper.rows) > YEAR_ROWS_CAP:
        raise PaperRefused(f"A year holds {YEAR_ROWS_CAP} packages.")
    if paper.issued_on.year < paper.year:
        raise PaperRefused("A year is printed once it has begun.")
    for each in paper.rows:
        moved = each.received.amount - each.earned.amount - each.refunded.amount + each.other.amount
        if each.carried_in.amount + moved != each.carried_over.amount:
            raise PaperRefused(
                "A package of the year does not add up: what it carries over is another amount."
            )
    return paper
