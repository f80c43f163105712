"""The invoice and the credit note in words: what was sold and paid, what of it is refunded, how, and why."""

from collections.abc import Iterator, Sequence

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.account_rows import (
    NO_SALES_TAX_SAID,
    AccountPage,
    Sum,
    Working,
    due_sum,
    held_together,
    rows_of,
    tax_sums,
)
from invoices.papers import CreditNote, Invoice, Money, RefundedSessions, RefundWorking


def invoice_page(paper: Invoice, language: Language) -> AccountPage:
    return AccountPage(
        heading=language.gettext("Invoice {number}", number=paper.number),
        dates=tuple(_dates(paper, language)),
        figure=language.money(paper.balance_due if paper.balance_due.amount > 0 else paper.total),
        figure_label=_figure_label(paper, language),
        notes=tuple(_notes(paper, language)),
        rows=rows_of(paper, language),
        sums=tuple(_sums(paper, language)),
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


def credit_note_page(paper: CreditNote, language: Language) -> AccountPage:
    return AccountPage(
        heading=language.gettext("Credit note {number}", number=paper.number),
        under=language.gettext(
            "To invoice {number} of {date}",
            number=paper.invoice_number,
            date=language.long_date(paper.invoice_issued_on),
        ),
        dates=(language.gettext("Issued on {date}", date=language.long_date(paper.issued_on)),),
        figure=language.money(Money(-paper.total.amount, paper.total.currency)),
        figure_label=_credited_label(paper, language),
        notes=tuple(_credited_notes(paper, language)),
        rows=rows_of(paper, language),
        sums=tuple(_credited_sums(paper, language)),
        workings=tuple(working(each, language, is_named=len(paper.workings) > 1) for each in paper.workings),
    )


def working(done: RefundWorking, language: Language, *, is_named: bool) -> Working:
    """Return how a refund was computed: how many sessions of how many, the formula, and what left the course."""
    # Sessions without a price of their own count only where none has one.
    counted = [each for each in done.sessions if each.single_price.amount] or done.sessions
    unused, total = sum(each.removed for each in counted), sum(each.used + each.removed for each in counted)
    said = language.ngettext(
        "{unused} of {n} session unused", "{unused} of {n} sessions unused", total, unused=unused
    )
    removed = [f"{each.removed} × {each.treatment}" for each in done.sessions if each.removed]
    return Working(
        name=done.package_name if is_named else "",
        formula=language.with_comma(said, _formula(done, counted, language).replace(" ", NO_BREAK_SPACE)),
        removed=held_together(language.gettext("Left the course: {sessions}", sessions=" · ".join(removed)))
        if removed
        else "",
    )


def _formula(done: RefundWorking, counted: Sequence[RefundedSessions], language: Language) -> str:
    """Return the formula of the amount, "" where none applies or nothing was used: then all of it is refunded."""
    used = [each for each in counted if each.used]
    if not used or not done.formula:
        return ""
    paid = language.money(done.paid)
    if done.formula == "discount_forfeited":
        return " − ".join([paid, *(f"{each.used} × {language.money(each.single_price)}" for each in used)])
    if done.price is not None:
        return f"{paid} − {language.money(done.price)} × {_share(counted, language, is_used=True)}"
    return f"{paid} × {_share(counted, language, is_used=False)}"


def _share(counted: Sequence[RefundedSessions], language: Language, *, is_used: bool) -> str:
    """Return a part of the sessions: by their number where all cost the same, else by what they cost singly."""
    is_counted = len({each.single_price for each in counted}) == 1
    part = whole = 0
    for each in counted:
        weight = 1 if is_counted else each.single_price.amount
        part += weight * (each.used if is_used else each.removed)
        whole += weight * (each.used + each.removed)
    if is_counted:
        return f"{part} / {whole}"
    currency = counted[0].single_price.currency
    return " / ".join(language.money(Money(amount, currency)) for amount in (part, whole))


def _returned(paper: CreditNote) -> int:
    return sum(payment.amount.amount for payment in paper.returned)


def _credited_label(paper: CreditNote, language: Language) -> str:
    if _returned(paper) != -paper.total.amount:
        return language.gettext("credited")
    days = {payment.on for payment in paper.returned}
    if len(days) > 1:
        return language.gettext("refunded to you")
    return language.gettext("refunded to you on {date}", date=language.long_date(days.pop()))


def _credited_notes(paper: CreditNote, language: Language) -> Iterator[str]:
    returned = _returned(paper)
    if 0 < returned < -paper.total.amount:
        yield language.gettext(
            "{amount} of it was refunded to you.",
            amount=language.money(Money(returned, paper.total.currency)),
        )
    if paper.reason:
        yield language.gettext("Reason: {reason}", reason=paper.reason)


def _credited_sums(paper: CreditNote, language: Language) -> Iterator[Sum]:
    if paper.taxes:
        yield Sum(language.gettext("Subtotal before tax"), language.money(paper.net))
    yield from tax_sums(paper.taxes, language)
    yield Sum(language.gettext("Total credited"), language.money(paper.total), is_end=True)
