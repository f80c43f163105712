"""The credit note in words: what of which invoice is given back, how the money went, and why."""

from __future__ import annotations

from collections.abc import Iterator

from invoices.language import Language
from invoices.pages.account_rows import AccountPage, Sum, account_page, tax_sums, working
from invoices.papers import CreditNote, Money


def credit_note_page(paper: CreditNote, language: Language) -> AccountPage:
    """Say the whole credit note."""
    return account_page(
        paper,
        language,
        heading=language.gettext("Credit note {number}", number=paper.number),
        under=language.gettext(
            "To invoice {number} of {date}",
            number=paper.invoice_number,
            date=language.long_date(paper.invoice_issued_on),
        ),
        dates=[language.gettext("Issued on {date}", date=language.long_date(paper.issued_on))],
        figure=Money(-paper.total.amount, paper.total.currency),
        figure_label=_figure_label(paper, language),
        notes=_notes(paper, language),
        sums=_sums(paper, language),
        payments=paper.returned,
        workings=[working(each, language, is_named=len(paper.workings) > 1) for each in paper.workings],
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
