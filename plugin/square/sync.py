"""Looking through Square for what the webhooks had missed. What is found goes into the inbox like any event.

With webhooks switched off altogether, this alone brings everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.bookmarks import bookmark_of, save_bookmark_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.bookings import sync_bookings
from plugin.square.catalog_changes import sync_catalog
from plugin.square.checkout.events import sync_invoices, sync_terminals
from plugin.square.client.orders import MOST_LOCATIONS
from plugin.square.directory import sync_customers, sync_profiles
from plugin.square.disputes import sync_disputes
from plugin.square.locations import watched_locations
from plugin.square.models import Order, PaymentRefund
from plugin.square.named_later import look_at_nameless
from plugin.square.parsing import Json, rfc3339, text
from plugin.square.sales import package_lines
from plugin.square.sync_filter import known_of_orders, known_of_refunds
from plugin.square.synthetic_events import (
    SWEPT_ORDER,
    SWEPT_REFUND,
    Looked,
    newest,
    receive_synthetic,
)
from plugin.store import Store
from plugin.store.queues import Sweep

# Sales made offline reach Square up to 72 hours late (docs/square.md, 0.3).
OVERLAP = timedelta(hours=72)
FIRST_LOOK = timedelta(days=28)
# Up to when Square has been looked through.
SWEPT = "swept_until"

T = TypeVar("T")


# No permission for it, or no such address: the next look may well succeed.
_LEAVES_OUT = ("square_scope", "square_not_found")

# Looks at one kind of thing, page by page.
Look = Callable[[Services, datetime], Iterator[Looked]]


@dataclass(frozen=True, slots=True)
class SweepReport:
    """How far back was looked, how many things were seen, which of them were new to us, what was left out."""

    since: datetime
    looked_at: int
    found: tuple[Json, ...]
    left_out: tuple[str, ...] = ()


def sync(services: Services, *, since: datetime | None = None) -> SweepReport:
    """Look through all that was touched since the last sweep and 72 hours before; raises SquareFailed.

    A permission that is missing, or a part of the interface that a server does not speak, keeps only its own look
    back; sales and refunds are never left out for lack of the rest.
    """
    begun = services.clock()
    usual = (_swept_until(services.store) or begun - FIRST_LOOK) - OVERLAP
    since = since or usual
    row = Sweep(id=services.store.new_id(), since=since, started_at=begun, found=[])
    _write(services.store, row)
    looked_at, found, left_out, times = 0, list[Json](), list[str](), list[datetime]()
    try:
        for name, look in LOOKS.items():
            try:
                for page in look(services, since):
                    looked_at, found = looked_at + page.seen, [*found, *page.news]
                    times += [page.newest] if page.newest is not None else []
            except SquareFailed as error:
                if error.code not in _LEAVES_OUT:
                    raise
                left_out.append(name)
    except SquareFailed as error:
        _write(services.store, row, looked_at=looked_at, found=found, error=error.message[:400])
        raise
    _write(services.store, row, looked_at=looked_at, found=found, finished_at=services.clock())
    if since <= usual:
        _keep_mark(services, begun, times)
    return SweepReport(since, looked_at, tuple(found), tuple(left_out))


def sync_orders(services: Services, since: datetime) -> Iterator[Looked]:
    """Look through the orders touched since then, and have those that are news worked off."""
    locations = watched_locations(services)
    for start in range(0, len(locations), MOST_LOCATIONS):
        for page in services.square.orders_updated(locations[start : start + MOST_LOCATIONS], since):
            yield Looked(len(page), _take_up_orders(services, page), newest(page))


def _sync_refunds(services: Services, since: datetime) -> Iterator[Looked]:
    for page in services.square.refunds_updated(since):
        yield Looked(len(page), _take_up_refunds(services, page, since), newest(page))


def _take_up_orders(services: Services, page: Sequence[Json]) -> list[Json]:
    orders, strange = _read(Order.read, page)
    known = known_of_orders(services.store, orders)
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
    return missed + _take_up_strange(services, SWEPT_ORDER, "order", ours)


def _take_up_refunds(services: Services, page: Sequence[Json], since: datetime) -> list[Json]:
    refunds, strange = _read(PaymentRefund.read, page)
    known = known_of_refunds(services.store, refunds, since)
    missed = [
        {"kind": "refund", "id": refund.id, "what": f"A refund, {refund.status}"}
        for refund in refunds
        if known.lacks_refund(refund)
        and receive_synthetic(services, SWEPT_REFUND, refund.id, rfc3339(refund.updated_at), refund.status)
    ]
    return missed + _take_up_strange(services, SWEPT_REFUND, "refund", strange)


def _take_up_strange(services: Services, event_type: str, kind: str, page: Sequence[Json]) -> list[Json]:
    # The worker will fail to read it too, and say so where a person sees it.
    return [
        {"kind": kind, "id": id_, "what": "It can't be read"}
        for one in page
        if (id_ := text(one.get("id")))
        and receive_synthetic(services, event_type, id_[:192], text(one.get("updated_at"))[:40])
    ]


def _lines(order: Json) -> list[object]:
    lines = order.get("line_items")
    return lines if isinstance(lines, list) else []


def _read(read: Callable[[Json], T], page: Sequence[Json]) -> tuple[list[T], list[Json]]:
    """Return what can be read, and what can't: one strange order must not hide all that come after it."""
    found, strange = list[T](), list[Json]()
    for one in page:
        try:
            found.append(read(one))
        except SquareFailed:
            strange.append(one)
    return found, strange


def _swept_until(store: Store) -> datetime | None:
    kept = bookmark_of(store, SWEPT)
    return datetime.fromisoformat(kept) if kept else None


def _keep_mark(services: Services, begun: datetime, times: Sequence[datetime]) -> None:
    """Remember up to when Square was looked through: the latest time that Square itself has told.

    Our own clock may be ahead, and would keep every later look from what was sold in between. Where nothing was
    touched since, looking as far back again finds nothing and costs nothing.
    """
    reached = [min(one, begun) for one in times]
    before = _swept_until(services.store)
    if not reached or (before is not None and before <= begun and max(reached) <= before):
        return
    act = Act(SQUARE, services.clock(), SWEPT)
    mark = max(reached).isoformat()
    services.store.transact(lambda session: save_bookmark_in(session, act, SWEPT, mark))


def _write(store: Store, row: Sweep, **changes: Any) -> None:
    def work(session: Session) -> None:
        kept = session.merge(row)
        for name, value in changes.items():
            setattr(kept, name, value)

    store.transact(work)


LOOKS: dict[str, Look] = {
    "orders": sync_orders,
    "refunds": _sync_refunds,
    "invoices": sync_invoices,
    "terminals": sync_terminals,
    "bookings": sync_bookings,
    "disputes": sync_disputes,
    "customers": sync_customers,
    "nameless": look_at_nameless,
    "catalog": sync_catalog,
    "profiles": sync_profiles,
}
