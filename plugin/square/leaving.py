"""What is still to do once somebody was erased: their balance leaves Square, and their data the database's file."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.orm import Session

from plugin.courses.queues.outbox import Owed
from plugin.house import House
from plugin.square.client import SquareNotFound
from plugin.square.errand import Later
from plugin.square.fields import text
from plugin.square.profiles import ATTRIBUTE
from plugin.store.queues import Outbox

_BUSY_S = 30.0


def leave_profile(house: House, owed: Owed) -> str:
    """Take the balance off a Square profile, and keep its id no longer than that takes."""
    customer_id = text(owed.payload.get("square_customer_id"))
    if customer_id:
        with suppress(SquareNotFound):
            house.square.delete_customer_attribute(customer_id, ATTRIBUTE)

    def forget(session: Session) -> None:
        session.get_one(Outbox, owed.id).payload = {}

    house.store.transact(forget)
    return "The balance was taken off the profile."


def compact(house: House, _owed: Owed) -> str | Later:
    """Have nothing of what was erased stand in the database's file any more."""
    if house.store.compact():
        return "The database was written anew without what was erased."
    return Later(_BUSY_S, "The database is busy; it is written anew a little later.")
