"""A sync on the owner's request: an outbox job beside the worker's periodic sync."""

from datetime import datetime

from plugin.core.acts import Act, require
from plugin.courses.base.outbox import Job, count_jobs, enqueue
from plugin.courses.base.work import transact
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.sync import sync
from plugin.store import Store

SWEEP = "sweep"
# A first sync covers a month: longer than any other job.
SYNC_LEASE_S = 900


def ask_for_sweep(services: Services, act: Act) -> None:
    """Enqueue a sync; once, however often it is requested."""
    require(act.actor)
    if not is_asked(services.store):
        transact(services.store, act, lambda work: enqueue(work, SWEEP, "asked"))


def is_asked(store: Store) -> bool:
    """Return whether a requested sync is still pending."""
    return count_jobs(store, of=(SWEEP,)) > 0


def requested_sync(services: Services, job: Job) -> str:
    """Sync with Square, from the job's `since` where it has one (after a backup was restored).

    The sync's own row stores the result, also where Square can't be reached.
    """
    since = job.payload.get("since")
    try:
        report = sync(services, since=datetime.fromisoformat(since) if since else None)
    except SquareFailed as error:
        return f"Not done: {error.message}"
    return f"Looked at {report.looked_at}, found {len(report.found)}."
