"""Which sales have a payment in dispute. Read-only, as every view of a course needs it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.views import DisputeFlag
from plugin.store.ledger import Course
from plugin.store.queues import Attention
from plugin.store.square_side import Dispute

UNDER_WAY = ("INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "EVIDENCE_REQUIRED", "PROCESSING")
LOST = ("LOST", "ACCEPTED")


def question_mark(square_dispute_id: str) -> str:
    """Return the `dedupe` of a dispute's attention item."""
    return f"dispute:{square_dispute_id}"


def disputed_in(session: Session, order_ids: Sequence[str]) -> dict[str, DisputeFlag]:
    """Return the flag of each of these orders that has one; a lost dispute that was decided has none."""
    rows = session.connection().execute(_DISPUTES, {"order_ids": list(order_ids)}).all() if order_ids else []
    decided = _decided(session, [row for row in rows if row.state in LOST])
    standing = [row for row in rows if question_mark(row.square_dispute_id) not in decided]
    # Of several, a lost one matters most; else the one updated last.
    standing.sort(key=lambda row: row.state in LOST)
    return {row.square_order_id or "": _flag(row) for row in standing}


# The query for a course's state selects this: courses without a dispute save a statement.
HAS_DISPUTE = exists().where(Dispute.square_order_id == Course.square_order_id)

_COLUMNS: tuple[Any, ...] = (
    Dispute.square_dispute_id,
    Dispute.square_order_id,
    Dispute.amount,
    Dispute.currency,
    Dispute.state,
    Dispute.reason,
    Dispute.due_at,
)
_DISPUTES = (
    select(*_COLUMNS)
    .where(
        Dispute.square_order_id.in_(bindparam("order_ids", expanding=True)),
        Dispute.state.in_((*UNDER_WAY, *LOST)),
    )
    .order_by(Dispute.updated_at)
)


def _decided(session: Session, lost: Sequence[Row[Any]]) -> set[str]:
    if not lost:
        return set()
    marks = [question_mark(row.square_dispute_id) for row in lost]
    answered = select(Attention.dedupe).where(Attention.dedupe.in_(marks), Attention.resolved_at.is_not(None))
    return set(session.scalars(answered))


def _flag(row: Row[Any]) -> DisputeFlag:
    money = Money(row.amount, row.currency)
    return DisputeFlag(money, row.state, row.reason, row.due_at, is_lost=row.state in LOST)
