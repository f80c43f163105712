"""What stands behind the papers: the clinic's logo and texts, letters, private pages, batches."""

from __future__ import annotations

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
    """A picture at the head of papers, as PNG under its SHA-256; old ones stay, for papers that name them."""

    __tablename__ = "logo"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class TreatmentText(Base):
    """One version of a treatment's aftercare text in one language, as Markdown. Never changed: a new one follows."""

    __tablename__ = "treatment_text"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    treatment_id: Mapped[str] = mapped_column(Id, ForeignKey("treatment.id"))
    language: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    markdown: Mapped[str] = mapped_column(Text)
    # Signed off by the clinic's practitioner: the paper says nothing of review any more.
    is_reviewed: Mapped[bool] = mapped_column(default=False, server_default=false())
    written_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        UniqueConstraint("treatment_id", "language", "version"),
        CheckConstraint("version >= 1", name="version"),
    )


class VisitLetter(Base):
    """The e-mail after a visit, once for each client it concerns: the address, and the outcome."""

    __tablename__ = "visit_letter"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"))
    mail_to: Mapped[str] = mapped_column(String(254), default="", info=EMPTIED)
    # owed; sent; refused by the mail server for good; left: not wanted, no address, or the visit was taken back.
    state: Mapped[str] = mapped_column(String(20), default="owed")
    said: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    owed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        # Who attended, and whose course it was where that is another client.
        UniqueConstraint("visit_id", "client_id"),
        CheckConstraint("state in ('owed', 'sent', 'refused', 'left')", name="state"),
        CheckConstraint("(state = 'owed') = (done_at is null)", name="done_together"),
        Index(None, "state", "done_at"),
    )


class PrivatePage(Base):
    """A client's own page, opened by whoever has its address: it is printed on their papers as a QR code.

    The token is kept as it is printed, for it is printed again; a new one shuts the old address.
    """

    __tablename__ = "private_page"

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    token: Mapped[str] = mapped_column(String(43), unique=True, info=DELETED)
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class PaperBatch(Base):
    """Papers for many clients at once, as one PDF or a ZIP. The file is kept for a day, then forgotten."""

    __tablename__ = "paper_batch"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The kinds of paper and the courses, in the order they are printed.
    wish: Mapped[dict[str, Any]]
    form: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    # What could not be made: whose, and why.
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
