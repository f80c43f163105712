"""The reserve: what is unused at each month's end is what the roll-forward of that month closes with."""

from datetime import date

import pytest

from plugin.courses.reports.books import Line
from plugin.courses.reports.liability import Reserve, liability, reserve, reserve_sheet
from plugin.courses.reports.totals import keep_totals
from plugin.store import Store
from tests.papers.clinic import SINGLE, PaperClinic


@pytest.fixture
def clinic(lite_store: Store) -> PaperClinic:
    clinic = PaperClinic(lite_store)
    twelve = clinic.sell(package_id=clinic.package("Twelve", *clinic.contents(12)), on=date(2026, 8, 3))
    clinic.come(twelve, 5, first=date(2026, 8, 20))
    clinic.sell(
        package_id=clinic.package("Six", *clinic.contents(6), price=6 * SINGLE),
        price=6 * SINGLE,
        on=date(2026, 10, 12),
    )
    clinic.go_to(date(2026, 11, 22))
    return clinic


def read(clinic: PaperClinic) -> Reserve:
    seen = reserve(clinic.store, clinic.desk.today)
    assert seen is not None
    return seen


@pytest.mark.parametrize("is_totalled", [False, True])
def test_each_months_end_is_the_closing_of_its_roll_forward(clinic: PaperClinic, is_totalled: bool) -> None:
    if is_totalled:
        keep_totals(clinic.store)
    seen = read(clinic)
    assert [f"{month.last}" for month in seen.months][-3:] == ["2026-08-31", "2026-09-30", "2026-10-31"]
    for month, total in zip(seen.months, seen.totals, strict=False):
        assert total == liability(clinic.store, month).total("USD").line(Line.CLOSING).value
    assert [
        (each.name, [value.amount // SINGLE for value in each.values[-4:]]) for each in seen.packages
    ] == [
        ("Twelve", [10, 7, 7, 7]),
        ("Six", [0, 0, 6, 6]),
    ]
    assert seen.totals[-1].amount == 13 * SINGLE


def test_as_a_file_it_is_a_line_for_each_package_and_day(clinic: PaperClinic) -> None:
    rows = list(reserve_sheet(read(clinic)).rows)
    assert len(rows) == 2 * 7
    assert [str(cell) for cell in rows[6]] == ["Twelve", "2026-11-22", "1155.00", "USD"]


def test_nothing_sold_is_no_package(lite_store: Store) -> None:
    seen = reserve(lite_store, date(2026, 11, 22))
    assert seen is not None
    assert (seen.packages, {total.amount for total in seen.totals}) == ((), {0})
