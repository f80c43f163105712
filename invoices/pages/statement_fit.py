"""What a statement of account can hold. One that does not add up to the cent is refused."""

from __future__ import annotations

from invoices.pages.account_fit import check_money, check_party
from invoices.pages.cleantext import clean_name
from invoices.papers import AccountStatement, PaperRefused, StatementLine

LINES_CAP = 200
_BILLED = ("invoice", "credit_note", "canceled")


def check_statement(paper: AccountStatement) -> AccountStatement:
    """Return the statement. Raises PaperRefused where it holds too much or does not add up."""
    if not clean_name(paper.billed_to.name, 4):
        raise PaperRefused("A statement needs the name of whom it is for.")
    check_party(paper.billed_to)
    if not 1 <= len(paper.lines) <= LINES_CAP:
        raise PaperRefused(f"A statement holds 1 to {LINES_CAP} lines.")
    check_money(paper)
    _check_sums(paper)
    return paper


def _check_sums(paper: AccountStatement) -> None:
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


def signed(line: StatementLine) -> int:
    """Return what the line does to the balance: what is billed adds to it, what is paid takes from it."""
    return line.amount.amount if line.what in _BILLED else -line.amount.amount


def is_billed(line: StatementLine) -> bool:
    """Say whether the line stands in the column of what was billed."""
    return line.what in _BILLED
