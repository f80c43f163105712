"""The content of a credit note, frozen at its issue: its invoice, what is credited, how money was returned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import (
    AccountLine,
    CreditNote,
    Invoice,
    Money,
    Paper,
    PaymentLine,
    RefundWorking,
    TaxLine,
    from_json,
)
from plugin.core.acts import Act
from plugin.core.money import allocate
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.documents.credit_shares import Left, Share, Wanted, shares_of
from plugin.courses.documents.invoice_lines import account_of, plain_line
from plugin.courses.documents.sale_record import SoldSale
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.documents import Document


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Refunded money: how much, for which lines as far as is known, how, and why.

    `tip` is how much of it refunded the tip; `workings` are how the refund of a course was computed.
    """

    amount: int
    wanted: tuple[Wanted, ...]
    returned: tuple[PaymentLine, ...]
    reason: str
    tip: int = 0
    workings: tuple[RefundWorking, ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """The invoice, its lines with the amount of each tax on them, and its credit notes."""

    invoice: Invoice
    taxes_on: Sequence[Mapping[str, int]]
    notes: tuple[CreditNote, ...]


def credit_note_of(issued: Issued, given: GivenBack, blank: CreditNote) -> CreditNote | None:
    """Fill a blank credit note with what the refund negates.

    None if nothing of the invoice is left to negate.
    """
    lines = _lines_of(issued.invoice)
    tips = (Wanted(len(issued.invoice.lines) + 1, total=given.tip),) if given.tip else ()
    shares = shares_of(given.amount, _left(issued, lines), (*given.wanted, *tips))
    if not shares:
        return None
    negated = tuple(_negated(lines[share.position - 1], share) for share in shares)
    currency = issued.invoice.total.currency
    total = sum(line.total.amount for line in negated)
    return replace(
        blank,
        lines=negated,
        net=Money(sum(line.net.amount for line in negated), currency),
        taxes=_tax_lines(issued, negated, is_rest=_is_rest(issued, total)),
        total=Money(total, currency),
        returned=_at_most(given.returned, -total),
        reason=given.reason,
        workings=given.workings,
    )


def _lines_of(invoice: Invoice) -> list[AccountLine]:
    """Return the invoice's lines, then its tip and service charge as lines of their own."""
    language, currency, many = language_for(invoice.language), invoice.total.currency, len(invoice.lines)
    return [
        *(replace(line, position=place) for place, line in enumerate(invoice.lines, start=1)),
        plain_line(language.gettext("Tip"), invoice.tip.amount, currency, many + 1),
        plain_line(language.gettext("Service charge"), invoice.service_charge.amount, currency, many + 2),
    ]


def _left(issued: Issued, lines: Sequence[AccountLine]) -> list[Left]:
    credited: dict[int, list[AccountLine]] = {}
    for note in issued.notes:
        for line in note.lines:
            credited.setdefault(line.position, []).append(line)
    return [
        Left(
            line.position,
            line.net.amount + sum(each.net.amount for each in credited.get(line.position, ())),
            line.tax.amount + sum(each.tax.amount for each in credited.get(line.position, ())),
            is_beside=line.position > len(issued.invoice.lines),
        )
        for line in lines
    ]


def _negated(line: AccountLine, share: Share) -> AccountLine:
    """Return the line with all its money below zero.

    A part of it is one unit without a discount of its own.
    """

    def minus(amount: int) -> Money:
        return Money(-amount, line.net.currency)

    quantity, unit_price, discount, is_part = "1", share.net, 0, False
    if share.of is not None and _multiplies(line, share, share.of):
        quantity, unit_price, discount = share.of.quantity, line.unit_price.amount, share.of.discount
    elif (share.net, share.tax) == (line.net.amount, line.tax.amount):
        quantity, unit_price, discount = line.quantity, line.unit_price.amount, line.discount.amount
    else:
        is_part = True
    return replace(
        line,
        quantity=quantity,
        unit_price=minus(unit_price),
        discount=minus(discount),
        net=minus(share.net),
        tax=minus(share.tax),
        total=minus(share.total),
        detail="",
        is_part=is_part,
    )


def _multiplies(line: AccountLine, share: Share, wanted: Wanted) -> bool:
    """Return whether so many units at the line's price are what is returned; of one unit a part may be."""
    charged = Decimal(wanted.quantity) * line.unit_price.amount - wanted.discount
    return share.net - 1 <= charged <= share.total + 1


def _is_rest(issued: Issued, total: int) -> bool:
    before = sum(note.total.amount for note in issued.notes)
    return issued.invoice.total.amount + before + total == 0


def _tax_lines(issued: Issued, negated: Sequence[AccountLine], *, is_rest: bool) -> tuple[TaxLine, ...]:
    """Negate the taxes of the lines; the last credit note takes what is left of each to the cent."""
    amounts: dict[str, int] = {}
    for line in negated:
        for name, amount in _taxes_on(issued, line).items():
            amounts[name] = amounts.get(name, 0) + amount
    if is_rest and _fits(left := _taxes_left(issued), amounts):
        amounts = left
    return tuple(
        replace(
            tax,
            base=Money(sum(line.net.amount for line in negated if tax.name in line.taxes), tax.base.currency),
            amount=Money(-amounts.get(tax.name, 0), tax.amount.currency),
        )
        for tax in issued.invoice.taxes
        if any(tax.name in line.taxes for line in negated)
    )


def _fits(left: Mapping[str, int], amounts: Mapping[str, int]) -> bool:
    """Return whether what is left of the taxes is on these lines, and is their tax."""
    return sum(left.values()) == sum(amounts.values()) and all(name in amounts for name in left if left[name])


def _taxes_on(issued: Issued, line: AccountLine) -> dict[str, int]:
    """Allocate a line's tax to the taxes on it, as they were on the line that was sold."""
    if not line.taxes:
        return {}
    sold = issued.taxes_on[line.position - 1] if line.position <= len(issued.taxes_on) else {}
    weights = [sold.get(name, 0) for name in line.taxes]
    return dict(zip(line.taxes, allocate(-line.tax.amount, weights), strict=True))


def _taxes_left(issued: Issued) -> dict[str, int]:
    left = {tax.name: tax.amount.amount for tax in issued.invoice.taxes}
    for note in issued.notes:
        for tax in note.taxes:
            left[tax.name] = left.get(tax.name, 0) + tax.amount.amount
    return left


def _at_most(returned: tuple[PaymentLine, ...], most: int) -> tuple[PaymentLine, ...]:
    """Return how the money was returned, as far as it belongs to the invoice."""
    kept, left = list[PaymentLine](), most
    for line in returned:
        amount = min(line.amount.amount, left)
        if amount > 0:
            kept.append(replace(line, amount=Money(amount, line.amount.currency)))
            left -= amount
    return tuple(kept)


def credit_note_paper(
    session: Session, act: Act, document: Document, sale: SoldSale, given: GivenBack, *, number: str
) -> CreditNote | None:
    """Freeze the credit note of an invoice; None if nothing is left to negate."""
    invoice = from_json(document.content)
    if not isinstance(invoice, Invoice):
        return None
    issued = Issued(invoice, _taxes_of_lines(sale, invoice), _notes(session, document.id))
    return credit_note_of(issued, given, _blank(session, act, invoice, number))


def _taxes_of_lines(sale: SoldSale, invoice: Invoice) -> list[dict[str, int]]:
    account = account_of(sale, language_for(invoice.language), {})
    return [dict(row.taxes) for row in account.rows]


def _notes(session: Session, invoice_id: str) -> tuple[CreditNote, ...]:
    rows = select(Document.content).where(Document.refers_to == invoice_id).order_by(Document.place)
    papers: Iterable[Paper] = (from_json(content) for content in session.scalars(rows))
    return tuple(paper for paper in papers if isinstance(paper, CreditNote))


def _blank(session: Session, act: Act, invoice: Invoice, number: str) -> CreditNote:
    clinic, nothing = clinic_in(session), Money(0, invoice.total.currency)
    return CreditNote(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=local_date(clinic, act.now),
        invoice_number=invoice.number,
        invoice_issued_on=invoice.issued_on,
        billed_to=invoice.billed_to,
        lines=(),
        net=nothing,
        taxes=(),
        total=nothing,
        returned=(),
        language=invoice.language,
        reference=invoice.reference,
        is_electronic=invoice.is_electronic,
    )
