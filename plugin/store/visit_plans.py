"""The dates that were planned for the sessions of a course."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name, SquareId
from plugin.store.personal import EMPTIED, OF_COURSE


class PlannedVisit(Base):
    """One planned date. One that was planned over stays, with when: plans are compared with what was done."""

    __tablename__ = "planned_visit"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), info=OF_COURSE)
    start_at: Mapped[datetime] = mapped_column(index=True)
    planned_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    replaced_at: Mapped[datetime | None]
    # The appointment in Square that was booked for it, which goes along when the visit is moved.
    square_booking_id: Mapped[str | None] = mapped_column(SquareId, unique=True, index=True)
    # "": not to be booked by us; waiting: to be booked, moved or canceled; booked; failed: `booking_problem` says why.
    booking_state: Mapped[str] = mapped_column(String(12), default="", server_default="")
    booking_problem: Mapped[str] = mapped_column(String(400), default="", server_default="", info=EMPTIED)

    __table_args__ = (Index(None, "course_id", "start_at"),)
