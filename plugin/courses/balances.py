"""What each of many clients has left, over all courses that still can be used: for lists and searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from plugin.courses.chain import last_entries
from plugin.store.ledger import Allowance, Course, Entry


@dataclass(slots=True)
class Balance:
    """Main sessions left of those granted, touch-ups left, in how many courses, and when the first of them ends."""

    left: int = 0
    granted: int = 0
    touch_ups_left: int = 0
    courses: int = 0
    expires_on: date | None = None


def balances_in(session: Session, client_ids: Sequence[str], *, today: date) -> dict[str, Balance]:
    """Return the balance of every one of these clients who has something left."""
    rows = session.execute(
        select(Course.client_id, Course.id, Allowance.kind, Allowance.id, Course.expires_on)
        .join(Allowance, Allowance.course_id == Course.id)
        .where(
            Course.client_id.in_(client_ids),
            Course.closed_as.is_(None),
            or_(Course.expires_on.is_(None), Course.expires_on >= today, Course.frozen_at.is_not(None)),
            Allowance.kind.in_(("main", "touch_up")),
        )
    ).all()
    heads = {entry.allowance_id: entry for entry in session.scalars(last_entries(row[3] for row in rows))}
    found: dict[str, Balance] = {}
    counted: set[str] = set()
    for client_id, course_id, kind, allowance_id, expires_on in rows:
        head = heads.get(allowance_id)
        if client_id is None or head is None or head.sessions_after == 0:
            continue
        balance = found.setdefault(client_id, Balance())
        _add(balance, kind, head)
        balance.expires_on = min(filter(None, (balance.expires_on, expires_on)), default=None)
        balance.courses += course_id not in counted
        counted.add(course_id)
    return found


def _add(balance: Balance, kind: str, head: Entry) -> None:
    if kind != "main":
        balance.touch_ups_left += head.sessions_after
        return
    balance.left += head.sessions_after
    balance.granted += head.granted_after
