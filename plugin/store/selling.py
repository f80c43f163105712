"""Operations begun at the desk and pending at Square: checkouts, refunds, and the Terminals to use."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DROPPED,
    EMPTIED,
    ERASED_TEXT,
    OF_CLIENT,
    OF_COURSE,
    OF_REFUND,
    RETAINED,
    Amount,
    Base,
    Id,
    Name,
    SquareId,
    only_where,
)

WAYS = "way in ('till', 'terminal', 'link', 'cash', 'other', 'invoice')"
CHECKOUT_STATES = "state in ('asking', 'waiting', 'paid', 'canceled', 'timed_out', 'failed')"
ENDED = "state in ('paid', 'canceled', 'timed_out', 'failed')"


class Checkout(Base):
    """A sale begun at the desk. It only starts a Square order; the order's event creates the course.

    `asking`: a call to Square is pending; `waiting`: the client has not paid all yet. Each call to Square
    has a key made of `id` and the step, so that a lost answer never sells twice.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    way: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="asking")
    # The total computed by Square, tax included; our price until Square has answered.
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    came: Mapped[int] = mapped_column(Amount, default=0)
    # Cash: the amount received. Invoice: the deposit and when the balance is due.
    supplied: Mapped[int | None] = mapped_column(Amount)
    deposit: Mapped[int | None] = mapped_column(Amount)
    deposit_due_on: Mapped[date | None]
    balance_due_on: Mapped[date | None]
    # Another tender: its name, such as "Bank transfer".
    tender: Mapped[str] = mapped_column(String(80), default="", info=EMPTIED)
    square_device_id: Mapped[str | None] = mapped_column(SquareId)
    square_variation_id: Mapped[str | None] = mapped_column(SquareId)
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    square_customer_id: Mapped[str | None] = mapped_column(SquareId, info=DROPPED)
    # Two sales begun for Square POS may be paid as one order.
    square_order_id: Mapped[str | None] = mapped_column(SquareId, index=True)
    # The call to Square whose result is unknown; retried with the same key. "" where all are known.
    asked_for: Mapped[str] = mapped_column(String(20), default="")
    # The Terminal checkout, payment link, invoice or payment.
    square_object_id: Mapped[str | None] = mapped_column(SquareId, unique=True)
    square_object_version: Mapped[int | None] = mapped_column(Amount)
    url: Mapped[str | None] = mapped_column(String(2000), info=DROPPED)
    mail_to: Mapped[str | None] = mapped_column(String(254), info=EMPTIED)
    mailed_at: Mapped[datetime | None]
    # What blocks it, in words for the desk; "" where nothing does.
    problem: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    # A notice for the desk that does not block it, such as a price changed in Square.
    notice: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    cancel_asked_at: Mapped[datetime | None]
    # The final state once all of it is canceled at Square.
    ends_as: Mapped[str] = mapped_column(String(20), default="canceled")
    created_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    # The course traded in, the value of its sessions left then, and how many of each allowance were left.
    exchanges_course_id: Mapped[str | None] = mapped_column(Id, ForeignKey("course.id"), index=True)
    credit: Mapped[int | None] = mapped_column(Amount)
    credit_for: Mapped[dict[str, Any] | None]
    exchanged_at: Mapped[datetime | None]
    # At most one exchange of a course at a time.
    exchange_under_way: Mapped[str | None] = mapped_column(
        Id, Computed("CASE WHEN ended_at IS NULL THEN exchanges_course_id END", persisted=True), unique=True
    )

    __table_args__ = (
        CheckConstraint(WAYS, name="way"),
        CheckConstraint(
            "(exchanges_course_id is null) = (credit is null) and coalesce(credit, 0) >= 0", name="credit"
        ),
        CheckConstraint("exchanges_course_id is null or quantity = 1", name="exchanges_one"),
        CheckConstraint(CHECKOUT_STATES, name="state"),
        CheckConstraint("quantity between 1 and 20", name="quantity"),
        CheckConstraint("amount >= 0 and came >= 0", name="amount"),
        CheckConstraint(f"(ended_at is not null) = ({ENDED})", name="ended_together"),
        Index(None, "state", "way"),
        only_where("ix_checkout_open", "created_at", "id", where="ended_at IS NULL"),
    )


