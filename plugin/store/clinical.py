"""What treatments are about: notes, plans, checks before a treatment, own ratings.

Of a check only the list of points and an answer are stored, which is yes or ask. A rating is a number from 0 to 10
before each visit, of a concern in the client’s words. Notes are written before or after the session is used.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DELETED,
    EMPTIED,
    OF_CLIENT,
    OF_COURSE,
    OF_NOTE,
    Base,
    Id,
    Name,
    SquareId,
    only_where,
)

# An answer that no later one of the same day replaces.
_IN_FORCE = "replaced_at IS NULL"


class VisitOption(Base):
    """A focus area or an add-on that notes are tapped from. Never deleted: visits keep a retired one."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(Name)
    position: Mapped[int]
    retired_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("kind in ('focus', 'add_on')", name="kind"),)


class VisitNote(Base):
    """The note of a visit, or a draft for a client's day that no session was used on yet.

    `focus` is printed on papers beside the tapped areas; `note` is for the clinic; `points` and `observations`
    are for those who treat, and are read by no query of papers, pages or e-mails.
    """

    # It belongs to who attended, also where another client owns the course.
    id: Mapped[str] = mapped_column(Id, primary_key=True, info=OF_NOTE)
    visit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("visit.id"), unique=True)
    # Of a draft: for whom, for which day, and who treats; once joined, the visit has all three.
    client_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    on_day: Mapped[date | None]
    practitioner_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    focus: Mapped[str] = mapped_column(String(500), default="", server_default="", info=EMPTIED)
    note: Mapped[str] = mapped_column(String(500), default="", server_default="", info=EMPTIED)
    points: Mapped[str] = mapped_column(Text, default="", server_default="", info=EMPTIED)
    observations: Mapped[str] = mapped_column(Text, default="", server_default="", info=EMPTIED)
    # The days to the next visit, in place of the treatment's; None: as the treatment suggests.
    interval_days: Mapped[int | None] = mapped_column(info=DELETED)
    # Rises with each save, so that the second of two people is told.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        CheckConstraint("(visit_id is null) = (client_id is not null)", name="visit_or_client"),
        CheckConstraint("(client_id is null) = (on_day is null)", name="draft_has_day"),
        CheckConstraint("interval_days between 1 and 365", name="interval_days"),
        Index(None, "client_id", "on_day"),
        only_where("ix_visit_note_asked_back", "visit_id", where="interval_days IS NOT NULL"),
    )


class VisitNoteOption(Base):
    """A focus area or an add-on of a note."""

    note_id: Mapped[str] = mapped_column(
        Id, ForeignKey("visit_note.id", ondelete="CASCADE"), primary_key=True, info=OF_NOTE
    )
    option_id: Mapped[str] = mapped_column(Id, ForeignKey("visit_option.id"), primary_key=True, info=DELETED)


class PlannedVisit(Base):
    """One planned date. One that was planned over stays, with when: plans are compared with what was done."""

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


class CheckList(Base):
    """One version of the clinic's list: by language, the points in their order. Never changed."""

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[dict[str, Any]]
    # Who of those who treat has reviewed it.
    reviewed_by: Mapped[str] = mapped_column(Name)
    written_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class CheckAnswer(Base):
    """What a client answered for a day. Which point it was is asked in person, and stored nowhere."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    on_day: Mapped[date]
    # none: none of these apply; ask: ask me.
    answer: Mapped[str] = mapped_column(String(4), info=DELETED)
    list_version: Mapped[int] = mapped_column(ForeignKey("check_list.version"))
    answered_at: Mapped[datetime]
    # page: their private page; screen: the check-in screen; handed: a device in their hands; api.
    source: Mapped[str] = mapped_column(String(10))
    # Somebody who treats has asked them.
    talked_at: Mapped[datetime | None]
    talked_by: Mapped[str] = mapped_column(Name, default="", server_default="")
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("answer in ('none', 'ask')", name="answer"),
        CheckConstraint("source in ('page', 'screen', 'handed', 'api')", name="source"),
        only_where("uq_check_answer_day", "client_id", "on_day", where=_IN_FORCE, unique=True),
    )


class RatedConcern(Base):
    """A concern that a client rates: a focus area by its name, or their own words. An ended one keeps its ratings."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    words: Mapped[str] = mapped_column(String(80), info=DELETED)
    chosen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OwnRating(Base):
    """A client's rating of a concern on a day; one that was changed on the same day is kept as replaced."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    concern_id: Mapped[str] = mapped_column(Id, ForeignKey("rated_concern.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    on_day: Mapped[date]
    value: Mapped[int] = mapped_column(info=DELETED)
    rated_at: Mapped[datetime]
    # page: their private page; handed: a device of the clinic in their hands; api.
    source: Mapped[str] = mapped_column(String(10))
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("value between 0 and 10", name="value"),
        CheckConstraint("source in ('page', 'handed', 'api')", name="source"),
        Index(None, "client_id", "on_day"),
        # Of two answers for one day at once, one replaces the other.
        only_where("uq_own_rating_day", "concern_id", "on_day", where=_IN_FORCE, unique=True),
    )


class RatingChoice(Base):
    """What a client has decided about their ratings; without a row they are asked, and papers show the line."""

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    is_declined: Mapped[bool] = mapped_column(info=DELETED)
    is_on_papers: Mapped[bool]
    changed_at: Mapped[datetime]
