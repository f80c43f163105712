"""Documents issued once and stored forever, the sales behind them, other papers, and the accountant’s journal.

A document and its file are written once each and never changed: triggers refuse it, and a foreign key to the
preceding number refuses a gap, whoever writes. Of the others: the clinic's logo and texts, private pages, batches,
e-mails after visits and about courses, who declined which, and passes in Google Wallet or Apple Wallet.
"""

from datetime import date, datetime
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
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DELETED,
    EMPTIED,
    NAMED,
    OF_CLIENT,
    OF_DOCUMENT,
    OF_ORDER,
    RETAINED,
    Amount,
    Base,
    Id,
    Name,
    SquareId,
    only_where,
)


class SaleRecord(Base):
    """A Square order with packages on it: its lines, taxes, discounts and payments as last read from Square."""

    square_order_id: Mapped[str] = mapped_column(SquareId, primary_key=True, info=OF_ORDER)
    content: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    taken_at: Mapped[datetime] = mapped_column(index=True)


class DocumentSeries(Base):
    """The number format of a kind of document: prefix, then `first` plus the place in the series less one."""

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

    document_id: Mapped[str] = mapped_column(
        Id, ForeignKey("document.id"), primary_key=True, info=OF_DOCUMENT
    )
    pdf: Mapped[bytes] = mapped_column(LargeBinary, info=RETAINED)
    sha256: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime]


class DocumentCourse(Base):
    document_id: Mapped[str] = mapped_column(
        Id, ForeignKey("document.id"), primary_key=True, info=OF_DOCUMENT
    )
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True)

    __table_args__ = (Index(None, "course_id"),)


class Logo(Base):
    """A logo for papers, as PNG under its SHA-256; old ones are kept for papers that refer to them."""

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class TreatmentText(Base):
    """One version of a treatment's aftercare text in one language, as Markdown. Never changed."""

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

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    token: Mapped[str] = mapped_column(String(43), unique=True, info=DELETED)
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class PaperBatch(Base):
    """Papers for many clients at once, as one PDF or a ZIP. The file is stored for a day, then deleted."""

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


class LetterSetting(Base):
    """A kind of letter of this clinic; without a row it is off. `words`: the clinic's own opening by language."""

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_on: Mapped[bool]
    words: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class LetterChoice(Base):
    """That a client gets no letters of this kind."""

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True, info=DELETED)
    declined_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class ClientLetter(Base):
    """A letter about a course, and its outcome: one for each occasion, whoever plans it and how often.

    `sending` is committed before the mail server is asked: a worker that ends in between sends none again.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"))
    kind: Mapped[str] = mapped_column(String(20))
    # Such as left:2 or 30:2026-12-31.
    occasion: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    mail_to: Mapped[str] = mapped_column(String(254), default="", info=EMPTIED)
    state: Mapped[str] = mapped_column(String(20), default="planned")
    # Why it was not sent, or what is uncertain.
    said: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    planned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("course_id", "kind", "occasion"),
        CheckConstraint("state in ('planned', 'sending', 'sent', 'left', 'refused')", name="state"),
        CheckConstraint("(state in ('planned', 'sending')) = (done_at is null)", name="done_together"),
        Index(None, "client_id", "planned_at"),
        Index(None, "planned_at"),
        Index(None, "done_at"),
    )


class WalletPass(Base):
    """A course's pass in one place: an object at Google under the row's own id, or on one device of Apple's.

    `device`: Apple's device library identifier, "" at Google. The row ends when the course changes hands.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(String(10))
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    device: Mapped[str] = mapped_column(String(100), default="", info=DELETED)
    push_token: Mapped[str] = mapped_column(String(200), default="", info=DELETED)
    added_at: Mapped[datetime]
    # When the pass last said something new: what a device asks for is what changed since.
    changed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("device", "course_id", "client_id", "place"),
        CheckConstraint("place in ('google', 'apple')", name="place"),
        CheckConstraint("(place = 'google') = (device = '')", name="device"),
    )


class JournalChart(Base):
    """The accounts chosen by the owner: one row. `accounts`: number and name by role, where not the default."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    accounts: Mapped[dict[str, Any]]
    # The name of the tax rate that Xero requires on each line.
    xero_tax_rate: Mapped[str] = mapped_column(String(80))
    # Square's own connector books payments, tax, tips and fees already.
    is_money_elsewhere: Mapped[bool]
    changed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (CheckConstraint("id = 1", name="one_chart"),)


class MoneyPosting(Base):
    """An amount of a sale's money that moves from one account to another; below zero for a correction.

    `source` is the payment, the refund or the order that it comes from, `debit` and `credit` are roles of accounts.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    square_order_id: Mapped[str] = mapped_column(SquareId, index=True, info=OF_ORDER)
    source: Mapped[str] = mapped_column(SquareId)
    what: Mapped[str] = mapped_column(String(20))
    debit: Mapped[str] = mapped_column(String(20))
    credit: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    happened_at: Mapped[datetime] = mapped_column(index=True)
    written_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (CheckConstraint("debit <> credit", name="two_accounts"),)


class PaymentFee(Base):
    """Square's fee of one card payment, or of a refund, None until Square shows it: that takes minutes to days.

    `square_payment_id` is the refund's id where `is_of_refund`. `due_at`: when to ask next; None once it is known,
    or given up.
    """

    square_payment_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    square_order_id: Mapped[str] = mapped_column(SquareId, info=OF_ORDER)
    amount: Mapped[int | None] = mapped_column(Amount)
    happened_at: Mapped[datetime]
    seen_at: Mapped[datetime | None] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    is_of_refund: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index(None, "square_order_id"),
        only_where("ix_payment_fee_due", "due_at", where="due_at IS NOT NULL"),
    )


class BooksClosed(Base):
    """A closing of the books: from `closed_at` on, events before `closed_before` count when they are written."""

    # The first moment after the last closed day, so that one lookup by key finds what closed an entry's day.
    closed_before: Mapped[datetime] = mapped_column(primary_key=True)
    closed_through: Mapped[date] = mapped_column(unique=True)
    closed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
