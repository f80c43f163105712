"""Check-in screens: browsers at which clients check in. Nobody is signed in there; their cookie opens nothing else."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.digest import sha256_hex
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.store import Store
from plugin.store.people import CheckInScreen
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
