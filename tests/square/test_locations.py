"""The clinic's particulars come from its Square location once, and what a person typed stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugin.core.acts import Act
from plugin.courses.clinic import is_named, read_clinic, save_clinic
from plugin.house import House
from plugin.practice.serving import PracticeServer
from plugin.square.locations import adopt_location, watched_locations
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.square.clinic import LOCATION, OWNER, house_of, settings_for


@pytest.fixture
def house(practice: PracticeServer, sqlite_url: str, clock: HandMovedClock) -> Iterator[House]:
    with Store(sqlite_url) as store:
        opened = house_of(settings_for(practice.base_url), store, clock)
        yield opened
        opened.close()


def test_a_clinic_nobody_has_named_is_filled_in(house: House) -> None:
    assert adopt_location(house)
    clinic = read_clinic(house.store)
    assert clinic.name == "Juniper Facial Acupuncture"
    assert clinic.address == "1180 Ocean Park Boulevard\nSuite 4\nSanta Monica, CA 90405"
    assert (clinic.country, clinic.time_zone, clinic.currency, clinic.page_size) == (
        "US",
        "America/Los_Angeles",
        "USD",
        "letter",
    )
    assert clinic.square_location_id == LOCATION


def test_what_a_person_typed_stays(house: House) -> None:
    typed = replace(read_clinic(house.store), name="Our own name", phone="+1 212 555 0100")
    save_clinic(house.store, Act(OWNER, house.clock(), "k"), typed)
    assert adopt_location(house)
    clinic = read_clinic(house.store)
    assert (clinic.name, clinic.phone) == ("Our own name", "+1 212 555 0100")
    assert clinic.square_location_id == LOCATION
    assert clinic.address.startswith("1180 Ocean Park")


def test_a_square_that_cannot_be_asked_is_no_reason_not_to_start(
    house: House, practice: PracticeServer
) -> None:
    practice.control.set_faults(fail_next=1)
    assert not adopt_location(house)
    assert not is_named(house.store)
    assert adopt_location(house)


def test_all_active_locations_are_watched_unless_one_is_set(house: House) -> None:
    assert watched_locations(house) == [LOCATION]
    only = replace(house, settings=house.settings.model_copy(update={"square_location_id": "L1"}))
    assert watched_locations(only) == ["L1"]
