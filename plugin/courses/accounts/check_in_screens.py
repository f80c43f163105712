"""Browsers without anybody signed in, whose cookie opens nothing else: check-in screens, and hand-overs to a client."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.fingerprint import sha256_hex
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.clients.clients import known_client_in
from plugin.store import Store
from plugin.store.people import CheckInScreen, HandOver
from plugin.wording import _


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
