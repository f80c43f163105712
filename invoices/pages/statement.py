"""The statement of account in words: what was billed and paid for a sale, day by day, and what is due."""

from dataclasses import dataclass

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import LONG_AMOUNT, LONG_FIGURE, how, how_to_pay, in_one_piece, issuer, party
from invoices.pages.qr import QrCode, qr_code
from invoices.pages.sums import is_billed
from invoices.pages.text import unbroken
from invoices.papers import AccountStatement, PayPage, StatementLine


@dataclass(frozen=True)
class StatementRow:
    """One day's entry; `billed` or `paid` is empty."""

    on: str
    entry: str
    billed: str
    paid: str
    balance: str


@dataclass(frozen=True)
class Pay:
    """A page where a balance is paid, with its code; `text` is its address as a person types it."""

    label: str
    text: str
    qr: QrCode


@dataclass(frozen=True)
class StatementPage:
    """A statement of account as its reader sees it."""

    figure: str
    figure_label: str
    is_long_figure: bool
    billed_to: tuple[str, ...]
    billed_by: tuple[str, ...]
    rows: tuple[StatementRow, ...]
    balance_name: str
    is_wide: bool
    about: str
    pays: tuple[Pay, ...]
    how_to_pay: str
    closing: tuple[str, ...]


def statement_page(paper: AccountStatement, language: Language) -> StatementPage:
    figure = language.money(paper.balance_due)
    rows = tuple(_row(line, language) for line in paper.lines)
    reference = (
        language.gettext("Order reference: {reference}", reference=paper.reference) if paper.reference else ""
    )
    explained = language.gettext(
        "This statement says what was billed and paid up to its date. Invoices stay as they were issued."
    )
    return StatementPage(
        figure=figure,
        figure_label=in_one_piece(_figure_label(paper, language)),
        is_long_figure=len(figure) > LONG_FIGURE,
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        rows=rows,
        balance_name=_balance_name(paper, language),
        is_wide=any(len(each) > LONG_AMOUNT for row in rows for each in (row.billed, row.paid, row.balance)),
        about=paper.about or language.gettext("All your purchases"),
        pays=tuple(_pay(each, paper, language) for each in paper.pay_pages),
        how_to_pay=_how_to_pay(paper, language),
        closing=tuple(filter(None, (_left_out(paper, language), explained, reference))),
    )


def _row(line: StatementLine, language: Language) -> StatementRow:
    amount = language.money(line.amount)
    return StatementRow(
        on=language.medium_date(line.on),
        entry=_entry(line, language),
        billed=amount if is_billed(line) else "",
        paid="" if is_billed(line) else amount,
        balance=language.money(line.balance),
    )


def _entry(line: StatementLine, language: Language) -> str:
    if line.what == "invoice":
        return language.gettext("Invoice {number}", number=line.number)
    if line.what == "credit_note":
        return language.gettext("Credit note {number}", number=line.number)
    if line.what == "canceled":
        return language.with_comma(language.gettext("Canceled, no longer due"), line.number)
    if line.number:
        phrase = (
            language.gettext("Payment for {number}")
            if line.what == "payment"
            else language.gettext("Refund for {number}")
        )
        return language.with_comma(
            phrase.format(number=line.number), unbroken(how(line.how, line.label, language))
        )
    name = language.gettext("Payment") if line.what == "payment" else language.gettext("Refund")
    return language.with_comma(name, unbroken(how(line.how, line.label, language)))


def _pay(page: PayPage, paper: AccountStatement, language: Language) -> Pay:
    amount = language.money(page.amount)
    label = language.gettext("Pay {amount}", amount=amount)
    if len(paper.pay_pages) > 1 or page.amount != paper.balance_due:
        label = language.gettext("Pay {amount} of invoice {number}", amount=amount, number=page.number)
    return Pay(label, page.url.removeprefix("https://"), qr_code(page.url))


def _how_to_pay(paper: AccountStatement, language: Language) -> str:
    if paper.balance_due.amount <= 0:
        return ""
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    return how_to_pay(phone, language, has_page=bool(paper.pay_pages))


def _left_out(paper: AccountStatement, language: Language) -> str:
    if not paper.left_out:
        return ""
    return language.ngettext(
        "{n} earlier purchase, paid in full, is not listed.",
        "{n} earlier purchases, paid in full, are not listed.",
        paper.left_out,
    )


def _figure_label(paper: AccountStatement, language: Language) -> str:
    due = paper.balance_due.amount
    if due > 0 and paper.due_on:
        return language.gettext("balance due by {date}", date=language.long_date(paper.due_on))
    if due > 0:
        return language.gettext("balance due")
    if due < 0:
        return language.gettext("paid beyond what was billed")
    last = max((each.on for each in paper.lines if each.what == "payment"), default=None)
    return (
        language.pgettext("statement", "paid in full on {date}", date=language.long_date(last))
        if last
        else language.gettext("paid in full")
    )


def _balance_name(paper: AccountStatement, language: Language) -> str:
    if paper.balance_due.amount > 0 and paper.due_on:
        return language.gettext("Balance due by {date}", date=language.medium_date(paper.due_on))
    return (
        language.gettext("Balance due")
        if paper.balance_due.amount >= 0
        else language.gettext("Paid beyond the total")
    )
