"""The credit note in words: what of which invoice is given back, how the money went, and why."""

from __future__ import annotations

from collections.abc import Iterator

from invoices.language import Language
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


def credit_note_page(paper: CreditNote, language: Language) -> AccountPage:
    """Say the whole credit note."""
    heading = language.gettext("Credit note {number}", number=paper.number)
    rows = tuple(row(line, paper.taxes, language) for line in paper.lines)
    figure = language.money(Money(-paper.total.amount, paper.total.currency))
    invoice_date = language.long_date(paper.invoice_issued_on)
    return AccountPage(
        title=language.gettext("{heading} for {name}", heading=heading, name=paper.billed_to.name).replace(
            "\u200b", ""
        ),
        heading=heading,
        billed_to_name=language.gettext("Credited to"),
        under=language.gettext(
            "To invoice {number} of {date}", number=paper.invoice_number, date=invoice_date
        ),
        dates=(language.gettext("Issued on {date}", date=language.long_date(paper.issued_on)),),
        figure=figure,
        figure_label=in_one_piece(_figure_label(paper, language)),
        is_long_figure=len(figure) > LONG_FIGURE,
        notes=tuple(_notes(paper, language)),
        billed_to=party(paper.billed_to, paper.clinic, language),
        billed_by=issuer(paper.clinic, language),
        lines_name=language.gettext("What is credited"),
        rows=rows,
        has_prices=any(each.unit_price for each in rows),
        has_discounts=any(each.discount for each in rows),
        has_taxes=any(each.tax for each in rows),
        is_dense=len(rows) > MANY_LINES,
        is_wide=is_wide(rows),
        sums=tuple(_sums(paper, language)),
        workings=tuple(working(each, language, is_named=len(paper.workings) > 1) for each in paper.workings),
        moved_name=language.gettext("Refunds"),
        moved=moved(paper.returned, language),
        closing=closing(paper, language),
        is_airy=False,
    )


def _returned(paper: CreditNote) -> int:
    return sum(payment.amount.amount for payment in paper.returned)


def _figure_label(paper: CreditNote, language: Language) -> str:
    if _returned(paper) != -paper.total.amount:
        return language.gettext("credited")
    days = {payment.on for payment in paper.returned}
    if len(days) > 1:
        return language.gettext("refunded to you")
    return language.gettext("refunded to you on {date}", date=language.long_date(days.pop()))


def _notes(paper: CreditNote, language: Language) -> Iterator[str]:
    returned = _returned(paper)
    if 0 < returned < -paper.total.amount:
        yield language.gettext(
            "{amount} of it was refunded to you.",
            amount=language.money(Money(returned, paper.total.currency)),
        )
    if paper.reason:
        yield language.gettext("Reason: {reason}", reason=paper.reason)


def _sums(paper: CreditNote, language: Language) -> Iterator[Sum]:
    if paper.taxes:
        yield Sum(language.gettext("Subtotal before tax"), language.money(paper.net))
    yield from tax_sums(paper.taxes, language)
    yield Sum(language.gettext("Total credited"), language.money(paper.total), is_end=True)
