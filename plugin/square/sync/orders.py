"""Sync of orders and refunds."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from plugin.core.batches import batched
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client.orders import MOST_LOCATIONS
from plugin.square.inbox import SWEPT_ORDER, SWEPT_REFUND, receive_synthetic
from plugin.square.locations import watched_locations
from plugin.square.models import Order, PaymentRefund
from plugin.square.parsing import Json, rfc3339, text
from plugin.square.sales import package_lines
from plugin.square.sync.pages import SyncPage, newest
from plugin.square.sync.seen import seen_of_orders, seen_of_refunds

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
