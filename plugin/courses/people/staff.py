"""The people who sign in, and the tokens programs come with. Passwords arrive hashed; tokens are kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Actor, Role, Source
from plugin.core.text import clean, required
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.people import ApiToken, Staff

TOKEN_PREFIX = "ck_"  # noqa: S105 - a mark by which a leaked token is recognised, no secret


@dataclass(frozen=True, slots=True)
class StaffView:
    """A person who signs in. `session_mark` changes when all of their sessions must end."""

    id: str
    email: str
    name: str
    role: Role
    password_hash: str
    session_mark: str
    is_active: bool

    @property
    def actor(self) -> Actor:
        """Return the person as history names them."""
        return Actor(self.name, self.role, Source.DESK, self.id)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The program behind a bearer token."""

    token_id: str
    actor: Actor


def add_staff(
    store: Store, *, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> StaffView:
    """Add a person; raises InvalidField, or Refused where the e-mail address signs somebody in already."""
    address = staff_email(email)

    def work(session: Session) -> StaffView:
        if session.scalar(select(Staff.id).where(Staff.email == address)) is not None:
            raise Refused(f"{address} signs somebody in already.", code="email_taken")
        row = Staff(
            id=store.new_id(),
            email=address,
            name=required(name, field="name", called="The name"),
            role=role.value,
            password_hash=password_hash,
            session_mark=secrets.token_hex(32),
            created_at=now,
        )
        session.add(row)
        session.flush()
        return _view(row)

    return store.transact(work)


def staff_email(email: str) -> str:
    """Return the address as sign-in compares it; raises InvalidField."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise InvalidField(
            "That is no e-mail address; it looks like name@example.org.", field="email"
        ) from None


def set_password(store: Store, staff_id: str, password_hash: str) -> None:
    """Change a password and end every session that was opened with the old one."""
    with store.writing() as session:
        row = session.get(Staff, staff_id)
        if row is None:
            raise NotFound("There is no such person.")
        row.password_hash, row.session_mark = password_hash, secrets.token_hex(32)


def staff_by_email(store: Store, email: str) -> StaffView | None:
    """Return the person who signs in with this address, or None."""
    address = clean(email).casefold()
    with store.reading() as session:
        row = session.scalar(select(Staff).where(Staff.email == address))
        return _view(row) if row else None


def staff_by_mark(store: Store, session_mark: str) -> StaffView | None:
    """Return the person whose session this is, or None once it has ended."""
    with store.reading() as session:
        row = session.scalar(select(Staff).where(Staff.session_mark == session_mark))
        return _view(row) if row else None


def list_staff(store: Store) -> tuple[StaffView, ...]:
    """Return everybody who may sign in, by name."""
    with store.reading() as session:
        rows = session.scalars(select(Staff).where(Staff.is_active.is_(True)).order_by(Staff.name, Staff.id))
        return tuple(_view(row) for row in rows)


def add_token(
    store: Store, *, name: str, role: Role, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make a bearer token; return it this once, for only its digest is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with store.writing() as session:
        session.add(
            ApiToken(
                id=store.new_id(),
                name=required(name, field="name", called="The name"),
                role=role.value,
                token_sha256=_digest(token),
                created_at=now,
                expires_at=expires_at,
            )
        )
    return token


def holder_of(store: Store, token: str, now: datetime) -> TokenHolder | None:
    """Return the program behind a bearer token; None for one that is unknown, revoked or expired."""
    with store.reading() as session:
        row = session.scalar(select(ApiToken).where(ApiToken.token_sha256 == _digest(token)))
        if row is None or row.revoked_at is not None:
            return None
        if row.expires_at is not None and row.expires_at <= now:
            return None
        return TokenHolder(row.id, Actor(row.name, Role(row.role), Source.API))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _view(row: Staff) -> StaffView:
    return StaffView(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        session_mark=row.session_mark,
        is_active=row.is_active,
    )
