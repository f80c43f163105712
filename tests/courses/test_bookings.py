"""Booked visits: who is expected, one session for one booking, and what Square reports later."""

from dataclasses import replace
from datetime import date

import pytest

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import merge_square_customers
from plugin.courses.clients.contacts import Buyer
from plugin.errors import NoneLeft, NotFound, Refused
from tests.courses.appointments import Appointments, at
from tests.courses.desk import FACIAL, OLGA, TOUCH_UP, Desk
from tests.courses.racing import race

TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)


def test_a_clinic_without_appointments_has_no_arrivals(lite: Appointments) -> None:
    assert lite.arrivals() is None
    lite.told(start_at=at("2026-10-01T18:00:00Z"))
    assert lite.arrivals() is None
    lite.told("B2", start_at=at("2026-11-20T18:00:00Z"))
    assert lite.arrivals() == ()


def test_an_arrival_says_who_what_and_how_many_are_left(lite: Appointments) -> None:
    lite.desk.use(lite.desk.sell(paid_at=at("2026-11-01T18:00:00Z")), visited_on=date(2026, 11, 15))
    lite.told(team_member_name="A. Kim")
    arrival = lite.one()
    assert (arrival.name, arrival.service, arrival.practitioner) == ("Ana Souza", FACIAL, "A. Kim")
    assert arrival.state == "expected"
    assert arrival.allowance is not None
    assert (arrival.allowance.left, arrival.allowance.granted) == (11, 12)
    assert arrival.charged_elsewhere is None


def test_somebody_unknown_goes_by_their_square_name(lite: Appointments) -> None:
    lite.told(square_customer_id="STRANGER", customer_name="Zoë Nobody")
    lite.told("B2", square_customer_id=None)
    known = [(each.name, each.client_id, each.course) for each in lite.arrivals() or ()]
    assert known == [("Zoë Nobody", None, None), ("", None, None)]
    with pytest.raises(Refused, match="not known here yet"):
        lite.use()
    # Their first sale makes them a client; the booking needs no second event.
    lite.desk.sell(buyer=Buyer("STRANGER", name="Zoë Nobody"))
    assert lite.use().sessions_left == 11


def test_a_booking_uses_one_session_however_often_it_is_tapped(lite: Appointments) -> None:
    lite.desk.sell()
    lite.told()
    first = lite.use(key="ipad-one")
    again = [lite.use(key="ipad-one"), lite.use(key="ipad-two"), lite.use()]
    assert {each.entry.id for each in again} == {first.entry.id}
    assert (first.is_repeat, [each.is_repeat for each in again]) == (False, [True] * 3)
    arrival = lite.one()
    assert (arrival.state, arrival.settled_on) == ("used", TODAY)
    assert arrival.allowance is not None
    assert arrival.allowance.left == 11


def test_a_key_of_another_booking_is_refused(lite: Appointments) -> None:
    lite.desk.sell()
    lite.told()
    lite.told("B2")
    lite.use(key="one")
    with pytest.raises(Refused, match="Idempotency-Key"):
        lite.use("B2", key="one")


def test_undo_frees_the_booking_and_it_can_be_used_again(lite: Appointments) -> None:
    course = lite.desk.sell()
    lite.told()
    used = lite.use()
    assert lite.undo(key="undo") is not None
    assert (lite.one().state, lite.desk.balance(course)) == ("expected", (12, 198000))
    # The lost reply's second send, and the other iPad's old button, change nothing.
    assert lite.undo(key="undo") is not None
    assert lite.undo() is None
    again = lite.use()
    assert again.entry.id != used.entry.id
    assert (again.session_number, lite.desk.balance(course)[0]) == (1, 11)


def test_undo_on_the_clients_page_frees_it_too(lite: Appointments) -> None:
    lite.desk.sell()
    lite.told()
    lite.desk.undo(lite.use().entry.id)
    assert lite.one().state == "expected"


