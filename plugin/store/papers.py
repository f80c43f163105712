"""Data of the papers: the clinic's logo and texts, e-mails after visits, private pages, batches."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import DELETED, EMPTIED, OF_CLIENT


class Logo(Base):
    """A logo for papers, as PNG under its SHA-256; old ones are kept for papers that refer to them."""

    __tablename__ = "logo"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class TreatmentText(Base):
    """One version of a treatment's aftercare text in one language, as Markdown. Never changed."""

    __tablename__ = "treatment_text"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    treatment_id: Mapped[str] = mapped_column(Id, ForeignKey("treatment.id"))
    language: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    markdown: Mapped[str] = mapped_column(Text)
    # Approved by the clinic's practitioner: the paper names who reviewed it, as printed then.
    is_reviewed: Mapped[bool] = mapped_column(default=False, server_default=false())
    reviewer: Mapped[str] = mapped_column(String(250), default="", server_default="")
    written_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        UniqueConstraint("treatment_id", "language", "version"),
        CheckConstraint("version >= 1", name="version"),
    )


class VisitLetter(Base):
    """The e-mail after a visit, one for each client concerned: the address, and the outcome."""

    __tablename__ = "visit_letter"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"))
    mail_to: Mapped[str] = mapped_column(String(254), default="", info=EMPTIED)
    # owed: pending; sent; refused: by the mail server for good; left: declined, no address, or visit undone.
    state: Mapped[str] = mapped_column(String(20), default="owed")
    said: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    owed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        # The attendee, and the owner of the course where that is another client.
        UniqueConstraint("visit_id", "client_id"),
        CheckConstraint("state in ('owed', 'sent', 'refused', 'left')", name="state"),
        CheckConstraint("(state = 'owed') = (done_at is null)", name="done_together"),
        Index(None, "state", "done_at"),
    )


class PrivatePage(Base):
    """A client's own page, opened by whoever has its address: it is printed on their papers as a QR code.

    The token is stored in plain text, because it is printed again; a new one invalidates the old address.
    """

    __tablename__ = "private_page"

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    token: Mapped[str] = mapped_column(String(43), unique=True, info=DELETED)
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class PaperBatch(Base):
    """Papers for many clients at once, as one PDF or a ZIP. The file is stored for a day, then deleted."""

    __tablename__ = "paper_batch"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The kinds of paper and the courses, in the order they are printed.
    wish: Mapped[dict[str, Any]]
    form: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    # What could not be made: for which client, and why.
    left_out: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    cancel_asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    forgotten_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("form in ('pdf', 'zip')", name="form"),
        CheckConstraint("state in ('waiting', 'making', 'ready', 'canceled', 'failed')", name="state"),
        CheckConstraint("done between 0 and total", name="done"),
    )
