"""Changes after a sale: shares, transfers, gifts and sessions usable before payment of a course, and the activity log.

The sessions and amounts of all this are in the ledger; these rows record who and until when. The activity log has what
people and programs did that no other table records; it is append-only (`triggers.py`).
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import EMPTIED, ERASED_TEXT, NAMED, OF_ALLOWANCE, OF_CLIENT, OF_COURSE, Base, Id, Name


class CourseShare(Base):
    """A client who may use another client's course. Ended shares are kept, to show who could use it when."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # The last day they may use it; None: until it is ended.
    until: Mapped[date | None]
    shared_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(Name, default="")
    # A client has at most one open share of a course.
    standing: Mapped[str | None] = mapped_column(
        Id, Computed("CASE WHEN ended_at IS NULL THEN client_id END", persisted=True)
    )

    __table_args__ = (UniqueConstraint("course_id", "standing"),)


class CourseOrigin(Base):
    """The course whose sessions were transferred into this one. The payments stay with its sale."""

    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True, info=OF_COURSE)
    origin_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True)
    transferred_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("course_id <> origin_id", name="another"),)


class Gift(Base):
    """A course given away by a voucher. Whoever presents the code becomes its owner, once.

    The code is stored in plain text: the voucher must be printed again, and only staff can redeem it.
    """

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
    # A course has at most one open voucher.
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
    """How many of an allowance's sessions, counted from the first, may be used before they are paid.

    Decided by the owner; each decision is a row of its own, and the highest number applies.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    allowance_id: Mapped[str] = mapped_column(Id, ForeignKey("allowance.id"), index=True, info=OF_ALLOWANCE)
    sessions: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    reason: Mapped[str] = mapped_column(String(300), info=ERASED_TEXT)

    __table_args__ = (CheckConstraint("sessions between 1 and 999", name="sessions"),)


class Activity(Base):
    """One act. `before` and `after` in words; of a secret only that it was set or removed."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # Such as `staff.invited`: what it belongs to, and what was done.
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    # Who acted; not a foreign key, since a withdrawn invitation deletes its person.
    staff_id: Mapped[str | None] = mapped_column(Id)
    source: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # The id of what was changed: a person, a package, a token, the name of a setting.
    subject_id: Mapped[str] = mapped_column(String(60), default="", index=True)
    name: Mapped[str] = mapped_column(String(200), default="", info=ERASED_TEXT)
    before: Mapped[str] = mapped_column(Text, default="", info=ERASED_TEXT)
    after: Mapped[str] = mapped_column(Text, default="", info=ERASED_TEXT)
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)

    __table_args__ = (Index(None, "at", "id"),)
