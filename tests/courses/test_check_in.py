"""Checking in for today's appointment, on both engines: recorded once, and using a session only where it may."""

import pytest

from plugin.core.acts import Actor, Role, Source
from plugin.courses.visits.check_in import CheckedIn, WhoArrived, check_in
from plugin.errors import NotAllowed
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk

ANA = WhoArrived(name="Ana Souza", last_digits="0123")
SCREEN = Actor("Check-in screen", Role.DESK, Source.DESK)


def test_it_is_recorded_once_and_uses_the_session_once(desk: Desk) -> None:
    course, appointments = desk.sell(desk.package()), Appointments(desk)
    assert check_in(desk.store, desk.act(SCREEN), ANA) is None
    appointments.told()
    for uses_session in (False, False, True, True):
        done = check_in(desk.store, desk.act(SCREEN), ANA, uses_session=uses_session)
        assert done == CheckedIn(11, 12)
        desk.clock.advance(minutes=1)
        assert desk.course(course).used == uses_session
    assert appointments.one().state == "used"
    # The desk may undo it, and the client is still here.
    appointments.undo()
    assert desk.course(course).used == 0
    assert appointments.one().arrived_at is not None


def test_a_practitioner_may_not(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        check_in(desk.store, desk.act(Actor("Kim", Role.PRACTITIONER, Source.DESK)), ANA)
