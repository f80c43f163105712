"""Checks of the copies: are they made, checked, and sent elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugin.alarms.condition import Look, fine, lasting, unused, wrong
from plugin.backups.folder import backup_folder, names_in, time_of
from plugin.backups.records import last_run, read_state
from plugin.courses.base.opening_hours import read_hours
from plugin.services import Services

# A copy is made each hour while open, and one a day otherwise.
OLD_WHILE_OPEN = timedelta(hours=3)
OLD = timedelta(hours=30)


def copies_are_made(services: Services, now: datetime) -> Look:
    """Check that the last copy is good, and not old."""
    run = last_run(services.store)
    names = names_in(backup_folder(services.settings))
    made_at = time_of(names[0]) if names else None
    if run is not None and run.state == "failed":
        return wrong(f"The last backup failed: {run.problem}")
    if made_at is None:
        return (
            unused("The first backup is about to be made.") if run is None else wrong("There is no backup.")
        )
    age, open_age = now - made_at, read_hours(services.store).open_time(made_at, now)
    said = f"The last good backup is {lasting(age)} old."
    return wrong(said) if age >= OLD or open_age >= OLD_WHILE_OPEN else fine(said)


def copies_are_sent(services: Services, _now: datetime) -> Look:
    """Check that the last copy also reached the place elsewhere, where one is set."""
    if not services.settings.backup_remote:
        return unused("Backups are kept on this machine only.")
    state = read_state(services.store)
    if state.send_failed_at is not None and (state.sent_at is None or state.send_failed_at > state.sent_at):
        return wrong(f"The last backup could not be sent elsewhere: {state.send_problem}")
    return fine("Backups are also kept elsewhere.")
