"""The statement of account in words: what was billed and paid for a sale, day by day, and what is due."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.pages.account_rows import LONG_AMOUNT, LONG_FIGURE, how, in_one_piece, issuer, party
from invoices.pages.statement_fit import is_billed
from invoices.papers import AccountStatement, StatementLine
from invoices.words import Language
from invoices.words.phrases import AccountPhrases


@dataclass(frozen=True)
class StatementRow:
    """One day's entry; `billed` or `paid` is empty."""

    on: str
    entry: str
    billed: str
    paid: str
    balance: str


@dataclass(frozen=True)
class StatementPage:
    """A statement of account as its reader sees it."""

    words: AccountPhrases
    title: str
    date: str
    under: str
    figure: str
    figure_label: str
    is_long_figure: bool
    billed_to: tuple[str, ...]
    billed_by: tuple[str, ...]
    rows: tuple[StatementRow, ...]
    billed: str
    paid: str
    balance_name: str
    balance: str
    is_wide: bool
    closing: tuple[str, ...]
    is_airy: bool


def statement_page(paper: AccountStatement, language: Language) -> StatementPage:
    """Say the whole statement."""
    phrases = language.account
    figure = language.money(paper.balance_due)
    rows = tuple(_row(line, language) for line in paper.lines)
    reference = phrases.reference.format(reference=paper.reference) if paper.reference else ""
    name = paper.billed_to.name.replace("\u200b", "")
    return StatementPage(
        words=phrases,
        title=phrases.title.format(heading=phrases.statement, name=name),
        date=phrases.as_of.format(date=language.long_date(paper.issued_on)),
        under=paper.about,
        figure=figure,
        figure_label=in_one_piece(_figure_label(paper, language)),
        is_long_figure=len(figure) > LONG_FIGURE,
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        rows=rows,
        billed=language.money(paper.billed),
        paid=language.money(paper.paid),
        balance_name=_balance_name(paper, language),
        balance=figure,
        is_wide=any(len(each) > LONG_AMOUNT for row in rows for each in (row.billed, row.paid, row.balance)),
        closing=tuple(filter(None, (phrases.not_frozen, reference))),
        is_airy=False,
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
    phrases = language.account
    if line.what == "invoice":
        return phrases.invoice.format(number=line.number)
    if line.what == "credit_note":
        return phrases.credit_note.format(number=line.number)
    if line.what == "canceled":
        return phrases.canceled
    name = phrases.payment if line.what == "payment" else phrases.refund
    return language.with_comma(name, how(line.how, line.label, language))


def _figure_label(paper: AccountStatement, language: Language) -> str:
    phrases, due = language.account, paper.balance_due.amount
    if due > 0 and paper.due_on:
        return phrases.still_to_pay_by.format(date=language.long_date(paper.due_on))
    if due > 0:
        return phrases.still_to_pay
    if due < 0:
        return phrases.in_your_favor
    last = max((each.on for each in paper.lines if each.what == "payment"), default=None)
    return phrases.nothing_due_since.format(date=language.long_date(last)) if last else phrases.nothing_due


def _balance_name(paper: AccountStatement, language: Language) -> str:
    phrases = language.account
    if paper.balance_due.amount > 0 and paper.due_on:
        return phrases.balance_due_by.format(date=language.medium_date(paper.due_on))
    return phrases.balance_due if paper.balance_due.amount >= 0 else phrases.overpaid
