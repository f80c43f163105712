"""When a copy is due, and which are kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.backups.folder import DAILY, HOURLY, MONTHLY, is_due, kept
from plugin.core.opening_hours import assumed_hours

LA = ZoneInfo("America/Los_Angeles")
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LA)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, "2026-11-22 03:00", True),
        ("2026-11-22 10:00", "2026-11-22 10:59", False),
        ("2026-11-22 10:00", "2026-11-22 11:00", True),
        # One after closing at 21:00, and no more that night.
        ("2026-11-22 20:30", "2026-11-22 20:59", False),
        ("2026-11-22 20:30", "2026-11-22 21:00", True),
        ("2026-11-22 21:00", "2026-11-23 06:59", False),
        # The first of the day an hour after the last at the latest.
        ("2026-11-22 21:00", "2026-11-23 07:00", True),
        # The computer's clock was set back.
        ("2026-11-22 12:00", "2026-11-22 08:00", True),
        ("2026-11-22 08:01", "2026-11-22 08:00", False),
        # The night in which the clock is changed is an hour shorter, or longer.
        ("2026-03-07 21:00", "2026-03-08 06:59", False),
        ("2026-03-07 21:00", "2026-03-08 07:00", True),
        ("2026-10-31 21:00", "2026-11-01 06:59", False),
    ],
)
def test_a_copy_is_due_each_hour_while_open_and_once_after_closing(
    last: str | None, now: str, due: bool
) -> None:
    assert is_due(at(now), at(last) if last else None, assumed_hours("America/Los_Angeles")) is due


@given(st.sets(TIMES, max_size=120))
def test_what_is_kept_is_kept_again_and_the_newest_always(times: set[datetime]) -> None:
    stay = kept(times, LA)
    assert stay <= times
    assert len(stay) <= HOURLY + DAILY + MONTHLY
    assert kept(stay, LA) == stay
    assert not times or max(times) in stay


@given(st.sets(TIMES, min_size=1, max_size=120), TIMES)
def test_a_new_copy_drops_no_more_than_its_place(times: set[datetime], new: datetime) -> None:
    """However copies come, each of the periods keeps its latest one."""
    assert len(kept(times, LA) - kept({*times, new}, LA)) <= 3


def test_a_year_of_hourly_copies_leaves_hours_days_and_months() -> None:
    now, times = datetime(2026, 12, 31, 23, 0, tzinfo=UTC), set[datetime]()
    at_hour = now - timedelta(days=400)
    while at_hour <= now:
        times = kept({*times, at_hour}, LA)
        at_hour += timedelta(hours=1 if now - at_hour < timedelta(days=3) else 6)
    days = {each.astimezone(LA).date() for each in times}
    assert {now - timedelta(hours=back) for back in range(HOURLY)} <= times
    assert {(now.astimezone(LA) - timedelta(days=back)).date() for back in range(DAILY)} <= days
    assert {(2026, month) for month in range(1, 13)} <= {(day.year, day.month) for day in days}


def test_the_hour_that_comes_twice_has_two_copies() -> None:
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (8, 9))
    assert first.astimezone(LA).hour == second.astimezone(LA).hour == 1
    assert kept({first, second}, LA) == {first, second}
