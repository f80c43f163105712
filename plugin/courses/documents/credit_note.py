"""The content of a credit note, frozen at its issue: its invoice, what a refund credits, how money was returned.

Of each line, net and tax are credited to the cent, never more than is left of it: lines that Square names as Square
computes them; other sums are allocated by what is left.
"""

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
from plugin.core.moments import day_at
from plugin.core.money import allocate
from plugin.courses.base.clinic import clinic_in
from plugin.courses.documents.content import account_of, plain_line
from plugin.courses.documents.sale_record import SoldSale
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.tables import Document


@dataclass(frozen=True, slots=True)
class Left:
    """What of one line was not credited yet, minor units.

    `is_beside`: tip or service charge, not a line that was sold.
    """

    position: int
    net: int
    tax: int
    is_beside: bool = False

    @property
    def total(self) -> int:
        """Return net and tax together."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line named by a refund: so much of it, in Square's quantity. No `total`: as far as the money reaches."""

    position: int
    total: int | None = None
    tax: int = 0
    discount: int = 0
    quantity: str = "1"


@dataclass(frozen=True, slots=True)
class Share:
    """What is credited of one line; `of` is the line as Square named it, where it is returned exactly so."""

    position: int
    net: int
    tax: int
    of: Wanted | None = None

    @property
    def total(self) -> int:
        """Return net and tax together."""
        return self.net + self.tax


def shares_of(amount: int, lines: Sequence[Left], wanted: Sequence[Wanted]) -> tuple[Share, ...]:
    """Allocate the amount to the lines; more than all that is left credits all that is left."""
    whole = sum(line.total for line in lines)
    if whole <= 0:
        return ()
    if amount >= whole:
        by_position = {each.position: each for each in wanted}
        return tuple(
            Share(line.position, line.net, line.tax, _just_so(line, by_position.get(line.position)))
            for line in lines
            if line.net or line.tax
        )
    open_lines = {line.position: line for line in lines if line.total > 0}
    named = [each for each in wanted if each.position in open_lines]
    taken = _of_named(amount, open_lines, named)
    for group in _groups(open_lines, {each.position for each in named}):
        rest = amount - sum(share.total for share in taken.values())
        _take(rest, group, taken)
    return tuple(taken[position] for position in sorted(taken) if taken[position].total)


def _just_so(line: Left, wanted: Wanted | None) -> Wanted | None:
    return wanted if wanted is not None and wanted.total == line.total else None


def _of_named(amount: int, lines: dict[int, Left], named: Sequence[Wanted]) -> dict[int, Share]:
    """Return the named lines as Square computes them, or as much of them as the money is."""
    wishes = [min(_wish(each, lines[each.position]), lines[each.position].total) for each in named]
    fits = sum(wishes) <= amount and all(each.total is not None for each in named)
    if fits:
        return {
            each.position: _exact(lines[each.position], each, wish)
            for each, wish in zip(named, wishes, strict=True)
        }
    cut = allocate(min(amount, sum(wishes)), wishes) if wishes else ()
    return {each.position: _part(lines[each.position], total) for each, total in zip(named, cut, strict=True)}


def _wish(wanted: Wanted, line: Left) -> int:
    return line.total if wanted.total is None else wanted.total


def _exact(line: Left, wanted: Wanted, total: int) -> Share:
    if total == line.total:
        return Share(line.position, line.net, line.tax, wanted if wanted.total == total else None)
    tax = min(max(wanted.tax, total - line.net), line.tax)
    return Share(
        line.position, total - tax, tax, wanted if (wanted.total, wanted.tax) == (total, tax) else None
    )


def _part(line: Left, total: int) -> Share:
    if total == line.total:
        return Share(line.position, line.net, line.tax)
    net, tax = allocate(total, (line.net, line.tax))
    return Share(line.position, net, tax)


def _groups(lines: dict[int, Left], named: set[int]) -> list[list[Left]]:
    """Return where the rest is taken from, one group after the other.

    Beside named lines, a rest is the tip or the charge refunded with them; beside the tip alone, it is for
    what was sold.
    """
    others = [line for line in lines.values() if line.position not in named]
    if not named:
        return [others]
    beside = [line for line in others if line.is_beside]
    sold = [line for line in others if not line.is_beside]
    first = [sold, beside] if all(lines[each].is_beside for each in named) else [beside, sold]
    return [*first, [lines[position] for position in sorted(named)]]


def _take(amount: int, group: Sequence[Left], taken: dict[int, Share]) -> None:
    left = [_after(line, taken.get(line.position)) for line in group]
    weights = [max(line.total, 0) for line in left]
    fits = min(amount, sum(weights))
    if fits <= 0:
        return
    for line, total in zip(left, allocate(fits, weights), strict=True):
        part, before = _part(line, total), taken.get(line.position)
        taken[line.position] = Share(
            line.position, part.net + (before.net if before else 0), part.tax + (before.tax if before else 0)
        )


def _after(line: Left, share: Share | None) -> Left:
    if share is None:
        return line
    return Left(line.position, line.net - share.net, line.tax - share.tax, line.is_beside)


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
    """Fill a blank credit note with what the refund negates. None if nothing of the invoice is left to negate."""
    lines = _lines_of(issued.invoice)
    tips = (Wanted(len(issued.invoice.lines) + 1, total=given.tip),) if given.tip else ()
    shares = shares_of(given.amount, _left(issued, lines), (*given.wanted, *tips))
    if not shares:
        return None
    negated = tuple(_negated(lines[share.position - 1], share) for share in shares)
    currency = issued.invoice.total.currency
    total = sum(line.total.amount for line in negated)
    before = sum(note.total.amount for note in issued.notes)
    return replace(
        blank,
        lines=negated,
        net=Money(sum(line.net.amount for line in negated), currency),
        taxes=_tax_lines(issued, negated, is_rest=issued.invoice.total.amount + before + total == 0),
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
    """Return the line with all its money below zero. A part of it is one unit without a discount of its own."""

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
    account = account_of(sale, language_for(invoice.language), {})
    issued = Issued(invoice, [dict(row.taxes) for row in account.rows], _notes(session, document.id))
    return credit_note_of(issued, given, _blank(session, act, invoice, number))


def _notes(session: Session, invoice_id: str) -> tuple[CreditNote, ...]:
    rows = select(Document.content).where(Document.refers_to == invoice_id).order_by(Document.place)
    papers: Iterable[Paper] = (from_json(content) for content in session.scalars(rows))
    return tuple(paper for paper in papers if isinstance(paper, CreditNote))


def _blank(session: Session, act: Act, invoice: Invoice, number: str) -> CreditNote:
    clinic, nothing = clinic_in(session), Money(0, invoice.total.currency)
    return CreditNote(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=day_at(act.now, clinic.zone),
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
