"""The clinic's details are read from its Square location once, and what a person typed stays."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from plugin.core.acts import Act
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.base.clinic import is_named, read_clinic, read_hours, save_clinic, save_hours
from plugin.services import Services
from plugin.square.client import SquareClient
from plugin.square.locations import adopt_location, watched_locations
from plugin.store import Store
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.square.clinic import LOCATION, OWNER, house_of, settings_for


@pytest.fixture
def services(practice: PracticeServer, lite_store: Store, clock: HandMovedClock) -> Iterator[Services]:
    opened = house_of(settings_for(practice.base_url), lite_store, clock)
    yield opened
    opened.close()


def test_a_clinic_nobody_has_named_is_filled_in(services: Services) -> None:
    assert adopt_location(services)
    clinic = read_clinic(services.store)
    assert clinic.name == "Juniper Facial Acupuncture"
    assert clinic.address == "1180 Ocean Park Boulevard\nSuite 4\nSanta Monica, CA 90405"
    assert (clinic.country, clinic.time_zone, clinic.currency, clinic.page_size) == (
        "US",
        "America/Los_Angeles",
        "USD",
        "letter",
    )
    assert clinic.square_location_id == LOCATION


def test_what_a_person_typed_stays(services: Services) -> None:
    typed = replace(read_clinic(services.store), name="Our own name", phone="+1 212 555 0100")
    save_clinic(services.store, Act(OWNER, services.clock(), "k"), typed)
    assert adopt_location(services)
    clinic = read_clinic(services.store)
    assert (clinic.name, clinic.phone) == ("Our own name", "+1 212 555 0100")
    assert clinic.square_location_id == LOCATION
    assert clinic.address.startswith("1180 Ocean Park")


def test_a_square_that_cannot_be_asked_is_no_reason_not_to_start(
    services: Services, practice: PracticeServer
) -> None:
    practice.control.set_faults(fail_next=1)
    assert not adopt_location(services)
    assert not is_named(services.store)
    assert adopt_location(services)


def test_all_active_locations_are_watched_unless_one_is_set(services: Services) -> None:
    assert watched_locations(services) == [LOCATION]
    only = replace(
        services, settings_source=services.settings.model_copy(update={"square_location_id": "L1"})
    )
    assert watched_locations(only) == ["L1"]


class Place:
    """A Square whose one location has these opening hours."""

    def __init__(self, business_hours: object) -> None:
        self._answer = {"id": LOCATION, "timezone": "America/New_York", "business_hours": business_hours}

    def location(self, _id: str) -> dict[str, object]:
        return self._answer


def adopted(services: Services, business_hours: object) -> OpeningHours:
    place = cast(SquareClient, Place(business_hours))
    assert adopt_location(replace(services, square=place))
    return read_hours(services.store)


def period(day: str, start: str, end: str) -> dict[str, str]:
    return {"day_of_week": day, "start_local_time": start, "end_local_time": end}


def test_the_opening_hours_of_square_are_taken_over(services: Services) -> None:
    periods = [
        period("MON", "13:00:00", "18:30:00"),
        period("MON", "09:00:00", "12:00:00"),
        period("SUN", "18:00:00", "00:00:00"),
    ]
    hours = adopted(services, {"periods": periods})
    assert hours.week[0] == (Interval(540, 720), Interval(780, 1110))
    assert hours.week[6] == (Interval(1080, 1440),)
    assert (hours.week[1], hours.time_zone, hours.is_assumed) == ((), "America/New_York", False)


def test_opening_hours_that_a_person_entered_stay(services: Services) -> None:
    mine = OpeningHours(((Interval(600, 660),), *((),) * 6))
    save_hours(services.store, Act(OWNER, services.clock(), "k"), mine)
    assert adopted(services, {"periods": [period("TUE", "09:00", "17:00")]}).week == mine.week


@pytest.mark.parametrize(
    "business_hours",
    [
        None,
        "always",
        {"periods": None},
        {"periods": ["MON"]},
        {"periods": [period("MON", "nine", "five")]},
        {"periods": [period("MON", "18:00", "09:00")]},
        {"periods": [period("MON", "09:00", "17:00"), period("MON", "10:00", "18:00")]},
    ],
)
def test_opening_hours_that_can_not_be_read_are_left(services: Services, business_hours: object) -> None:
    assert adopted(services, business_hours).is_assumed
