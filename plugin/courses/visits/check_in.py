"""A client checks in for today's appointment by the code of their paper, or by name and the end of their phone number.

It records that they have arrived; a session is used by the desk, or here where the owner wants that. Only clients with
an appointment today are looked at, and whoever is not one of them gets the same answer for every reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.moments import day_at
from plugin.core.text import digits, name_key
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.work import Work, allowed, transact
from plugin.courses.clients.private_page import client_of_code
from plugin.courses.visits.arrivals import Arrival, arrivals_on, bookings_of_day
from plugin.courses.visits.booked_visits import use_booking
from plugin.courses.visits.bookings import CALLED_OFF, booking_for_change
from plugin.errors import CoursekeeperError, Refused
from plugin.store import Store
from plugin.store.tables import Client, SquareCustomer
from plugin.wording import _

LAST_DIGITS = 4
# Who comes for a treatment at 10:00 has arrived for the one at 10:30 as well, and not yet for the one at 4:00.
ARRIVES_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class WhoArrived:
    """What a client shows: the code of a paper, or else name and last digits of the phone."""

    code: str = ""
    name: str = ""
    last_digits: str = ""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """Their own sessions left after today and ever granted, None where they have no package that can be used."""

    left: int | None = None
    granted: int | None = None
    # Who it is, for what is asked next; nothing shows it.
    client_id: str = field(default="", compare=False)


def check_in(
    store: Store,
    act: Act,
    who: WhoArrived,
    *,
    uses_session: bool = False,
    has_mail: bool = False,
    needs_check: bool = False,
) -> CheckedIn | None:
    """Record that the client has arrived; None for anybody without an appointment today. Again is the same.

    `uses_session`: use the booked visit as well, where that needs no decision. `needs_check`: as for `use_session`.
    """
    require(act.actor, Role.DESK)
    by_code = client_of_code(store, who.code) if who.code else None

    def do(work: Work) -> tuple[str, str] | None:
        theirs = _bookings_of(work, who, by_code)
        for booking in theirs:
            row = booking_for_change(work.session, booking.square_booking_id)
            if row.arrived_at is None:
                row.arrived_at, row.arrived_by = work.now, work.act.actor.name
        if not theirs:
            return None
        (client,) = {each.id for each in _clients_of(work.session, theirs[:1]).values()}
        return theirs[0].square_booking_id, client

    found = transact(store, act, do)
    if found is None:
        return None
    booking_id, client_id = found
    if uses_session:
        _use(store, act, booking_id, has_mail, needs_check)
    return replace(_standing(_arrival(store, act, booking_id)), client_id=client_id)


def _bookings_of(work: Work, who: WhoArrived, by_code: str | None) -> Sequence[Row[Any]]:
    """Return the appointment they come for, and those soon after it; none where it is not clear who they are."""
    session, clinic = work.session, clinic_in(work.session)
    day = day_at(work.now, clinic.zone)
    rows = [
        row
        for row in bookings_of_day(session, day, clinic.zone)
        if row.status not in CALLED_OFF and row.outcome in (None, "used")
    ]
    clients = _clients_of(session, rows)
    found = {client.id for client in clients.values() if _is_who(client, who, by_code)}
    if len(found) != 1:
        return ()
    theirs = [
        row for row in rows if (known := clients.get(row.square_customer_id or "")) and known.id in found
    ]
    first = min(theirs, key=lambda row: abs(row.start_at - work.now))
    soon = [row for row in theirs if timedelta() < row.start_at - first.start_at <= ARRIVES_FOR]
    return (first, *soon)


def _clients_of(session: Session, rows: Sequence[Row[Any]]) -> dict[str, Client]:
    ids = {row.square_customer_id for row in rows if row.square_customer_id}
    found = session.execute(
        select(SquareCustomer.square_customer_id, Client)
        .join(Client, Client.id == SquareCustomer.client_id)
        .where(SquareCustomer.square_customer_id.in_(ids), Client.erased_at.is_(None))
    )
    return dict(found.all())


def _is_who(client: Client, who: WhoArrived, by_code: str | None) -> bool:
    if who.code:
        return client.id == by_code
    typed, known = set(name_key(who.name).split()), set(name_key(client.name).split())
    # A middle name may be left out, a last name not.
    is_name = typed == known or (len(typed) > 1 and typed < known)
    last = digits(who.last_digits)
    return is_name and len(last) == LAST_DIGITS and digits(client.phone or "").endswith(last)


def _use(store: Store, act: Act, booking_id: str, has_mail: bool, needs_check: bool) -> None:
    try:
        use_booking(
            store,
            replace(act, key=f"{act.key}-use"),
            booking_id,
            has_mail=has_mail,
            needs_check=needs_check,
        )
    except CoursekeeperError:
        # A second charge of the day, nothing left, nothing paid: the desk sees the arrival, and decides.
        return


def _arrival(store: Store, act: Act, booking_id: str) -> Arrival | None:
    with store.reading() as session:
        today = local_date_in(session, act.now)
    arrivals = arrivals_on(store, today, now=act.now) or ()
    return next((each for each in arrivals if each.booking_id == booking_id), None)


def _standing(arrival: Arrival | None) -> CheckedIn:
    """Return what is left of a package of their own; of one that is shared with them nothing is told."""
    if arrival is None or arrival.course is None or arrival.allowance is None:
        return CheckedIn()
    if arrival.course.client_id != arrival.client_id or arrival.allowance.kind != "main":
        return CheckedIn()
    is_used = arrival.state == "used" or arrival.charged_elsewhere is not None
    if not is_used and not arrival.allowance.usable_now:
        return CheckedIn()
    return CheckedIn(arrival.allowance.left - (not is_used), arrival.allowance.granted)


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
