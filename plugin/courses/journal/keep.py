"""Keep the money of sales as pairs: after each change of a sale, the worker adds rows, and never changes one."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.ledger import Kind
from plugin.core.money import Charge
from plugin.courses.base.inbox import save_bookmark_in
from plugin.courses.base.work import Work
from plugin.courses.documents.sale_record import kept_refund, paid_sale_in
from plugin.courses.journal import money
from plugin.store import Store
from plugin.store.documents import MoneyPosting, PaymentFee
from plugin.store.tables import Allowance, Bookmark, Course, Entry, SaleRecord, SquareRefund, Tip

BOOKMARK = "journal"
# A transaction may commit a while after the time that it writes.
_OVERLAP = timedelta(hours=1)
# In one transaction, for which the desk waits.
_BATCH = 50
# How the bookmark reads until all older sales were gone through, followed by the last order.
_BEGINNING = "from:"
_CARDS = frozenset({"card", "wallet"})
# Square shows a fee some minutes after the payment at the earliest.
FEE_AFTER = timedelta(minutes=10)


def keep_money(
    store: Store, clock: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Add the money of all sales that were new or changed since the last time; return how many rows were added."""
    began = clock()

    def part(session: Session, place: str) -> tuple[int, str | None]:
        work = Work(session, store, Act(SQUARE, clock(), BOOKMARK))
        mark = session.get(Bookmark, BOOKMARK, with_for_update=True, populate_existing=True)
        value = mark.value if mark else _BEGINNING
        if value.startswith(_BEGINNING):
            return _add_older(work, value.removeprefix(_BEGINNING))
        count, last = add_changed(work, datetime.fromisoformat(value) - _OVERLAP, place)
        if last is None:
            # Not of now: what changed meanwhile may belong to a sale that was gone through before.
            save_bookmark_in(session, work.act, BOOKMARK, began.isoformat())
        return count, last

    return store.transact_in_parts(part, should_stop)


def _add_older(work: Work, after: str) -> tuple[int, str | None]:
    """Add sales of before this was kept, as if they had been recorded on their day: no month was reported yet."""
    ids = select(Course.square_order_id).where(Course.square_order_id > after).distinct()
    orders = work.session.scalars(ids.order_by(Course.square_order_id).limit(_BATCH)).all()
    count = _add(work, [each for each in orders if each is not None], is_backdated=True)
    mark = f"{_BEGINNING}{orders[-1]}" if orders else work.now.isoformat()
    save_bookmark_in(work.session, work.act, BOOKMARK, mark)
    return count, "" if orders else None


def add_changed(work: Work, since: datetime, after: str = "") -> tuple[int, str | None]:
    """Add the money of some sales changed since then, those after an order's id, in an open transaction.

    Return how many rows, and the last order; None where there are no more.
    """
    orders = work.session.scalars(_changed(since, after)).all()
    return _add(work, orders), orders[-1] if len(orders) == _BATCH else None


