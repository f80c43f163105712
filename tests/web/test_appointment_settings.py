"""Settings, Appointments: what Square offers is chosen from, and whether it lets us book is said at once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug import Request, Response

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.visits.bookings import planned_treatments
from plugin.services import Services
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.configuration.running import KEY, running_on
from tests.courses.desk import Desk
from tests.servers import served
from tests.web.conftest import signed_in
from tests.web.page import Form
from tests.web.visitor import Visitor

PAGE = "/clinic/settings/appointments"
PROFILE = "/v2/bookings/business-booking-profile"
Answers = dict[str, Any]


def usual() -> Answers:
    """What a Square with Appointments Plus answers, by path."""
    variations = [{"id": "SV1", "type": "ITEM_VARIATION", "item_variation_data": {"name": "60 min"}}]
    item = {"id": "I1", "type": "ITEM", "item_data": {"name": "Facial", "variations": variations}}
    team = {"team_member_id": "TM1", "display_name": "A. Kim", "is_bookable": True}
    return {
        "/v2/catalog/search-catalog-items": {"items": [item]},
        "/v2/bookings/team-member-booking-profiles": {"team_member_booking_profiles": [team]},
        PROFILE: {"business_booking_profile": {"support_seller_level_writes": True}},
        "/oauth2/token/status": {"scopes": []},
    }


ANSWERS = usual()


@Request.application
def answer_as_square(request: Request) -> Response:
    if request.path in ANSWERS:
        return Response(json.dumps(ANSWERS[request.path]), mimetype="application/json")
    return Response("{}", status=500, mimetype="application/json")


@pytest.fixture(scope="module")
def square() -> Iterator[str]:
    with served(answer_as_square) as address:
        yield address


@pytest.fixture(scope="module")
def app() -> list[Flask]:
    return []


@dataclass
class Owner:
    """The owner before the page, at a clinic with one package."""

    services: Services
    visitor: Visitor

    def form(self) -> Form:
        return self.visitor.page(PAGE).form("/appointments")

    def services_chosen(self) -> list[str | None]:
        return [each.square_service_id for each in planned_treatments(self.services.store)]


@pytest.fixture
def owner(lite_store: Store, clock: HandMovedClock, app: list[Flask], square: str) -> Iterator[Owner]:
    ANSWERS.update(usual())
    Desk(lite_store, clock).package(sessions=3)
    services = running_on(
        lite_store, clock, keys=KEY, square_base_url=square, square_access_token="EAAA-of-lotus"
    )
    if not app:
        app.append(create_app(services=services))
    app[0].extensions["coursekeeper"] = services
    yield Owner(services, signed_in(app[0], services, Role.OWNER))
    services.square.close()


def service_field(form: Form) -> str:
    return next(name for name in form.fields if name.startswith("service_"))


def test_what_square_offers_is_chosen_and_in_use_at_once(owner: Owner) -> None:
    form = owner.form()
    service = service_field(form)
    chosen = {"book_appointments": "true", "booking_team_member_id": "TM1", service: "SV1"}
    assert "Saved. It is in use now." in owner.visitor.after(form, **chosen).text
    assert owner.services.settings.book_appointments
    assert owner.services.settings.booking_team_member_id == "TM1"
    assert owner.services_chosen() == ["SV1"]
    shown = owner.form().fields
    assert (shown[service], shown["booking_team_member_id"]) == ("SV1", "TM1")
    assert "Planned visits are booked in Square" in owner.visitor.page("/clinic/settings").text


def test_what_square_does_not_offer_is_refused(owner: Owner) -> None:
    form = owner.form()
    for wrong in ({service_field(form): "SV-FORGED"}, {"booking_team_member_id": "TM-FORGED"}):
        answer = owner.visitor.send(form, book_appointments="true", **wrong)
        assert (answer.status_code, "Square no longer offers this" in answer.text) == (422, True)
    assert not owner.services.settings.book_appointments


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"/oauth2/token/status": {"scopes": ["APPOINTMENTS_READ"]}}, "has not granted the permission"),
        (
            {PROFILE: {"business_booking_profile": {"support_seller_level_writes": False}}},
            "That needs Plus or Premium.",
        ),
    ],
)
def test_what_square_does_not_allow_is_said_where_it_is_switched_on(
    owner: Owner, answer: Answers, said: str
) -> None:
    form = owner.form()
    ANSWERS.update(answer)
    page = owner.visitor.after(form, book_appointments="true")
    assert "Saved, but nothing is booked yet:" in page.text
    assert said in page.text
    assert "Nothing is booked now:" in page.text
    assert owner.services.settings.book_appointments


def test_while_square_is_away_the_page_says_so_and_keeps_what_is_chosen(owner: Owner) -> None:
    form = owner.form()
    owner.visitor.after(form, **{"book_appointments": "false", service_field(form): "SV1"})
    ANSWERS.clear()
    page = owner.visitor.page(PAGE)
    assert "can’t be listed now" in page.text
    owner.visitor.after(page.form("/appointments"), book_appointments="false")
    assert owner.services_chosen() == ["SV1"]
    assert owner.visitor.send(page.form("/appointments"), booking_team_member_id="TM1").status_code == 422
