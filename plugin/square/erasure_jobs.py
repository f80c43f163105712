"""Outbox jobs after an erasure: the balance is removed from Square, and the data from the database's file."""

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


def leave_profile(services: Services, job: Job) -> str:
    """Remove the balance from a Square profile, then delete its id."""
    customer_id = text(job.payload.get("square_customer_id"))
    if customer_id:
        with suppress(SquareNotFound):
            services.square.delete_customer_attribute(customer_id, ATTRIBUTE)

    def forget(session: Session) -> None:
        session.get_one(Outbox, job.id).payload = {}

    services.store.transact(forget)
    return "Balance removed from the profile."


def compact(services: Services, _job: Job) -> str | RunAgain:
    """Rewrite the database's file without what was erased."""
    if services.store.compact():
        return "Database file rewritten without what was erased."
    return RunAgain(_BUSY_S, "The database is busy; its file is rewritten a little later.")