def _changed(since: datetime, after: str) -> Select[Any]:
    paid = (
        select(Course.square_order_id.label("order_id"))
        .join(Allowance, Allowance.course_id == Course.id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .where(Entry.written_at >= since, Entry.kind == Kind.PAID.value)
    )
    changed = union(
        paid,
        select(SaleRecord.square_order_id).where(SaleRecord.taken_at >= since),
        select(SquareRefund.square_order_id).where(SquareRefund.seen_at >= since),
        select(PaymentFee.square_order_id).where(PaymentFee.seen_at >= since),
        select(Tip.square_order_id).where(Tip.ended_at >= since, Tip.state == "paid"),
    ).subquery()
    # An order without an id, which there is for what Square did not sell, is after none.
    orders = select(changed.c.order_id).where(changed.c.order_id > after)
    return orders.order_by(changed.c.order_id).limit(_BATCH)


def _add(work: Work, order_ids: Sequence[str], *, is_backdated: bool = False) -> int:
    known = _known(work.session, order_ids)
    rows = [
        MoneyPosting(
            id=work.new_id(),
            square_order_id=order_id,
            source=pair.source,
            what=pair.what,
            debit=pair.debit.value,
            credit=pair.credit.value,
            amount=pair.amount,
            currency=currency,
            happened_at=pair.at,
            written_at=pair.at if is_backdated else max(work.now, pair.at),
        )
        for order_id, currency, pairs in (*_sales(work, order_ids), *_tips(work.session, order_ids))
        for pair in money.missing(pairs, known[order_id])
    ]
    work.session.add_all(rows)
    work.session.flush()
    return len(rows)


# An order, its currency, and its money.
_Money = tuple[str, str, list[money.Pair]]


def _sales(work: Work, order_ids: Sequence[str]) -> Iterator[_Money]:
    for currency, ticket in _tickets(work.session, order_ids):
        _expect_fees(work, ticket)
        yield ticket.order_id, currency, list(money.pairs_of(ticket))


def _tips(session: Session, order_ids: Sequence[str]) -> Iterator[_Money]:
    """Yield the tips that were paid by links of their own: their orders sell no course."""
    paid = select(Tip).where(Tip.square_order_id.in_(order_ids), Tip.state == "paid")
    tips = session.scalars(paid.order_by(Tip.id)).all()
    if not tips:
        return
    ids = [tip.square_order_id for tip in tips]
    fees = _grouped(session, PaymentFee, PaymentFee.square_order_id.in_(ids))
    refunds = _grouped(session, SquareRefund, SquareRefund.square_order_id.in_(ids))
    for tip in tips:
        order_id, at = tip.square_order_id or "", tip.ended_at or tip.begun_at
        back = [_refunded(each, None) for each in refunds[order_id] if each.status == "COMPLETED"]
        for each in back:
            expect_fee(session, each.id, order_id, each.at, is_of_refund=True)
        yield (
            order_id,
            tip.currency,
            money.pairs_of_tip(order_id, tip.amount, at, back, _known_fees(fees[order_id])),
        )


def expect_fee(
    session: Session, source: str, order_id: str, at: datetime, *, is_of_refund: bool = False
) -> None:
    """Have Square be asked for the fee of a payment or refund, unless that is noted already."""
    if session.get(PaymentFee, source) is None:
        session.add(
            PaymentFee(
                square_payment_id=source,
                square_order_id=order_id,
                happened_at=at,
                due_at=at + FEE_AFTER,
                is_of_refund=is_of_refund,
            )
        )


def _known_fees(rows: Sequence[PaymentFee]) -> tuple[money.Fee, ...]:
    return tuple(
        money.Fee(each.square_payment_id, each.amount, each.happened_at, each.is_of_refund)
        for each in rows
        if each.amount is not None
    )


def _known(
    session: Session, order_ids: Sequence[str]
) -> defaultdict[str, dict[tuple[str, str, str, str], int]]:
    key = (MoneyPosting.source, MoneyPosting.what, MoneyPosting.debit, MoneyPosting.credit)
    rows = session.execute(
        select(MoneyPosting.square_order_id, *key, func.sum(MoneyPosting.amount))
        .where(MoneyPosting.square_order_id.in_(order_ids))
        .group_by(MoneyPosting.square_order_id, *key)
    )
    known: defaultdict[str, dict[tuple[str, str, str, str], int]] = defaultdict(dict)
    for order_id, source, what, debit, credit, amount in rows:
        known[order_id][source, what, debit, credit] = int(amount)
    return known


def _tickets(session: Session, order_ids: Sequence[str]) -> Iterator[tuple[str, money.Ticket]]:
    """Yield the tickets of these orders, each after its currency."""
    by_order = _grouped(session, Course, Course.square_order_id.in_(order_ids))
    refunds = _grouped(session, SquareRefund, SquareRefund.square_order_id.in_(order_ids))
    fees = _grouped(session, PaymentFee, PaymentFee.square_order_id.in_(order_ids))
    paid = _paid(session, order_ids)
    for order_id, courses in by_order.items():
        record = session.get(SaleRecord, order_id)
        charge = Charge(sum(each.price for each in courses), sum(each.tax or 0 for each in courses))
        sale = paid_sale_in(session, record.square_order_id) if record is not None else None
        ticket = money.Ticket(
            order_id,
            tuple(paid[order_id]),
            charge,
            sum(each.tax_paid or 0 for each in courses),
            min(each.sold_at for each in courses),
            frozenset(each.square_line_uid or "" for each in courses),
            sale if sale is not None and sale.currency == courses[0].currency else None,
            tuple(_refunded(each, record) for each in refunds[order_id] if each.status == "COMPLETED"),
            _known_fees(fees[order_id]),
        )
        yield courses[0].currency, ticket


def _grouped(session: Session, model: Any, which: ColumnElement[bool]) -> defaultdict[str, list[Any]]:
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(select(model).where(which)):
        rows[row.square_order_id].append(row)
    return rows


def _paid(session: Session, order_ids: Sequence[str]) -> defaultdict[str, list[money.Paid]]:
    rows = session.execute(
        select(Course.square_order_id, Entry.happened_at, func.sum(Entry.value_delta))
        .join(Allowance, Allowance.course_id == Course.id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        .where(Course.square_order_id.in_(order_ids), Entry.kind == Kind.PAID.value)
        .group_by(Course.square_order_id, Entry.happened_at)
    )
    paid: defaultdict[str, list[money.Paid]] = defaultdict(list)
    for order_id, at, net in rows:
        paid[order_id or ""].append(money.Paid(at, int(net)))
    return paid


def _refunded(row: SquareRefund, record: SaleRecord | None) -> money.RefundedMoney:
    details = kept_refund(record.content, row.square_refund_id) if record is not None else None
    at = details.at if details is not None else row.seen_at
    return money.RefundedMoney(row.square_refund_id, row.amount, row.tip, at, details)


def _expect_fees(work: Work, ticket: money.Ticket) -> None:
    """Note each payment and refund of a card whose fee is not known, so that Square is asked for it."""
    known = {each.source for each in ticket.fees}
    cards = {
        each.square_payment_id: each.at
        for each in (ticket.sale.tenders if ticket.sale else ())
        if each.how in _CARDS and each.square_payment_id
    }
    for payment_id in cards.keys() - known:
        expect_fee(work.session, payment_id, ticket.order_id, cards[payment_id])
    for refund in ticket.refunds:
        if refund.record and refund.record.square_payment_id in cards and refund.id not in known:
            expect_fee(work.session, refund.id, ticket.order_id, refund.at, is_of_refund=True)