@pytest.mark.parametrize(
    ("service", "left"),
    [(TOUCH_UP, (12, 1)), ("touch up 45 MIN", (12, 1)), ("Massage", (11, 2)), ("", (11, 2))],
)
def test_the_service_chooses_the_sessions(lite: Appointments, service: str, left: tuple[int, int]) -> None:
    package = lite.desk.package(touch_ups=2)
    course = lite.desk.sell(package)
    # The touch-ups open when the main sessions are used up: of another, older course here.
    older = lite.desk.sell(
        lite.desk.package(sessions=1, touch_ups=2, name="Older"), paid_at=at("2026-11-01T18:00:00Z")
    )
    lite.desk.use(older)
    lite.told(service_name=service)
    lite.use(known_charges=1)
    now = [each.left for each in lite.desk.course(course).allowances if each.kind == "main"]
    touch_ups = [each.left for each in lite.desk.course(older).allowances if each.kind == "touch_up"]
    assert (*now, *touch_ups) == left


def test_the_course_that_ends_first_is_used_first_and_the_desk_may_choose_another(lite: Appointments) -> None:
    first, second = lite.desk.sell(), lite.desk.sell(lite.desk.package(name="Second"))
    lite.told()
    lite.use(course_id=second)
    assert (lite.desk.balance(first)[0], lite.desk.balance(second)[0]) == (12, 11)
    lite.told("B2", square_customer_id="CUSTOMER-BELA")
    lite.desk.sell(buyer=Buyer("CUSTOMER-BELA", name="Bela Costa"))
    with pytest.raises(Refused, match="another client"):
        lite.use("B2", course_id=first)


@pytest.mark.parametrize(
    ("hired", "fits"), [(["A. Kim"], True), (["A. Kim", "A Kim"], False), (["B. Ode"], False)]
)
def test_the_team_member_is_the_practitioner_where_exactly_one_fits(
    lite: Appointments, hired: list[str], fits: bool
) -> None:
    for number, name in enumerate(hired):
        add_staff(
            lite.desk.store,
            email=f"p{number}@example.org",
            name=name,
            role=Role.PRACTITIONER,
            password_hash="-",
            now=lite.desk.clock(),
        )
    course = lite.desk.sell()
    lite.told(team_member_name="a. kim")
    lite.use()
    assert lite.desk.course(course).visits[0].practitioner == ("A. Kim" if fits else "")


def test_an_older_version_changes_nothing(lite: Appointments) -> None:
    lite.told(version=3, status="CANCELLED_BY_CUSTOMER")
    assert "later version" in lite.told(version=2, status="ACCEPTED")
    assert lite.arrivals() == ()
    lite.told(version=3, status="CANCELLED_BY_CUSTOMER")
    lite.told(version=4, status="ACCEPTED")
    assert [each.state for each in lite.arrivals() or ()] == ["expected"]


