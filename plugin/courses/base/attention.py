"""Attention: what only a person can decide. One item for one question, however often Square brings it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.views import AttentionView, Page
from plugin.courses.base.work import Work
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.queues import Attention

DECISIONS: dict[str, tuple[str, ...]] = {
    "unassigned_sale": ("assign",),
    "unclear_refund": ("close_course", "take_sessions", "keep_sessions"),
    "refunded_used_course": ("keep_closed", "reopen"),
    "changed_sale": ("leave_course", "close_course"),
    "unclear_quantity": ("dismiss",),
    "foreign_currency": ("open_courses", "dismiss"),
    "dispute": ("keep_sessions", "close_course"),
    "failed_event": ("try_again", "dismiss"),
    "changed_item": ("publish_again", "take_price", "dismiss"),
    "unmerged_customer": ("split", "keep_together"),
    "profiles_held": ("dismiss",),
    "unlinked_sale": ("link_and_open", "ignore_item", "dismiss"),
    "possible_duplicate": ("merge_clients", "not_duplicate"),
    "changed_exchange": ("exchange_now", "dismiss"),
    "canceled_part_paid": ("keep_sessions", "refund", "leave_open"),
}


def open_item_in(
    work: Work,
    *,
    kind: str,
    dedupe: str,
    summary: str,
    details: dict[str, Any],
    square_order_id: str | None = None,
    square_refund_id: str | None = None,
) -> str:
    """Put a question before the people, once; return its id. A resolved one is not asked again."""
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
    work.session.add(item)
    work.session.flush()
    return item.id


def settle_item_in(session: Session, act: Act, dedupe: str, reason: str) -> bool:
    """Close a question that has answered itself, so that it can be asked again; False where none was open."""
    item = session.scalar(
        select(Attention).where(Attention.dedupe == dedupe[:255], Attention.resolved_at.is_(None))
    )
    if item is None:
        return False
    item.resolved_at, item.resolved_by, item.resolution = act.now, act.actor.name, {"reason": reason}
    item.dedupe = f"{item.id}:settled"
    session.flush()
    return True


def count_open(store: Store) -> int:
    """Return how many questions wait."""
    with store.reading() as session:
        return int(session.scalar(select(func.count()).where(Attention.resolved_at.is_(None))) or 0)


def list_attention(
    store: Store, *, limit: int = 50, cursor: str | None = None, resolved: bool = False
) -> Page[AttentionView]:
    """Return the open questions, newest first; with `resolved`, those that were answered."""
    rows = select(Attention).order_by(Attention.id.desc()).limit(limit + 1)
    rows = rows.where(Attention.resolved_at.is_not(None) if resolved else Attention.resolved_at.is_(None))
    if cursor is not None:
        rows = rows.where(Attention.id < cursor)
    with store.reading() as session:
        found = [view_of(row) for row in session.scalars(rows)]
    return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def read_item(store: Store, item_id: str) -> AttentionView:
    """Return the item; raises NotFound."""
    with store.reading() as session:
        row = session.get(Attention, item_id)
        if row is None:
            raise NotFound("There is no such attention item.")
        return view_of(row)


def view_of(row: Attention) -> AttentionView:
    """Put the row into a view."""
    return AttentionView(
        id=row.id,
        kind=row.kind,
        summary=row.summary,
        square_order_id=row.square_order_id,
        square_refund_id=row.square_refund_id,
        proposal=row.details.get("proposal"),
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        course_ids=tuple(row.details.get("course_ids", ())),
        client_ids=tuple(row.details.get("client_ids", ())),
        proposed_package_id=row.details.get("proposed_package_id"),
        decisions=decisions_of(row),
        proposed_decision=row.details.get("proposed_decision"),
        proposed_sessions=row.details.get("proposed_sessions"),
        proposed_course_id=row.details.get("proposed_course_id"),
        answer=_answer(row),
    )


def decisions_of(row: Attention) -> tuple[str, ...]:
    """Return what can be decided; an item may leave out what makes no sense for it."""
    return tuple(row.details.get("decisions") or DECISIONS.get(row.kind, ("dismiss",)))


def _answer(row: Attention) -> str | None:
    if row.resolved_at is None:
        return None
    kept = row.resolution or {}
    # What settled by itself has no sentence of its own; there the reason says what happened.
    answer: str | None = kept.get("answer") or kept.get("reason")
    return answer
