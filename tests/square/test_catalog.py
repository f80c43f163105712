"""Packages in Square's catalog: one item, a variation for each package, and nothing of the seller's lost."""

from dataclasses import replace
from typing import Any

import pytest

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.money import Money
from plugin.courses.catalog.links import ITEM_NAME
from plugin.courses.catalog.packages import (
    NewContent,
    NewPackage,
    create_package,
    known_variations_in,
)
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused, SquareFailed
from plugin.square.catalog import link_item, publish
from tests.square.clinic import OWNER, Clinic

Json = dict[str, Any]


def _item(clinic: Clinic) -> Json:
    [item] = clinic.services.square.catalog_items_named(ITEM_NAME)
    return item


def _variation(clinic: Clinic, name: str = "ten") -> Json:
    return clinic.services.square.catalog_object(clinic.packages[name].square_variation_id or "")


def _act(clinic: Clinic, key: str = "again") -> Act:
    return Act(OWNER, clinic.clock(), key)


def _publish(clinic: Clinic, name: str = "ten", key: str = "again") -> None:
    pauses: list[float] = []
    clinic.packages[name] = publish(
        clinic.services, _act(clinic, key), clinic.packages[name].id, pause=pauses.append
    )


def test_all_packages_are_variations_of_one_item_at_their_price(lite_clinic: Clinic) -> None:
    told = {
        one["item_variation_data"]["name"]: one["item_variation_data"]["price_money"]
        for one in _item(lite_clinic)["item_data"]["variations"]
    }
    assert told == {
        "Facial acupuncture, course of 10": {"amount": 165000, "currency": "USD"},
        "Facial acupuncture, course of 12": {"amount": 198000, "currency": "USD"},
    }


def test_publishing_again_changes_nothing(lite_clinic: Clinic) -> None:
    before = _item(lite_clinic)
    _publish(lite_clinic)
    assert _item(lite_clinic) == before


def test_publishing_again_puts_price_and_name_right_and_keeps_what_the_seller_added(
    lite_clinic: Clinic,
) -> None:
    standing = _variation(lite_clinic)
    changed = {"name": "Cheap", "price_money": {"amount": 1, "currency": "USD"}, "sku": "SKU-10"}
    lite_clinic.till.forge("catalog", standing["id"], {"item_variation_data": changed})
    _publish(lite_clinic)
    data = _variation(lite_clinic)["item_variation_data"]
    assert (data["name"], data["price_money"]["amount"], data["sku"]) == (
        "Facial acupuncture, course of 10",
        165000,
        "SKU-10",
    )
    assert len(_item(lite_clinic)["item_data"]["variations"]) == 2


def test_a_variation_deleted_in_square_is_published_anew_and_the_old_one_still_counts(
    lite_clinic: Clinic,
) -> None:
    old = lite_clinic.packages["ten"].square_variation_id
    lite_clinic.till.forge("catalog", old or "", {"is_deleted": True})
    _publish(lite_clinic)
    assert lite_clinic.packages["ten"].square_variation_id != old
    with lite_clinic.services.store.reading() as session:
        assert len(known_variations_in(session)) == 3


def test_a_new_package_joins_the_item_that_is_there(lite_clinic: Clinic) -> None:
    single = Money(16500, "USD")
    new = NewPackage(
        "Trial course of 3", Money(45000, "USD"), (NewContent("Facial acupuncture, 60 min", 3, single),)
    )
    package = create_package(lite_clinic.services.store, _act(lite_clinic, "make"), new)
    lite_clinic.packages["trial"] = package
    _publish(lite_clinic, "trial")
    assert len(_item(lite_clinic)["item_data"]["variations"]) == 3


def test_a_seller_whose_catalog_is_busy_is_waited_for_a_few_times(lite_clinic: Clinic) -> None:
    lite_clinic.till.forge("catalog", _variation(lite_clinic)["id"], {"item_variation_data": {"name": "x"}})
    lite_clinic.till.set_faults(fail_next=3, fail_how="429", fail_only="POST /v2/catalog/object")
    _publish(lite_clinic)
    assert _variation(lite_clinic)["item_variation_data"]["name"] == "Facial acupuncture, course of 10"
    lite_clinic.till.forge("catalog", _variation(lite_clinic)["id"], {"item_variation_data": {"name": "x"}})
    lite_clinic.till.set_faults(fail_next=4, fail_how="429", fail_only="POST /v2/catalog/object")
    with pytest.raises(SquareFailed):
        _publish(lite_clinic, key="busier")


def test_somebody_who_changed_it_meanwhile_is_read_again(lite_clinic: Clinic) -> None:
    standing = _variation(lite_clinic)
    lite_clinic.till.forge("catalog", standing["id"], {"item_variation_data": {"name": "x"}})
    services = lite_clinic.services
    original = services.square.catalog_object
    reads: list[str] = []

    class Overtaken:
        """Square, where another writer always writes right after our first read."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.square, name)

        def catalog_object(self, object_id: str) -> Json:
            found = original(object_id)
            reads.append(object_id)
            return {**found, "version": found["version"] - 1} if len(reads) == 1 else found

    overtaken: Any = Overtaken()
    pauses: list[float] = []
    package_id = lite_clinic.packages["ten"].id
    publish(replace(services, square=overtaken), _act(lite_clinic), package_id, pause=pauses.append)
    assert (len(reads), len(pauses)) == (2, 1)
    assert _variation(lite_clinic)["item_variation_data"]["name"] == "Facial acupuncture, course of 10"


def test_an_answer_lost_on_the_way_makes_no_second_item(lite_clinic: Clinic) -> None:
    for name in ("ten", "twelve"):
        lite_clinic.till.forge(
            "catalog", lite_clinic.packages[name].square_variation_id or "", {"is_deleted": True}
        )
    lite_clinic.till.forge("catalog", _item(lite_clinic)["id"], {"is_deleted": True})
    lite_clinic.till.set_faults(
        fail_next=1, fail_how="cut", fail_after=True, fail_only="POST /v2/catalog/object"
    )
    with pytest.raises(SquareFailed):
        _publish(lite_clinic, key="first")
    _publish(lite_clinic, key="first")
    assert len(lite_clinic.services.square.catalog_items_named(ITEM_NAME)) == 1


def test_only_the_owner_publishes_and_only_what_there_is(lite_clinic: Clinic) -> None:
    desk = Act(Actor("Dee", Role.DESK, Source.DESK), lite_clinic.clock(), "k")
    with pytest.raises(NotAllowed):
        publish(lite_clinic.services, desk, lite_clinic.packages["ten"].id)
    with pytest.raises(NotFound):
        publish(lite_clinic.services, _act(lite_clinic), "no-such-package")


def test_only_a_variation_that_square_has_is_linked_to_a_package(lite_clinic: Clinic) -> None:
    package_id, act = lite_clinic.packages["ten"].id, _act(lite_clinic, "link")
    with pytest.raises(Refused, match="not an item that Square POS sells"):
        link_item(lite_clinic.services, act, package_id, _item(lite_clinic)["id"])
    with pytest.raises(Refused, match="no such item"):
        link_item(lite_clinic.services, act, package_id, "GONE")
    with pytest.raises(InvalidField, match="Choose one of the items"):
        link_item(lite_clinic.services, act, package_id, "x" * 400)
    listed = lite_clinic.packages["ten"].square_variation_id or ""
    assert link_item(lite_clinic.services, act, package_id, listed).square_variation_id == listed
