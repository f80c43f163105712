"""What staff sign in with besides a password: authenticator apps (TOTP), recovery codes, and passkeys.

Secrets arrive sealed; codes are kept as digests. What a browser signs with a passkey is checked elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from plugin.core.fingerprint import sha256_hex
from plugin.core.text import required
from plugin.courses.accounts import staff
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import LimitHit, Passkey, Staff
from plugin.wording import _


def count_hits(store: Store, key: str, since: datetime) -> tuple[int, datetime | None]:
    """Return how many tries there were after that moment, and the time of the first."""
    with store.reading() as session:
        number, first = session.execute(
            select(func.count(), func.min(LimitHit.at)).where(
                LimitHit.key == _subject_digest(key), LimitHit.at > since
            )
        ).one()
    return number, first


def add_hits(store: Store, key: str, *, most: int, lasts: timedelta, number: int, now: datetime) -> bool:
    """Count tries unless that would be more than `most` within `lasts`; return whether they were counted."""

    def work(session: Session) -> bool:
        session.execute(delete(LimitHit).where(LimitHit.expires_at <= now))
        known = select(func.count()).where(LimitHit.key == _subject_digest(key), LimitHit.at > now - lasts)
        if (session.scalar(known) or 0) + number > most:
            return False
        session.add_all(
            LimitHit(id=store.new_id(), key=_subject_digest(key), at=now, expires_at=now + lasts)
            for _ in range(number)
        )
        return True

    return store.transact(work)


def clear_hits(store: Store, key: str | None = None) -> None:
    """Forget the tries under one key, or all."""
    with store.writing() as session:
        session.execute(
            delete(LimitHit).where(LimitHit.key == _subject_digest(key)) if key else delete(LimitHit)
        )


def _subject_digest(key: str) -> str:
    # A key holds addresses of people and of networks, which nobody needs to read here.
    return sha256_hex(key)


@in_transaction
def set_totp(work: Work, staff_id: str, *, secret: str, counter: int) -> staff.StaffView:
    """Store the sealed secret of an authenticator app; `counter`: the step of the code that confirmed it."""
    row = _own(work, staff_id)
    row.totp_secret, row.totp_counter = secret, counter
    record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=SET)
    return staff.staff_view(row)


def accept_totp_step(store: Store, staff_id: str, counter: int) -> bool:
    """Use up the step of a right code; return False where it, or a later one, was used before."""
    later = or_(Staff.totp_counter.is_(None), Staff.totp_counter < counter)
    with store.writing() as session:
        used = session.execute(
            update(Staff).where(Staff.id == staff_id, later).values(totp_counter=counter).returning(Staff.id)
        )
        return used.first() is not None


@in_transaction
def remove_totp(work: Work, staff_id: str) -> staff.StaffView:
    """Remove a person's own authenticator app, and the recovery codes where no passkey needs them. Idempotent."""
    row = _own(work, staff_id)
    if row.totp_secret is not None:
        staff.alert(work, row, staff.SECOND_STEP_REMOVED)
        record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=REMOVED)
    row.totp_secret = row.totp_counter = None
    if work.session.scalar(select(Passkey.id).where(Passkey.staff_id == staff_id).limit(1)) is None:
        row.recovery_codes = None
    return staff.staff_view(row)


@allowed()
def reset_second_step(work: Work, staff_id: str) -> staff.StaffView:
    """Remove all of a person's second step, who has lost it, and end their sessions: the owner's act.

    Their password alone signs them in then. Raises NotFound.
    """
    row = require_row(work.session, Staff, staff_id, staff.NO_SUCH_PERSON, is_locked=True)
    keys = list(work.session.scalars(select(Passkey).where(Passkey.staff_id == staff_id)))
    if row.totp_secret is not None or keys:
        staff.alert(work, row, staff.SECOND_STEP_REMOVED)
    record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=REMOVED)
    row.totp_secret = row.totp_counter = row.recovery_codes = None
    for key in keys:
        work.session.delete(key)
    staff.end_sessions(work, row)
    return staff.staff_view(row)


def set_recovery_codes(store: Store, staff_id: str, codes: Iterable[str]) -> None:
    """Replace a person's recovery codes; only their digests are kept."""
    digests = [_digest(code) for code in codes]
    with store.writing() as session:
        session.execute(update(Staff).where(Staff.id == staff_id).values(recovery_codes=digests))


def use_recovery_code(store: Store, staff_id: str, code: str) -> bool:
    """Use up a recovery code; return False for one that is none, or was used before."""
    digest = _digest(code)
    with store.writing() as session:
        row = require_row(session, Staff, staff_id, staff.NO_SUCH_PERSON, is_locked=True)
        left = list(row.recovery_codes or ())
        if digest not in left:
            return False
        row.recovery_codes = [each for each in left if each != digest]
        return True


