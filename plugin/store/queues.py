"""Pending work: events from Square (inbox), jobs (outbox), decisions for a person, and events for other programs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DELETED,
    ERASED_TEXT,
    MESSAGE,
    NAMED,
    OF_COURSE,
    OF_JOB,
    OF_ORDER,
    Amount,
    Base,
    Id,
    Name,
    SquareId,
    only_where,
)
from plugin.store.triggers import created

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


_Number = BigInteger().with_variant(Integer, "sqlite")


class EventReceiver(Base):
    """A program that receives events. Its secrets are sealed; `old_secret_sealed` signs as well until `old_until`."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    url: Mapped[str] = mapped_column(String(2000))
    kinds: Mapped[list[Any]]
    # Whether clients' names go along; ids always do.
    has_names: Mapped[bool]
    # The owner allows an address within the clinic's own network.
    may_be_private: Mapped[bool]
    secret_sealed: Mapped[str] = mapped_column(Text)
    old_secret_sealed: Mapped[str | None] = mapped_column(Text)
    old_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    ended_at: Mapped[datetime | None]


class OutgoingEvent(Base):
    """One thing that happened to a course. `subject` allows each once; `document` is made once, by the worker."""

    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(300), unique=True)
    course_id: Mapped[str] = mapped_column(Id, index=True, info=OF_COURSE)
    entry_id: Mapped[str | None] = mapped_column(Id)
    noted_at: Mapped[datetime] = mapped_column(index=True)
    document: Mapped[dict[str, Any] | None]

    __table_args__ = (only_where("ix_outgoing_event_new", "id", where="document IS NULL"),)


class EventDelivery(Base):
    """One event to one receiver: pending, delivered or failed. `said`: the first line of the last answer."""

    id: Mapped[int] = mapped_column(_Number, primary_key=True)
    event_id: Mapped[int] = mapped_column(_Number, ForeignKey("outgoing_event.id"))
    receiver_id: Mapped[str] = mapped_column(Id, ForeignKey("event_receiver.id"))
    course_id: Mapped[str] = mapped_column(Id, index=True, info=OF_COURSE)
    state: Mapped[str] = mapped_column(String(20), default="pending")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    # An answer may repeat a name that it was sent.
    said: Mapped[str] = mapped_column(String(300), default="", info=NAMED)
    tried_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'failed')", name="state"),
        UniqueConstraint("receiver_id", "event_id"),
        only_where("ix_event_delivery_pending", "due_at", "id", where="state = 'pending'"),
        only_where(
            "ix_event_delivery_order", "receiver_id", "course_id", "event_id", where="state = 'pending'"
        ),
        Index(None, "event_id"),
    )


TRIGGER = "entry_is_an_event"
_INTO = "INSERT INTO outgoing_event (kind, subject, course_id, entry_id, noted_at)"
_FROM = "FROM allowance a WHERE a.id = NEW.allowance_id AND NEW.source <> 'import'"
_HEARD = "EXISTS (SELECT 1 FROM event_receiver WHERE ended_at IS NULL)"
# The subject's key, and what the entry must be besides: an allowance of each treatment has an entry of its own.
_EVENTS = {
    "course.opened": ("'opened:' || a.course_id", "NEW.kind = 'sold'"),
    "session.used": ("'used:' || NEW.id", "NEW.kind = 'used'"),
    "session.undone": (
        "'undone:' || NEW.id",
        "NEW.kind = 'reversed' AND EXISTS (SELECT 1 FROM entry u WHERE u.id = NEW.reverses AND u.kind = 'used')",
    ),
    "course.finished": (
        "'finished:' || NEW.id",
        "NEW.kind = 'used' AND NEW.sessions_after = 0 AND a.kind = 'main' AND NOT EXISTS (SELECT 1 FROM allowance o"
        " JOIN entry h ON h.allowance_id = o.id WHERE o.course_id = a.course_id AND o.kind = 'main' AND o.id <> a.id"
        " AND h.sessions_after > 0 AND h.seq = (SELECT max(l.seq) FROM entry l WHERE l.allowance_id = o.id))",
    ),
    "course.refunded": ("'refunded:' || a.course_id || ':' || NEW.written_at", "NEW.kind = 'refunded'"),
}


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that create the trigger; `engine` is "sqlite" or "postgresql"."""
    do = " ".join(
        f"{_INTO} SELECT '{kind}', {subject}, a.course_id, NEW.id, NEW.written_at {_FROM}"
        f" AND {condition} AND {_HEARD} ON CONFLICT (subject) DO NOTHING;"
        for kind, (subject, condition) in _EVENTS.items()
    )
    if engine == "sqlite":
        yield from created(engine, TRIGGER, "INSERT", "entry", do, when=f"WHEN {_HEARD}")
    else:
        yield from created(engine, TRIGGER, "INSERT", "entry", f"IF {_HEARD} THEN {do} END IF;")
