"""The dates that were planned for the sessions of a course."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import OF_COURSE


class PlannedVisit(Base):
    """One planned date. One that was planned over stays, with when: plans are compared with what was done."""

    __tablename__ = "planned_visit"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), info=OF_COURSE)
    start_at: Mapped[datetime] = mapped_column(index=True)
    planned_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    replaced_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "course_id", "start_at"),)
