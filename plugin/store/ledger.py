"""Courses, their allowances, visits, and the chain of entries, whose integrity the database enforces.

Each entry has the balance before and after it, and a foreign key to the entry before: whoever writes,
ORM or raw SQL, can't skip, fork, overdraw or rewrite the chain (the triggers are in `triggers.py`). A seal of the
worker hashes all that was written since the one before; the newest is the head of the whole clinic. Kept outside
(beside the database, with each backup, in documents and e-mails) it shows later whether anything that was sealed then
has been changed, also by somebody who rewrites it all.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    ERASED_TEXT,
    NAMED,
    OF_ALLOWANCE,
    OF_CLIENT,
    OF_COURSE,
    Amount,
    Base,
    Id,
    Name,
    SquareId,
    only_where,
)
from plugin.store.recorded import Recorded

TAX = (
    "tax >= 0 and tax_in_price between 0 and tax and tax_paid between 0 and tax"
    " and (tax is null) = (tax_in_price is null) and (tax is null) = (tax_paid is null)"
)

IS_MISSED = "coalesce(visit_id, '') = '' and kind = 'used' and source != 'import'"


class Course(Recorded, Base):
    """One sold package. The three Square columns identify its sale; they make booking idempotent."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # None until a person assigns the sale to a client.
    client_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    package_name: Mapped[str] = mapped_column(Name)
    package_version: Mapped[int]
    terms: Mapped[dict[str, Any]]
    # Net: the ledger's amount. The client was charged `price` and `tax`, of which listed prices contained
    # `tax_in_price`; `tax_paid` is the tax in the payments so far. None where no stored data gives the tax.
    price: Mapped[int] = mapped_column(Amount)
    tax: Mapped[int | None] = mapped_column(Amount)
    tax_in_price: Mapped[int | None] = mapped_column(Amount)
    tax_paid: Mapped[int | None] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    sold_at: Mapped[datetime] = mapped_column(index=True)
    booked_at: Mapped[datetime] = mapped_column(index=True)
    expires_on: Mapped[date | None]
    frozen_at: Mapped[datetime | None]
    closed_as: Mapped[str | None] = mapped_column(String(20))
    closed_at: Mapped[datetime | None]
    # The return line that closed it, so that the same refund received twice closes one course once.
    closed_by: Mapped[str | None] = mapped_column(String(255), unique=True)
    # Since when no more payment is expected though the price is not paid in full: its invoice was canceled.
    due_ended_at: Mapped[datetime | None]
    square_order_id: Mapped[str | None] = mapped_column(SquareId)
    square_line_uid: Mapped[str | None] = mapped_column(String(60))
    unit: Mapped[int | None]
    square_location_id: Mapped[str | None] = mapped_column(SquareId)

    __table_args__ = (
        UniqueConstraint("square_order_id", "square_line_uid", "unit"),
        Index(None, "client_id", "booked_at"),
        Index(None, "expires_on"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint(TAX, name="tax"),
        CheckConstraint("closed_as in ('refunded', 'transferred')", name="closed_as"),
        CheckConstraint("(closed_as is null) = (closed_at is null)", name="closed_together"),
    )


class Allowance(Recorded, Base):
    """The sessions of one treatment within a course, and its share of the agreed price."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), info=OF_COURSE)
    position: Mapped[int]
    treatment_id: Mapped[str] = mapped_column(Id, ForeignKey("treatment.id"))
    treatment: Mapped[str] = mapped_column(Name)
    kind: Mapped[str] = mapped_column(String(20))
    single_price: Mapped[int] = mapped_column(Amount)
    price: Mapped[int] = mapped_column(Amount)
    usable_from_session: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("course_id", "position"),
        CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name="kind"),
        CheckConstraint("price >= 0", name="price"),
    )


class Visit(Base):
    """One attended appointment; what is written about it is a `VisitNote`."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), info=OF_COURSE)
    visited_on: Mapped[date] = mapped_column(index=True)
    practitioner_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "client_id", "visited_on"), Index(None, "course_id", "visited_on"))


