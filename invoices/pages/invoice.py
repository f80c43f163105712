"""The invoice in words: what was sold, what was paid, what is still due."""

from collections.abc import Iterator

from invoices.language import Language
from invoices.pages.account_rows import NO_SALES_TAX_SAID, AccountPage, Sum, account_page, due_sum, tax_sums
from invoices.papers import Invoice


def invoice_page(paper: Invoice, language: Language) -> AccountPage:
    return account_page(
        paper,
        language,
        heading=language.gettext("Invoice {number}", number=paper.number),
        dates=_dates(paper, language),
        figure=paper.balance_due if paper.balance_due.amount > 0 else paper.total,
        figure_label=_figure_label(paper, language),
        notes=_notes(paper, language),
        sums=_sums(paper, language),
        payments=paper.payments,
    )


def _dates(paper: Invoice, language: Language) -> Iterator[str]:
    yield language.gettext("Issued on {date}", date=language.long_date(paper.issued_on))
    # Elsewhere the law requires the day of the sale, also where it is the same.
    if paper.sold_on != paper.issued_on or paper.clinic.country != NO_SALES_TAX_SAID:
        yield language.gettext("Sold on {date}", date=language.long_date(paper.sold_on))


def _figure_label(paper: Invoice, language: Language) -> str:
    if paper.balance_due.amount > 0:
        if not paper.due_on:
            return language.gettext("balance due")
        return language.gettext("balance due by {date}", date=language.long_date(paper.due_on))
    if not paper.total.amount:
        return language.gettext("nothing to pay")
    last = max((payment.on for payment in paper.payments), default=None)
    if last is None:
        return language.gettext("paid in full")
    return language.gettext("paid in full on {date}", date=language.long_date(last))


def _notes(paper: Invoice, language: Language) -> Iterator[str]:
    if paper.balance_due.amount <= 0:
        return
    if not paper.paid.amount:
        yield language.gettext("Nothing is paid yet.")
    else:
        yield language.gettext(
            "{paid} of {total} is paid.", paid=language.money(paper.paid), total=language.money(paper.total)
        )


def _sums(paper: Invoice, language: Language) -> Iterator[Sum]:
    beside = (
        (language.gettext("Tip"), paper.tip),
        (language.gettext("Service charge"), paper.service_charge),
    )
    if paper.taxes or any(money.amount for _, money in beside):
        subtotal = language.gettext("Subtotal before tax") if paper.taxes else language.gettext("Subtotal")
        yield Sum(subtotal, language.money(paper.net))
    yield from tax_sums(paper.taxes, language)
    for name, money in beside:
        if money.amount:
            yield Sum(name, language.money(money))
    yield Sum(language.gettext("Total"), language.money(paper.total), is_end=True)
    yield Sum(language.gettext("Paid"), language.money(paper.paid))
    yield due_sum(paper.balance_due, paper.due_on, language)
