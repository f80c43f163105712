"""Events for other programs: who receives them, what happened, and each delivery.

A trigger writes an event in the transaction of its entry, whoever writes the entry, while anybody receives events. The
worker makes its document and its deliveries.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name, only_where
from plugin.store.personal import NAMED, OF_COURSE
from plugin.store.statements import created

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
