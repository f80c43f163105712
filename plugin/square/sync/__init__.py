"""Periodic sync with Square: what no webhook reported is added to the inbox like any event.

With webhooks disabled, this is the only source of changes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.inbox import bookmark_of, save_bookmark
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.parsing import Json
from plugin.square.sync.customers import sync_customers, sync_nameless, sync_profiles
from plugin.square.sync.orders import sync_orders, sync_refunds
from plugin.square.sync.pages import (
    SyncPage,
    sync_bookings,
    sync_catalog,
    sync_disputes,
    sync_invoices,
    sync_terminals,
)
from plugin.store import Store
from plugin.store.queues import Sweep

# Sales made offline reach Square up to 72 hours late (docs/square.md, 0.3).
OVERLAP = timedelta(hours=72)
FIRST_LOOK = timedelta(days=28)
# The time up to which Square has been synced.
SWEPT = "swept_until"
# No permission for it, or no such call: the next sync may well succeed.
_LEAVES_OUT = ("square_scope", "square_not_found")

# Syncs one kind of object, page by page.
SyncOne = Callable[[Services, datetime], Iterator[SyncPage]]


@dataclass(frozen=True, slots=True)
class SweepReport:
    """Since when objects were read, how many, which of them were new to us, which kinds were left out."""

    since: datetime
    looked_at: int
    found: tuple[Json, ...]
    left_out: tuple[str, ...] = ()


def sync(services: Services, *, since: datetime | None = None) -> SweepReport:
    """Sync all that was changed since 72 hours before the last sync; raises SquareFailed.

    A missing permission, or a call that a server does not have, leaves out its own kind only; sales and refunds are
    never left out for lack of the rest.
    """
    begun = services.clock()
    usual = (_swept_until(services.store) or begun - FIRST_LOOK) - OVERLAP
    since = since or usual
    row = Sweep(id=services.store.new_id(), since=since, started_at=begun, found=[])
    _write(services.store, row)
    looked_at, found, left_out, times = 0, list[Json](), list[str](), list[datetime]()
    try:
        for name, sync_one in SYNCS.items():
            try:
                for page in sync_one(services, since):
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


def _swept_until(store: Store) -> datetime | None:
    kept = bookmark_of(store, SWEPT)
    return datetime.fromisoformat(kept) if kept else None


def _keep_mark(services: Services, begun: datetime, times: Sequence[datetime]) -> None:
    """Store the time up to which Square was synced: the latest time that Square itself has given.

    Our own clock may be ahead, and every later sync would miss what was sold in between. Where nothing was changed
    since, reading as far back again finds nothing and costs nothing.
    """
    reached = [min(one, begun) for one in times]
    before = _swept_until(services.store)
    if not reached or (before is not None and before <= begun and max(reached) <= before):
        return
    act = Act(SQUARE, services.clock(), SWEPT)
    mark = max(reached).isoformat()
    save_bookmark(services.store, act, SWEPT, mark)


def _write(store: Store, row: Sweep, **changes: Any) -> None:
    def work(session: Session) -> None:
        kept = session.merge(row)
        for name, value in changes.items():
            setattr(kept, name, value)

    store.transact(work)


SYNCS: dict[str, SyncOne] = {
    "orders": sync_orders,
    "refunds": sync_refunds,
    "invoices": sync_invoices,
    "terminals": sync_terminals,
    "bookings": sync_bookings,
    "disputes": sync_disputes,
    "customers": sync_customers,
    "nameless": sync_nameless,
    "catalog": sync_catalog,
    "profiles": sync_profiles,
}
