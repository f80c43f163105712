"""Clients and Square's directory on the desk's screens: found there, taken in, changed, and how they stand."""

from dataclasses import replace
from typing import Any, cast

import pytest

from plugin import create_app
from plugin.core.acts import SQUARE, Act, Role
from plugin.courses.base.outbox import claim_job, complete_job
from plugin.courses.clients.buyers import save_directory_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.profile_notes import CUSTOMER
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareClient
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor


class Away:
    """A Square that can't be reached."""

    def __getattr__(self, name: str) -> Any:
        raise SquareFailed("Square can’t be reached.", permanent=False, code="square_unreachable")


@pytest.fixture
def deb(small_house: Services, small_desk: Desk) -> Visitor:
    services = replace(small_house, square=cast(SquareClient, Away()))
    act = Act(SQUARE, small_house.clock(), "seen")
    kim = Buyer("KIM", "Grace Kim", "+14245550104", "grace.kim@example.org", ("KIM",))
    small_house.store.transact(lambda session: save_directory_in(session, act, [kim]))
    return signed_in(create_app(services=services), services, Role.DESK)


def _in_square(deb: Visitor, q: str) -> Page:
    answer = deb.get("/clients/in-square", query_string={"q": q}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return Page(answer.text)


def test_the_search_asks_for_square_beside_itself(deb: Visitor) -> None:
    page = deb.page("/clients?q=grace")
    assert "No clients match" in page.text
    (beside,) = [one for one in page.elements if "in-square" in one.attributes.get("class", "")]
    assert beside.attributes["hx-get"] == "/clients/in-square?q=grace"
    assert "Grace Kim" in deb.page("/clients/in-square?q=grace").text


def test_one_tap_makes_somebody_in_square_a_client(deb: Visitor) -> None:
    form = _in_square(deb, "grace").form("/clients/in-square/KIM")
    page = deb.after(form)
    assert "Grace Kim is a client here now." in page.text
    assert "(424) 555-0104" in page.text
    assert "Square’s directory" not in page.text
    assert _in_square(deb, "grace").forms == []


def test_while_square_is_away_the_list_says_so_quietly(deb: Visitor) -> None:
    assert "Square does not answer at the moment." in _in_square(deb, "5550104").text
    assert "Square does not answer at the moment; only clients" in _in_square(deb, "99999").text
    assert "answer" not in _in_square(deb, "nobody").text


def test_a_client_is_changed_and_what_was_wrong_is_said_beside_it(deb: Visitor) -> None:
    page = deb.after(_in_square(deb, "grace").form("/clients/in-square/KIM"))
    form = page.form("/particulars")
    assert form.fields["name"] == "Grace Kim"
    refused = Page(deb.send(form, phone="12").text)
    assert "This is not a full phone number." in refused.text
    assert refused.form("/particulars").fields["phone"] == "12"
    saved = deb.after(form, name="Grace Kim-Lee", language="es")
    assert "Grace Kim-Lee Call (424) 555-0104" in saved.text
    assert "Square’s customer directory is being updated." in saved.text


def test_what_square_refused_is_shown_and_tried_again_with_one_tap(
    deb: Visitor, small_house: Services
) -> None:
    form = next(one for one in deb.page("/clients").forms if one.method == "post" and "name" in one.fields)
    page = deb.after(form, name="Ana López")
    assert "Square’s customer directory is being updated." in page.text
    owed = claim_job(small_house.store, small_house.clock(), of=(CUSTOMER,))
    assert owed is not None
    complete_job(small_house.store, owed.id, state="failed", outcome="Too short.", now=small_house.clock())
    page = deb.page(f"/clients/{owed.subject}")
    assert "Square did not take it. Too short." in page.text
    assert "is being updated" in deb.after(page.form("/profile")).text
