"""A package edited at the desk: saved is published, and while Square does not have it the difference shows."""

import pytest

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.base.outbox import count_jobs
from plugin.courses.catalog.links import PUBLISH
from plugin.store import Store
from tests.square.clinic import Clinic
from tests.square.conftest import OpenClinic
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor

TEN = "Facial acupuncture, course of 10"


@pytest.fixture
def clinic(lite_store: Store, open_clinic: OpenClinic) -> Clinic:
    return open_clinic(lite_store, SECRET_KEY="s" * 48)


@pytest.fixture
def olga(clinic: Clinic) -> Visitor:
    return signed_in(create_app(services=clinic.services), clinic.services, Role.OWNER)


def _saved(olga: Visitor, clinic: Clinic, **typed: str) -> Page:
    address = f"/packages/{clinic.packages['ten'].id}"
    return olga.after(olga.page(address).form(address), **typed)


def _card(page: Page) -> str:
    """What the page shows of the course of 10."""
    return page.text.partition("Facial acupuncture, course of 12")[0]


def _in_square(clinic: Clinic) -> tuple[str, int]:
    data = clinic.services.square.catalog_object(clinic.packages["ten"].square_variation_id or "")
    variation = data["item_variation_data"]
    return variation["name"], variation["price_money"]["amount"]


def test_a_price_that_is_saved_is_in_square_at_once(olga: Visitor, clinic: Clinic) -> None:
    """B10."""
    page = _saved(olga, clinic, price="2,040.00")
    assert "is version 2 now. Sold courses keep theirs. Square is updated." in page.text
    assert _in_square(clinic) == (TEN, 204000)
    card = _card(olga.page("/packages"))
    assert "In Square" in card
    assert "Price in Square" not in card
    assert count_jobs(clinic.services.store, of=(PUBLISH,)) == 0
    clinic.catch_up()
    assert clinic.attention() == []
    clinic.sell("ten")
    clinic.catch_up()
    assert [row[5] for row in clinic.ledger()] == [204000]


def test_a_name_that_is_saved_is_in_square_at_once(olga: Visitor, clinic: Clinic) -> None:
    """B10."""
    _saved(olga, clinic, name="Ten facials")
    assert _in_square(clinic) == ("Ten facials", 165000)
    clinic.catch_up()
    assert clinic.attention() == []


def test_an_item_with_a_name_of_its_own_keeps_it(olga: Visitor, clinic: Clinic) -> None:
    """B10."""
    form = olga.page(f"/packages/{clinic.packages['ten'].id}/items?q=gua").form("/square-item")
    assert "Different price in Square" in _card(olga.after(form))
    _saved(olga, clinic, name="Ten facials", price="1,700.00")
    linked = clinic.services.square.catalog_object(form.fields["square_variation_id"])["item_variation_data"]
    assert linked["price_money"]["amount"] == 170000
    assert linked["name"] != "Ten facials"


def test_an_edit_of_the_terms_leaves_a_price_of_the_till_s_own_alone(olga: Visitor, clinic: Clinic) -> None:
    clinic.till.edit_variation(clinic.packages["ten"].square_variation_id or "", price=170000)
    clinic.catch_up()
    page = _saved(olga, clinic, months="12")
    assert "Square is updated." not in page.text
    assert "Price in Square: $1,700.00; here: $1,650.00." in _card(page)
    clinic.clock.advance(minutes=1)
    clinic.errands()
    assert _in_square(clinic) == (TEN, 170000)


@pytest.mark.parametrize("by_hand", [True, False], ids=["by the button", "by itself"])
def test_while_square_is_away_the_difference_shows_until_it_is_published(
    olga: Visitor, clinic: Clinic, by_hand: bool
) -> None:
    """B10."""
    clinic.till.set_faults(fail_every=1, fail_how="503")
    page = _saved(olga, clinic, price="2,040.00")
    assert "is version 2 now. Sold courses keep theirs. Square is not updated yet." in page.text
    for _ in range(2):
        card = _card(olga.page("/packages"))
        assert "Different price in Square" in card
        assert "Price in Square: $1,650.00; here: $2,040.00." in card
        assert "Update Square" in card
        clinic.clock.advance(seconds=10)
        clinic.errands()
    clinic.till.set_faults()
    if by_hand:
        olga.after(olga.page("/packages").form("/publication"))
    clinic.clock.advance(minutes=1)
    clinic.errands()
    assert _in_square(clinic) == (TEN, 204000)
    card = _card(olga.page("/packages"))
    assert "Price in Square" not in card
    assert "is being updated" not in card
    assert "internal error" not in card


def test_an_answer_that_is_lost_is_made_good_by_the_job(olga: Visitor, clinic: Clinic) -> None:
    """B10."""
    clinic.till.set_faults(fail_plan=[{"call": "POST /v2/catalog/object", "how": "cut", "after": True}])
    _saved(olga, clinic, price="2,040.00")
    clinic.clock.advance(seconds=10)
    clinic.errands()
    assert "Price in Square" not in _card(olga.page("/packages"))
    assert _in_square(clinic) == (TEN, 204000)


def test_off_sale_it_is_not_sent_and_put_on_sale_again_the_difference_is_offered(
    olga: Visitor, clinic: Clinic
) -> None:
    """B10."""
    address = f"/packages/{clinic.packages['ten'].id}"
    olga.after(olga.page("/packages").form(f"{address}/sale"))
    _saved(olga, clinic, price="2,040.00")
    assert _in_square(clinic) == (TEN, 165000)
    card = _card(olga.page("/packages"))
    assert "Price in Square: $1,650.00; here: $2,040.00." in card
    assert "Update Square" not in card
    page = olga.after(olga.page("/packages").form(f"{address}/sale"), on_sale="1")
    assert "Update Square" in _card(page)
    olga.after(page.form(f"{address}/publication"))
    assert _in_square(clinic) == (TEN, 204000)
