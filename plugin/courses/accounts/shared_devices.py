"""Shared devices: browsers that several people use, where a PIN switches between them. PINs arrive hashed."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.fingerprint import sha256_hex
from plugin.core.text import required
from plugin.courses.accounts.sign_ins import record_sign_in
from plugin.courses.accounts.staff import StaffView, locked_self, staff_view
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.clients.clients import known_client_in
from plugin.store import Store
from plugin.store.tables import CheckInScreen, HandOver, PinTries, SharedDevice, SignIn, Staff
from plugin.wording import _

# From the first sign-in with a password or a passkey in the morning to the evening, never to the next morning.
OPEN_FOR = timedelta(hours=16)
MOST_WRONG = 5
# Time enough to note what a person does once a minute.
_NOTED_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SharedDeviceView:
    """A shared device; `opened_at`: the last sign-in there with a password or a passkey."""

    id: str
    name: str
    declared_by: str
    declared_at: datetime
    opened_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether PINs are accepted there."""
        return now - self.opened_at < OPEN_FOR


@allowed(Role.DESK)
def declare_device(work: Work, *, name: str, sign_in_id: str) -> str:
    """Declare the browser of this sign-in as shared; return the token for its cookie, this once."""
    token = secrets.token_urlsafe(32)
    row = SharedDevice(
        id=work.new_id(),
        name=required(name, field="name", called=_("The name")),
        token_sha256=sha256_hex(token),
        declared_by=work.act.actor.name,
        declared_at=work.now,
        opened_at=work.now,
    )
    work.add(row)
    record_in(work, Did.DEVICE_SHARED, name=row.name, subject_id=row.id)
    _put_on(work.session, row.id, sign_in_id, work.now)
    return token


@allowed(Role.DESK)
def stop_sharing(work: Work, device_id: str) -> str:
    """Accept no PIN there any more and end the sign-ins made with one. Idempotent; returns its name."""
    row = require_row(work.session, SharedDevice, device_id, _("There is no such device."), is_locked=True)
    if row.revoked_at is None:
        record_in(work, Did.DEVICE_REMOVED, name=row.name, subject_id=row.id)
    row.revoked_at = row.revoked_at or work.now
    by_pin = (SignIn.device_id == device_id, SignIn.proved_at.is_(None), SignIn.ended_at.is_(None))
    work.session.execute(update(SignIn).where(*by_pin).values(ended_at=work.now))
    work.session.execute(update(SignIn).where(SignIn.device_id == device_id).values(device_id=None))
    return row.name


def list_devices(store: Store) -> tuple[SharedDeviceView, ...]:
    """Return the devices that are shared now, by name."""
    shared = select(SharedDevice).where(SharedDevice.revoked_at.is_(None))
    with store.reading() as session:
        rows = session.scalars(shared.order_by(SharedDevice.name, SharedDevice.id))
        return tuple(from_row(SharedDeviceView, row) for row in rows)


def device_of_token(store: Store, token: str) -> SharedDeviceView | None:
    its = (SharedDevice.token_sha256 == sha256_hex(token), SharedDevice.revoked_at.is_(None))
    with store.reading() as session:
        row = session.scalar(select(SharedDevice).where(*its))
        return from_row(SharedDeviceView, row) if row else None


def open_device(store: Store, device_id: str, sign_in_id: str, staff_id: str, now: datetime) -> None:
    """Note a sign-in with a password or a passkey there: PINs are accepted, and the person's tries start anew."""
    with store.writing() as session:
        session.execute(update(SharedDevice).where(SharedDevice.id == device_id).values(opened_at=now))
        _forget_tries(session, device_id, staff_id)
        _put_on(session, device_id, sign_in_id, now)


def people_with_pin(store: Store) -> tuple[StaffView, ...]:
    """Return who may sign in with a PIN, by name."""
    can = (Staff.is_active.is_(True), Staff.pin_hash.is_not(None))
    with store.reading() as session:
        return tuple(
            map(staff_view, session.scalars(select(Staff).where(*can).order_by(Staff.name, Staff.id)))
        )


@in_transaction
def set_pin(work: Work, pin_hash: str | None) -> None:
    """Set or remove the actor's own PIN."""
    person = locked_self(work)
    person.pin_hash = pin_hash
    state = SET if pin_hash else REMOVED
    record_in(work, Did.STAFF_PIN, name=person.name, subject_id=person.id, after=state)


def try_pin(
    store: Store, device_id: str, staff_id: str, fits: Callable[[StaffView], bool]
) -> StaffView | None:
    """Return the person whose PIN it was, None for a wrong one, or one too many.

    The try is counted before the PIN is looked at: of many at the same moment no more than five are.
    """
    if not store.transact(lambda session: _count_try(session, device_id, staff_id)):
        return None
    person = next((each for each in people_with_pin(store) if each.id == staff_id), None)
    if person is None or not fits(person):
        return None
    with store.writing() as session:
        _forget_tries(session, device_id, staff_id)
    return person


def is_blocked(store: Store, device_id: str, staff_id: str) -> bool:
    """Return whether this person must sign in with their password or passkey there."""
    with store.reading() as session:
        row = session.get(PinTries, (device_id, staff_id))
        return row is not None and row.wrong >= MOST_WRONG


def start_pin_sign_in(store: Store, device_id: str, staff_id: str, now: datetime, *, device: str) -> str:
    """Record a sign-in by PIN, and end every other on that device; return its id."""
    sign_in_id = secrets.token_hex(16)
    with store.writing() as session:
        others = (SignIn.device_id == device_id, SignIn.ended_at.is_(None))
        session.execute(update(SignIn).where(*others).values(ended_at=now))
        session.add(
            SignIn(
                id=sign_in_id,
                staff_id=staff_id,
                started_at=now,
                last_seen_at=now,
                device_id=device_id,
                active_at=now,
                device=device,
            )
        )
        record_sign_in(session, store, staff_id, now, Did.SIGNED_IN, device=device, way="PIN")
    return sign_in_id


