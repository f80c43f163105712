"""Looking through Square when a person asks for it: owed like any effect, done by the worker beside its own round."""

from __future__ import annotations

from sqlalchemy import select

from plugin.core.acts import Act, require
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.work import transact
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.sync import sync
from plugin.store import Store
from plugin.store.queues import Outbox

SWEEP = "sweep"
# A first look goes back a month: longer than any other errand.
LEASE_S = 900


def ask_for_sweep(services: Services, act: Act) -> None:
    """Have the worker look through Square now; once, however often it is asked for."""
    require(act.actor)
    if not is_asked(services.store):
        transact(services.store, act, lambda work: enqueue(work, SWEEP, "asked"))


def is_asked(store: Store) -> bool:
    """Say whether a look that was asked for is still to be done."""
    with store.reading() as session:
        waiting = select(Outbox.id).where(Outbox.kind == SWEEP, Outbox.state == "pending")
        return session.scalar(waiting.limit(1)) is not None


def requested_sync(services: Services, _owed: Job) -> str:
    """Look through Square; the sweep's own row says what came of it, also where Square was away."""
    try:
        report = sync(services)
    except SquareFailed as error:
        return f"Not done: {error.message}"
    return f"Looked at {report.looked_at}, found {len(report.found)}."
