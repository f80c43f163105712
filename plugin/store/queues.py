"""Pending work: events from Square (inbox), jobs to run (outbox), decisions for a person (attention)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, SquareId, only_where
from plugin.store.personal import DELETED, ERASED_TEXT, MESSAGE, NAMED, OF_COURSE, OF_JOB, OF_ORDER

# A query uses the partial index of pending rows only with this literal text, not with a bound parameter.
PENDING = "state = 'pending'"


class Inbox(Base):
    """One event from Square, stored as received. The unique event id prevents replays."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), unique=True)
    event_type: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text, info=MESSAGE)
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(20), default="pending")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    # The outcome, as a sentence for people.
    outcome: Mapped[str] = mapped_column(String(400), default="", info=NAMED)
    done_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('pending', 'done', 'ignored', 'failed')", name="state"),
        only_where("ix_inbox_pending", "due_at", "id", where=PENDING),
        Index(None, "state", "done_at"),
    )


class Outbox(Base):
    """One effect to carry out after its transaction commits, such as making a paper. Run at least once."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), info=OF_JOB)
    payload: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    created_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), default="pending")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(400), default="", info=NAMED)
    done_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('pending', 'done', 'failed')", name="state"),
        only_where("ix_outbox_pending", "kind", "due_at", "id", where=PENDING),
        Index(None, "state", "done_at"),
        # Is such a job pending already?
        Index(None, "subject", "kind", "state"),
    )


class Attention(Base):
    """A decision for a person. `dedupe` allows one item per subject, however often the cause recurs."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    dedupe: Mapped[str] = mapped_column(String(255), unique=True)
    summary: Mapped[str] = mapped_column(String(400), info=NAMED)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, index=True)
    square_refund_id: Mapped[str | None] = mapped_column(SquareId)
    details: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(160))
    resolution: Mapped[dict[str, Any] | None] = mapped_column(info=NAMED)

    __table_args__ = (
        only_where("ix_attention_open", "id", where="resolved_at IS NULL"),
        only_where("ix_attention_resolved", "id", where="resolved_at IS NOT NULL"),
    )


class SquareRefund(Base):
    """A refund as last received from Square, so that each of a sale's refunds is added once.

    `tip` is the part that returns a tip. `for_course` is how much of it a person has counted against
    `course_id`; a refund that closed its course is recorded on the course.
    """

    square_refund_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, index=True, info=OF_ORDER)
    return_order_id: Mapped[str | None] = mapped_column(SquareId)
    amount: Mapped[int] = mapped_column(Amount)
    tip: Mapped[int] = mapped_column(Amount, default=0, server_default=text("0"))
    course_id: Mapped[str | None] = mapped_column(Id, index=True)
    for_course: Mapped[int] = mapped_column(Amount, default=0, server_default=text("0"))
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    seen_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint("tip >= 0 and for_course >= 0 and tip + for_course <= amount", name="parts"),
    )


class Sweep(Base):
    """One sync with Square for events that the webhooks missed."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    looked_at: Mapped[int] = mapped_column(default=0)
    found: Mapped[list[Any]] = mapped_column(info=NAMED)
    error: Mapped[str] = mapped_column(String(400), default="", info=NAMED)


class Paper(Base):
    """The latest bytes of a course's paper, rendered in advance: a bounded cache that can always be rebuilt."""

    course_id: Mapped[str] = mapped_column(Id, primary_key=True, info=OF_COURSE)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    # The content and the version of the papers that the bytes were rendered from.
    mark: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=DELETED)
    made_at: Mapped[datetime]


class Heartbeat(Base):
    """When a part of the program last showed that it runs, such as the worker."""

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    seen_at: Mapped[datetime]


class Handout(Base):
    """What a client was given: the frozen content of a summary or aftercare sheet, once per content."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, index=True, info=OF_COURSE)
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text, info=ERASED_TEXT)
    content_sha256: Mapped[str] = mapped_column(String(64))
    handed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(160))

    __table_args__ = (UniqueConstraint("course_id", "kind", "language", "content_sha256"),)
