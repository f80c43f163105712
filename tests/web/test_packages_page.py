"""Packages, for the owner: made on one form, and shown whether the till can sell them."""

import pytest

from plugin.courses.catalog.packages import list_packages
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor

TYPED = {
    "name": "Facial acupuncture, course of 12",
    "price": "1,980.00",
    "treatment": "Facial acupuncture, 60 min",
    "sessions": "12",
    "single_price": "165",
    "touch_up_treatment": "Touch-up, 45 min",
    "touch_ups": "2",
    "touch_up_price": "$165.00",
    "opens_at": "12",
    "months": "",
    "refund_formula": "prorated",
}


def test_the_owner_makes_a_package(small_olga: Visitor, small_desk: Desk, small_house: Services) -> None:
    page = small_olga.after(small_olga.page("/packages").form("/packages"), **TYPED)
    assert "is created. Publish it to Square to sell it." in page.text
    assert "$1,980.00" in page.text
    assert "2 × Touch-up, 45 min single $165.00, from session 12 on" in page.text
    assert "Not in Square yet" in page.text
    (made,) = list_packages(small_house.store).rows
    assert (made.price.amount, made.contents[1].single_price.amount) == (198000, 16500)


def test_the_same_form_twice_makes_one(small_olga: Visitor, small_desk: Desk, small_house: Services) -> None:
    form = small_olga.page("/packages").form("/packages")
    small_olga.after(form, **TYPED)
    small_olga.after(form, **TYPED)
    assert len(list_packages(small_house.store).rows) == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("price", ""),
        ("price", "12,34"),
        ("price", "1.005"),
        ("price", "NaN"),
        ("price", "1e9"),
        ("price", "-5"),
        ("price", "9" * 30),
        ("sessions", "0"),
        ("sessions", "twelve"),
        ("sessions", "1000"),
        ("treatment", ""),
        ("touch_ups", "-1"),
        ("months", "121"),
        ("refund_formula", "whatever"),
    ],
)
def test_an_odd_field_is_refused_and_all_stays_typed(
    small_olga: Visitor, small_desk: Desk, small_house: Services, field: str, typed: str
) -> None:
    answer = small_olga.send(small_olga.page("/packages").form("/packages"), **{**TYPED, field: typed})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert 'role="alert"' in page.html
    kept = page.form("/packages").fields
    assert {name: kept[name] for name in TYPED if name != "refund_formula"} == {
        name: value for name, value in {**TYPED, field: typed}.items() if name != "refund_formula"
    }
    assert list_packages(small_house.store).rows == ()


def test_a_package_on_the_till_says_so(small_olga: Visitor, small_desk: Desk) -> None:
    small_desk.package()
    page = small_olga.page("/packages")
    assert "In Square" in page.text
    assert "Publish to Square" not in page.text


def test_an_empty_clinic_is_shown_the_form(small_olga: Visitor, small_desk: Desk) -> None:
    page = small_olga.page("/packages")
    assert "No package yet" in page.text
    form = page.with_id("new")
    assert form is not None
    assert "open" in form.attributes
