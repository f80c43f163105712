"""Staff accounts: adding and finding people, and ending their access. Passwords arrive hashed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.core.text import clean, required
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, require_row, transact
from plugin.courses.clients.contacts import typed_email
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Visit
from plugin.store.people import Staff


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
    last_signed_in_at: datetime | None
    totp_secret: str | None = field(repr=False)
    pin_hash: str | None = field(repr=False)

    @property
    def actor(self) -> Actor:
        """Return the person as history names them."""
        return Actor(self.name, self.role, Source.DESK, self.id)


def add_staff(
    store: Store, *, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> StaffView:
    """Add a person; raises InvalidField, or Refused if the e-mail address is in use already."""
    address = staff_email(email)

    def work(session: Session) -> StaffView:
        known = session.scalar(select(Staff).where(Staff.email == address))
        if known is not None:
            what_to_do = "" if known.is_active else " That person is deactivated and can be reactivated."
            raise Refused(f"{address} is already in use.{what_to_do}", code="email_taken")
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
        return staff_view(row)

    return store.transact(work)


def staff_email(email: str) -> str:
    """Return the normalized address used at sign-in; raises InvalidField."""
    return typed_email(email, field="email").casefold()


def set_password(store: Store, staff_id: str, password_hash: str) -> None:
    """Change a password and end every session opened with the old one."""
    with store.writing() as session:
        row = require_row(session, Staff, staff_id, "There is no such person.")
        row.password_hash, row.session_mark = password_hash, secrets.token_hex(32)


def staff_by_email(store: Store, email: str) -> StaffView | None:
    """Return the person who signs in with this address, or None."""
    address = clean(email).casefold()
    with store.reading() as session:
        row = session.scalar(select(Staff).where(Staff.email == address))
        return staff_view(row) if row else None


def staff_by_mark(store: Store, session_mark: str) -> StaffView | None:
    """Return the person with this mark, or None once it has changed. The mark alone signs nobody in."""
    with store.reading() as session:
        row = session.scalar(select(Staff).where(Staff.session_mark == session_mark))
        return staff_view(row) if row else None


def list_staff(store: Store) -> tuple[StaffView, ...]:
    """Return all who may sign in, by name."""
    return tuple(person for person in list_all_staff(store) if person.is_active)


def list_all_staff(store: Store) -> tuple[StaffView, ...]:
    """Return all who may sign in or once could, by name."""
    with store.reading() as session:
        return tuple(map(staff_view, session.scalars(select(Staff).order_by(Staff.name, Staff.id))))


def count_visits(store: Store) -> dict[str, int]:
    """Return the number of visits recorded under each practitioner's id; none for those without any."""
    asked = select(Visit.practitioner_id, func.count()).group_by(Visit.practitioner_id)
    with store.reading() as session:
        return {staff_id: number for staff_id, number in session.execute(asked) if staff_id}


def deactivate_staff(store: Store, act: Act, staff_id: str) -> StaffView:
    """Deactivate a person: their sign-in at once, every open session at its next request. Idempotent.

    All they did keeps their name. Raises NotFound, or Refused for oneself and for the last active owner.
    """
    require(act.actor)

    def do(work: Work) -> StaffView:
        row = _locked(work.session, staff_id)
        if row.is_active:
            _refuse_to_lock_out(work.session, work.act, row)
            # The new mark keeps a copied session from working again after a reactivation.
            row.is_active, row.session_mark = False, secrets.token_hex(32)
        return staff_view(row)

    return transact(store, act, do)


def reactivate_staff(store: Store, act: Act, staff_id: str) -> StaffView:
    """Let a deactivated person sign in again, with the password they had. Idempotent."""
    require(act.actor)

    def do(work: Work) -> StaffView:
        row = _locked(work.session, staff_id)
        row.is_active = True
        return staff_view(row)

    return transact(store, act, do)


def _locked(session: Session, staff_id: str) -> Staff:
    # Two owners may deactivate each other at the same moment: all owners are locked, always in the same order.
    wanted = select(Staff).where(or_(Staff.id == staff_id, Staff.role == Role.OWNER.value))
    rows = session.scalars(wanted.order_by(Staff.id).with_for_update(key_share=True))
    row = next((each for each in rows if each.id == staff_id), None)
    if row is None:
        raise NotFound("There is no such person.")
    return row


def _refuse_to_lock_out(session: Session, act: Act, row: Staff) -> None:
    if row.id == act.actor.staff_id:
        raise Refused("You can't deactivate yourself. Another owner can.", code="own_sign_in")
    owners = select(func.count()).where(Staff.role == Role.OWNER.value, Staff.is_active.is_(True))
    if row.role == Role.OWNER.value and session.scalar(owners) == 1:
        raise Refused(
            f"{row.name} is the last active owner. Add or reactivate another owner first.", code="last_owner"
        )


def staff_view(row: Staff | Row[Any]) -> StaffView:
    """Return the view of a row."""
    return from_row(StaffView, row, role=Role(row.role))
