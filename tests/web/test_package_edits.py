"""A package edited on its form: a new version for new sales, with several treatments and every term."""

from typing import Any

import pytest

from plugin.core.terms import ExpiresFrom, NoShow
from plugin.courses.catalog.packages import read_package
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.visitor import Visitor

MORE = {
    "more_treatment_1": "LED light dome, 15 min",
    "more_sessions_1": "4",
    "more_price_1": "0",
    "more_treatment_2": "Gua sha, 30 min",
    "more_sessions_2": "2",
    "more_price_2": "80.00",
    "more_opens_2": "3",
}
TERMS = {"months": "12", "expires_from": "first_use", "no_show": "charge", "forgiven_no_shows": "1"}


@pytest.fixture
def package_id(small_desk: Desk) -> str:
    return small_desk.package(sessions=12, touch_ups=2)


def test_an_edit_is_a_new_version_and_sold_courses_keep_theirs(
    small_olga: Visitor, small_desk: Desk, small_house: Services, package_id: str
) -> None:
    sold = small_desk.sell(package_id)
    before = small_desk.course(sold)
    form = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")
    assert (form.fields["price"], form.fields["touch_ups"], form.fields["opens_at"]) == (
        "1,980.00",
        "2",
        "12",
    )
    page = small_olga.after(form, name="Course of 12, new", price="2,100.00", sessions="10", **MORE, **TERMS)
    assert "is version 2 now. Sold courses keep theirs." in page.text
    assert "Expires 12 months after the first visit" in page.text
    edited = read_package(small_house.store, package_id)
    assert [(each.sessions, each.treatment, each.usable_from_session) for each in edited.contents] == [
        (10, "Facial acupuncture, 60 min", None),
        (2, "Touch-up, 45 min", 12),
        (4, "LED light dome, 15 min", None),
        (2, "Gua sha, 30 min", 3),
    ]
    terms = edited.terms
    assert (terms.expires_after_months, terms.expires_from) == (12, ExpiresFrom.FIRST_USE)
    assert (terms.no_show, terms.forgiven_no_shows) == (NoShow.CHARGE, 1)
    assert small_desk.course(sold) == before
    again = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}").fields
    assert {name: again[name] for name in (*MORE, *TERMS)} == {**MORE, **TERMS, "more_price_1": "0.00"}
    assert small_desk.course(small_desk.sell(package_id, paid=210000)).allowances[0].granted == 10


def test_two_who_edit_at_once_do_not_overwrite_each_other(small_olga: Visitor, package_id: str) -> None:
    form = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")
    late = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")
    small_olga.after(form, price="2,000.00")
    refused = small_olga.send(late, price="1,900.00")
    assert refused.status_code == 409
    assert "Someone else has changed this package meanwhile." in refused.text
    assert "1,900.00" in refused.text


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"price": "a lot"}, "is an amount such as"),
        ({"sessions": "0"}, "Sessions are 1 to 999."),
        ({"more_treatment_1": "Gua sha"}, "The number of sessions is missing."),
        (
            {"more_treatment_1": "Touch-up, 45 min", "more_sessions_1": "1", "more_price_1": "1"},
            "A package lists each treatment once",
        ),
        ({"months": "12", "expires_on": "2027-01-01"}, "months or a date of expiration, not both"),
        ({"expires_on": "someday"}, ": enter a date such as 2026-11-30."),
        ({"no_show": "shrug"}, "Choose one of those in the list."),
    ],
    ids=str,
)
def test_a_refused_edit_comes_back_filled_in(
    small_olga: Visitor, small_house: Services, package_id: str, typed: dict[str, Any], why: str
) -> None:
    form = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")
    refused = small_olga.send(form, **typed)
    assert refused.status_code == 422
    assert why in refused.text
    assert read_package(small_house.store, package_id).version == 1


def test_off_sale_it_is_kept_and_what_the_till_still_sells_is_booked(
    small_olga: Visitor, small_desk: Desk, package_id: str
) -> None:
    page = small_olga.after(small_olga.page("/packages").form("/sale"))
    assert "Inactive" in page.text
    assert small_desk.course(small_desk.sell(package_id)).left == 12
    again = small_olga.page("/packages").form("/sale")
    page = small_olga.after(again, on_sale="1")
    assert "is active again." in page.text
