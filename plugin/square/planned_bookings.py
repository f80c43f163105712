"""Outbox job of a planned visit: its appointment is booked, moved or canceled in Square Appointments.

Before anything is booked, Square is asked for the client's appointments of that day: an answer that was lost, and an
appointment that somebody else made, are found there. Square lets a seller book over other appointments, so that only
times it shows as free are taken.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from plugin.core.acts import SQUARE
from plugin.core.moments import day_at
from plugin.courses.base.clinic import hours_of, read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, transact
from plugin.courses.clients.clients import read_client
from plugin.courses.visits.bookings import CALLED_OFF, NO_SHOW
from plugin.courses.visits.plan_bookings import (
    WAITING,
    PlannedBooking,
    booked_in,
    called_off_in,
    is_planned_in,
    planned_booking,
    refused_in,
    unbooked_in,
)
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import location_of
from plugin.square.client import SquareNotFound
from plugin.square.customers import current_profile
from plugin.square.events.bookings import booking_effects, booking_of
from plugin.square.events.effects import write_effects
from plugin.square.parsing import Json, moment, optional_id, records, text
from plugin.wording import N_

_OVER = (*CALLED_OFF, NO_SHOW)
# As Square takes them: free times of a day to 32 days.
_BEFORE, _AFTER = timedelta(days=3), timedelta(days=8)
_SOON_S = 20.0
_NOTE = "Planned in Coursekeeper"
_NO_PROFILE = N_("the client has no profile in Square’s directory.")
_NO_SERVICE = N_("Settings, Appointments names no service for this treatment.")
_NO_TIME = N_("Square has no free time then.")
_NOT_ALLOWED = ("square_scope", "square_plan")


def run_planned_booking(services: Services, job: Job) -> str | RunAgain:
    """Book, move or cancel; what Square refuses is recorded for the pages. Raises SquareFailed to be run again."""
    wish = planned_booking(services.store, job.subject, now=services.clock())
    if wish is None:
        return "The visit is no longer planned."
    try:
        return _Booking(services, job, wish).run()
    except SquareFailed as error:
        why, is_of_all = error.message, error.code in _NOT_ALLOWED
        if not (error.permanent or is_of_all):
            raise
        return _written(services, job, lambda work: refused_in(work, wish.visit_id, why, is_of_all=is_of_all))


def give_up_planned_booking(services: Services, job: Job, sentence: str) -> None:
    """Record that the appointment is not booked."""
    if planned_booking(services.store, job.subject, now=services.clock()) is not None:
        _written(services, job, lambda work: refused_in(work, job.subject, sentence))


class _Booking:
    """One run of the job of one planned visit."""

    def __init__(self, services: Services, job: Job, wish: PlannedBooking) -> None:
        self._services = services
        self._square = services.square
        self._job = job
        self._wish = wish

    def run(self) -> str | RunAgain:
        if not self._services.settings.book_appointments:
            return self._unbooked("Booking in Square is switched off.")
        if self._wish.is_dropped:
            return self._cancel()
        if self._wish.at <= self._services.clock():
            return self._unbooked("The planned time has passed.")
        standing = self._standing(self._wish.square_booking_id)
        return self._book() if standing is None else self._move(standing)

    def _book(self) -> str | RunAgain:
        wish = self._wish
        customer_id = self._customer_id()
        why = wish.refusal or (
            _NO_PROFILE if customer_id is None else "" if wish.square_service_id else _NO_SERVICE
        )
        if customer_id is None or why:
            return self._refused(why)
        all_found = self._of_that_day(customer_id)
        found = list(filter(_is_live, all_found))
        ours = [one for one in found if self._is_ours(one)]
        if ours:
            return self._keep(ours[0])
        canceled = [one for one in all_found if self._is_ours(one) and text(one.get("status")) in CALLED_OFF]
        if canceled:
            # Booked by a call whose answer was lost, and canceled since: the same call again would bring it back.
            return self._write(lambda work: called_off_in(work, wish.visit_id), with_booking=canceled[0])
        if found:
            return self._booked_otherwise(found[0])
        free = self._free(None)
        if wish.at not in free:
            return self._refused(_NO_TIME, self._nearest(free))
        wanted = {
            "location_id": location_of(self._services),
            "customer_id": customer_id,
            "start_at": free[wish.at]["start_at"],
            "seller_note": self._note,
            "appointment_segments": _segments(free[wish.at]),
        }
        return self._keep(self._square.create_booking(self._key("book", wanted), wanted))

    def _move(self, standing: Json) -> str:
        wish, record = self._wish, booking_of(standing)
        if record.start_at == wish.at:
            return self._keep(standing)
        free = self._free(record.square_booking_id)
        if wish.at not in free:
            return self._refused(_NO_TIME, self._nearest(free), with_booking=standing)
        changes = {
            "version": record.version,
            "start_at": free[wish.at]["start_at"],
            "appointment_segments": _segments(free[wish.at]),
        }
        key = self._key("move", changes)
        return self._keep(self._square.update_booking(key, record.square_booking_id, changes))

    def _cancel(self) -> str:
        standing = self._standing(self._wish.square_booking_id)
        if self._wish.square_booking_id is None and self._wish.state == WAITING:
            standing = self._lost()
        if standing is None or booking_of(standing).start_at <= self._services.clock():
            return self._unbooked("Nothing to cancel.")
        record = booking_of(standing)
        key = self._key("cancel", {"version": record.version})
        canceled = self._square.cancel_booking(key, record.square_booking_id, record.version)
        outcome = "The appointment is canceled."
        return self._write(
            lambda work: unbooked_in(work, self._wish.visit_id, outcome), with_booking=canceled
        )

    def _lost(self) -> Json | None:
        """Return the appointment that was booked by a call whose answer was lost, None where there is none."""
        customer_id = self._customer_id()
        found = filter(_is_live, self._of_that_day(customer_id) if customer_id else [])
        return next((one for one in found if self._is_ours(one) and not self._is_planned(one)), None)

    def _standing(self, booking_id: str | None) -> Json | None:
        """Return the appointment, None where there is none any more."""
        if booking_id is None:
            return None
        try:
            found = self._square.booking(booking_id)
        except SquareNotFound:
            return None
        return found if _is_live(found) else None

    def _of_that_day(self, customer_id: str) -> list[Json]:
        zone = read_clinic(self._services.store).zone
        begins, ends = hours_of(day_at(self._wish.at, zone), zone)
        pages = self._square.bookings(begins, ends, None, customer_id=customer_id)
        return [one for page in pages for one in page]

    def _booked_otherwise(self, found: Json) -> str | RunAgain:
        if _NOTE in text(found.get("seller_note")) and not self._is_planned(found):
            # That of a plan before this one, which its own job cancels.
            return RunAgain(_SOON_S, "Another appointment of that day is being canceled.")
        outcome = "The client has another appointment that day."
        return self._write(lambda work: unbooked_in(work, self._wish.visit_id, outcome), with_booking=found)

    def _free(self, booking_id: str | None) -> dict[datetime, Json]:
        """Return the free times about the planned one."""
        wish = self._wish
        begins = max(self._services.clock(), wish.at - _BEFORE)
        found = self._square.free_times(
            begins,
            begins + _BEFORE + _AFTER,
            location_id=location_of(self._services),
            service_id=wish.square_service_id or "",
            team_member_id=self._services.settings.booking_team_member_id or None,
            booking_id=booking_id,
        )
        return {moment(one.get("start_at"), "availability start_at"): one for one in found}

    def _nearest(self, free: dict[datetime, Json]) -> Sequence[datetime]:
        near = sorted(free, key=lambda at: (abs(at - self._wish.at), at))[:3]
        return sorted(near)

    def _customer_id(self) -> str | None:
        if self._wish.client_id is None:
            return None
        client = read_client(self._services.store, self._wish.client_id)
        profile = current_profile(self._services, self._job.act(SQUARE, self._services.clock()), client)
        return profile.square_customer_id if profile else None

    @property
    def _note(self) -> str:
        return f"{_NOTE} ({self._wish.visit_id})"

    def _is_ours(self, booking: Json) -> bool:
        return self._note in text(booking.get("seller_note"))

    def _is_planned(self, booking: Json) -> bool:
        with self._services.store.reading() as session:
            return is_planned_in(session, booking_of(booking).square_booking_id)

    def _refused(
        self, why: str, nearest: Sequence[datetime] = (), *, with_booking: Json | None = None
    ) -> str:
        return self._write(
            lambda work: refused_in(work, self._wish.visit_id, why, nearest=nearest),
            with_booking=with_booking,
        )

    def _keep(self, booking: Json) -> str:
        record = booking_of(booking)
        return self._write(lambda work: booked_in(work, self._wish.visit_id, record), with_booking=booking)

    def _unbooked(self, outcome: str) -> str:
        return self._write(lambda work: unbooked_in(work, self._wish.visit_id, outcome))

    def _write(self, do: Callable[[Work], str], *, with_booking: Json | None = None) -> str:
        """Record the outcome, and the appointment as Square has it now, in one transaction."""
        found = booking_effects(self._services, booking_of(with_booking)) if with_booking else None

        def write(work: Work) -> str:
            outcome = do(work)
            if found is not None:
                write_effects(work, found)
            return outcome

        return _written(self._services, self._job, write)

    def _key(self, step: str, body: Any) -> str:
        # The same call after a lost answer has the same key; another time or client has another.
        said = json.dumps([self._wish.visit_id, step, body], sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()


def _is_live(booking: Json) -> bool:
    return text(booking.get("status")) not in _OVER


def _segments(free: Json) -> list[Json]:
    """Return the parts of the appointment as Square offered them, without what it alone writes."""
    return [
        {
            "team_member_id": optional_id(one.get("team_member_id"), "team_member_id"),
            "service_variation_id": optional_id(one.get("service_variation_id"), "service_variation_id"),
            "service_variation_version": one.get("service_variation_version"),
            "duration_minutes": one.get("duration_minutes"),
        }
        for one in records(free.get("appointment_segments"), "appointment segments")
    ]


def _written(services: Services, job: Job, do: Callable[[Work], str]) -> str:
    return transact(services.store, job.act(SQUARE, services.clock()), do)