class BuyAgain(Base):
    """The sale of a course's package that was begun from that course: one row for each, so at most one at a time."""

    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True, info=OF_COURSE)
    checkout_id: Mapped[str] = mapped_column(Id, ForeignKey("checkout.id"), unique=True)
    begun_at: Mapped[datetime]


class PublicOrder(Base):
    """A package that somebody chose on the public page, without a sign-in; the order's event creates the course.

    Who it is is only typed: nobody becomes a client before the payment. `agreed`: the terms as they were shown, in the
    buyer's language, and `agreed_at` when they were ticked. `asking`: Square has not made the payment link yet.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The address of the buyer's own page of it.
    token: Mapped[str | None] = mapped_column(String(43), unique=True, info=DROPPED)
    package_id: Mapped[str] = mapped_column(Id, ForeignKey("package.id"))
    package_version: Mapped[int]
    client_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    name: Mapped[str] = mapped_column(Name, info=EMPTIED)
    email: Mapped[str] = mapped_column(String(254), info=EMPTIED)
    phone: Mapped[str] = mapped_column(String(32), default="", info=EMPTIED)
    language: Mapped[str] = mapped_column(String(16))
    agreed: Mapped[list[Any]] = mapped_column(info=RETAINED)
    agreed_at: Mapped[datetime]
    # The agreement as ticked, with its PDF and signed copy; emptied once it is the client's (`AgreementOrder`).
    terms_content: Mapped[str | None] = mapped_column(Text, info=DROPPED)
    terms_sha256: Mapped[str | None] = mapped_column(String(64))
    terms_mind: Mapped[str | None] = mapped_column(String(20))
    terms_pdf: Mapped[bytes | None] = mapped_column(LargeBinary, info=DROPPED)
    terms_signed_pdf: Mapped[bytes | None] = mapped_column(LargeBinary, info=DROPPED)
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(20), default="asking")
    url: Mapped[str | None] = mapped_column(String(2000), info=DROPPED)
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, unique=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('asking', 'waiting', 'paid', 'failed')", name="state"),
        CheckConstraint("(state in ('paid', 'failed')) = (ended_at is not null)", name="ended_together"),
        CheckConstraint("amount > 0", name="amount"),
    )


class Tip(Base):
    """A tip that a client gives on their private page: money of the staff, never of a course."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # Who treated them last; none: the team.
    practitioner_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(20), default="asking")
    url: Mapped[str | None] = mapped_column(String(2000), info=DROPPED)
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, unique=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('asking', 'waiting', 'paid', 'unpaid')", name="state"),
        CheckConstraint("(state in ('paid', 'unpaid')) = (ended_at is not null)", name="ended_together"),
        CheckConstraint("amount > 0", name="amount"),
    )


class DeskRefund(Base):
    """A refund begun at the desk for one course: sessions are removed when Square confirms the refund."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    formula: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(String(300), info=ERASED_TEXT)
    # asking: not fully requested from Square yet; pending: Square processes it; then completed or failed.
    state: Mapped[str] = mapped_column(String(20), default="asking")
    problem: Mapped[str] = mapped_column(String(400), default="", info=EMPTIED)
    created_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    # At most one refund of a course at a time: set while it is under way.
    under_way: Mapped[str | None] = mapped_column(
        Id, Computed("CASE WHEN ended_at IS NULL THEN course_id END", persisted=True), unique=True
    )

    __table_args__ = (
        CheckConstraint("state in ('asking', 'pending', 'completed', 'failed')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(ended_at is not null) = (state in ('completed', 'failed'))", name="ended_together"),
    )


class DeskRefundPart(Base):
    """The part of a desk refund that returns to one payment: a split tender is refunded in parts."""

    desk_refund_id: Mapped[str] = mapped_column(
        Id, ForeignKey("desk_refund.id"), primary_key=True, info=OF_REFUND
    )
    square_payment_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    amount: Mapped[int] = mapped_column(Amount)
    square_refund_id: Mapped[str | None] = mapped_column(SquareId, unique=True)
    status: Mapped[str] = mapped_column(String(20), default="")

    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class Terminal(Base):
    """A Square Terminal the desk may send a sale to."""

    square_device_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    status: Mapped[str] = mapped_column(String(40), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[datetime]
