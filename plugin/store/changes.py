"""What became of a course after its sale: who else may use it, where it came from, whose gift it is, what was allowed.

The sessions and the money of all this stand in the ledger; these rows say who and until when.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import EMPTIED, ERASED_TEXT, NAMED, OF_ALLOWANCE, OF_CLIENT, OF_COURSE


class CourseShare(Base):
    """A client who may use another's course. Ended ones stay, to say who might use it when."""

    __tablename__ = "course_share"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # The last day it may be used by them; None: until it is ended.
    until: Mapped[date | None]
    shared_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(Name, default="")
    # A client is named on a course once at a time.
    standing: Mapped[str | None] = mapped_column(
        Id, Computed("CASE WHEN ended_at IS NULL THEN client_id END", persisted=True)
    )

    __table_args__ = (UniqueConstraint("course_id", "standing"),)


class CourseOrigin(Base):
    """The course whose sessions were transferred into this one. The money stays with that one's sale."""

    __tablename__ = "course_origin"

    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True, info=OF_COURSE)
    origin_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True)
    transferred_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("course_id <> origin_id", name="another"),)


class Gift(Base):
    """A course given away by a voucher. Whoever brings the code becomes its owner, once.

    The code is kept as it is printed: the voucher must be printed again, and only who is signed in can redeem it.
    """

    __tablename__ = "gift"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    giver_name: Mapped[str] = mapped_column(Name, info=NAMED)
    recipient_name: Mapped[str] = mapped_column(Name, info=NAMED)
    message: Mapped[str] = mapped_column(String(500), default="", info=EMPTIED)
    given_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    redeemed_at: Mapped[datetime | None]
    redeemed_by: Mapped[str] = mapped_column(Name, default="")
    # Who gave it, and who redeemed it.
    giver_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    recipient_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str] = mapped_column(Name, default="")
    # One voucher of a course waits at a time.
    waiting: Mapped[str | None] = mapped_column(
        Id,
        Computed(
            "CASE WHEN redeemed_at IS NULL AND taken_back_at IS NULL THEN course_id END", persisted=True
        ),
        unique=True,
    )

    __table_args__ = (
        CheckConstraint("redeemed_at is null or taken_back_at is null", name="ends_once"),
        CheckConstraint("(redeemed_at is null) = (recipient_id is null)", name="redeemed_together"),
    )


class AllowedAhead(Base):
    """How many of an allowance's sessions may be used though their money has not come, counted from the first.

    The owner's word; each is a row of its own, and the highest holds.
    """

    __tablename__ = "allowed_ahead"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    allowance_id: Mapped[str] = mapped_column(Id, ForeignKey("allowance.id"), index=True, info=OF_ALLOWANCE)
    sessions: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    reason: Mapped[str] = mapped_column(String(300), info=ERASED_TEXT)

    __table_args__ = (CheckConstraint("sessions between 1 and 999", name="sessions"),)
