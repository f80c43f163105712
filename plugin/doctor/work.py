"""What runs beside the web: the worker and its queues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from plugin.courses.health_facts import WORKER, health_facts, last_seen
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.store import Store

SILENT_FOR = timedelta(minutes=3)
OVERDUE_S = 5 * 60
_START = "Run coursekeeper serve (it starts one), or coursekeeper worker."


def worker(store: Store, now: datetime) -> Iterator[Finding]:
    """Check that the worker runs."""
    seen = last_seen(store, WORKER)
    if seen is None:
        yield wrong("Worker", "It has never run.", _START)
    elif now - seen > SILENT_FOR:
        yield wrong("Worker", f"No sign of life since {seen:%Y-%m-%d %H:%M} UTC.", _START)
    else:
        yield ok("Worker", f"runs; seen {max(0, int((now - seen).total_seconds()))} s ago")


def queues(store: Store, now: datetime) -> Iterator[Finding]:
    """Check that nothing due has been waiting, and that nothing was given up."""
    facts = health_facts(store, now)
    waiting = facts.inbox.pending + sum(each.pending for each in facts.jobs.values())
    failed = facts.inbox.failed + sum(each.failed for each in facts.jobs.values())
    oldest = max([facts.inbox_age_s, *(each.overdue_s for each in facts.jobs.values())])
    if oldest > OVERDUE_S:
        said = f"{waiting} wait, the oldest for {int(oldest // 60)} minutes."
        yield wrong("Queue", said, "See that the worker runs and that Square answers (Clinic, Square).")
    else:
        yield ok("Queue", f"{waiting} wait, none for long")
    if failed:
        yield warning("Given up", f"{failed} events and jobs failed.", "Look at them under Clinic, Square.")
