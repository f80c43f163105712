"""Attention: items that only a person can decide, one per question however often Square reports it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.queues import Attention


def open_item(
    work: Work,
    *,
    kind: str,
    dedupe: str,
    summary: str,
    details: dict[str, Any],
    square_order_id: str | None = None,
    square_refund_id: str | None = None,
) -> str:
    """Open an attention item once and return its id. A resolved one is not opened again."""
    known = work.session.scalar(select(Attention.id).where(Attention.dedupe == dedupe[:255]))
    if known is not None:
        return known
    item = Attention(
        id=work.new_id(),
        kind=kind,
        dedupe=dedupe[:255],
        summary=summary[:400],
        details=details,
        square_order_id=square_order_id,
        square_refund_id=square_refund_id,
        opened_at=work.now,
    )
    work.add(item)
    return item.id


def settle_item_in(session: Session, act: Act, dedupe: str, reason: str) -> bool:
    """Resolve an open item that needs no person now; it can be opened again. False where none was open."""
    return settle_items_in(session, act, [dedupe], reason)


def settle_items_in(session: Session, act: Act, dedupes: Sequence[str], reason: str) -> bool:
    """Resolve the open items among these in the same way; False where none was open."""
    items = open_items_in(session, [dedupe[:255] for dedupe in dedupes])
    for item in items:
        settle_row(item, act, reason)
        item.dedupe = f"{item.id}:settled"
    session.flush()
    return bool(items)


def open_items_in(session: Session, dedupes: Sequence[str]) -> list[Attention]:
    """Return the open items among these."""
    session.flush()
    found = _OPEN.all(session.connection(), {"dedupes": dedupes}) if dedupes else ()
    return [session.get_one(Attention, row.id) for row in found]


# Asked of every sale; hardly ever is there one.
_OPEN = Prepared(
    select(Attention.id).where(
        Attention.dedupe.in_(bindparam("dedupes", type_=String, expanding=True)),
        Attention.resolved_at.is_(None),
    )
)


def settle_row(item: Attention, act: Act, reason: str) -> None:
    """Resolve for good an item that no longer needs a person, unless a person has resolved it."""
    if item.resolved_at is None:
        item.resolved_at, item.resolved_by, item.resolution = act.now, act.actor.name, {"reason": reason}


def count_open(store: Store) -> int:
    """Return how many attention items are open."""
    ((count,),) = store.rows(_COUNT, {})
    return int(count)


_COUNT = Prepared(select(func.count()).where(Attention.resolved_at.is_(None)))
