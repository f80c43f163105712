"""The money of one sale as pairs of accounts: what the ledger, which counts sessions' value alone, does not hold.

The ledger's own entries debit and credit Square clearing with the net value (`pairs.py`). This adds tax, tips, what
else was on the ticket, payments that were not cards, refunds, and Square's fees. Pure; no I/O.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from plugin.core.money import Charge
from plugin.courses.documents.sale_record import RefundRecord, SoldSale, Tender
from plugin.courses.journal.accounts import Role

_HELD_IN = {
    "cash": Role.CASH,
    "gift_card": Role.GIFT_CARDS,
    "bank": Role.OTHER_TENDERS,
    "other": Role.OTHER_TENDERS,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """An amount that is debited to one account and credited to another."""

    source: str
    what: str
    debit: Role
    credit: Role
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundedMoney:
    """A completed refund; `record` None: Square's details of it were not stored."""

    id: str
    amount: int
    tip: int
    at: datetime
    record: RefundRecord | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """Square's fee of one payment, or what a refund changed of it: below zero where Square gave some back."""

    source: str
    amount: int
    at: datetime
    is_of_refund: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """Net value that came into the ledger at one moment."""

    at: datetime
    net: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """All that is known of one Square order with courses.

    `charge`: net and tax of its courses; `tax_paid` is the tax in the payments so far. `sale` is None where Square's
    lines were never stored. `line_uids`: the lines that sold the courses.
    """

    order_id: str
    paid: tuple[Paid, ...]
    charge: Charge
    tax_paid: int
    sold_at: datetime
    line_uids: frozenset[str] = frozenset()
    sale: SoldSale | None = None
    refunds: tuple[RefundedMoney, ...] = ()
    fees: tuple[Fee, ...] = field(default=())


def pairs_of(ticket: Ticket) -> Iterator[Pair]:
    """Yield the pairs of a ticket; those of nothing are left out."""
    for each in (*_payments(ticket), *_kinds_of_payment(ticket), *_refunds(ticket), *_fees(ticket.fees)):
        if each.amount:
            yield each


def pairs_of_tip(
    source: str, amount: int, at: datetime, refunds: Sequence[RefundedMoney], fees: Sequence[Fee]
) -> list[Pair]:
    """Return the pairs of a tip paid by a link of its own: all of it is owed to the team, whatever its fee.

    What was refunded of it is owed no more.
    """
    tip = Pair(source, "tip", Role.CLEARING, Role.TIPS, amount, at)
    back = (Pair(each.id, "refund_tip", Role.TIPS, Role.CLEARING, each.amount, each.at) for each in refunds)
    return [each for each in (tip, *back, *_fees(fees)) if each.amount]


@dataclass(frozen=True, slots=True)
class _SoFar:
    """What had been paid up to one payment, minor units."""

    source: str
    at: datetime
    tax: int = 0
    tip: int = 0
    other: int = 0


def _payments(ticket: Ticket) -> Iterator[Pair]:
    has_other = _has_other(ticket)
    for before, now in pairwise(_steps(ticket)):
        rest = Role.OTHER_SALES if has_other else Role.TO_CLARIFY
        for what, role, amount in (
            ("tax", Role.SALES_TAX, now.tax - before.tax),
            ("tip", Role.TIPS, now.tip - before.tip),
            ("other", rest, now.other - before.other),
        ):
            yield Pair(now.source, what, Role.CLEARING, role, amount, now.at)


def _steps(ticket: Ticket) -> list[_SoFar]:
    """Return the sums after each payment, after a first of nothing; the last is exact to the cent."""
    sale, net = ticket.sale, sum(each.net for each in ticket.paid)
    start = _SoFar("", ticket.sold_at)
    tenders = sorted(sale.tenders, key=lambda each: (each.at, each.square_payment_id)) if sale else []
    received = sum(each.amount for each in tenders) + (sale.exchanged if sale else 0)
    tip = sale.tip if sale else 0
    if sale is None or received < net + ticket.tax_paid + tip:
        # Payments that were not stored: what the ledger has is all that is known.
        return [start, _SoFar(ticket.order_id, _last_at(ticket), ticket.tax_paid, tip)]
    other = received - net - ticket.tax_paid - tip
    other_tax = min(_other_tax(ticket, sale), other)
    whole = _SoFar(ticket.order_id, _last_at(ticket), ticket.tax_paid + other_tax, tip, other - other_tax)
    # Paid with goods that were returned: no payment at all.
    return [start, *(_split(tenders, received, whole) if tenders else [whole])]


