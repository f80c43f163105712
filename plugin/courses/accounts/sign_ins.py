"""Sign-ins: each browser in which a person signed in, until they sign out there or it expires."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from plugin.courses.accounts.staff import StaffView, staff_view
from plugin.store import Store
from plugin.store.people import SignIn, Staff

LASTS = timedelta(hours=12)
# Older ones are not needed.
_KEPT = timedelta(days=30)


def start_sign_in(store: Store, staff_id: str, now: datetime) -> str:
    """Record a sign-in and return its id, which the browser's cookie contains."""
    sign_in_id = secrets.token_hex(16)
    with store.writing() as session:
        session.execute(delete(SignIn).where(SignIn.started_at < now - _KEPT))
        session.execute(update(Staff).where(Staff.id == staff_id).values(last_signed_in_at=now))
        session.add(SignIn(id=sign_in_id, staff_id=staff_id, started_at=now))
    return sign_in_id


def end_sign_in(store: Store, sign_in_id: str, now: datetime) -> None:
    """End one sign-in; a copy of its cookie is invalid from now on. The person's other sign-ins remain."""
    with store.writing() as session:
        session.execute(
            update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now)
        )


def staff_signed_in(store: Store, session_mark: str, sign_in_id: str, now: datetime) -> StaffView | None:
    """Return the person whose sign-in this is, or None if it has expired, was ended, or all of theirs were."""
    asked = {"mark": session_mark, "sign_in": sign_in_id, "since": now - LASTS}
    with store.reading() as session:
        row = session.execute(_SIGNED_IN, asked).first()
        return staff_view(row) if row else None


# Run for every request: built once, and its row is not loaded as an object of the session.
_SIGNED_IN = (
    select(*Staff.__table__.columns)
    .join(SignIn, SignIn.staff_id == Staff.id)
    .where(
        Staff.session_mark == bindparam("mark"),
        SignIn.id == bindparam("sign_in"),
        SignIn.started_at > bindparam("since"),
        SignIn.ended_at.is_(None),
    )
)
