"""Clients, their Square customer ids, staff and API tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import DELETED, DROPPED, OF_CLIENT, OWN, Base, Id, Name, SquareId
from plugin.store.recorded import Recorded

ROLES = "role in ('owner', 'desk', 'practitioner')"


class Client(Base):
    """A person who owns courses. Ledger rows refer to the opaque id, so the personal data can be blanked."""

    id: Mapped[str] = mapped_column(Id, primary_key=True, info=OF_CLIENT)
    name: Mapped[str] = mapped_column(Name, info=OWN)
    # How the name is said aloud, in the desk's own spelling; on no paper. "" where it was not noted.
    sounds_like: Mapped[str] = mapped_column(Name, default="", server_default="", info=OWN)
    # The address that invoices name, as the desk typed it in lines; "": that of the Square profile.
    postal_address: Mapped[str] = mapped_column(Text, default="", server_default="", info=OWN)
    # Folded name, e-mail and digits in one column, which a search matches each word against.
    search_text: Mapped[str] = mapped_column(Text, info=OWN)
    name_folded: Mapped[str] = mapped_column(Name, info=OWN)
    phone: Mapped[str | None] = mapped_column(String(32), info=OWN)
    email: Mapped[str | None] = mapped_column(String(254), info=OWN)
    language: Mapped[str] = mapped_column(String(16), info=OWN)
    created_at: Mapped[datetime] = mapped_column(index=True)
    # The client this one was merged into: its page redirects there.
    merged_into: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"))
    # When the personal data was erased; courses and amounts are kept.
    erased_at: Mapped[datetime | None]
    erased_by: Mapped[str] = mapped_column(Name, default="", server_default="")
    # Papers are sent by e-mail after a visit unless the client declined.
    wants_mail: Mapped[bool] = mapped_column(default=True, server_default=true())
    # Their papers are printed in larger type.
    large_print: Mapped[bool] = mapped_column(default=False, server_default=false(), info=OWN)
    # Why the last e-mail did not reach them; "" once one was delivered, or the address was changed.
    mail_problem: Mapped[str] = mapped_column(String(400), default="", server_default="", info=OWN)

    __table_args__ = (
        Index(None, "name_folded", "id"),
        Index(None, "language"),
        # A search for a part of a word goes through all clients: here, in a third of the pages.
        Index("ix_client_search", "merged_into", "erased_at", "name_folded", "id", "search_text"),
        # To count them: a twentieth of the pages of the one above.
        Index(None, "merged_into", "erased_at"),
    )


class ClientDigits(Base):
    """The digits from one place of a client's search text on, three to eight: any run of digits begins one of these.

    So a part of a phone number is found in an index. Triggers keep them with the text, and delete them with it.
    """

    client_id: Mapped[str] = mapped_column(Id, primary_key=True)
    digits: Mapped[str] = mapped_column(String(8), primary_key=True)

    __table_args__ = (Index(None, "digits", "client_id"), {"sqlite_with_rowid": False})


class ClientMerge(Base):
    """A merge of two clients, with the ids of all rows that moved, so that it can be undone."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    from_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    into_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # By table; ids alone, because the merged client keeps their own contact details.
    moved: Mapped[dict[str, Any]] = mapped_column(info=DROPPED)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(Name, default="")

    __table_args__ = (CheckConstraint("from_id <> into_id", name="another"),)


class ErasedProfile(Base):
    """A Square customer whose data was erased: only a hash of the id, so that late events don't restore it."""

    square_customer_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime]


class SquareCustomer(Base):
    """A Square customer id that is this client's, or was before a merge. Square's ids are not stable."""

    square_customer_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), info=OF_CLIENT)
    is_current: Mapped[bool] = mapped_column(default=True)
    # Deleted in Square's directory; the client and the ledger are kept.
    is_deleted: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The address of the profile, line by line; the country as two capitals. Printed on invoices.
    address: Mapped[str] = mapped_column(Text, default="", server_default="", info=DELETED)
    country: Mapped[str] = mapped_column(String(2), default="", server_default="", info=DELETED)
    seen_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_square_customer_of_client", "client_id", "is_current", "is_deleted", "square_customer_id"),
    )


# The client's current profile in Square's directory.
IS_LIVING_PROFILE = (SquareCustomer.is_current.is_(True), SquareCustomer.is_deleted.is_(False))


