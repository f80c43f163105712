"""The clinic's details are read from its Square location once, and what a person typed stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugin.core.acts import Act
from plugin.courses.base.clinic import is_named, read_clinic, save_clinic
from plugin.services import Services
from plugin.square.locations import adopt_location, watched_locations
from plugin.store import Store
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.square.clinic import LOCATION, OWNER, house_of, settings_for


@pytest.fixture
def services(practice: PracticeServer, sqlite_url: str, clock: HandMovedClock) -> Iterator[Services]:
    with Store(sqlite_url) as store:
        opened = house_of(settings_for(practice.base_url), store, clock)
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
