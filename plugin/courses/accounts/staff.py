"""Staff accounts: adding and finding people, their passwords, and ending their access. Passwords arrive hashed.

What changes access enqueues jobs that tell the person and every owner by e-mail, and by whom.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, or_, select, update
from sqlalchemy.orm import Session

from plugin.core.acts import OPERATOR, Act, Actor, Role, Source
from plugin.core.text import clean, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row, transact
from plugin.courses.clients.contacts import typed_email
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.people import Passkey, SignIn, Staff
from plugin.store.prepared import Prepared
from plugin.wording import N_, _

# The outbox job that sends one alert to one address.
ALERT = "mail_staff_alert"
PASSWORD, ROLE, EMAIL, NEW_OWNER = "password", "role", "email", "new_owner"
SECOND_STEP_REMOVED, PASSKEY_ADDED = "second_step_removed", "passkey_added"

# An owner who can sign in; one who is only invited can't.
IS_ACTIVE_OWNER = (Staff.role == Role.OWNER.value, Staff.is_active.is_(True), Staff.invited_at.is_(None))


def alert(work: Work, about: Staff, what: str, *, tells_person: bool = True, also_to: str = "") -> None:
    """Enqueue an alert to the person and to each owner who signs in; `also_to`: one more address.

    Where no mail is set up, the jobs end without sending.
    """
    addresses = set(work.session.scalars(select(Staff.email).where(*IS_ACTIVE_OWNER)))
    addresses |= {about.email} if tells_person else set()
    addresses |= {also_to} if also_to else set()
    actor = work.act.actor
    said = {
        "what": what,
        "name": about.name,
        "role": about.role,
        "email": about.email,
        "by": "the command line" if actor.source is Source.COMMAND else actor.name,
        "at": work.now.isoformat(),
    }
    for address in sorted(addresses):
        enqueue(work, ALERT, work.new_id(), payload={**said, "to": address})


INVITATION_LASTS = timedelta(days=7)
NO_SUCH_PERSON = N_("There is no such person.")
_HAS_SECOND_FACTOR = or_(Staff.totp_secret.is_not(None), exists().where(Passkey.staff_id == Staff.id))


@dataclass(frozen=True, slots=True)
class StaffView:
    """A person who signs in, or is invited to.

    `session_mark` changes when all of their sessions and links must end. `printed_name` and `license` are for
    papers, `language` is of the screens ("" for the clinic's). `invited_at`: when the open invitation was made.
    `mail_problem`: why the last link did not reach them. `sees_own_clients`: Today shows no others.
    """

    id: str
    email: str
    name: str
    role: Role
    printed_name: str
    license: str
    language: str
    password_hash: str
    session_mark: str
    is_active: bool
    invited_at: datetime | None
    mail_problem: str
    last_signed_in_at: datetime | None
    sees_own_clients: bool
    totp_secret: str | None = field(repr=False)
    pin_hash: str | None = field(repr=False)

    @property
    def actor(self) -> Actor:
        """Return the person as history names them."""
        return Actor(self.name, self.role, Source.DESK, self.id)

    @property
    def state(self) -> str:
        """Return `active`, `invited` or `deactivated`."""
        if not self.is_active:
            return "deactivated"
        return "active" if self.invited_at is None else "invited"

    @property
    def invitation_expires_at(self) -> datetime | None:
        """Return when the open invitation expires or expired; None without one."""
        return self.invited_at and self.invited_at + INVITATION_LASTS


def add_staff(
    store: Store, *, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> StaffView:
    """Add a person; raises InvalidField, or Refused if the e-mail address is in use already."""
    act = Act(OPERATOR, now, secrets.token_hex(16))

    def do(work: Work) -> StaffView:
        row = new_row(work, email=email, name=name, role=role)
        row.password_hash = password_hash
        record_in(work, Did.STAFF_ADDED, name=row.name, subject_id=row.id, after=f"{row.email}, {row.role}")
        return staff_view(row)

    return transact(store, act, do)


def new_row(work: Work, *, email: str, name: str, role: Role, staff_id: str | None = None) -> Staff:
    """Add a person without a password; `staff_id`: an id that was made before.

    Raises InvalidField, or Refused if the e-mail address is in use.
    """
    address = staff_email(email)
    refuse_taken(work.session, address)
    row = Staff(
        id=staff_id or work.new_id(),
        email=address,
        name=required(name, field="name", called=_("The name")),
        role=role.value,
        password_hash="",
        session_mark=secrets.token_hex(16),
        created_at=work.now,
    )
    if role is Role.OWNER:
        alert(work, row, NEW_OWNER, tells_person=False)
    work.add(row)
    return row


def refuse_taken(session: Session, address: str) -> None:
    """Raise Refused if somebody signs in with this address already."""
    known = session.scalar(select(Staff).where(Staff.email == address))
    if known is not None:
        what_to_do = "" if known.is_active else _(" That person is deactivated and can be reactivated.")
        raise Refused(
            _("{address} is already in use.{what_to_do}", address=address, what_to_do=what_to_do),
            code="email_taken",
            field="email",
        )


def staff_email(email: str) -> str:
    """Return the normalized address used at sign-in; raises InvalidField."""
    return typed_email(email, field="email").casefold()


@in_transaction
def set_password(work: Work, staff_id: str, password_hash: str, *, only_at: str | None = None) -> StaffView:
    """Change a password, accept an open invitation, and end every session and link that came before.

    `only_at`: the session mark it holds for, so that one link sets one password. Raises NotFound, or Refused
    where the mark has changed or the person was deactivated since.
    """
    row = require_row(work.session, Staff, staff_id, NO_SUCH_PERSON, is_locked=True)
    if only_at is not None and (only_at != row.session_mark or not row.is_active):
        raise Refused(_("This link has been used, or has expired. Ask for a new one."), code="link_ended")
    if row.invited_at is None:
        alert(work, row, PASSWORD)
    row.password_hash, row.invited_at, row.mail_problem = password_hash, None, ""
    end_sessions(work, row)
    record_in(work, Did.STAFF_PASSWORD, name=row.name, subject_id=row.id)
    return staff_view(row)


def end_sessions(work: Work, row: Staff) -> None:
    """End every session and every link of a person; a copy of a cookie is invalid from now on."""
    row.session_mark = secrets.token_hex(16)
    ended = update(SignIn).where(SignIn.staff_id == row.id, SignIn.ended_at.is_(None))
    work.session.execute(ended.values(ended_at=work.now))


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


def read_staff(store: Store, staff_id: str) -> StaffView:
    """Return a person; raises NotFound."""
    with store.reading() as session:
        return staff_view(require_row(session, Staff, staff_id, NO_SUCH_PERSON))


def list_staff(store: Store) -> tuple[StaffView, ...]:
    """Return all who may sign in, by name."""
    return tuple(person for person in list_all_staff(store) if person.is_active)


def list_all_staff(store: Store) -> tuple[StaffView, ...]:
    """Return all who may sign in or once could, by name."""
    return tuple(map(staff_view, store.rows(_ALL, {})))


_ALL = Prepared(select(Staff.__table__).order_by(Staff.name, Staff.id))


def with_second_factor(store: Store) -> frozenset[str]:
    """Return the ids of those whose account a stolen password alone does not open."""
    with store.reading() as session:
        return frozenset(session.scalars(select(Staff.id).where(_HAS_SECOND_FACTOR)))


def has_second_factor(store: Store, staff_id: str) -> bool:
    """Return whether a person has an authenticator app or a passkey."""
    asked = select(Staff.id).where(Staff.id == staff_id, _HAS_SECOND_FACTOR)
    with store.reading() as session:
        return session.scalar(asked) is not None


@allowed()
def deactivate_staff(work: Work, staff_id: str) -> StaffView:
    """Deactivate a person: their sign-in at once, every open session at its next request. Idempotent.

    All they did keeps their name. Raises NotFound, or Refused for oneself and for the last active owner.
    """
    row = locked_staff(work.session, staff_id)
    if row.is_active:
        if row.id == work.act.actor.staff_id:
            raise Refused(_("You can’t deactivate yourself. Another owner can."), code="own_sign_in")
        refuse_last_owner(work.session, row)
        # The new mark keeps a copied session from working again after a reactivation.
        row.is_active = False
        end_sessions(work, row)
        record_in(work, Did.STAFF_DEACTIVATED, name=row.name, subject_id=row.id)
    return staff_view(row)


@allowed()
def reactivate_staff(work: Work, staff_id: str) -> StaffView:
    """Let a deactivated person sign in again, with the password they had. Idempotent."""
    row = locked_staff(work.session, staff_id)
    if not row.is_active:
        record_in(work, Did.STAFF_REACTIVATED, name=row.name, subject_id=row.id)
    row.is_active = True
    return staff_view(row)


def locked_self(work: Work) -> Staff:
    """Return the row of who acts, for a change of their own sign-in; raises NotFound."""
    own_id = work.act.actor.staff_id or ""
    return require_row(work.session, Staff, own_id, NO_SUCH_PERSON, is_locked=True)


def locked_staff(session: Session, staff_id: str) -> Staff:
    """Return a person for a change that must leave an owner; raises NotFound."""
    # Two owners may deactivate each other at the same moment: all owners are locked, always in the same order.
    wanted = select(Staff).where(or_(Staff.id == staff_id, Staff.role == Role.OWNER.value))
    rows = session.scalars(wanted.order_by(Staff.id).with_for_update(key_share=True))
    row = next((each for each in rows if each.id == staff_id), None)
    if row is None:
        raise NotFound(NO_SUCH_PERSON)
    return row


def refuse_last_owner(session: Session, row: Staff) -> None:
    """Raise Refused if this is the last owner who can sign in; one who is only invited is none."""
    owners = session.scalars(select(Staff.id).where(*IS_ACTIVE_OWNER)).all()
    if list(owners) == [row.id]:
        raise Refused(
            _("{row} is the last active owner. Add or reactivate another owner first.", row=row.name),
            code="last_owner",
        )


def staff_view(row: Staff | Row[Any]) -> StaffView:
    return from_row(StaffView, row, role=Role(row.role))
