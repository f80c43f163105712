"""That a booked client is here and waits. It uses nothing: the session is used when they are checked in."""

from typing import Any

from plugin.core.acts import Role
from plugin.courses.base.work import Work, allowed
from plugin.courses.visits.bookings import CALLED_OFF, booking_for_change
from plugin.errors import Refused
from plugin.wording import _


@allowed(Role.DESK, Role.PRACTITIONER)
def mark_arrived(work: Work, booking_id: str) -> None:
    """Note that the client of an appointment is here; the first note stands. Raises Refused or NotFound."""
    booking = booking_for_change(work.session, booking_id)

    def mark() -> dict[str, Any]:
        if booking.outcome is not None:
            raise Refused(_("This visit is settled already. Undo that first."), code="settled")
        if booking.status in CALLED_OFF:
            raise Refused(_("This appointment was canceled in Square."), code="called_off")
        if booking.arrived_at is None:
            booking.arrived_at, booking.arrived_by = work.now, work.act.actor.name
        return {}

    work.once("mark_arrived", {"booking": booking_id}, mark)


@allowed(Role.DESK, Role.PRACTITIONER)
def unmark_arrived(work: Work, booking_id: str) -> None:
    """Take the note back: the client is expected again. Idempotent. Raises NotFound."""
    booking = booking_for_change(work.session, booking_id)

    def unmark() -> dict[str, Any]:
        booking.arrived_at, booking.arrived_by = None, ""
        return {}

    work.once("unmark_arrived", {"booking": booking_id}, unmark)