class Staff(Recorded, Base):
    """A person who signs in."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(Name)
    role: Mapped[str] = mapped_column(String(20))
    # As papers print it, with the degrees; "" prints the name.
    printed_name: Mapped[str] = mapped_column(Name, default="", server_default="")
    license: Mapped[str] = mapped_column(String(80), default="", server_default="")
    # Of their screens and e-mails; "" takes the clinic's.
    language: Mapped[str] = mapped_column(String(16), default="", server_default="")
    # "" until the person has set a password.
    password_hash: Mapped[str] = mapped_column(String(255))
    # Changes when every session and every link of this person must end (a new password, a deactivation).
    session_mark: Mapped[str] = mapped_column(String(64), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    # When the invitation was made that is still open; null once it was accepted.
    invited_at: Mapped[datetime | None]
    # Why the last invitation or reset link by e-mail did not reach them.
    mail_problem: Mapped[str] = mapped_column(String(400), default="", server_default="")
    last_signed_in_at: Mapped[datetime | None]
    # Today shows them the appointments and visits of their own clients alone.
    sees_own_clients: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The secret of the authenticator app, sealed; the last step of its clock that a code was accepted for.
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)
    # Digests of the recovery codes that are left.
    recovery_codes: Mapped[list[Any] | None]
    pin_hash: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (CheckConstraint(ROLES, name="role"),)


class SharedDevice(Base):
    """A browser that several people use, declared by one of them; only the SHA-256 of its cookie is stored."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    declared_by: Mapped[str] = mapped_column(Name)
    declared_at: Mapped[datetime]
    # The last sign-in there with a password or a passkey: PINs are accepted for some hours from then.
    opened_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class CheckInScreen(Base):
    """A browser at which clients check in, started by staff; only the SHA-256 of its cookie is stored."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    # As its browser calls itself, such as "Safari on iPad".
    device: Mapped[str] = mapped_column(Name)
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(Name)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(Name, default="", server_default="")


class HandOver(Base):
    """A device of the clinic in one client's hands, by a cookie that opens nothing else; like a check-in screen."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # Without its time it opens nothing any more.
    started_at: Mapped[datetime] = mapped_column(info=DELETED)
    started_by: Mapped[str] = mapped_column(Name)
    ended_at: Mapped[datetime | None]


class PinTries(Base):
    """Wrong PINs of a person on a device since they last signed in there with a password or a passkey."""

    device_id: Mapped[str] = mapped_column(
        Id, ForeignKey("shared_device.id", name="fk_pin_tries_device_id_shared_device"), primary_key=True
    )
    staff_id: Mapped[str] = mapped_column(
        Id, ForeignKey("staff.id", name="fk_pin_tries_staff_id_staff"), primary_key=True
    )
    wrong: Mapped[int] = mapped_column(default=0)


class SignIn(Base):
    """A sign-in of a person in one browser, valid until they sign out there, it expires or another takes over."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    staff_id: Mapped[str] = mapped_column(
        Id, ForeignKey("staff.id", name="fk_sign_in_staff_id_staff"), index=True
    )
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    # When the person last gave a password or a passkey; none for a sign-in by PIN.
    proved_at: Mapped[datetime | None]
    # The shared device it was made on, and when the person last did something there.
    device_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("shared_device.id", name="fk_sign_in_device_id_shared_device")
    )
    active_at: Mapped[datetime | None]
    # In words, such as "Safari on an iPad"; neither the browser's full description nor an address is stored.
    device: Mapped[str] = mapped_column(String(80), default="", server_default="")
    # Written at most every five minutes.
    last_seen_at: Mapped[datetime | None]


class Passkey(Recorded, Base):
    """A public key of a person, with which they sign in without a password (WebAuthn)."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    staff_id: Mapped[str] = mapped_column(
        Id, ForeignKey("staff.id", name="fk_passkey_staff_id_staff"), index=True
    )
    name: Mapped[str] = mapped_column(Name)
    # As the browser writes it, in base64url; at most 1,023 bytes before.
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[Any]]
    # Whether it is kept by the maker of the device and so works on the person's other devices.
    is_synced: Mapped[bool]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class LimitHit(Base):
    """One counted try under a rate limit, such as a wrong password; deleted once its window has passed."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (Index(None, "key", "at"),)


class ApiToken(Recorded, Base):
    """A bearer token of the HTTP API; only its SHA-256 is stored."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    role: Mapped[str] = mapped_column(String(20))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint(ROLES, name="role"),)


class ClientOpening(Base):
    """That a person or a program opened a client's data: the access log. At most one row in 15 minutes for each."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(
        Id, ForeignKey("client.id", name="fk_client_opening_client_id_client"), index=True, info=OF_CLIENT
    )
    # Null for a program, which `by` names by its token.
    staff_id: Mapped[str | None] = mapped_column(Id)
    by: Mapped[str] = mapped_column(Name)
    source: Mapped[str] = mapped_column(String(20))
    # What was opened: the name of the page or of the call.
    what: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(index=True)
