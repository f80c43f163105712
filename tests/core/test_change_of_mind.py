"""The last day to change one's mind, by profile: the day of the sale does not count."""

from datetime import date
from typing import get_args

import pytest

from plugin.core.change_of_mind import NONE, profiles
from plugin.settings import ChangeOfMindKey

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("key", "sold_on", "last"),
    [
        ("us_general", FRIDAY, date(2026, 12, 1)),  # Saturday counts
        ("california", FRIDAY, date(2026, 12, 4)),
        ("new_york", FRIDAY, date(2026, 12, 2)),
        ("eu_distance", FRIDAY, date(2026, 12, 11)),
        ("eu_distance", date(2026, 11, 28), date(2026, 12, 14)),  # a Saturday moves to Monday
        ("uk_distance", date(2026, 11, 28), date(2026, 12, 12)),
        ("singapore", FRIDAY, date(2026, 12, 4)),
        ("china", FRIDAY, date(2026, 12, 4)),
    ],
)
def test_the_last_day(key: str, sold_on: date, last: date) -> None:
    assert profiles()[key].last_day(sold_on) == last


def test_a_day_on_which_the_clinic_is_closed_is_no_working_day() -> None:
    closed = {date(2026, 11, 30)}
    assert profiles()["singapore"].last_day(FRIDAY, closed) == date(2026, 12, 7)
    assert profiles()["china"].last_day(FRIDAY, closed) == date(2026, 12, 4)


def test_every_profile_can_be_chosen_and_has_its_source() -> None:
    assert {NONE, *profiles()} == set(get_args(ChangeOfMindKey))
    assert all(each.source and each.title for each in profiles().values())


def test_a_period_for_distance_sales_is_not_one_of_what_was_agreed_at_the_clinic() -> None:
    distance, everywhere = profiles()["eu_distance"], profiles()["california"]
    assert [distance.applies(channel) for channel in ("clinic", "distance")] == [False, True]
    assert [everywhere.applies(channel) for channel in ("clinic", "distance")] == [True, True]
