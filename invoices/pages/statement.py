"""The statement of account in words: its entries, and what is due."""

from collections.abc import Iterable

from invoices.language import Language
from invoices.pages.account_rows import LONG_AMOUNT, how
from invoices.pages.text import unbroken
from invoices.papers import AccountStatement, StatementLine


def entry_text(line: StatementLine, language: Language) -> str:
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


def has_long_amounts(lines: Iterable[StatementLine], language: Language) -> bool:
    """Return whether some amount needs a smaller size to fit on one line."""
    return any(
        len(language.money(each)) > LONG_AMOUNT for line in lines for each in (line.amount, line.balance)
    )


def statement_label(paper: AccountStatement, language: Language) -> str:
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


def balance_name(paper: AccountStatement, language: Language) -> str:
    if paper.balance_due.amount > 0 and paper.due_on:
        return language.gettext("Balance due by {date}", date=language.medium_date(paper.due_on))
    return (
        language.gettext("Balance due")
        if paper.balance_due.amount >= 0
        else language.gettext("Paid beyond the total")
    )
