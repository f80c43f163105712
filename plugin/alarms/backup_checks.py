"""Checks of the copies: are they made, checked, and sent elsewhere."""

from datetime import datetime

from plugin.alarms.condition import Look, fine, lasting, unused, wrong
from plugin.backups.folder import last_copy_at
from plugin.backups.standing import backup_problem, send_problem
from plugin.services import Services
from plugin.wording import _


def copies_are_made(services: Services, now: datetime) -> Look:
    """Check that the last copy is good, and not old."""
    problem = backup_problem(services, now)
    if problem:
        return wrong(problem)
    made_at = last_copy_at(services.settings)
    if made_at is None:
        return unused(_("The first backup is about to be made."))
    return fine(_("The last good backup is {lasting} old.", lasting=lasting(now - made_at)))


def copies_are_sent(services: Services, now: datetime) -> Look:
    """Check that the last copy also reached the place elsewhere, where one is set."""
    if not services.settings.backup_remote:
        return unused(_("Backups are kept on this machine only."))
    problem = send_problem(services, now)
    return wrong(problem) if problem else fine(_("Backups are also kept elsewhere."))
