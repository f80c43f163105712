"""Sync of orders and refunds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.ledger import Kind
from plugin.courses.catalog.packages import known_variations_in
from plugin.courses.sales.unlinked import UNLINKED_SALE, Offers, offers_in, unlinked_mark
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client.calls import MOST_LOCATIONS
from plugin.square.inbox import SWEPT_ORDER, SWEPT_REFUND, order_named, receive_synthetic, refund_named
from plugin.square.locations import watched_locations
from plugin.square.models import Order, PaymentRefund
from plugin.square.parsing import Json, rfc3339, text, whole_quantity
from plugin.square.refunds import exchange_id
from plugin.square.sales import is_paid, is_part_paid, lines_like_packages, package_lines
from plugin.square.sync.pages import SyncPage, newest
from plugin.store import Store
from plugin.store.tables import Allowance, Attention, Course, Entry, Inbox, SquareRefund

_OF_ORDERS = ("payment.created", "payment.updated", "order.created", "order.updated", SWEPT_ORDER)
_OF_REFUNDS = ("refund.created", "refund.updated", SWEPT_REFUND)


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """What our own tables have of one page of Square's."""

    variations: frozenset[str]
    courses_of: dict[str, int]
    asked_about: frozenset[str]
    on_their_way: frozenset[str]
    refunds: frozenset[tuple[str, str]]
    # Orders whose courses are not paid in full.
    part_paid: frozenset[str] = frozenset()
    offers: Offers = field(default_factory=Offers)
    # Marks of the attention items about lines that look like packages, resolved ones too.
    asked_lines: frozenset[str] = frozenset()

    def lacks_order(self, order: Order) -> bool:
        """Return whether a paid order sells packages that are not booked, or returns some and is not seen yet."""
        if order.id in self.on_their_way:
            return False
        if not order.lines and not order.returns:
            # Its lines are fetched later and show whether it has a package.
            return order.state == "COMPLETED"
        return self._lacks_sale(order) or self._lacks_question(order) or self._lacks_exchange(order)

    def lacks_refund(self, refund: PaymentRefund) -> bool:
        """Return whether a refund has not been seen in its present status."""
        return (refund.id, refund.status) not in self.refunds

    def _lacks_sale(self, order: Order) -> bool:
        lines = package_lines(order.lines, self.variations)
        if is_part_paid(order) and lines:
            # An invoice's deposit, or a split tender half-way: its payment decides. Added once for each sum.
            return True
        if not lines or not is_paid(order) or order.id in self.asked_about:
            return False
        if order.id in self.part_paid:
            return True
        units = [whole_quantity(line.get("quantity")) for line in lines]
        return None in units or self.courses_of.get(order.id, 0) < sum(unit or 0 for unit in units)

    def _lacks_question(self, order: Order) -> bool:
        if not is_paid(order) or order.id in self.courses_of:
            return False
        alike = lines_like_packages(order.lines, package_lines(order.lines, self.variations), self.offers)
        return any(unlinked_mark(order.id, sold.uid) not in self.asked_lines for _, sold, _ in alike)

    def _lacks_exchange(self, order: Order) -> bool:
        if order.refund_ids:
            return False
        sources = [one.source_order_id for one in order.returns if one.source_order_id is not None]
        return any((exchange_id(order, source), "COMPLETED") not in self.refunds for source in sources)


def seen_of_orders(store: Store, orders: Sequence[Order]) -> SeenBefore:
    """Look up what is known of these orders."""
    ids = [order.id for order in orders]
    exchanges = [
        exchange_id(order, one.source_order_id)
        for order in orders
        for one in order.returns
        if one.source_order_id is not None
    ]
    with store.reading() as session:
        return SeenBefore(
            variations=frozenset(known_variations_in(session)),
            courses_of=_courses_of(session, ids),
            asked_about=_asked_about(session, ids),
            on_their_way=_on_their_way(session),
            refunds=_booked_refunds(session, exchanges),
            part_paid=_part_paid(session, ids),
            offers=offers_in(session),
            asked_lines=_asked_lines(session, ids),
        )


def seen_of_refunds(store: Store, refunds: Sequence[PaymentRefund], since: datetime) -> SeenBefore:
    """Look up what is known of these refunds, booked or reported by an event."""
    with store.reading() as session:
        booked = _booked_refunds(session, [refund.id for refund in refunds])
        return SeenBefore(
            frozenset(), {}, frozenset(), frozenset(), booked | _reported_refunds(session, since)
        )


def _courses_of(session: Session, order_ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(Course.square_order_id, func.count())
        .where(Course.square_order_id.in_(order_ids))
        .group_by(Course.square_order_id)
    )
    return {order_id: many for order_id, many in rows if order_id is not None}


