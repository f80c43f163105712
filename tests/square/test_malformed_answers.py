"""One malformed element in a list of Square's is left out and logged; the rest of the page counts."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from plugin.core.acts import Act
from plugin.courses.clients.clients import create_client
from plugin.courses.sales.checkouts import list_terminals
from plugin.courses.square_health import read_connection
from plugin.square.catalog import publish, search_items
from plugin.square.checkout.terminal import refresh_terminals
from plugin.square.connection.check import check_connection
from plugin.square.customers import Pace, ensure_customer, search_directory
from plugin.square.sync import SYNCS, sync
from practice_square.serving import PracticeServer
from tests.square.clinic import OWNER, Clinic, house_of
from tests.square.test_bookings import at

# What no list should contain; none of it has an id that could be fetched.
STRANGE: list[Any] = [None, "text", 7, [], {}, {"id": 7}, {"id": "a b"}, {"updated_at": "yesterday"}]


class Spoiling(httpx.BaseTransport):
    """Adds strange elements around those of every list that Square answers with."""

    def __init__(self) -> None:
        self._behind = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._behind.handle_request(request)
        response.read()
        answer = response.json()
        spoilt = {name: _spoilt(value) for name, value in answer.items()}
        return httpx.Response(response.status_code, json=spoilt, request=request)

    def close(self) -> None:
        self._behind.close()


def _spoilt(value: Any) -> Any:
    return [*STRANGE, *value, *STRANGE] if isinstance(value, list) else value


@pytest.fixture
def spoiled(lite_clinic: Clinic, practice: PracticeServer) -> Iterator[Clinic]:
    """A clinic that no webhook reaches, and that is answered with spoiled lists alone."""
    whole = lite_clinic.services
    lite_clinic.till.set_faults(has_withheld_events=True)
    lite_clinic.services = house_of(whole.settings, whole.store, lite_clinic.clock, Spoiling())
    yield lite_clinic
    lite_clinic.services.close()
    lite_clinic.services = whole


def test_a_look_through_square_takes_up_all_that_can_be_read(spoiled: Clinic) -> None:
    """B15: orders, refunds, customers, appointments, disputes and the catalog."""
    ana = spoiled.till.add_customer(given_name="Ana", family_name="López")
    sold = spoiled.till.sell([spoiled.line("ten")], customer_id=ana["id"])
    order = spoiled.till.sell([spoiled.line("twelve")], customer_id=ana["id"])["order"]
    spoiled.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})
    spoiled.till.book(at(spoiled, hours=1), customer_id=ana["id"])
    spoiled.till.open_dispute(sold["payments"][0]["id"])
    spoiled.till.edit_variation(spoiled.packages["ten"].square_variation_id or "", price=170000)
    report = sync(spoiled.services)
    assert report.left_out == ()
    assert {"order", "refund", "booking", "dispute", "item"} <= {one["kind"] for one in report.found}
    spoiled.work()
    assert sorted((row[4] or "", row[8] or "") for row in spoiled.ledger()) == [
        ("Ana López", ""),
        ("Ana López", "refunded"),
    ]
    assert {"dispute", "changed_item"} <= {item.kind for item in spoiled.attention()}
    assert spoiled.is_sound()


@pytest.mark.parametrize("name", list(SYNCS))
def test_each_look_goes_on_by_itself(spoiled: Clinic, name: str) -> None:
    """B15."""
    for _ in SYNCS[name](spoiled.services, spoiled.clock()):
        continue


def test_an_item_without_its_data_does_not_fail_the_search(
    lite_clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    """B15, as Square's contract allows it: `item_data` is optional."""
    item = lite_clinic.services.square.catalog_items_named("Jade roller")[0]
    found = [one.item_name for one in search_items(lite_clinic.services, "a")]
    spoiled = house_of(
        lite_clinic.services.settings,
        lite_clinic.services.store,
        lite_clinic.clock,
        WithoutItemData(item["id"]),
    )
    try:
        with caplog.at_level(logging.WARNING):
            left = [one.item_name for one in search_items(spoiled, "a")]
    finally:
        spoiled.close()
    assert set(left) == set(found) - {"Jade roller"}
    assert (
        f"item {item['id']} left out: Square’s answer can’t be read (item_data is no object)" in caplog.text
    )


class WithoutItemData(httpx.BaseTransport):
    """Takes the data of one item out of every search."""

    def __init__(self, item_id: str) -> None:
        self._behind, self._item_id = httpx.HTTPTransport(), item_id

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._behind.handle_request(request)
        response.read()
        answer = response.json()
        for item in answer.get("items", ()):
            if item["id"] == self._item_id:
                del item["item_data"]
        return httpx.Response(response.status_code, json=answer, request=request)

    def close(self) -> None:
        self._behind.close()


def test_people_are_found_and_matched_beside_strange_profiles(spoiled: Clinic) -> None:
    """B15."""
    ana = spoiled.till.add_customer(given_name="Ana", family_name="López", phone_number="+13105550101")
    found = search_directory(spoiled.services, Pace(), "5550101", limit=5)
    assert ([one.name for one in found.people], found.says) == (["Ana López"], "")
    act = Act(OWNER, spoiled.clock(), "made")
    client = create_client(spoiled.services.store, act, name="Ana López", phone="+13105550101")
    assert ensure_customer(spoiled.services, client.id, "found") == ana["id"]


def test_the_connection_the_terminals_and_the_till_are_asked_beside_strange_elements(
    spoiled: Clinic,
) -> None:
    """B15."""
    check_connection(spoiled.services)
    assert "LPRACTICE0001" in {one["id"] for one in read_connection(spoiled.services.store).locations}
    many = refresh_terminals(spoiled.services)
    assert many == len(list_terminals(spoiled.services.store)) > 0
    package = spoiled.packages["ten"]
    assert publish(spoiled.services, Act(OWNER, spoiled.clock(), "again"), package.id).on_till is not None
