"""That a booked client is here and waits. It uses nothing: the session is used when they are checked in."""

from typing import Any

from plugin.core.acts import Act, Role, require
from plugin.courses.base.work import Work, transact
from plugin.courses.visits.bookings import CALLED_OFF, booking_for_change
from plugin.errors import Refused
from plugin.store import Store
from plugin.wording import _


def mark_arrived(store: Store, act: Act, booking_id: str) -> None:
    """Note that the client of an appointment is here; the first note stands. Raises Refused or NotFound."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)

    def do(work: Work) -> None:
        booking = booking_for_change(work.session, booking_id)

        def mark() -> dict[str, Any]:
            if booking.outcome is not None:
                raise Refused(_("This visit is settled already. Undo that first."), code="settled")
            if booking.status in CALLED_OFF:
                raise Refused(_("This appointment was canceled in Square."), code="called_off")
            if booking.arrived_at is None:
                booking.arrived_at, booking.arrived_by = act.now, act.actor.name
            return {}

        work.once("mark_arrived", {"booking": booking_id}, mark)

    transact(store, act, do)


def unmark_arrived(store: Store, act: Act, booking_id: str) -> None:
    """Take the note back: the client is expected again. Idempotent. Raises NotFound."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)

    def do(work: Work) -> None:
        booking = booking_for_change(work.session, booking_id)

        def unmark() -> dict[str, Any]:
            booking.arrived_at, booking.arrived_by = None, ""
            return {}

        work.once("unmark_arrived", {"booking": booking_id}, unmark)

    transact(store, act, do)
