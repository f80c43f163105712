"""The invoice in words: what was sold, what was paid, what is still due."""

from __future__ import annotations

from collections.abc import Iterator

from invoices.pages.account_rows import (
    LONG_FIGURE,
    MANY_LINES,
    NO_SALES_TAX_SAID,
    AccountPage,
    Sum,
    closing,
    in_one_piece,
    is_wide,
    issuer,
    moved,
    party,
    row,
    tax_sums,
)
from invoices.papers import Invoice, Money
from invoices.words import Language


def invoice_page(paper: Invoice, language: Language) -> AccountPage:
    """Say the whole invoice."""
    phrases = language.account
    heading = phrases.invoice.format(number=paper.number)
    rows = tuple(row(line, paper.taxes, language) for line in paper.lines)
    figure = language.money(paper.balance_due if paper.balance_due.amount > 0 else paper.total)
    return AccountPage(
        words=phrases,
        title=phrases.title.format(heading=heading, name=paper.billed_to.name).replace("\u200b", ""),
        heading=heading,
        billed_to_name=phrases.billed_to,
        under="",
        dates=tuple(_dates(paper, language)),
        figure=figure,
        figure_label=in_one_piece(_figure_label(paper, language)),
        is_long_figure=len(figure) > LONG_FIGURE,
        notes=tuple(_notes(paper, language)),
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        lines_name=phrases.bought,
        rows=rows,
        has_prices=any(each.unit_price for each in rows),
        has_discounts=any(each.discount for each in rows),
        has_taxes=any(each.tax for each in rows),
        is_dense=len(rows) > MANY_LINES,
        is_wide=is_wide(rows),
        sums=tuple(_sums(paper, language)),
        workings=(),
        moved_name=phrases.payments,
        moved=moved(paper.payments, language),
        closing=closing(paper, language),
        is_airy=False,
    )


def _dates(paper: Invoice, language: Language) -> Iterator[str]:
    yield language.account.issued_on.format(date=language.long_date(paper.issued_on))
    # Elsewhere the law wants the day of the sale said, also where it is the same.
    if paper.sold_on != paper.issued_on or paper.clinic.country != NO_SALES_TAX_SAID:
        yield language.account.sold_on.format(date=language.long_date(paper.sold_on))


def _figure_label(paper: Invoice, language: Language) -> str:
    phrases = language.account
    if paper.balance_due.amount > 0:
        if not paper.due_on:
            return phrases.still_to_pay
        return phrases.still_to_pay_by.format(date=language.long_date(paper.due_on))
    if not paper.total.amount:
        return phrases.nothing_to_pay
    last = max((payment.on for payment in paper.payments), default=None)
    if last is None:
        return phrases.paid_in_full
    return phrases.paid_in_full_on.format(date=language.long_date(last))


def _notes(paper: Invoice, language: Language) -> Iterator[str]:
    phrases = language.account
    if paper.balance_due.amount <= 0:
        return
    if not paper.paid.amount:
        yield phrases.nothing_paid
    else:
        yield phrases.part_paid.format(paid=language.money(paper.paid), total=language.money(paper.total))


def _sums(paper: Invoice, language: Language) -> Iterator[Sum]:
    phrases = language.account
    beside = ((phrases.tip, paper.tip), (phrases.service_charge, paper.service_charge))
    if paper.taxes or any(money.amount for _, money in beside):
        subtotal = phrases.subtotal_before_tax if paper.taxes else phrases.subtotal
        yield Sum(subtotal, language.money(paper.net))
    yield from tax_sums(paper.taxes, language)
    for name, money in beside:
        if money.amount:
            yield Sum(name, language.money(money))
    yield Sum(phrases.total, language.money(paper.total), is_end=True)
    yield Sum(phrases.paid, language.money(paper.paid))
    yield _due(paper, language)


def _due(paper: Invoice, language: Language) -> Sum:
    phrases, due = language.account, paper.balance_due
    if due.amount < 0:
        return Sum(phrases.overpaid, language.money(Money(-due.amount, due.currency)), is_end=True)
    name = phrases.balance_due
    if due.amount and paper.due_on:
        name = phrases.balance_due_by.format(date=language.medium_date(paper.due_on))
    return Sum(name, language.money(due), is_end=True)