@pytest.mark.parametrize("status", ["CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "DECLINED"])
def test_what_is_called_off_vanishes_and_is_not_used(lite: Appointments, status: str) -> None:
    lite.desk.sell()
    lite.told()
    lite.told(status=status)
    assert lite.arrivals() == ()
    for deed in (lite.use, lambda: lite.missed("charge")):
        with pytest.raises(Refused, match="canceled in Square"):
            deed()


def test_called_off_after_the_visit_stays_used(lite: Appointments) -> None:
    course = lite.desk.sell()
    lite.told()
    lite.use()
    lite.told(status="CANCELLED_BY_SELLER")
    arrival = lite.one()
    assert (arrival.state, arrival.is_called_off) == ("used", True)
    assert lite.desk.balance(course)[0] == 11
    lite.undo()
    assert lite.arrivals() == ()


def test_a_booking_moved_to_another_day_is_expected_there(lite: Appointments) -> None:
    lite.desk.sell()
    lite.told()
    lite.told(start_at=at("2026-11-23T18:00:00Z"))
    assert lite.arrivals() == ()
    assert lite.one(day=TOMORROW).state == "expected"
    with pytest.raises(Refused, match="Nov 23, 2026"):
        lite.use()


def test_moved_after_the_visit_it_is_not_used_twice(lite: Appointments) -> None:
    course = lite.desk.sell()
    lite.told()
    lite.use()
    lite.told(start_at=at("2026-11-24T18:00:00Z"))
    lite.desk.clock.advance(days=2)
    arrival = lite.one()
    assert (arrival.state, arrival.settled_on) == ("used", TODAY)
    assert lite.use().is_repeat
    assert lite.desk.balance(course)[0] == 11


def test_yesterdays_visit_is_written_down_on_its_day(lite: Appointments) -> None:
    course = lite.desk.sell(paid_at=at("2026-11-01T18:00:00Z"))
    lite.told(start_at=at("2026-11-21T18:00:00Z"))
    lite.use()
    assert [visit.visited_on for visit in lite.desk.course(course).visits] == [date(2026, 11, 21)]


@pytest.mark.parametrize(
    ("start_at", "day"),
    [
        ("2026-11-22T07:59:59Z", date(2026, 11, 21)),
        ("2026-11-22T08:00:00Z", TODAY),
        ("2026-11-23T07:59:59Z", TODAY),
        ("2026-11-23T08:00:00Z", TOMORROW),
        # The day has 25 hours when summer time ends, 23 when it begins.
        ("2026-11-01T06:59:59Z", date(2026, 10, 31)),
        ("2026-11-01T07:00:00Z", date(2026, 11, 1)),
        ("2026-11-02T07:59:59Z", date(2026, 11, 1)),
        ("2027-03-14T08:00:00Z", date(2027, 3, 14)),
        ("2027-03-15T06:59:59Z", date(2027, 3, 14)),
        ("2027-03-15T07:00:00Z", date(2027, 3, 15)),
    ],
)
def test_a_booking_lies_on_the_clinics_day(lite: Appointments, start_at: str, day: date) -> None:
    lite.told(start_at=at(start_at))
    around = [date.fromordinal(day.toordinal() + step) for step in (-1, 0, 1)]
    assert [len(lite.arrivals(each) or ()) for each in around] == [0, 1, 0]


def test_a_clinic_that_moves_its_clock_moves_its_days(lite: Appointments) -> None:
    lite.told(start_at=at("2026-11-22T23:30:00Z"))
    assert len(lite.arrivals(TODAY) or ()) == 1
    clinic = replace(read_clinic(lite.desk.store), time_zone="Asia/Tokyo")
    save_clinic(lite.desk.store, lite.desk.act(OLGA), clinic)
    assert len(lite.arrivals(TOMORROW) or ()) == 1


def test_a_booking_of_merged_customers_is_the_ones_who_are_left(lite: Appointments) -> None:
    lite.desk.sell()
    other = lite.desk.sell(buyer=Buyer("CUSTOMER-OLD", name="Ana S."))
    lite.told(square_customer_id="CUSTOMER-OLD")
    into = Buyer("CUSTOMER-NEW", name="Ana Souza")
    act = lite.desk.act()
    lite.desk.store.transact(
        lambda session: merge_square_customers(
            Work(session, lite.desk.store, act), from_ids=["CUSTOMER-ANA", "CUSTOMER-OLD"], into=into
        )
    )
    arrival = lite.one()
    assert arrival.name == "Ana Souza"
    assert arrival.client_id == lite.desk.course(other).client_id
    assert not lite.use().is_repeat


def test_a_session_used_on_the_clients_page_is_seen(lite: Appointments) -> None:
    course = lite.desk.sell()
    lite.told()
    lite.told("B2", start_at=at("2026-11-22T20:00:00Z"))
    lite.desk.use(course)
    # One visit is for one of the two bookings.
    assert [each.charged_elsewhere is not None for each in lite.arrivals() or ()] == [True, False]
    lite.use(known_charges=1)
    assert [each.charged_elsewhere is not None for each in lite.arrivals() or ()] == [False, True]


def test_a_client_with_nothing_left_is_told_so(lite: Appointments) -> None:
    lite.desk.use(lite.desk.sell(lite.desk.package(sessions=1)))
    lite.told()
    assert lite.one().course is None
    with pytest.raises(NoneLeft):
        lite.use()
    with pytest.raises(NotFound):
        lite.use("B9")


def test_eight_ipads_use_one_booking_once(desk: Desk) -> None:
    calendar = Appointments(desk)
    course = desk.sell()
    calendar.told()
    answers = race(lambda number: calendar.use(key=f"ipad-{number}").entry.id)
    assert len(set(answers)) == 1
    assert desk.balance(course)[0] == 11


def test_using_undoing_and_charging_at_once_leaves_a_sound_ledger(desk: Desk) -> None:
    calendar = Appointments(desk)
    course = desk.sell()
    calendar.told()

    def tap(number: int) -> object:
        deeds = (calendar.use, calendar.undo, lambda key: calendar.missed("charge", key=key))
        return deeds[number % 3](key=f"tap-{number}")

    race(tap)
    left = 12 if calendar.one().state == "expected" else 11
    assert desk.balance(course)[0] == left
