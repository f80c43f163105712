"""The conditions that the alarms watch, as findings, beside what only a look at an installation shows."""

from collections.abc import Iterator
from datetime import datetime

from plugin.alarms.condition import Condition, State
from plugin.alarms.registry import conditions
from plugin.courses.health_facts import WORKER, health_facts, last_seen
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.services import Services

# The doctor looks at these more closely itself.
_LEFT_OUT = frozenset({"disk_has_room", "settings_are_read", "audit_is_clean"})


def watched(services: Services, now: datetime) -> Iterator[Finding]:
    """Check every condition that raises an alarm; the worker must also have run at all."""
    if last_seen(services.store, WORKER) is None:
        yield wrong(
            "Worker", "It has never run.", "Run coursekeeper serve, which starts it, or coursekeeper worker."
        )
    for each in conditions(services, now):
        if each.name not in _LEFT_OUT and each.state is not State.UNUSED:
            yield _finding(each)


def given_up(services: Services, now: datetime) -> Iterator[Finding]:
    """Check that no event and no job was given up."""
    facts = health_facts(services.store, now)
    failed = facts.inbox.failed + sum(each.failed for each in facts.jobs.values())
    if failed:
        yield warning("Given up", f"{failed} events and jobs failed.", "Look at them under Settings, Square.")


def _finding(seen: Condition) -> Finding:
    if not seen.is_wrong:
        return ok(seen.title, seen.said)
    state = wrong if seen.is_urgent else warning
    return state(seen.title, seen.said, seen.to_do)
