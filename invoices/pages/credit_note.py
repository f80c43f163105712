"""The credit note in words: what of which invoice is given back, how the money went, and why."""

from __future__ import annotations

from collections.abc import Iterator

from invoices.pages.account_rows import (
    LONG_FIGURE,
    MANY_LINES,
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
    working,
)
from invoices.papers import CreditNote, Money
from invoices.words import Language


def credit_note_page(paper: CreditNote, language: Language) -> AccountPage:
    """Say the whole credit note."""
    phrases = language.account
    heading = phrases.credit_note.format(number=paper.number)
    rows = tuple(row(line, paper.taxes, language) for line in paper.lines)
    figure = language.money(Money(-paper.total.amount, paper.total.currency))
    invoice_date = language.long_date(paper.invoice_issued_on)
    return AccountPage(
        words=phrases,
        title=phrases.title.format(heading=heading, name=paper.billed_to.name).replace("\u200b", ""),
        heading=heading,
        billed_to_name=phrases.credited_to,
        under=phrases.to_invoice.format(number=paper.invoice_number, date=invoice_date),
        dates=(phrases.issued_on.format(date=language.long_date(paper.issued_on)),),
        figure=figure,
        figure_label=in_one_piece(_figure_label(paper, language)),
        is_long_figure=len(figure) > LONG_FIGURE,
        notes=tuple(_notes(paper, language)),
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        lines_name=phrases.taken_back,
        rows=rows,
        has_prices=any(each.unit_price for each in rows),
        has_discounts=any(each.discount for each in rows),
        has_taxes=any(each.tax for each in rows),
        is_dense=len(rows) > MANY_LINES,
        is_wide=is_wide(rows),
        sums=tuple(_sums(paper, language)),
        workings=tuple(working(each, language, is_named=len(paper.workings) > 1) for each in paper.workings),
        moved_name=phrases.returned,
        moved=moved(paper.returned, language),
        closing=closing(paper, language),
        is_airy=False,
    )


def _returned(paper: CreditNote) -> int:
    return sum(payment.amount.amount for payment in paper.returned)


def _figure_label(paper: CreditNote, language: Language) -> str:
    phrases = language.account
    if _returned(paper) != -paper.total.amount:
        return phrases.credited
    days = {payment.on for payment in paper.returned}
    if len(days) > 1:
        return phrases.given_back
    return phrases.given_back_on.format(date=language.long_date(days.pop()))


def _notes(paper: CreditNote, language: Language) -> Iterator[str]:
    phrases = language.account
    returned = _returned(paper)
    if 0 < returned < -paper.total.amount:
        yield phrases.part_given_back.format(amount=language.money(Money(returned, paper.total.currency)))
    if paper.reason:
        yield phrases.reason.format(reason=paper.reason)


def _sums(paper: CreditNote, language: Language) -> Iterator[Sum]:
    phrases = language.account
    if paper.taxes:
        yield Sum(phrases.subtotal_before_tax, language.money(paper.net))
    yield from tax_sums(paper.taxes, language)
    yield Sum(phrases.total_credited, language.money(paper.total), is_end=True)
