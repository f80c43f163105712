"""Acts on many courses at once: what was chosen, how far it is, and what became of each course."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import ERASED_TEXT, NAMED, OF_COURSE


class BulkAct(Base):
    """One act on many courses. A preview changes nothing; `days` is by how many an expiration moves."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    days: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)
    # preview, running, done, undoing, undone, canceled or failed.
    state: Mapped[str] = mapped_column(String(20), default="preview")
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind in ('extend', 'email')", name="kind"),
        CheckConstraint(
            "state in ('preview', 'running', 'done', 'undoing', 'undone', 'canceled', 'failed')", name="state"
        ),
        Index(None, "state", "created_at"),
    )


class BulkItem(Base):
    """One course of it. `before` and `after`: its last day as previewed; `why`: the reason it was refused."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    bulk_id: Mapped[str] = mapped_column(Id, ForeignKey("bulk_act.id"))
    position: Mapped[int]
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    # chosen: to be done; refused, done, undone; kept: not undone, `why` says so.
    state: Mapped[str] = mapped_column(String(20), default="chosen")
    why: Mapped[str] = mapped_column(String(400), default="", info=NAMED)
    before: Mapped[date | None]
    after: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("state in ('chosen', 'refused', 'done', 'undone', 'kept')", name="state"),
        UniqueConstraint("bulk_id", "position"),
        UniqueConstraint("bulk_id", "course_id"),
        Index(None, "bulk_id", "state", "position"),
    )
