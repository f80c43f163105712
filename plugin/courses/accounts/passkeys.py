"""Passkeys of staff: public keys to sign in with. What a browser signs is checked elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update

from plugin.core.text import required
from plugin.courses.accounts.limit_hits import add_hits
from plugin.courses.accounts.staff import locked_self
from plugin.courses.accounts.staff_alerts import PASSKEY_ADDED, SECOND_STEP_REMOVED, alert
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, in_transaction
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.people import Passkey
from plugin.wording import _

NAME_LENGTH = 64
MOST = 20
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
def add_passkey(
    work: Work,
    *,
    name: str,
    credential_id: str,
    public_key: bytes,
    sign_count: int,
    transports: Iterable[str],
    is_synced: bool,
) -> None:
    """Add a passkey to the actor's own account; raises InvalidField, or Refused for one too many."""
    person = locked_self(work)
    known = work.session.scalars(_of(person.id)).all()
    if len(known) >= MOST:
        raise Refused(_("You have {most} passkeys. Remove one first.", most=MOST), code="too_many")
    alert(work, person, PASSKEY_ADDED)
    record_in(work, Did.STAFF_PASSKEY, name=person.name, subject_id=person.id, after=f"{SET}: {name}")
    work.session.add(
        Passkey(
            id=work.new_id(),
            staff_id=person.id,
            name=required(name, field="name", called="The name", most=NAME_LENGTH),
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            transports=list(transports),
            is_synced=is_synced,
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
    """Remove one of the actor's own passkeys; return its name. Raises NotFound for anybody else's."""
    person = locked_self(work)
    mine = {each.id: each for each in work.session.scalars(_of(person.id))}
    if passkey_id not in mine:
        raise NotFound(_("There is no such passkey."))
    if len(mine) == 1 and person.totp_secret is None:
        person.recovery_codes = None
        alert(work, person, SECOND_STEP_REMOVED)
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
