"""Documents issued once and stored forever (invoices, credit notes, vouchers), and the sales behind them.

A document and its file are written once each and never changed: triggers refuse it, and a foreign key to the
preceding number refuses a gap, whoever writes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, Name, SquareId
from plugin.store.personal import NAMED, OF_CLIENT, OF_DOCUMENT, OF_ORDER, RETAINED


class SaleRecord(Base):
    """A Square order with packages on it: its lines, taxes, discounts and payments as last read from Square."""

    __tablename__ = "sale_record"

    square_order_id: Mapped[str] = mapped_column(SquareId, primary_key=True, info=OF_ORDER)
    content: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    taken_at: Mapped[datetime] = mapped_column(index=True)


class DocumentSeries(Base):
    """The number format of a kind of document: prefix, then `first` plus the place in the series less one."""

    __tablename__ = "document_series"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(12))
    first: Mapped[int] = mapped_column(default=1)

    __table_args__ = (CheckConstraint("first between 1 and 9999999", name="first"),)


class Document(Base):
    """An issued document: its number and its frozen content (canonical JSON) with the SHA-256 of that.

    `subject` is what it was issued for, once: the Square order of an invoice, the refund of a credit note,
    the gift of a voucher, the payment of a receipt, the client and day of a statement of prepaid balance. `place`
    counts from 1 without a gap within each kind.
    """

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    # Computed by the database: the number that must exist before this one.
    place_before: Mapped[int | None] = mapped_column(
        Computed("CASE WHEN place > 1 THEN place - 1 END", persisted=True)
    )
    number: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(SquareId)
    refers_to: Mapped[str | None] = mapped_column(Id, ForeignKey("document.id"), index=True)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, index=True)
    # The buyer: the document remains theirs, whoever owns the course now.
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    language: Mapped[str] = mapped_column(String(16))
    # The total, in minor units; negative on a credit note, 0 on a voucher.
    total: Mapped[int] = mapped_column(Amount, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    content: Mapped[str] = mapped_column(Text, info=RETAINED)
    content_sha256: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (
        CheckConstraint(
            "kind in ('invoice', 'credit_note', 'gift_voucher', 'receipt', 'prepaid_balance')", name="kind"
        ),
        CheckConstraint("(kind = 'credit_note') = (refers_to is not null)", name="credit_note_refers"),
        CheckConstraint("place >= 1", name="place"),
        UniqueConstraint("kind", "place"),
        UniqueConstraint("kind", "number"),
        UniqueConstraint("kind", "subject"),
        ForeignKeyConstraint(
            ["kind", "place_before"], ["document.kind", "document.place"], name="fk_document_no_gap"
        ),
        # What the list of documents is sorted by.
        Index(None, "issued_at", "id"),
        Index(None, "number", "id"),
        Index(None, "total", "id"),
    )


class DocumentFile(Base):
    """The PDF of a document, rendered once and served unchanged."""

    __tablename__ = "document_file"

    document_id: Mapped[str] = mapped_column(
        Id, ForeignKey("document.id"), primary_key=True, info=OF_DOCUMENT
    )
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    sha256: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime]


class DocumentCourse(Base):
    """A course that a document is about."""

    __tablename__ = "document_course"

    document_id: Mapped[str] = mapped_column(
        Id, ForeignKey("document.id"), primary_key=True, info=OF_DOCUMENT
    )
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True)

    __table_args__ = (Index(None, "course_id"),)
