"""Square Appointments over the wire: events, the sync of the calendar, and the names behind ids."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.moments import day_at
from plugin.courses.base.clinic import read_clinic
from plugin.courses.clients.clients import create_client
from plugin.courses.visits.arrivals import Arrival, arrivals_on
from plugin.courses.visits.booked_visits import use_booking
from plugin.errors import SquareFailed
from plugin.square.client import SquareNotFound
from plugin.square.events.bookings import booking_of, handle_booking_updated
from plugin.square.parsing import rfc3339
from plugin.square.sync import sync
from plugin.store import Store
from plugin.store.square_side import Booking
from tests.square.clinic import LOCATION, OWNER, Clinic, keep
from tests.square.conftest import OpenClinic


def at(clinic: Clinic, **later: float) -> str:
    return rfc3339(clinic.clock() + timedelta(**later))


def arrivals(clinic: Clinic) -> list[Arrival]:
    now = clinic.clock()
    today = day_at(now, read_clinic(clinic.services.store).zone)
    return list(arrivals_on(clinic.services.store, today, now=now) or ())


def kept(clinic: Clinic, *columns: Any) -> list[tuple[Any, ...]]:
    """The named columns of every stored booking, by time."""
    with clinic.services.store.reading() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Booking.start_at))]


def swept(clinic: Clinic, kind: str = "booking") -> list[Any]:
    """What a sync found of this kind; then it is handled."""
    found = [one["id"] for one in sync(clinic.services).found if one["kind"] == kind]
    clinic.work()
    return found


def test_an_event_brings_the_appointment_with_its_names(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana", family_name="Souza")
    lite_clinic.sell("twelve", customer_id=ana["id"])
    booking = lite_clinic.till.book(at(lite_clinic, hours=1), customer_id=ana["id"])
    lite_clinic.catch_up()
    (arrival,) = arrivals(lite_clinic)
    assert (arrival.name, arrival.practitioner) == ("Ana Souza", "A. Kim")
    assert arrival.service == "Single visit, facial acupuncture, 60 min"
    used = use_booking(lite_clinic.services.store, Act(OWNER, lite_clinic.clock(), "tap"), booking["id"])
    assert used.sessions_left == 11
    assert lite_clinic.is_sound()


def test_a_stranger_goes_by_their_square_name_until_they_buy(lite_clinic: Clinic) -> None:
    zoe = lite_clinic.till.add_customer(given_name="Zoë", family_name="Nobody")
    lite_clinic.till.book(at(lite_clinic, hours=1), customer_id=zoe["id"])
    lite_clinic.till.book(at(lite_clinic, hours=2))
    lite_clinic.catch_up()
    assert [(each.name, each.client_id) for each in arrivals(lite_clinic)] == [
        ("Zoë Nobody", None),
        ("", None),
    ]
    lite_clinic.sell("ten", customer_id=zoe["id"])
    lite_clinic.catch_up()
    assert arrivals(lite_clinic)[0].course is not None


def test_a_client_made_at_the_desk_is_known_by_name_and_phone(lite_clinic: Clinic) -> None:
    act = Act(OWNER, lite_clinic.clock(), "made")
    made = create_client(lite_clinic.services.store, act, name="Bela Costa", phone="415 555 0199")
    bela = lite_clinic.till.add_customer(given_name="Bela", family_name="Costa", phone_number="+14155550199")
    lite_clinic.till.book(at(lite_clinic, hours=1), customer_id=bela["id"])
    lite_clinic.catch_up()
    assert [each.client_id for each in arrivals(lite_clinic)] == [made.id]


def test_changes_may_come_twice_and_in_any_order(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_duplicate_events=True, has_shuffled_events=True)
    booking = lite_clinic.till.book(at(lite_clinic, hours=1))
    for status in ("CANCELLED_BY_CUSTOMER", "ACCEPTED", "NO_SHOW"):
        lite_clinic.till.set_booking_status(booking["id"], status)
    lite_clinic.catch_up()
    assert kept(lite_clinic, Booking.version, Booking.status) == [(3, "NO_SHOW")]


def test_an_answer_from_before_the_event_does_not_hide_it(lite_clinic: Clinic) -> None:
    booking = lite_clinic.till.book(at(lite_clinic, hours=1))
    lite_clinic.till.set_booking_status(booking["id"], "NO_SHOW")
    lite_clinic.till.forge("booking", booking["id"], {"version": 0, "status": "ACCEPTED"})
    lite_clinic.catch_up()
    assert kept(lite_clinic, Booking.version, Booking.status) == [(1, "NO_SHOW")]


def test_without_webhooks_the_look_brings_everything_once(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_withheld_events=True, has_empty_pages=True)
    yesterday = lite_clinic.till.book(at(lite_clinic, days=-1))
    morning = lite_clinic.till.book(at(lite_clinic, hours=-2))
    later = lite_clinic.till.book(at(lite_clinic, days=20))
    last = lite_clinic.till.book(at(lite_clinic, days=87))
    lite_clinic.till.book(at(lite_clinic, days=90))
    lite_clinic.till.book(at(lite_clinic, days=-3))
    assert swept(lite_clinic) == [yesterday["id"], morning["id"], later["id"], last["id"]]
    assert swept(lite_clinic) == []
    lite_clinic.till.set_booking_status(morning["id"], "NO_SHOW")
    lite_clinic.till.set_booking_status(later["id"], "CANCELLED_BY_SELLER")
    assert swept(lite_clinic) == [morning["id"], later["id"]]
    assert [each.state for each in arrivals(lite_clinic)] == ["no_show"]


def test_without_webhooks_one_moved_out_of_sight_is_followed(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_withheld_events=True)
    booking = lite_clinic.till.book(at(lite_clinic, hours=1))
    assert swept(lite_clinic) == [booking["id"]]
    lite_clinic.till.forge("booking", booking["id"], {"version": 1, "start_at": at(lite_clinic, days=40)})
    assert swept(lite_clinic) == [booking["id"]]
    assert arrivals(lite_clinic) == []


def test_a_team_we_may_not_see_and_a_service_that_is_gone_leave_the_names_open(lite_clinic: Clinic) -> None:
    booking = lite_clinic.till.book(at(lite_clinic, hours=1))
    lite_clinic.till.forge(
        "booking",
        booking["id"],
        {
            "appointment_segments": [{"team_member_id": "TM-GONE", "service_variation_id": "SV-GONE"}],
            "version": 1,
        },
    )
    lite_clinic.catch_up()
    assert kept(lite_clinic, Booking.service_name, Booking.team_member_name) == [("", "")]


def test_of_a_booking_that_square_has_no_more_the_event_is_what_counts(lite_clinic: Clinic) -> None:
    """It names neither a client nor a service nor a team member, as a block of time does not."""
    block = {"id": "gone", "version": 0, "status": "ACCEPTED", "start_at": at(lite_clinic, hours=1)}
    keep(lite_clinic.services, _told({"booking": {**block, "location_id": LOCATION}}))
    lite_clinic.work()
    names = kept(lite_clinic, Booking.square_booking_id, Booking.service_name, Booking.team_member_name)
    assert names == [("gone", "", "")]
    with pytest.raises(SquareNotFound):
        handle_booking_updated(lite_clinic.services, {"id": "gone:1"})
    with pytest.raises(SquareFailed, match="booking version"):
        booking_of({**block, "version": -1})


def _told(carried: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": "told",
        "type": "booking.updated",
        "data": {"id": "gone:0", "type": "booking", "object": carried},
    }


def test_a_booking_of_another_location_is_not_ours(sqlite_url: str, open_clinic: OpenClinic) -> None:
    with Store(sqlite_url) as store:
        clinic = open_clinic(store, SQUARE_LOCATION_ID=LOCATION)
        for place in (LOCATION, "L-ELSEWHERE"):
            booking = clinic.till.book(at(clinic, hours=1))
            clinic.till.forge("booking", booking["id"], {"location_id": place, "version": 1})
        clinic.catch_up()
        assert kept(clinic, Booking.square_location_id) == [(LOCATION,)]
