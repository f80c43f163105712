"""Each call about appointments, attributes, disputes and access, by the real SDK, checked against the contract."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from square import Square

from practice_square.access.scopes import ALL_SCOPES, NEEDED
from practice_square.directory.value_kinds import schema_of
from practice_square.event_samples import sample_event
from practice_square.events import EVENT_TYPES
from practice_square.practice import practice_square_of
from tests.practice_square.contract import CLINIC_CALLS, document
from tests.practice_square.counter import Counter, open_counter


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("clinic")) as counter:
        yield counter


@pytest.fixture(scope="module")
def sdk(counter: Counter) -> Iterator[Square]:
    transport = httpx.WSGITransport(app=counter.app.wsgi_app)
    with httpx.Client(transport=transport) as client:
        yield Square(base_url="http://practice", token="t", httpx_client=client)


def test_every_call_around_a_sale_keeps_to_the_contract(sdk: Square, counter: Counter) -> None:
    client_id = counter.customer(given_name="Ines")
    play_appointments(sdk, client_id)
    play_attributes(sdk, client_id)
    play_disputes(sdk, counter)
    play_access(sdk, counter)
    counter.contract.assert_kept()
    assert set(counter.contract.seen) >= set(CLINIC_CALLS)


def play_appointments(sdk: Square, client_id: str) -> None:
    found = sdk.team_members.search(query={"filter": {"status": "ACTIVE"}}).team_members or []
    kim, moreau = (one.id for one in found)
    assert sdk.team_members.get(team_member_id=kim).team_member.family_name == "Kim"
    assert sdk.bookings.get_business_profile().business_booking_profile.booking_enabled
    profiles = list(sdk.bookings.team_member_profiles.list(bookable_only=True))
    assert [one.display_name for one in profiles] == ["A. Kim", "J. Moreau"]
    service = (
        sdk.catalog.search_items(product_types=["APPOINTMENTS_SERVICE"]).items[0].item_data.variations[0]
    )
    segment = {
        "service_variation_id": service.id,
        "service_variation_version": service.version,
        "team_member_id": kim,
    }
    asked = {
        "location_id": sdk.locations.get("main").location.id,
        "customer_id": client_id,
        "start_at": "2026-03-04T17:00:00Z",
        "appointment_segments": [segment],
    }
    wish = {
        "start_at_range": {"start_at": "2026-03-04T08:00:00Z", "end_at": "2026-03-05T08:00:00Z"},
        "segment_filters": [{"service_variation_id": service.id, "team_member_id_filter": {"any": [kim]}}],
    }
    free = sdk.bookings.search_availability(query={"filter": wish}).availabilities
    assert free[0].start_at == "2026-03-04T17:00:00.000Z"
    made = sdk.bookings.create(booking=asked, idempotency_key="b1").booking
    assert (made.status, made.version) == ("ACCEPTED", 0)
    change = {"version": 0, "appointment_segments": [segment | {"team_member_id": moreau}]}
    assert sdk.bookings.update(made.id, booking=change).booking.version == 1
    assert [one.id for one in sdk.bookings.list(customer_id=client_id, team_member_id=moreau)] == [made.id]
    told = sdk.bookings.bulk_retrieve_bookings(booking_ids=[made.id, "nope"]).bookings
    assert told["nope"].errors[0].code == "NOT_FOUND"
    assert sdk.bookings.cancel(made.id, booking_version=1).booking.status == "CANCELLED_BY_SELLER"
    assert sdk.bookings.get(made.id).booking.version == 2


def play_attributes(sdk: Square, client_id: str) -> None:
    definitions, values = sdk.customers.custom_attribute_definitions, sdk.customers.custom_attributes
    definition = {
        "key": "sessions-left",
        "name": "Sessions left",
        "description": "Written by the session book",
        "visibility": "VISIBILITY_READ_ONLY",
        "schema": schema_of("String"),
    }
    definitions.create(custom_attribute_definition=definition, idempotency_key="d1")
    updated = definitions.update(key="sessions-left", custom_attribute_definition={"description": "Balance"})
    assert updated.custom_attribute_definition.version == 2
    assert definitions.get("sessions-left").custom_attribute_definition.name == "Sessions left"
    assert [one.key for one in definitions.list()] == ["sessions-left"]
    value = {"value": "Facial acupuncture: 7 of 12 left, until 2027-03-01"}
    assert values.upsert(client_id, "sessions-left", custom_attribute=value).custom_attribute.version == 1
    assert values.get(client_id, "sessions-left", with_definition=True).custom_attribute.definition
    assert [one.value for one in values.list(client_id, with_definitions=True)] == [value["value"]]
    asked = {"customer_id": client_id, "custom_attribute": {"key": "sessions-left", "value": "6 of 12 left"}}
    lost = asked | {"customer_id": "nobody"}
    many = definitions.batch_upsert(values={"one": asked, "two": lost}).values
    assert many["one"].custom_attribute.version == 2
    assert many["two"].errors[0].code == "NOT_FOUND"
    values.delete(client_id, "sessions-left")
    definitions.delete("sessions-left")
    assert not list(definitions.list())


def play_disputes(sdk: Square, counter: Counter) -> None:
    sale = counter.call("POST", "/practice/sales", {"lines": [{"name": "A", "amount": 8801}]})
    opened = counter.call("POST", "/practice/disputes", {"payment_id": sale["payments"][0]["id"]})["dispute"]
    assert [one.id for one in sdk.disputes.list(states="EVIDENCE_REQUIRED")] == [opened["id"]]
    assert sdk.disputes.get(opened["id"]).dispute.amount_money.amount == 8801
    assert sdk.disputes.accept(opened["id"]).dispute.state == "ACCEPTED"


def play_access(sdk: Square, counter: Counter) -> None:
    code = counter.call("POST", "/practice/access", {"scopes": "CUSTOMERS_READ"})["code"]
    application = {"client_id": counter.settings.application_id}
    secret = counter.settings.application_secret
    given = sdk.o_auth.obtain_token(
        **application, client_secret=secret, grant_type="authorization_code", code=code
    )
    assert given.token_type == "bearer"
    assert "ORDERS_WRITE" in (sdk.o_auth.retrieve_token_status().scopes or [])
    own_header = {"additional_headers": {"Authorization": f"Client {secret}"}}
    ended = sdk.o_auth.revoke_token(
        **application, access_token=given.access_token, request_options=own_header
    )
    assert ended.success


def test_the_table_of_scopes_is_that_of_the_document() -> None:
    told = document()
    flow = told["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert set(ALL_SCOPES) == set(flow["scopes"])
    for call, scopes in NEEDED.items():
        method, path = call.split()
        security = told["paths"][path][method.lower()]["security"][0]["oauth2"] or []
        assert sorted(security) == scopes.split(), call


def test_every_call_it_plays_is_in_the_table_of_scopes(counter: Counter) -> None:
    played = {
        f"{method} {re.sub('<[^>]+>', '{}', rule.rule)}"
        for rule in counter.app.url_map.iter_rules()
        if rule.rule.startswith("/v2/") and "<path:" not in rule.rule and rule.rule != "/v2/"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert played == {re.sub(r"\{\w+\}", "{}", call) for call in NEEDED}


def test_a_sample_of_every_event_has_its_types_shape(counter: Counter) -> None:
    with practice_square_of(counter.app).work() as work:
        for type_ in EVENT_TYPES:
            assert counter.contract.check_event(json.dumps(sample_event(work, type_))) == []