def _part_paid(session: Session, order_ids: Sequence[str]) -> frozenset[str]:
    came = func.coalesce(func.sum(Entry.value_delta), 0)
    rows = session.execute(
        select(Course.square_order_id)
        .join(Allowance, Allowance.course_id == Course.id)
        .outerjoin(Entry, (Entry.allowance_id == Allowance.id) & (Entry.kind == Kind.PAID.value))
        .where(Course.square_order_id.in_(order_ids), Course.closed_as.is_(None))
        .group_by(Course.square_order_id, Allowance.id, Allowance.price)
        .having(came < Allowance.price)
    )
    return frozenset(order_id for (order_id,) in rows if order_id is not None)


def _asked_about(session: Session, order_ids: Sequence[str]) -> frozenset[str]:
    rows = select(Attention.square_order_id).where(
        Attention.square_order_id.in_(order_ids), Attention.kind.in_(("unclear_quantity", "foreign_currency"))
    )
    return frozenset(one for one in session.scalars(rows) if one is not None)


def _asked_lines(session: Session, order_ids: Sequence[str]) -> frozenset[str]:
    rows = select(Attention.dedupe).where(
        Attention.square_order_id.in_(order_ids), Attention.kind == UNLINKED_SALE
    )
    return frozenset(session.scalars(rows))


def _on_their_way(session: Session) -> frozenset[str]:
    rows = select(Inbox.body).where(Inbox.state == "pending", Inbox.event_type.in_(_OF_ORDERS))
    return frozenset(named for body in session.scalars(rows) if (named := order_named(body)) is not None)


def _booked_refunds(session: Session, refund_ids: Sequence[str]) -> frozenset[tuple[str, str]]:
    rows = session.execute(
        select(SquareRefund.square_refund_id, SquareRefund.status).where(
            SquareRefund.square_refund_id.in_(refund_ids)
        )
    )
    return frozenset((refund_id, status) for refund_id, status in rows)


def _reported_refunds(session: Session, since: datetime) -> frozenset[tuple[str, str]]:
    # A refund of retail books nothing: only its event shows that it was handled.
    rows = select(Inbox.body).where(Inbox.event_type.in_(_OF_REFUNDS), Inbox.received_at >= since)
    return frozenset(refund_named(body) for body in session.scalars(rows))


T = TypeVar("T")


def sync_orders(services: Services, since: datetime) -> Iterator[SyncPage]:
    for locations in batched(watched_locations(services), MOST_LOCATIONS):
        for page in services.square.orders_updated(locations, since):
            yield SyncPage(len(page), receive_orders(services, page), newest(page))


def sync_refunds(services: Services, since: datetime) -> Iterator[SyncPage]:
    for page in services.square.refunds_updated(since):
        yield SyncPage(len(page), receive_refunds(services, page, since), newest(page))


def receive_orders(services: Services, page: Sequence[Json]) -> list[Json]:
    """Add the orders of a page that are new to us to the inbox; return them."""
    orders, strange = _read(Order.read, page)
    known = seen_of_orders(services.store, orders)
    missed = [
        {
            "kind": "order",
            "id": order.id,
            "what": "A sale" if order.lines else "An order without lines so far",
        }
        for order in orders
        if known.lacks_order(order)
        and receive_synthetic(services, SWEPT_ORDER, order.id, rfc3339(order.updated_at))
    ]
    ours = [one for one in strange if package_lines(_lines(one), known.variations)]
    return missed + _receive_unreadable(services, SWEPT_ORDER, "order", ours)


def receive_refunds(services: Services, page: Sequence[Json], since: datetime) -> list[Json]:
    """Add the refunds of a page that no event has reported since then to the inbox; return them."""
    refunds, strange = _read(PaymentRefund.read, page)
    known = seen_of_refunds(services.store, refunds, since)
    missed = [
        {"kind": "refund", "id": refund.id, "what": f"A refund, {refund.status}"}
        for refund in refunds
        if known.lacks_refund(refund) and _receive_refund(services, refund)
    ]
    return missed + _receive_unreadable(services, SWEPT_REFUND, "refund", strange)


def _receive_refund(services: Services, refund: PaymentRefund) -> bool:
    carried = {"refund": {"id": refund.id, "status": refund.status}}
    return receive_synthetic(services, SWEPT_REFUND, refund.id, rfc3339(refund.updated_at), carried)


def _receive_unreadable(services: Services, event_type: str, kind: str, page: Sequence[Json]) -> list[Json]:
    # The worker will fail to read it too, and report it where a person sees it.
    return [
        {"kind": kind, "id": id_, "what": "It can’t be read"}
        for one in page
        if (id_ := text(one.get("id")))
        and receive_synthetic(services, event_type, id_[:192], text(one.get("updated_at"))[:40])
    ]


def _lines(order: Json) -> list[object]:
    lines = order.get("line_items")
    return lines if isinstance(lines, list) else []


def _read(read: Callable[[Json], T], page: Sequence[Json]) -> tuple[list[T], list[Json]]:
    """Return what can be read, and what can't: one unreadable order must not hide all that follow it."""
    found, strange = list[T](), list[Json]()
    for one in page:
        try:
            found.append(read(one))
        except SquareFailed:
            strange.append(one)
    return found, strange
