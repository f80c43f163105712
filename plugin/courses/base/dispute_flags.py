"""Which sales have a payment in dispute. Reads only, for every view of a course asks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.views import DisputeFlag
from plugin.store.queues import Attention
from plugin.store.square_side import Dispute

UNDER_WAY = ("INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "EVIDENCE_REQUIRED", "PROCESSING")
LOST = ("LOST", "ACCEPTED")


def question_mark(square_dispute_id: str) -> str:
    """Return what the one question about a dispute is known by."""
    return f"dispute:{square_dispute_id}"


def disputed_in(session: Session, order_ids: Sequence[str]) -> dict[str, DisputeFlag]:
    """Return the flag of each of these orders that has one; what was lost and decided flags nothing any more."""
    rows = list(
        session.scalars(
            select(Dispute)
            .where(Dispute.square_order_id.in_(order_ids), Dispute.state.in_((*UNDER_WAY, *LOST)))
            .order_by(Dispute.updated_at)
        )
    )
    decided = _decided(session, [row for row in rows if row.state in LOST])
    standing = [row for row in rows if question_mark(row.square_dispute_id) not in decided]
    # Of several, one that was lost says most; else the one that moved last.
    standing.sort(key=lambda row: row.state in LOST)
    return {row.square_order_id or "": _flag(row) for row in standing}


def _decided(session: Session, lost: Sequence[Dispute]) -> set[str]:
    if not lost:
        return set()
    marks = [question_mark(row.square_dispute_id) for row in lost]
    answered = select(Attention.dedupe).where(Attention.dedupe.in_(marks), Attention.resolved_at.is_not(None))
    return set(session.scalars(answered))


def _flag(row: Dispute) -> DisputeFlag:
    money = Money(row.amount, row.currency)
    return DisputeFlag(money, row.state, row.reason, row.due_at, is_lost=row.state in LOST)
