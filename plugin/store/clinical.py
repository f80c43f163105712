"""What treatments are about: notes, plans, checks before a treatment, own ratings; and quotes and agreements.

Of a check only the list of points and an answer are stored, which is yes or ask. A rating is a number from 0 to 10
before each visit, of a concern in the client’s words. Notes are written before or after the session is used.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DELETED,
    EMPTIED,
    OF_CHECKOUT,
    OF_CLIENT,
    OF_COURSE,
    OF_NOTE,
    RETAINED,
    Amount,
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


class NameTranslation(Base):
    """A name of the clinic's in another language: of a package, a treatment, a focus area or an add-on.

    By the name itself, as in a gettext catalog: a course sold under an older name keeps that name's translation.
    """

    name: Mapped[str] = mapped_column(Name, primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(Name)


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


class Agreement(Base):
    """The terms of a package as shown to a client: frozen content (canonical JSON) and its PDF with the SHA-256."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    # The edit of the package that it states: a later one needs another agreement.
    package_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    # How the sale is made; some periods to change one's mind are for distance sales alone.
    channel: Mapped[str] = mapped_column(String(10))
    # The key of the period that it states (plugin/core/change_of_mind.py), "none" without one.
    change_of_mind: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text, info=RETAINED)
    # Of the content without its day: the same terms on another day are the same.
    terms_sha256: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        CheckConstraint("channel in ('clinic', 'distance')", name="channel"),
        Index(None, "client_id", "package_id"),
    )


class AgreementSignature(Base):
    """The signature of an agreement, bound to the PDF that was shown by its SHA-256, and the signed copy."""

    agreement_id: Mapped[str] = mapped_column(Id, ForeignKey("agreement.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    way: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(Name, info=RETAINED)
    # A drawn signature as SVG path data in a box of 600 by 200, "" for another.
    path: Mapped[str] = mapped_column(Text, default="", info=RETAINED)
    # Who of the clinic was there, "" for a client alone.
    present: Mapped[str] = mapped_column(Name, default="")
    shown_sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime] = mapped_column(index=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))

    __table_args__ = (CheckConstraint("way in ('drawn', 'typed', 'paper')", name="way"),)


class AgreementOrder(Base):
    """A signed agreement that was ticked on the public page, and the order that was paid under it."""

    agreement_id: Mapped[str] = mapped_column(
        Id, ForeignKey("agreement_signature.agreement_id"), primary_key=True
    )
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("public_order.id"), unique=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)


class AgreementSale(Base):
    """A sale begun at the desk under a signed agreement; one that was canceled leaves it to the next."""

    checkout_id: Mapped[str] = mapped_column(
        Id, ForeignKey("checkout.id"), primary_key=True, info=OF_CHECKOUT
    )
    agreement_id: Mapped[str] = mapped_column(Id, ForeignKey("agreement_signature.agreement_id"), index=True)


class Quote(Base):
    """One quote: price and valid day as they were offered, the frozen content (canonical JSON) and its PDF.

    Whether it is open, paid or expired follows from its days, its checkout and the client's courses.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The last part of the address by which the client pays: unguessable, short enough to be typed.
    code: Mapped[str] = mapped_column(String(12), unique=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    # The edit of the package that was offered.
    package_version: Mapped[int]
    price: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    # What the client would like help with, in their own words.
    concern: Mapped[str] = mapped_column(String(300), info=DELETED)
    valid_until: Mapped[date]
    content: Mapped[str] = mapped_column(Text, info=DELETED)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=DELETED)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    withdrawn_at: Mapped[datetime | None]
    # The sale by payment link that was begun from it, the newest.
    checkout_id: Mapped[str | None] = mapped_column(Id, ForeignKey("checkout.id"), unique=True)

    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index(None, "client_id", "package_id"),
    )