def count_recovery_codes(store: Store, staff_id: str) -> int:
    """Return how many recovery codes are left."""
    with store.reading() as session:
        return len(session.scalar(select(Staff.recovery_codes).where(Staff.id == staff_id)) or ())


def _own(work: Work, staff_id: str) -> Staff:
    assert work.act.actor.staff_id == staff_id, "only one’s own"
    return staff.locked_self(work)


def _digest(code: str) -> str:
    # With 80 random bits a code needs no slow hash.
    plain = "".join(ch for ch in code.casefold() if ch.isalnum())
    return sha256_hex(plain)


NAME_LENGTH = 64
MOST_PASSKEYS = 20
# Longer than a challenge is accepted.
_CHALLENGES_KEPT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey; `credential_id` in base64url. `is_synced`: it works on the person's other devices as well."""

    id: str
    staff_id: str
    name: str
    credential_id: str
    public_key: bytes
    sign_count: int
    transports: list[str]
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has made, checked; fields as of `PasskeyView`."""

    name: str
    credential_id: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    is_synced: bool


def list_passkeys(store: Store, staff_id: str) -> tuple[PasskeyView, ...]:
    """Return a person's passkeys, the oldest first."""
    with store.reading() as session:
        rows = session.scalars(_of(staff_id))
        return tuple(from_row(PasskeyView, row) for row in rows)


def find_passkey(store: Store, credential_id: str) -> PasskeyView | None:
    """Return the passkey with this credential id, whoever's it is."""
    with store.reading() as session:
        row = session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))
        return from_row(PasskeyView, row) if row else None


@in_transaction
def add_passkey(work: Work, new: NewPasskey) -> None:
    """Add a passkey to the actor's own account; raises InvalidField, or Refused for one too many."""
    person = staff.locked_self(work)
    known = work.session.scalars(_of(person.id)).all()
    if len(known) >= MOST_PASSKEYS:
        raise Refused(_("You have {most} passkeys. Remove one first.", most=MOST_PASSKEYS), code="too_many")
    staff.alert(work, person, staff.PASSKEY_ADDED)
    attach_passkey(work, person, new)


def attach_passkey(work: Work, person: Staff, new: NewPasskey) -> None:
    """Add a passkey to an account that has room for it; raises InvalidField."""
    record_in(work, Did.STAFF_PASSKEY, name=person.name, subject_id=person.id, after=f"{SET}: {new.name}")
    work.session.add(
        Passkey(
            id=work.new_id(),
            staff_id=person.id,
            name=required(new.name, field="name", called=_("The name"), most=NAME_LENGTH),
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=list(new.transports),
            is_synced=new.is_synced,
            created_at=work.now,
        )
    )


def note_passkey_use(
    store: Store, passkey_id: str, *, sign_count: int, is_synced: bool, now: datetime
) -> None:
    """Record a sign-in with a passkey and the count of its signatures."""
    with store.writing() as session:
        session.execute(
            update(Passkey)
            .where(Passkey.id == passkey_id)
            .values(last_used_at=now, sign_count=sign_count, is_synced=is_synced)
        )


@in_transaction
def remove_passkey(work: Work, passkey_id: str) -> str:
    """Remove one of the actor's own passkeys; return its name.

    Raises NotFound for anybody else's, Refused for the only way to sign in.
    """
    person = staff.locked_self(work)
    mine = {each.id: each for each in work.session.scalars(_of(person.id))}
    if passkey_id not in mine:
        raise NotFound(_("There is no such passkey."))
    if len(mine) == 1 and not person.password_hash:
        raise Refused(
            _(
                "This passkey is your only way to sign in. Choose a password under My account, or add another"
                " passkey first."
            ),
            code="only_way_in",
        )
    if len(mine) == 1 and person.totp_secret is None:
        person.recovery_codes = None
        staff.alert(work, person, staff.SECOND_STEP_REMOVED)
    after = f"{REMOVED}: {mine[passkey_id].name}"
    record_in(work, Did.STAFF_PASSKEY, name=person.name, subject_id=person.id, after=after)
    work.session.delete(mine[passkey_id])
    return str(mine[passkey_id].name)


def use_challenge(store: Store, challenge: str, now: datetime) -> bool:
    """Use a challenge up; return False where it was answered before."""
    key = f"challenge:{challenge}"
    return add_hits(store, key, most=1, lasts=_CHALLENGES_KEPT, number=1, now=now)


def _of(staff_id: str) -> Select[Passkey]:
    return select(Passkey).where(Passkey.staff_id == staff_id).order_by(Passkey.id)
