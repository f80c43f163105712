"""Customers merged, changed and deleted in Square: a course never loses its client."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from plugin.store.people import Client
from tests.square.clinic import Clinic, keep


def _two_sales_to_one_person(clinic: Clinic) -> tuple[str, str]:
    first = clinic.till.add_customer(given_name="Ana", family_name="López")
    second = clinic.till.add_customer(given_name="Anna", family_name="Lopez")
    clinic.sell("ten", customer_id=first["id"])
    clinic.sell("twelve", customer_id=second["id"])
    return first["id"], second["id"]


def _owners(clinic: Clinic) -> set[str | None]:
    return {row[4] for row in clinic.ledger()}


@pytest.mark.parametrize("order", [1, -1], ids=["created first", "deleted first"])
def test_a_merge_brings_the_courses_together_whichever_event_comes_first(clinic: Clinic, order: int) -> None:
    ids = _two_sales_to_one_person(clinic)
    clinic.catch_up()
    assert len(_owners(clinic)) == 2
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.merge_customers(*ids)
    events = [json.loads(one["body"]) for one in clinic.till.events() if one["state"] == "withheld"]
    for event in events[::order]:
        keep(clinic.house, event)
        clinic.work()
    assert len(_owners(clinic)) == 1
    assert {kind for kind, state, _ in clinic.messages() if state != "done"} <= {
        "catalog.version.updated",
        "payment.created",
        "customer.created",
    }
    assert clinic.is_sound()


def test_sales_met_after_their_customers_were_merged_belong_to_one_client(clinic: Clinic) -> None:
    clinic.till.set_faults(has_withheld_events=True)
    ids = _two_sales_to_one_person(clinic)
    clinic.till.merge_customers(*ids)
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    assert len(_owners(clinic)) == 1


def test_a_sale_to_the_old_id_finds_the_client_though_the_merge_was_missed(clinic: Clinic) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    other = clinic.till.add_customer(given_name="A.", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    second = clinic.till.sell([clinic.line("twelve")], customer_id=ana["id"])
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.merge_customers(ana["id"], other["id"])
    assert second["payments"][0]["customer_id"] == ana["id"]
    clinic.catch_up()
    with clinic.house.store.reading() as session:
        assert len(session.scalars(select(Client)).all()) == 1


def test_a_plain_deletion_keeps_the_client_and_the_courses(clinic: Clinic) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    told = {"id": ana["id"], "deleted": True, "object": {"customer": {"id": ana["id"]}}}
    keep(clinic.house, {"event_id": "gone", "type": "customer.deleted", "data": told})
    clinic.work()
    assert _owners(clinic) == {"Ana López"}
    assert clinic.messages()[-1][1] == "ignored"


def test_a_name_changed_in_square_is_taken_over(clinic: Clinic) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    clinic.till.forge("customer", ana["id"], {"family_name": "López Ruiz"})
    keep(clinic.house, {"event_id": "new", "type": "customer.updated", "data": {"id": ana["id"]}})
    clinic.work()
    assert _owners(clinic) == {"Ana López Ruiz"}


def test_people_who_bought_no_package_are_not_taken_over(clinic: Clinic) -> None:
    clinic.till.add_customer(given_name="Grace", family_name="Kim")
    clinic.catch_up()
    with clinic.house.store.reading() as session:
        assert session.scalars(select(Client)).all() == []


def test_a_customer_whose_merge_was_missed_is_followed_at_the_next_change(clinic: Clinic) -> None:
    ids = _two_sales_to_one_person(clinic)
    clinic.catch_up()
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.merge_customers(*ids)
    for customer_id in ids:
        told = {"event_id": customer_id, "type": "customer.updated", "data": {"id": customer_id}}
        keep(clinic.house, told)
    clinic.work()
    assert len(_owners(clinic)) == 1
