"""Alerts about access: jobs that tell the person and every owner by e-mail what was changed, and by whom."""

from sqlalchemy import select

from plugin.core.acts import Role, Source
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.store.people import Staff

# The outbox job that sends one alert to one address.
ALERT = "mail_staff_alert"
PASSWORD, ROLE, EMAIL, NEW_OWNER = "password", "role", "email", "new_owner"
SECOND_STEP_REMOVED, PASSKEY_ADDED = "second_step_removed", "passkey_added"

# An owner who can sign in; one who is only invited can't.
IS_ACTIVE_OWNER = (Staff.role == Role.OWNER.value, Staff.is_active.is_(True), Staff.invited_at.is_(None))


def alert(work: Work, about: Staff, what: str, *, tells_person: bool = True, also_to: str = "") -> None:
    """Enqueue an alert to the person and to each owner who signs in; `also_to`: one more address.

    Where no mail is set up, the jobs end without sending.
    """
    addresses = set(work.session.scalars(select(Staff.email).where(*IS_ACTIVE_OWNER)))
    addresses |= {about.email} if tells_person else set()
    addresses |= {also_to} if also_to else set()
    actor = work.act.actor
    said = {
        "what": what,
        "name": about.name,
        "role": about.role,
        "email": about.email,
        "by": "the command line" if actor.source is Source.COMMAND else actor.name,
        "at": work.now.isoformat(),
    }
    for address in sorted(addresses):
        enqueue(work, ALERT, work.new_id(), payload={**said, "to": address})