def note_activity(store: Store, sign_in_id: str, active_at: datetime | None, now: datetime) -> None:
    """Record that the person did something, at most twice a minute."""
    if active_at is not None and now - active_at < _NOTED_EVERY:
        return
    # A request must not fail over this while the database is busy; the next one records it.
    with suppress(OperationalError), store.writing() as session:
        its = (SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
        session.execute(update(SignIn).where(*its).values(active_at=now))


def _count_try(session: Session, device_id: str, staff_id: str) -> bool:
    if session.get(Staff, staff_id) is None:
        return False
    row = session.get(PinTries, (device_id, staff_id), with_for_update=True)
    if row is None:
        row = PinTries(device_id=device_id, staff_id=staff_id, wrong=0)
        session.add(row)
    if row.wrong >= MOST_WRONG:
        return False
    row.wrong += 1
    return True


def _forget_tries(session: Session, device_id: str, staff_id: str) -> None:
    its = (PinTries.device_id == device_id, PinTries.staff_id == staff_id)
    session.execute(delete(PinTries).where(*its))


def _put_on(session: Session, device_id: str, sign_in_id: str, now: datetime) -> None:
    # One person at a time: whoever was signed in there before is not any more.
    others = (SignIn.device_id == device_id, SignIn.id != sign_in_id, SignIn.ended_at.is_(None))
    session.execute(update(SignIn).where(*others).values(ended_at=now))
    here = update(SignIn).where(SignIn.id == sign_in_id)
    session.execute(here.values(device_id=device_id, active_at=now))


@dataclass(frozen=True, slots=True)
class CheckInScreenView:
    """A check-in screen that runs."""

    id: str
    device: str
    started_at: datetime
    started_by: str


@allowed(Role.DESK)
def start_screen(work: Work, *, device: str) -> str:
    """Turn a browser into a check-in screen; return the token for its cookie, this once."""
    token = secrets.token_urlsafe(32)
    row = CheckInScreen(
        id=work.new_id(),
        token_sha256=sha256_hex(token),
        device=device,
        started_at=work.now,
        started_by=work.act.actor.name,
    )
    work.session.add(row)
    record_in(work, Did.CHECK_IN_STARTED, name=device, subject_id=row.id)
    return token


@allowed(Role.DESK)
def end_screen(work: Work, screen_id: str) -> None:
    """Let nobody check in there any more. Idempotent; raises NotFound."""
    row = require_row(work.session, CheckInScreen, screen_id, _("There is no such check-in screen."))
    _end(work, row)


@in_transaction
def leave_screen(work: Work, token: str) -> None:
    """End the screen of this token, if it is one: whoever acts has signed in on it."""
    row = _of_token(work.session, token)
    if row is not None:
        _end(work, row)


def screen_of_token(store: Store, token: str) -> CheckInScreenView | None:
    """Return the running screen whose cookie this is."""
    with store.reading() as session:
        row = _of_token(session, token)
        return from_row(CheckInScreenView, row) if row else None


def list_screens(store: Store) -> tuple[CheckInScreenView, ...]:
    """Return the screens that run, the latest first."""
    running = select(CheckInScreen).where(CheckInScreen.ended_at.is_(None))
    with store.reading() as session:
        rows = session.scalars(running.order_by(CheckInScreen.started_at.desc(), CheckInScreen.id))
        return tuple(from_row(CheckInScreenView, row) for row in rows)


def _end(work: Work, row: CheckInScreen) -> None:
    if row.ended_at is None:
        row.ended_at, row.ended_by = work.now, work.act.actor.name
        record_in(work, Did.CHECK_IN_ENDED, name=row.device, subject_id=row.id)


def _of_token(session: Session, token: str) -> CheckInScreen | None:
    its = (CheckInScreen.token_sha256 == sha256_hex(token), CheckInScreen.ended_at.is_(None))
    return session.scalar(select(CheckInScreen).where(*its))


# A forgotten iPad shows nothing of the client any more.
HAND_OVER_LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class HandOverView:
    """A device in the hands of this client."""

    id: str
    client_id: str


@allowed(Role.DESK, Role.PRACTITIONER)
def start_hand_over(work: Work, client_id: str) -> str:
    """Hand a device to a client; return the token for its cookie, this once. Raises NotFound or Refused."""
    token = secrets.token_urlsafe(32)
    client = known_client_in(work.session, client_id)
    row = HandOver(
        id=work.new_id(),
        token_sha256=sha256_hex(token),
        client_id=client.id,
        started_at=work.now,
        started_by=work.act.actor.name,
    )
    work.session.add(row)
    record_in(work, Did.HANDED_OVER, name=client.name, client_id=client.id, subject_id=row.id)
    return token


@in_transaction
def end_hand_over(work: Work, token: str) -> None:
    """Let the device show nothing of the client any more. Idempotent."""
    theirs = (HandOver.token_sha256 == sha256_hex(token), HandOver.ended_at.is_(None))
    work.session.execute(update(HandOver).where(*theirs).values(ended_at=work.now))


def hand_over_of_token(store: Store, token: str, now: datetime) -> HandOverView | None:
    """Return the hand-over whose cookie this is, None once it has ended or lasted too long."""
    its = (
        HandOver.token_sha256 == sha256_hex(token),
        HandOver.ended_at.is_(None),
        HandOver.started_at > now - HAND_OVER_LASTS,
    )
    with store.reading() as session:
        row = session.scalar(select(HandOver).where(*its))
        return HandOverView(row.id, row.client_id) if row else None
