"""The clinic's appointments for tests: reported as Square would, settled as the desk does."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from plugin.core.acts import SQUARE
from plugin.courses.base.views import Used
from plugin.courses.visits.arrivals import Arrival, arrivals_on
from plugin.courses.visits.booked_visits import link_booking, take_back, use_booking
from plugin.courses.visits.bookings import BookingRecord, save_booking_in
from plugin.courses.visits.no_shows import MissedVisit, decide_no_show
from tests.clock import START
from tests.courses.desk import FACIAL, Desk
from tests.replay import once


class Appointments:
    """Square's calendar beside a desk; ten in the morning by default."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._last: dict[str, BookingRecord] = {}

    def told(self, booking_id: str = "B1", *, version: int | None = None, **said: Any) -> str:
        """Have Square report an appointment: Ana's for a facial, or the one reported last with its changes."""
        first = BookingRecord(
            booking_id, -1, "ACCEPTED", START, 60, None, "CUSTOMER-ANA", None, None, START, "", FACIAL
        )
        last = self._last.get(booking_id, first)
        version = last.version + 1 if version is None else version
        now = replace(last, version=version, **said)
        self._last[booking_id] = now
        store, act = self.desk.store, self.desk.act(SQUARE)
        return once(
            store, (act, now), lambda: store.transact(lambda session: save_booking_in(session, act, now))
        )

    def arrivals(self, day: date | None = None) -> tuple[Arrival, ...] | None:
        return arrivals_on(self.desk.store, day or self.desk.today, now=self.desk.clock())

    def one(self, booking_id: str = "B1", day: date | None = None) -> Arrival:
        return next(each for each in self.arrivals(day) or () if each.booking_id == booking_id)

    def use(self, booking_id: str = "B1", *, key: str | None = None, **chosen: Any) -> Used:
        return use_booking(self.desk.store, self.desk.act(key=key), booking_id, **chosen)

    def missed(
        self, decision: str, booking_id: str = "B1", *, key: str | None = None, **chosen: Any
    ) -> MissedVisit:
        return decide_no_show(self.desk.store, self.desk.act(key=key), booking_id, decision, **chosen)

    def link(self, entry_id: str, booking_id: str = "B1", *, key: str | None = None) -> Used:
        return link_booking(self.desk.store, self.desk.act(key=key), booking_id, entry_id)

    def undo(self, booking_id: str = "B1", *, key: str | None = None) -> str | None:
        return take_back(self.desk.store, self.desk.act(key=key), booking_id, "Wrong row")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
