"""What became of a course by a day, and why its client is worth a call on a day."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, or_

from plugin.core.status import IN_USE, Status
from plugin.store.listing import ListedCourse

# A course with sessions left that was not used for so long.
STALLED_AFTER = timedelta(days=60)
# How long a client who has finished is given before it counts that they did not buy again.
AGAIN_WITHIN = timedelta(days=30)
_OVER = frozenset({Status.REFUNDED.value, Status.TRANSFERRED.value})


class Outcome(StrEnum):
    """What became of a course. Only those that are over count in the completion rate."""

    COMPLETED = "completed"
    STALLED = "stalled"
    EXPIRED = "expired"
    CLOSED = "closed"
    UNDER_WAY = "under_way"


def outcome_of(row: Mapping[str, Any], today: date) -> Outcome:
    """Return what became of the course of a row of the list, by its columns."""
    left, status = row["main_left"], row["status"]
    if left == 0 and row["main_used"] >= row["main_granted"] > 0:
        return Outcome.COMPLETED
    if status == Status.EXPIRED.value:
        return Outcome.EXPIRED
    if status in _OVER or left == 0:
        return Outcome.CLOSED
    is_idle = status in IN_USE and row["last_seen_on"] <= today - STALLED_AFTER
    return Outcome.STALLED if is_idle else Outcome.UNDER_WAY


def had_time_to_buy(row: Mapping[str, Any], outcome: Outcome, today: date) -> bool:
    """Return whether it was completed so long ago that its client, if it has one, could have bought again."""
    is_done = outcome is Outcome.COMPLETED and row["client_id"] is not None
    return is_done and row["last_visit_on"] <= today - AGAIN_WITHIN


def changes_between(first: date, last: date) -> ColumnElement[bool]:
    """Return the condition that an outcome of the first day may be another on the last, though nothing happened."""
    of = ListedCourse
    stalls = and_(
        of.last_seen_on > first - STALLED_AFTER,
        of.last_seen_on <= last - STALLED_AFTER,
        of.outcome.in_((Outcome.UNDER_WAY.value, Outcome.STALLED.value)),
    )
    has_time = and_(
        of.last_visit_on > first - AGAIN_WITHIN,
        of.last_visit_on <= last - AGAIN_WITHIN,
        of.outcome == Outcome.COMPLETED.value,
    )
    return or_(stalls, has_time, and_(of.expires_on >= first, of.expires_on < last))


FEW_LEFT = 2
SOON_DAYS, SOONER_DAYS = 60, 30
# Clients who used their last session longer ago are lost, or were asked then.
JUST_FINISHED = timedelta(days=60)


class Why(StrEnum):
    """Why a client is worth a call."""

    EXPIRING = "expiring"
    LOW = "low"
    LAPSED = "lapsed"
    PART_PAID = "part_paid"

    @property
    def bit(self) -> int:
        """Return its part of the number that says several."""
        return _BITS[self]


_BITS = {Why.EXPIRING: 1, Why.LOW: 2, Why.LAPSED: 4, Why.PART_PAID: 8}


def days_for(today: date) -> dict[str, date]:
    """Return the parameters of `reasons_of`."""
    return {"today": today, "soon": today + timedelta(SOON_DAYS), "since": today - JUST_FINISHED}


def reasons_of(row: Any) -> ColumnElement[int]:
    """Return the sum of the bits of all reasons; `row` has the columns of `ListedClient`.

    That a client has an appointment is not in it: it changes with the minute.
    """
    today, soon, since = (bindparam(name, type_=Date()) for name in ("today", "soon", "since"))
    is_done = and_(row.sessions_left == 0, row.done_on >= since)
    flags = {
        Why.EXPIRING: row.ends_on <= soon,
        Why.LOW: or_(row.sessions_left.between(1, FEW_LEFT), is_done),
        Why.LAPSED: and_(row.sessions_left > 0, row.due_back_on < today),
        Why.PART_PAID: row.is_due.is_(True),
    }
    first, *others = (case((flag, why.bit), else_=0) for why, flag in flags.items())
    return sum(others, first)
