"""Square-side data beside sales: the connection, appointments, disputes, notes written to profiles."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import (
    DELETED,
    DROPPED,
    EMPTIED,
    OF_CLIENT,
    OF_COURSE,
    OF_ORDER,
    OF_PROFILE,
    Amount,
    Base,
    Id,
    Name,
    SquareId,
)


class Connection(Base):
    """The credentials for Square: one row. Tokens and keys are sealed (`plugin.vault`), never plain."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    square_merchant_id: Mapped[str | None] = mapped_column(SquareId)
    merchant_name: Mapped[str] = mapped_column(Name, default="")
    # OAuth only; a personal access token is in the settings.
    access_token_sealed: Mapped[str | None] = mapped_column(Text)
    refresh_token_sealed: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    connected_at: Mapped[datetime | None]
    connected_by: Mapped[str] = mapped_column(Name, default="")
    refreshed_at: Mapped[datetime | None]
    # Square's last answer: the scopes granted, the locations it sells at, and when it was asked.
    scopes: Mapped[list[Any]]
    locations: Mapped[list[Any]]
    checked_at: Mapped[datetime | None]
    # Why it ended or does not work, in words for the owner; "" where it works.
    problem: Mapped[str] = mapped_column(String(400), default="")
    problem_at: Mapped[datetime | None]
    # The webhook subscription that we created.
    square_subscription_id: Mapped[str | None] = mapped_column(SquareId)
    subscription_url: Mapped[str] = mapped_column(String(2000), default="")
    signature_key_sealed: Mapped[str | None] = mapped_column(Text)
    # The last "send a test": when, the event Square reported as sent, and what it reported of our answer.
    test_asked_at: Mapped[datetime | None]
    test_event_id: Mapped[str | None] = mapped_column(String(255))
    test_said: Mapped[str] = mapped_column(String(400), default="")
    # Since when every call to Square has failed, and how the first of them did; "" while calls succeed.
    failing_code: Mapped[str] = mapped_column(String(40), default="")
    failing_since: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("id = 1", name="one_connection"),)

    @property
    def has_permission(self) -> bool:
        """Return whether there is a seller's permission by OAuth."""
        return self.access_token_sealed is not None


class OAuthAttempt(Base):
    """An OAuth authorization that has not returned yet. Only the hash of its state is stored."""

    state_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    verifier_sealed: Mapped[str | None] = mapped_column(Text)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    asked_at: Mapped[datetime]


class Bookmark(Base):
    """How far we have read a feed of Square's, such as the catalog's changes."""

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class Dispute(Base):
    """A payment disputed at a client's bank; flags the courses of its order."""

    square_dispute_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    square_payment_id: Mapped[str | None] = mapped_column(SquareId)
    square_order_id: Mapped[str | None] = mapped_column(SquareId, index=True, info=OF_ORDER)
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime | None]
    version: Mapped[int | None] = mapped_column(Amount)
    updated_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Booking(Base):
    """An appointment of Square Appointments as last received; `outcome` is what was done about it here."""

    square_booking_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(40))
    start_at: Mapped[datetime] = mapped_column(index=True)
    minutes: Mapped[int] = mapped_column(default=0)
    square_customer_id: Mapped[str | None] = mapped_column(
        SquareId, index=True, info={**OF_PROFILE, **DROPPED}
    )
    # The name in Square; a client here is shown by our own name.
    customer_name: Mapped[str] = mapped_column(Name, default="", info=EMPTIED)
    square_location_id: Mapped[str | None] = mapped_column(SquareId)
    # The names are stored beside their ids, so that the next booking with the same ids needs no call.
    square_variation_id: Mapped[str | None] = mapped_column(SquareId, index=True)
    service_name: Mapped[str] = mapped_column(Name, default="")
    square_team_member_id: Mapped[str | None] = mapped_column(SquareId, index=True)
    team_member_name: Mapped[str] = mapped_column(Name, default="")
    # None: nothing yet. Used: a session was used; charged or forgiven: a no-show was decided.
    outcome: Mapped[str | None] = mapped_column(String(20))
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[str] = mapped_column(Name, default="")
    # When the desk noted that the client is here and waits; nothing is used by that.
    arrived_at: Mapped[datetime | None]
    arrived_by: Mapped[str] = mapped_column(Name, default="", server_default="")
    course_id: Mapped[str | None] = mapped_column(Id, ForeignKey("course.id"), info=OF_COURSE)
    entry_id: Mapped[str | None] = mapped_column(Id, ForeignKey("entry.id"), unique=True)
    updated_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("outcome in ('used', 'charged', 'forgiven')", name="outcome"),
        CheckConstraint("(outcome is null) = (outcome_at is null)", name="outcome_together"),
        CheckConstraint("entry_id is null or outcome in ('used', 'charged')", name="entry_has_outcome"),
        Index(None, "course_id", "outcome"),
    )


class SquarePerson(Base):
    """A customer in Square's directory as last received: Square can't search by name, so the desk does."""

    square_customer_id: Mapped[str] = mapped_column(SquareId, primary_key=True, info=OF_PROFILE)
    name: Mapped[str] = mapped_column(Name, info=DELETED)
    name_folded: Mapped[str] = mapped_column(Name, index=True, info=DELETED)
    search_text: Mapped[str] = mapped_column(Text, info=DELETED)
    phone: Mapped[str | None] = mapped_column(String(32), info=DELETED)
    email: Mapped[str | None] = mapped_column(String(254), info=DELETED)
    seen_at: Mapped[datetime]


class ProfileNote(Base):
    """The balance as last written to a client's Square profile, so that it is written once per change."""

    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), primary_key=True, info=OF_CLIENT)
    written: Mapped[str] = mapped_column(String(500), info=DELETED)
    square_customer_id: Mapped[str] = mapped_column(SquareId, info=DELETED)
    written_at: Mapped[datetime]
