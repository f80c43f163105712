"""Opening hours: by the clinic's own clock, on the days when clocks change too."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from plugin.core.opening_hours import (
    MOST_CLOSED_RANGES,
    ClosedDays,
    Interval,
    OpeningHours,
    assumed_hours,
    checked_hours,
)
from plugin.errors import InvalidField

ZONE = "America/New_York"
NINE_TO_SIX = (Interval(9 * 60, 18 * 60),)
WEEKDAYS_ONLY = OpeningHours((*(NINE_TO_SIX,) * 5, (), ()), ZONE)


def at(day: str, time: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(ZONE), fold=fold)


@pytest.mark.parametrize(
    ("time", "is_open"), [("08:59:59", False), ("09:00", True), ("17:59:59", True), ("18:00", False)]
)
def test_it_is_open_from_the_first_moment_to_before_the_last(time: str, is_open: bool) -> None:
    assert WEEKDAYS_ONLY.is_open(at("2026-11-23", time)) == is_open


def test_the_day_is_the_clinics_whatever_the_zone_of_the_question() -> None:
    assert WEEKDAYS_ONLY.is_open(datetime(2026, 11, 23, 22, 59, tzinfo=UTC))
    assert not WEEKDAYS_ONLY.is_open(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


def test_after_friday_it_opens_on_monday() -> None:
    assert WEEKDAYS_ONLY.next_opening(at("2026-11-20", "18:00")) == at("2026-11-23", "09:00")
    assert WEEKDAYS_ONLY.next_opening(at("2026-11-23", "08:59")) == at("2026-11-23", "09:00")
    assert WEEKDAYS_ONLY.next_opening(at("2026-11-23", "09:00")) == at("2026-11-24", "09:00")


def test_a_closed_day_is_closed_and_passed_over() -> None:
    thanksgiving = ClosedDays(date(2026, 11, 26), date(2026, 11, 27))
    hours = OpeningHours(WEEKDAYS_ONLY.week, ZONE, (thanksgiving,))
    assert not hours.is_open(at("2026-11-26", "12:00"))
    assert not hours.is_open(at("2026-11-27", "12:00"))
    assert hours.next_opening(at("2026-11-25", "18:00")) == at("2026-11-30", "09:00")


def test_a_clinic_closed_for_a_year_names_no_opening() -> None:
    for_good = (ClosedDays(date(2026, 1, 1), date(2029, 1, 1)),)
    assert OpeningHours(WEEKDAYS_ONLY.week, ZONE, for_good).next_opening(at("2026-11-25", "18:00")) is None


def test_when_clocks_go_forward_the_left_out_hour_is_an_hour_later() -> None:
    hours = OpeningHours(((Interval(150, 240),),) * 7, ZONE)
    assert hours.next_opening(at("2026-03-08", "00:00")) == at("2026-03-08", "03:30")
    assert not hours.is_open(at("2026-03-08", "03:29"))
    assert hours.is_open(at("2026-03-08", "03:30"))


def test_when_clocks_go_back_the_clinic_opens_once() -> None:
    hours = OpeningHours(((Interval(90, 105),),) * 7, ZONE)
    assert hours.is_open(at("2026-11-01", "01:30"))
    assert not hours.is_open(at("2026-11-01", "01:30", fold=1))
    assert hours.next_opening(at("2026-11-01", "01:45")) == at("2026-11-02", "01:30")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)])
def test_open_around_the_clock_is_as_long_as_the_day(day: str, hours: int) -> None:
    always = OpeningHours(((Interval(0, 1440),),) * 7, ZONE)
    start = at(day, "00:00")
    end = at(str(date.fromisoformat(day) + timedelta(days=1)), "00:00")
    assert always.open_time(start, end) == timedelta(hours=hours)


def test_only_time_while_open_is_counted() -> None:
    friday, monday = at("2026-11-20", "17:30"), at("2026-11-23", "09:10")
    assert WEEKDAYS_ONLY.open_time(friday, monday) == timedelta(minutes=40)
    assert WEEKDAYS_ONLY.open_time(monday, friday) == timedelta()


def test_without_hours_seven_to_nine_is_assumed_every_day_and_marked() -> None:
    hours = assumed_hours(ZONE)
    assert hours.is_assumed
    assert hours.is_open(at("2026-11-22", "07:00"))
    assert not hours.is_open(at("2026-11-22", "21:00"))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ((Interval(600, 600),), "not after the opening"),
        ((Interval(700, 600),), "not after the opening"),
        ((Interval(600, 1441),), "not after the opening"),
        ((Interval(540, 720), Interval(719, 900)), "overlap"),
        (tuple(Interval(n * 60, n * 60 + 30) for n in range(5)), "more than 4"),
    ],
)
def test_impossible_hours_are_refused(day: tuple[Interval, ...], said: str) -> None:
    with pytest.raises(InvalidField, match=said):
        checked_hours(OpeningHours((day, *((),) * 6), ZONE))


def test_a_week_without_an_opening_is_refused() -> None:
    with pytest.raises(InvalidField, match="at least one day"):
        checked_hours(OpeningHours(((),) * 7, ZONE))


def test_closed_days_that_end_before_they_begin_are_refused_and_so_are_too_many() -> None:
    day = ClosedDays(date(2026, 12, 24), date(2026, 12, 24))
    with pytest.raises(InvalidField, match="2026-12-24 is before 2026-12-25"):
        checked_hours(replace(WEEKDAYS_ONLY, closed=(ClosedDays(date(2026, 12, 25), date(2026, 12, 24)),)))
    at_most = replace(WEEKDAYS_ONLY, closed=(day,) * MOST_CLOSED_RANGES)
    assert checked_hours(at_most).closed == (day,)
    with pytest.raises(InvalidField, match=f"at most {MOST_CLOSED_RANGES} closed days"):
        checked_hours(replace(at_most, closed=(*at_most.closed, day)))


def test_closing_at_noon_and_opening_right_after_is_allowed_in_any_order() -> None:
    day = (Interval(720, 900), Interval(540, 720))
    assert checked_hours(OpeningHours((day, *((),) * 6), ZONE)).week[0] == tuple(sorted(day))
