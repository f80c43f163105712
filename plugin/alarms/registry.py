"""Every condition that is watched, declared once: for the alarms, the page, the doctor and the metrics."""

from datetime import datetime, timedelta

from plugin.alarms import machine_checks as machine
from plugin.alarms import square_checks as square
from plugin.alarms.condition import Check, Condition, Look, wrong
from plugin.services import Services
from plugin.wording import N_, _

CHECKS: tuple[Check, ...] = (
    Check(
        "square_answers",
        N_("Square answers"),
        square.square_answers,
        N_(
            "If Square or your internet connection is down, wait: what is pending is then done automatically."
            " Sessions can be used as always."
        ),
    ),
    Check(
        "square_accepts",
        N_("Square accepts the connection"),
        square.square_accepts,
        N_("Connect again under Settings, Square, or enter a new access token there."),
    ),
    Check(
        "sales_arrive",
        N_("Sales arrive"),
        square.sales_arrive,
        N_("Restart Coursekeeper. If that does not help, look at Settings, Square."),
        # After a start the first sync takes its time.
        confirm=timedelta(minutes=15),
    ),
    Check(
        "worker_runs",
        N_("The worker runs"),
        machine.worker_runs,
        N_("Restart Coursekeeper: coursekeeper serve starts the worker too."),
        confirm=timedelta(minutes=5),
    ),
    Check(
        "queue_moves",
        N_("Pending work is done"),
        machine.queue_moves,
        N_("Restart Coursekeeper. Settings, Square shows what is waiting, and why."),
        confirm=timedelta(minutes=5),
    ),
    Check(
        "permission_lasts",
        N_("Square’s permission is renewed"),
        square.permission_lasts,
        N_("Connect again under Settings, Square, before it expires."),
    ),
    Check(
        "copies_are_made",
        N_("Backups are made"),
        machine.copies_are_made,
        N_(
            "Make one under Settings, Backups: what stops it shows there. Until then this disk has the only copy."
        ),
        # One that failed is made again after ten minutes.
        confirm=timedelta(minutes=20),
    ),
    Check(
        "copies_are_sent",
        N_("Backups are kept elsewhere"),
        machine.copies_are_sent,
        N_("Check the place and its password under All settings, Backups."),
        is_urgent=False,
        confirm=timedelta(hours=2),
    ),
    Check(
        "disk_has_room",
        N_("Disk space"),
        machine.disk_has_room,
        N_(
            "Delete what is not needed on the disk, or get a larger one. When it is full, nothing can be saved."
        ),
    ),
    Check(
        "audit_is_clean",
        N_("Nightly audit"),
        machine.audit_is_clean,
        N_(
            "Run coursekeeper audit for the list. Keep the database as it is, restore a copy elsewhere, and compare."
        ),
    ),
    Check(
        "clock_is_right",
        N_("Clock"),
        machine.clock_is_right,
        N_("Let the clock of this machine be set automatically (on Linux: timedatectl set-ntp true)."),
        is_urgent=False,
    ),
    Check(
        "mail_is_sent",
        N_("E-mail is sent"),
        machine.mail_is_sent,
        N_("Check the mail server and its password under All settings, E-mail, then send a test."),
        is_urgent=False,
        is_mailed=False,
    ),
    Check(
        "settings_are_read",
        N_("Settings"),
        machine.settings_are_read,
        N_("Enter them again under All settings."),
    ),
    Check(
        "version_is_newest",
        N_("Version"),
        machine.version_is_newest,
        N_(
            "Upgrade when the clinic is closed; docs/operate.md says how. A copy is made first, "
            "and put back if it fails."
        ),
        is_urgent=False,
        # Shown to the owner; not worth an e-mail a day.
        is_mailed=False,
    ),
    Check(
        "webhook_is_taken",
        N_("Alarm webhook"),
        machine.webhook_is_taken,
        N_("Check the address under All settings, Alarms, then send a test alarm."),
        is_urgent=False,
    ),
)


BY_NAME = {check.name: check for check in CHECKS}


def conditions(services: Services, now: datetime) -> tuple[Condition, ...]:
    """Return what every check sees now, in the order of the registry. Makes no network call."""
    return tuple(_seen(check, services, now) for check in CHECKS)


def condition_of(name: str, services: Services, now: datetime) -> Condition:
    """Return what one check sees now; raises KeyError for a name that is none."""
    return _seen(BY_NAME[name], services, now)


def _seen(check: Check, services: Services, now: datetime) -> Condition:
    look = _looked(check, services, now)
    return Condition(check, look.state, look.said)


def _looked(check: Check, services: Services, now: datetime) -> Look:
    try:
        return check.look(services, now)
    except Exception as error:
        # One check that fails must not hide the others. The error itself may quote rows of the database.
        return wrong(_("This could not be checked ({name__}).", name__=type(error).__name__))
