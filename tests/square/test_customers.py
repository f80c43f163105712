"""Customers merged, changed and deleted in Square: a course never loses its client."""

import json

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.profile_notes import profile_status
from plugin.square.sync import sync
from plugin.store.people import Client
from tests.square.clinic import OWNER, Clinic, keep


def _two_sales_to_one_person(clinic: Clinic) -> tuple[str, str]:
    first = clinic.till.add_customer(given_name="Ana", family_name="López")
    second = clinic.till.add_customer(given_name="Anna", family_name="Lopez")
    clinic.sell("ten", customer_id=first["id"])
    clinic.sell("twelve", customer_id=second["id"])
    return first["id"], second["id"]


def _owners(clinic: Clinic) -> set[str | None]:
    return {row[4] for row in clinic.ledger()}


def _client_id(clinic: Clinic) -> str:
    with clinic.services.store.reading() as session:
        return session.scalars(select(Client.id).where(Client.merged_into.is_(None))).one()


def _square_id(clinic: Clinic) -> str | None:
    return read_client(clinic.services.store, _client_id(clinic)).square_customer_id


def _standing(clinic: Clinic) -> str:
    return profile_status(clinic.services.store, _client_id(clinic)).standing


@pytest.mark.parametrize("order", [1, -1], ids=["created first", "deleted first"])
def test_a_merge_brings_the_courses_together_whichever_event_comes_first(clinic: Clinic, order: int) -> None:
    ids = _two_sales_to_one_person(clinic)
    clinic.catch_up()
    assert len(_owners(clinic)) == 2
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.merge_customers(*ids)
    events = [json.loads(one["body"]) for one in clinic.till.events() if one["state"] == "withheld"]
    for event in events[::order]:
        keep(clinic.services, event)
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
    with clinic.services.store.reading() as session:
        assert len(session.scalars(select(Client)).all()) == 1


def test_a_plain_deletion_keeps_the_client_and_the_courses(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    clinic.till.delete_customer(ana["id"])
    clinic.catch_up()
    assert _owners(clinic) == {"Ana López"}
    assert (_square_id(clinic), _standing(clinic)) == (None, "deleted")
    clinic.till.recover_customer(ana["id"])
    clinic.catch_up()
    assert (_square_id(clinic), _standing(clinic)) == (ana["id"], "linked")


def test_a_name_changed_in_square_is_taken_over(clinic: Clinic) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    clinic.till.forge("customer", ana["id"], {"family_name": "López Ruiz"})
    keep(clinic.services, {"event_id": "new", "type": "customer.updated", "data": {"id": ana["id"]}})
    clinic.work()
    assert _owners(clinic) == {"Ana López Ruiz"}


def test_people_who_bought_no_package_are_not_taken_over(clinic: Clinic) -> None:
    clinic.till.add_customer(given_name="Grace", family_name="Kim")
    clinic.catch_up()
    with clinic.services.store.reading() as session:
        assert session.scalars(select(Client)).all() == []


def test_a_customer_whose_merge_was_missed_is_followed_at_the_next_change(clinic: Clinic) -> None:
    ids = _two_sales_to_one_person(clinic)
    clinic.catch_up()
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.merge_customers(*ids)
    for customer_id in ids:
        told = {"event_id": customer_id, "type": "customer.updated", "data": {"id": customer_id}}
        keep(clinic.services, told)
    clinic.work()
    assert len(_owners(clinic)) == 1


def test_with_webhooks_off_the_sweep_follows_a_merge_and_a_new_name(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.till.set_faults(has_withheld_events=True)
    ids = _two_sales_to_one_person(clinic)
    sync(clinic.services)
    clinic.work()
    assert len(_owners(clinic)) == 2
    clinic.clock.advance(minutes=15)
    merged = clinic.till.merge_customers(*ids)
    found = {one["kind"] for one in sync(clinic.services).found}
    clinic.work()
    assert found == {"customer"}
    assert (len(_owners(clinic)), _square_id(clinic)) == (1, merged["id"])
    clinic.clock.advance(minutes=15)
    clinic.services.square.update_customer(merged["id"], {"family_name": "Ruiz"}, merged["version"])
    sync(clinic.services)
    clinic.work()
    assert _owners(clinic) == {"Ana Ruiz"}
    assert [one for one in sync(clinic.services).found if one["kind"] == "customer"] == []


@pytest.mark.parametrize("decision", ["split", "keep_together"])
def test_customers_separated_in_square_are_asked_about_and_never_split_by_themselves(
    lite_clinic: Clinic, decision: str
) -> None:
    clinic = lite_clinic
    ids = _two_sales_to_one_person(clinic)
    clinic.catch_up()
    merged = clinic.till.merge_customers(*ids)
    clinic.catch_up()
    clinic.till.unmerge_customer(merged["id"])
    clinic.catch_up()
    assert len(_owners(clinic)) == 1
    asked = {item.summary: item for item in clinic.attention()}
    item = asked["Square has separated Anna Lopez from Ana López. Here they are one client."]
    assert item.proposal == (
        "Sold to Anna Lopez: Facial acupuncture, course of 12; the rest stays with Ana López."
    )
    assert len(item.course_ids) == 2
    resolve(
        clinic.services.store,
        Act(OWNER, clinic.clock(), decision),
        item.id,
        Resolution("As Square has it", decision=decision),
    )
    owners = {"ten": "Ana López", "twelve": "Anna Lopez" if decision == "split" else "Ana López"}
    told = {row[3]: row[4] for row in clinic.ledger()}
    assert told == {clinic.packages[name].name: owner for name, owner in owners.items()}
    clinic.sell("ten", customer_id=ids[1])
    clinic.catch_up()
    assert {row[4] for row in clinic.ledger()} == set(owners.values())
    assert len([row for row in clinic.ledger() if row[4] == owners["twelve"]]) == (
        2 if decision == "split" else 3
    )
    assert clinic.is_sound()


def test_a_customer_separated_under_a_new_id_is_told_by_name_and_phone(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    ids = [
        clinic.till.add_customer(given_name=name, phone_number="+13105550101")["id"]
        for name in ("Ana", "Bea")
    ]
    for customer_id in ids:
        clinic.sell("ten", customer_id=customer_id)
    clinic.catch_up()
    clinic.till.unmerge_customer(clinic.till.merge_customers(*ids)["id"], has_new_ids=True)
    clinic.catch_up()
    assert len(_owners(clinic)) == 1
    # Ana is Ana still: only Bea needs a decision.
    (asked,) = clinic.attention()
    assert asked.summary == "Square has separated Bea from Ana. Here they are one client."
    assert asked.proposal == "None of the courses was sold to Bea as Square tells it; all stay with Ana."


def test_a_number_square_has_without_its_area_code_does_not_fail_the_sale(clinic: Clinic) -> None:
    """B20: name and e-mail are stored, and an incomplete number is never written back."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="López", email_address="ana@example.org")
    clinic.till.forge("customer", ana["id"], {"phone_number": "555-0191"})
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    client = read_client(clinic.services.store, _client_id(clinic))
    assert (client.name, client.phone, client.email) == ("Ana López", None, "ana@example.org")
    assert clinic.services.square.customer(ana["id"])["phone_number"] == "555-0191"


def test_a_profile_known_by_an_odd_number_alone_goes_by_that_number(clinic: Clinic) -> None:
    """B20."""
    ana = clinic.till.add_customer(phone_number="+13105550101")
    clinic.till.forge("customer", ana["id"], {"phone_number": "555-0191"})
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    assert _owners(clinic) == {"555-0191"}
