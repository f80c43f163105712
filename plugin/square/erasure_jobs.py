"""What is still to do once somebody was erased: their balance leaves Square, and their data the database's file."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.orm import Session

from plugin.courses.base.outbox import Job
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import text
from plugin.square.profiles import ATTRIBUTE
from plugin.store.queues import Outbox

_BUSY_S = 30.0


def leave_profile(services: Services, owed: Job) -> str:
    """Take the balance off a Square profile, and keep its id no longer than that takes."""
    customer_id = text(owed.payload.get("square_customer_id"))
    if customer_id:
        with suppress(SquareNotFound):
            services.square.delete_customer_attribute(customer_id, ATTRIBUTE)

    def forget(session: Session) -> None:
        session.get_one(Outbox, owed.id).payload = {}

    services.store.transact(forget)
    return "The balance was taken off the profile."


def compact(services: Services, _owed: Job) -> str | RunAgain:
    """Have nothing of what was erased stand in the database's file any more."""
    if services.store.compact():
        return "The database was written anew without what was erased."
    return RunAgain(_BUSY_S, "The database is busy; it is written anew a little later.")
