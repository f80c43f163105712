"""The page of the opening hours."""

from datetime import date

from plugin.core.opening_hours import ClosedDays, Interval
from plugin.courses.base.clinic import read_hours
from plugin.services import Services
from tests.web.visitor import Visitor

ADDRESS = "/clinic/hours"
MONDAY = {"opens_0": "09:00", "closes_0": "12:30", "opens_0_again": "13:30", "closes_0_again": "18:00"}


def test_assumed_hours_say_so_until_some_are_saved(small_olga: Visitor, small_house: Services) -> None:
    assert "7 AM to 9 PM every day is assumed" in small_olga.page(ADDRESS).text
    form = small_olga.page(ADDRESS).form("/clinic/hours")
    page = small_olga.after(
        form, **MONDAY, closed="2026-12-25\n\n2026-12-28 to 2027-01-02", opens_6="", closes_6=""
    )
    assert "Opening hours saved." in page.text
    assert "is assumed" not in page.text
    hours = read_hours(small_house.store)
    assert hours.week[0] == (Interval(540, 750), Interval(810, 1080))
    assert hours.week[1] == (Interval(420, 1260),)
    assert hours.week[6] == ()
    assert hours.closed == (
        ClosedDays(date(2026, 12, 25), date(2026, 12, 25)),
        ClosedDays(date(2026, 12, 28), date(2027, 1, 2)),
    )


def test_midnight_is_the_end_of_the_day(small_olga: Visitor, small_house: Services) -> None:
    form = small_olga.page(ADDRESS).form("/clinic/hours")
    assert small_olga.send(form, opens_0="00:00", closes_0="00:00").status_code == 303
    assert read_hours(small_house.store).week[0] == (Interval(0, 1440),)
    assert small_olga.page(ADDRESS).form("/clinic/hours").fields["closes_0"] == "00:00"


def test_every_error_shows_at_once_and_nothing_is_saved(small_olga: Visitor, small_house: Services) -> None:
    form = small_olga.page(ADDRESS).form("/clinic/hours")
    answer = small_olga.send(
        form,
        opens_0="25:00",
        closes_1="",
        opens_2="18:00",
        closes_2="09:00",
        opens_3_again="20:00",
        closes_3_again="22:00",
        closed="Christmas",
    )
    assert answer.status_code == 422
    for said in (
        "Monday, opens is a time such as 09:00 or 17:30.",
        "The closing time on Tuesday is missing.",
        "On Wednesday the closing time is not after the opening time.",
        "The two openings on Thursday overlap.",
        "“Christmas” is not a day.",
    ):
        assert said in answer.text
    assert read_hours(small_house.store).is_assumed


def test_a_week_without_an_hour_is_refused(small_olga: Visitor) -> None:
    form = small_olga.page(ADDRESS).form("/clinic/hours")
    nothing = {f"{name}_{day}": "" for name in ("opens", "closes") for day in range(7)}
    answer = small_olga.send(form, **nothing)
    assert (answer.status_code, "at least one day" in answer.text) == (422, True)


def test_much_nonsense_is_refused_in_a_short_sentence(small_olga: Visitor) -> None:
    form = small_olga.page(ADDRESS).form("/clinic/hours")
    answer = small_olga.send(form, closed="\n".join("2026-12-25" for _ in range(10_000)), opens_0="9" * 9999)
    assert answer.status_code == 422
    assert small_olga.send(form, closed="9999-99-99 to 1").status_code == 422
