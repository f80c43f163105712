"""Authenticator apps (TOTP) and recovery codes of staff. Secrets arrive sealed; codes are kept as digests."""

from collections.abc import Iterable

from sqlalchemy import or_, select, update

from plugin.core.fingerprint import sha256_hex
from plugin.courses.accounts.staff import (
    NO_SUCH_PERSON,
    StaffView,
    end_sessions,
    locked_self,
    staff_view,
)
from plugin.courses.accounts.staff_alerts import SECOND_STEP_REMOVED, alert
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.store import Store
from plugin.store.people import Passkey, Staff


@in_transaction
def set_totp(work: Work, staff_id: str, *, secret: str, counter: int) -> StaffView:
    """Store the sealed secret of an authenticator app; `counter`: the step of the code that confirmed it."""
    row = _own(work, staff_id)
    row.totp_secret, row.totp_counter = secret, counter
    record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=SET)
    return staff_view(row)


def accept_totp_step(store: Store, staff_id: str, counter: int) -> bool:
    """Use up the step of a right code; return False where it, or a later one, was used before."""
    later = or_(Staff.totp_counter.is_(None), Staff.totp_counter < counter)
    with store.writing() as session:
        used = session.execute(
            update(Staff).where(Staff.id == staff_id, later).values(totp_counter=counter).returning(Staff.id)
        )
        return used.first() is not None


@in_transaction
def remove_totp(work: Work, staff_id: str) -> StaffView:
    """Remove a person's own authenticator app, and the recovery codes where no passkey needs them. Idempotent."""
    row = _own(work, staff_id)
    if row.totp_secret is not None:
        alert(work, row, SECOND_STEP_REMOVED)
        record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=REMOVED)
    row.totp_secret = row.totp_counter = None
    if not _has_passkey(work, staff_id):
        row.recovery_codes = None
    return staff_view(row)


@allowed()
def reset_second_step(work: Work, staff_id: str) -> StaffView:
    """Remove all of a person's second step, who has lost it, and end their sessions: the owner's act.

    Their password alone signs them in then. Raises NotFound.
    """
    row = require_row(work.session, Staff, staff_id, NO_SUCH_PERSON, is_locked=True)
    keys = list(work.session.scalars(select(Passkey).where(Passkey.staff_id == staff_id)))
    if row.totp_secret is not None or keys:
        alert(work, row, SECOND_STEP_REMOVED)
    record_in(work, Did.STAFF_SECOND_STEP, name=row.name, subject_id=row.id, after=REMOVED)
    row.totp_secret = row.totp_counter = row.recovery_codes = None
    for key in keys:
        work.session.delete(key)
    end_sessions(work, row)
    return staff_view(row)


def set_recovery_codes(store: Store, staff_id: str, codes: Iterable[str]) -> None:
    """Replace a person's recovery codes; only their digests are kept."""
    digests = [_digest(code) for code in codes]
    with store.writing() as session:
        session.execute(update(Staff).where(Staff.id == staff_id).values(recovery_codes=digests))


def use_recovery_code(store: Store, staff_id: str, code: str) -> bool:
    """Use up a recovery code; return False for one that is none, or was used before."""
    digest = _digest(code)
    with store.writing() as session:
        row = require_row(session, Staff, staff_id, NO_SUCH_PERSON, is_locked=True)
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
    assert work.act.actor.staff_id == staff_id, "only one's own"
    return locked_self(work)


def _has_passkey(work: Work, staff_id: str) -> bool:
    return work.session.scalar(select(Passkey.id).where(Passkey.staff_id == staff_id).limit(1)) is not None


def _digest(code: str) -> str:
    # With 80 random bits a code needs no slow hash.
    plain = "".join(ch for ch in code.casefold() if ch.isalnum())
    return sha256_hex(plain)
