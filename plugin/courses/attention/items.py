"""Reading attention items."""

from sqlalchemy import select

from plugin.courses.attention.registry import decisions_of
from plugin.courses.base.views import AttentionView, Page, from_row
from plugin.courses.base.work import require_row
from plugin.store import Store
from plugin.store.queues import Attention
from plugin.wording import N_

NO_ITEM = N_("There is no such attention item.")


def list_attention(
    store: Store, *, limit: int = 50, cursor: str | None = None, resolved: bool = False
) -> Page[AttentionView]:
    """Return the open items, newest first; with `resolved`, the resolved ones."""
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
        return view_of(require_row(session, Attention, item_id, NO_ITEM))


def view_of(row: Attention) -> AttentionView:
    """Return the view of the row."""
    return from_row(
        AttentionView,
        row,
        proposal=row.details.get("proposal"),
        course_ids=tuple(row.details.get("course_ids", ())),
        client_ids=tuple(row.details.get("client_ids", ())),
        proposed_package_id=row.details.get("proposed_package_id"),
        decisions=decisions_of(row),
        proposed_decision=row.details.get("proposed_decision"),
        proposed_sessions=row.details.get("proposed_sessions"),
        proposed_course_id=row.details.get("proposed_course_id"),
        answer=_answer(row),
    )


def _answer(row: Attention) -> str | None:
    if row.resolved_at is None:
        return None
    kept = row.resolution or {}
    # An item closed automatically has no sentence of its own; the reason states what happened.
    answer: str | None = kept.get("answer") or kept.get("reason")
    return answer
