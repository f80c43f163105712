"""Terms: when a course expires, and which terms can't be agreed."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.core.terms import NoShow, RefundFormula, Terms, terms_from_json
from plugin.errors import InvalidField


@pytest.mark.parametrize(
    ("sold_on", "months", "last_day"),
    [
        ("2026-01-30", 1, "2026-02-28"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-02-01", 1, "2026-03-01"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 12, "2027-11-30"),
        ("2026-11-22", 120, "2036-11-22"),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_a_shorter_month(
    sold_on: str, months: int, last_day: str
) -> None:
    assert Terms(expires_after_months=months).expiry(date.fromisoformat(sold_on)) == date.fromisoformat(
        last_day
    )


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2080, 1, 1)), st.integers(1, 120))
def test_expiry_lies_in_the_month_that_was_agreed(sold_on: date, months: int) -> None:
    last_day = Terms(expires_after_months=months).expiry(sold_on)
    assert last_day is not None
    assert (last_day.year * 12 + last_day.month) - (sold_on.year * 12 + sold_on.month) == months
    assert last_day.day == sold_on.day or (last_day.day < sold_on.day and (last_day + timedelta(1)).day == 1)


def test_expiry_is_off_unless_agreed() -> None:
    assert Terms().expiry(date(2026, 11, 22)) is None


def test_a_date_of_expiry_holds_whenever_it_was_sold() -> None:
    assert Terms(expires_on=date(2027, 3, 1)).expiry(date(2026, 11, 22)) == date(2027, 3, 1)


@pytest.mark.parametrize("months", [1, 2, 119, 120])
def test_months_from_one_to_ten_years_can_be_agreed(months: int) -> None:
    assert Terms(expires_after_months=months).expires_after_months == months


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_after_months": 0},
        {"expires_after_months": 121},
        {"expires_after_months": -1},
        {"expires_after_months": 6, "expires_on": date(2027, 1, 1)},
        {"forgiven_no_shows": -1},
        {"forgiven_no_shows": 100},
    ],
    ids=str,
)
def test_terms_nobody_can_keep_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidField) as refusal:
        Terms(**wrong)
    assert refusal.value.field == "terms"


TERMS = st.builds(
    Terms,
    expires_after_months=st.none() | st.integers(1, 120),
    refund_formula=st.sampled_from(RefundFormula),
    no_show=st.sampled_from(NoShow),
    forgiven_no_shows=st.integers(0, 99),
) | st.builds(Terms, expires_on=st.dates())


@settings(max_examples=200, deadline=None)
@given(TERMS)
def test_terms_are_read_back_as_they_were_written(terms: Terms) -> None:
    assert terms_from_json(terms.to_json()) == terms


def test_nothing_said_means_the_plain_terms() -> None:
    assert terms_from_json({}) == Terms()


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "none",
        {"expires": 6},
        {"expires_after_months": "6"},
        {"expires_after_months": True},
        {"expires_after_months": 6.0},
        {"expires_on": "1 March"},
        {"expires_on": "2027-02-30"},
        {"expires_on": 20270301.5},
        {"expires_on": 20270301},
        {"expires_on": "2027-W09-1"},
        {"refund_formula": "generous"},
        {"no_show": 3},
        {"forgiven_no_shows": "two"},
    ],
    ids=repr,
)
def test_terms_that_can_not_be_read_are_refused_by_name(wrong: object) -> None:
    with pytest.raises(InvalidField) as refusal:
        terms_from_json(wrong)
    assert refusal.value.field == "terms"