class Entry(Base):
    """One entry of the ledger: never changed or deleted; corrected by a reversing entry."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    allowance_id: Mapped[str] = mapped_column(Id, ForeignKey("allowance.id"), info=OF_ALLOWANCE)
    seq: Mapped[int]
    # Computed by the database, so that no writer can name any entry but the preceding one.
    prev_seq: Mapped[int | None] = mapped_column(
        Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)
    )
    kind: Mapped[str] = mapped_column(String(20))
    sessions_before: Mapped[int]
    sessions_delta: Mapped[int]
    sessions_after: Mapped[int]
    value_before: Mapped[int] = mapped_column(Amount)
    value_delta: Mapped[int] = mapped_column(Amount)
    value_after: Mapped[int] = mapped_column(Amount)
    # Sessions ever granted: the maximum of `sessions_after`.
    granted_before: Mapped[int]
    granted_after: Mapped[int]
    happened_at: Mapped[datetime]
    written_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    source: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)
    # The reason as the hash covers it; erasure removes the salt with the reason, so nobody can try out words.
    reason_salt: Mapped[str] = mapped_column(String(16), default="", server_default="")
    reason_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    reverses: Mapped[str | None] = mapped_column(Id, unique=True)
    visit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("visit.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(255), unique=True)
    # Over the one before it and this entry (`plugin.core.fingerprint`).
    sha256: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("allowance_id", "seq"),
        # What the foreign keys of the next entry and of a reversal refer to.
        UniqueConstraint(
            "allowance_id", "seq", "sessions_after", "value_after", "granted_after", name="uq_entry_head"
        ),
        UniqueConstraint("allowance_id", "id", name="uq_entry_of_allowance"),
        ForeignKeyConstraint(
            ["allowance_id", "prev_seq", "sessions_before", "value_before", "granted_before"],
            [
                "entry.allowance_id",
                "entry.seq",
                "entry.sessions_after",
                "entry.value_after",
                "entry.granted_after",
            ],
            name="fk_entry_chain",
        ),
        ForeignKeyConstraint(
            ["allowance_id", "reverses"], ["entry.allowance_id", "entry.id"], name="fk_entry_reverses"
        ),
        CheckConstraint(
            "seq > 1 or (seq = 1 and sessions_before = 0 and value_before = 0 and granted_before = 0)",
            name="starts_at_zero",
        ),
        CheckConstraint("sessions_after = sessions_before + sessions_delta", name="sessions_add_up"),
        CheckConstraint("value_after = value_before + value_delta", name="value_adds_up"),
        CheckConstraint("sessions_after >= 0 and sessions_after <= granted_after", name="sessions_in_bounds"),
        CheckConstraint("value_after >= 0", name="value_in_bounds"),
        CheckConstraint("(kind = 'reversed') = (reverses is not null)", name="reversal_names_entry"),
        CheckConstraint("reverses <> id", name="reverses_another"),
        CheckConstraint(
            "kind <> 'sold' or granted_after - granted_before = sessions_delta", name="sale_grants_sessions"
        ),
        # SQLite would store half a session or a tenth of a cent in an integer column.
        CheckConstraint(
            "sessions_delta = cast(sessions_delta as integer) and value_delta = cast(value_delta as bigint)"
            " and granted_after = cast(granted_after as integer)",
            name="whole_numbers",
        ),
        CheckConstraint(
            "granted_after = granted_before or kind in"
            " ('sold', 'adjusted', 'transferred_in', 'transferred_out', 'reversed')",
            name="grants",
        ),
        CheckConstraint(
            "(kind = 'sold' and sessions_delta > 0 and value_delta >= 0)"
            " or (kind = 'paid' and sessions_delta = 0 and value_delta >= 0)"
            " or (kind = 'used' and sessions_delta < 0 and value_delta <= 0)"
            " or (kind in ('refunded', 'expired', 'written_off', 'transferred_out')"
            " and sessions_delta <= 0 and value_delta <= 0)"
            " or (kind = 'transferred_in' and sessions_delta >= 0 and value_delta >= 0)"
            " or kind in ('reversed', 'adjusted')",
            name="signs",
        ),
        Index(None, "written_at"),
        Index(None, "happened_at"),
        # Visits that were missed and charged: every use looks for one of its day.
        only_where("ix_entry_missed", "happened_at", where=IS_MISSED),
    )


class Operation(Base):
    """One act under its idempotency key: the request (as a digest) and the result."""

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    at: Mapped[datetime] = mapped_column(index=True)


class History(Base):
    """Events of a course beside its sessions: assigned, merged, closed, reopened. Append-only."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(400), info=NAMED)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    source: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)

    __table_args__ = (Index(None, "at", "id"),)


class LedgerSeal(Base):
    """One seal. `previous` is the hash of the one before; `restored_at`: the first one after a backup was restored."""

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    sealed_at: Mapped[datetime]
    restored_at: Mapped[datetime | None]


class SealedRow(Base):
    """The hash of one row in one version, as sealed; `salt` is of texts that can be erased, and erased with them."""

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    row_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seal: Mapped[int] = mapped_column(ForeignKey("ledger_seal.number"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(16), default="", server_default="")
