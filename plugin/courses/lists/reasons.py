"""Why a client is worth a call on a day, by the days and sessions of their row in the list of clients."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, or_

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