def _split(tenders: Sequence[Tender], received: int, whole: _SoFar) -> Iterator[_SoFar]:
    """Yield the sums after each payment, in proportion to what had been received."""
    so_far = received - sum(each.amount for each in tenders)
    for number, each in enumerate(tenders, start=1):
        so_far += each.amount
        is_last = number == len(tenders)
        yield _SoFar(
            each.square_payment_id,
            each.at,
            whole.tax if is_last else whole.tax * so_far // received,
            # Square names no payment of a tip here.
            whole.tip if is_last else 0,
            whole.other if is_last else whole.other * so_far // received,
        )


def _last_at(ticket: Ticket) -> datetime:
    return max((each.at for each in ticket.paid), default=ticket.sold_at)


def _has_other(ticket: Ticket) -> bool:
    sale = ticket.sale
    if sale is None:
        return False
    lines = [each for each in sale.lines if each.uid in ticket.line_uids]
    return bool(
        len(lines) < len(sale.lines)
        or sale.charges
        or sale.rounding
        or any(each.service_charge for each in lines)
    )


def _other_tax(ticket: Ticket, sale: SoldSale) -> int:
    """Return the tax on what is no course, as far as it is paid."""
    taxes = [each.tax for each in sale.lines] + [each.tax for each in sale.charges]
    tax = sum(taxes) - ticket.charge.tax
    if ticket.tax_paid < ticket.charge.tax:
        tax = tax * ticket.tax_paid // ticket.charge.tax
    return max(tax, 0)


def _kinds_of_payment(ticket: Ticket) -> Iterator[Pair]:
    for each in ticket.sale.tenders if ticket.sale else ():
        role = _HELD_IN.get(each.how)
        if role is not None:
            yield Pair(each.square_payment_id, "tender", role, Role.CLEARING, each.amount, each.at)


def _refunds(ticket: Ticket) -> Iterator[Pair]:
    tenders = {each.square_payment_id: each for each in ticket.sale.tenders} if ticket.sale else {}
    for refund in ticket.refunds:
        yield from _refund(ticket, refund)
        tender = tenders.get(refund.record.square_payment_id) if refund.record else None
        role = _HELD_IN.get(tender.how) if tender else None
        if role is not None:
            yield Pair(refund.id, "refund_tender", Role.CLEARING, role, refund.amount, refund.at)


def _refund(ticket: Ticket, refund: RefundedMoney) -> Iterator[Pair]:
    named = refund.amount - refund.tip
    # What a refund without its tip gives back: tax, other goods, and the rest for courses.
    lines = refund.record.lines if refund.record else ()
    total = sum(each.total for each in lines)
    goods = [each for each in lines if each.line_uid not in ticket.line_uids]
    if total > 0:
        # Over a split tender each refund returns a part of all lines.
        part = min(named, total)
        tax = sum(each.tax for each in lines) * part // total
        other = sum(each.total - each.tax for each in goods) * part // total
        unnamed = named - part
        tax += unnamed - ticket.charge.net_of(unnamed)
    else:
        tax, other = named - ticket.charge.net_of(named), 0
    parts = {
        "refund_tax": (Role.SALES_TAX, tax),
        "refund_other": (Role.OTHER_SALES, other),
        "refund_money": (Role.REFUND_DIFFERENCE, named - tax - other),
        "refund_tip": (Role.TIPS, refund.tip),
    }
    for what, (role, amount) in parts.items():
        yield Pair(refund.id, what, role, Role.CLEARING, amount, refund.at)


def _fees(fees: Sequence[Fee]) -> Iterator[Pair]:
    for each in fees:
        what = "refund_fee" if each.is_of_refund else "fee"
        yield Pair(each.source, what, Role.FEES, Role.CLEARING, each.amount, each.at)


def missing(wanted: Sequence[Pair], known: Mapping[tuple[str, str, str, str], int]) -> Iterator[Pair]:
    """Yield what is still to be written so that the known amounts become the wanted ones.

    `known`: amounts by source, what, debit and credit. What is wanted no more is taken back with amounts below zero.
    """
    rest = dict(known)
    for each in wanted:
        key = (each.source, each.what, each.debit.value, each.credit.value)
        more = each.amount - rest.pop(key, 0)
        if more:
            yield Pair(each.source, each.what, each.debit, each.credit, more, each.at)
    at = max((each.at for each in wanted), default=None)
    for (source, what, debit, credit), amount in rest.items():
        if amount and at is not None:
            yield Pair(source, what, Role(debit), Role(credit), -amount, at)
