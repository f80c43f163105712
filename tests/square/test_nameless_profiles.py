"""Square makes a profile for a card sale without a customer: while it has no data of the person, it is no client."""

from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.clients.clients import create_client
from plugin.square.sync import sync
from plugin.store.documents import Document
from plugin.store.people import Client, SquareCustomer
from tests.square.clinic import OWNER, Clinic

Json = dict[str, Any]


def _sold(clinic: Clinic, **sale: Any) -> Json:
    """Ring up a course on a card, without a client; return the profile Square makes of it."""
    clinic.till.set_faults(makes_instant_profiles=True)
    payment = clinic.till.sell([clinic.line("ten")], **sale)["payments"][0]
    clinic.catch_up()
    profile = clinic.services.square.customer(payment["customer_id"])
    assert profile["creation_source"] == "INSTANT_PROFILE"
    return profile


def _act(clinic: Clinic, key: str) -> Act:
    return Act(OWNER, clinic.clock(), key)


def _owners(clinic: Clinic) -> list[str | None]:
    return [row[4] for row in clinic.ledger()]


def _kinds(clinic: Clinic) -> list[str]:
    return [item.kind for item in clinic.attention()]


def _made(clinic: Clinic) -> tuple[int, int]:
    """How many clients there are, and how many documents."""
    with clinic.services.store.reading() as session:
        return len(session.scalars(select(Client)).all()), len(session.scalars(select(Document)).all())


def test_a_sale_to_a_profile_without_a_name_waits_like_one_without_a_client(clinic: Clinic) -> None:
    """B8: no client is made, and no invoice is issued."""
    _sold(clinic)
    clinic.papers()
    assert (_owners(clinic), _kinds(clinic)) == ([None], ["unassigned_sale"])
    assert _made(clinic) == (0, 0)
    assert clinic.is_sound()


@pytest.mark.parametrize(
    "blank", [{"given_name": " \u200b"}, {"nickname": "\u202e"}, {"note": "Paid by card"}]
)
def test_a_name_of_blanks_is_none(clinic: Clinic, blank: Json) -> None:
    """B8."""
    clinic.till.set_faults(has_withheld_events=True, makes_instant_profiles=True)
    payment = clinic.till.sell([clinic.line("ten")])["payments"][0]
    clinic.till.forge("customer", payment["customer_id"], blank)
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    assert (_owners(clinic), _kinds(clinic)) == ([None], ["unassigned_sale"])


@pytest.mark.parametrize(
    ("told", "called"),
    [
        ({"given_name": "Ana"}, "Ana"),
        ({"family_name": "López"}, "López"),
        ({"company_name": "Lotus LLC"}, "Lotus LLC"),
        ({"phone_number": "+13105550101"}, "+13105550101"),
        ({"email_address": "ana@example.org"}, "ana@example.org"),
    ],
)
def test_one_that_tells_who_it_is_is_a_person(clinic: Clinic, told: Json, called: str) -> None:
    """B8."""
    clinic.till.set_faults(has_withheld_events=True, makes_instant_profiles=True)
    payment = clinic.till.sell([clinic.line("ten")])["payments"][0]
    clinic.till.forge("customer", payment["customer_id"], told)
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    assert (_owners(clinic), _kinds(clinic)) == ([called], [])


def test_the_customer_on_the_order_counts_before_the_profile_of_the_card(clinic: Clinic) -> None:
    """B8."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    order = clinic.sell("ten", customer_id=ana["id"], customer_on="order")
    nameless = clinic.till.sell([{"name": "Oil", "amount": 100}], customer_id=None)
    profile = clinic.till.add_customer(given_name="x")
    clinic.till.forge("customer", profile["id"], {"given_name": None, "creation_source": "INSTANT_PROFILE"})
    clinic.till.forge("payment", order["tenders"][0]["id"], {"customer_id": profile["id"]})
    assert nameless["payments"][0].get("customer_id") is None
    clinic.catch_up()
    assert _owners(clinic) == ["Ana López"]


@pytest.mark.parametrize("has_webhooks", [True, False], ids=["told by an event", "found by a sweep"])
def test_a_profile_that_gets_a_name_gets_its_course(clinic: Clinic, has_webhooks: bool) -> None:
    """B8."""
    profile = _sold(clinic)
    clinic.till.set_faults(has_withheld_events=not has_webhooks)
    clinic.services.square.update_customer(profile["id"], {"given_name": "Ana", "family_name": "López"}, 0)
    if not has_webhooks:
        clinic.clock.advance(minutes=15)
        assert "A sale whose client has a name now" in [one["what"] for one in sync(clinic.services).found]
    clinic.catch_up()
    clinic.papers()
    assert (_owners(clinic), _kinds(clinic)) == (["Ana López"], [])
    assert clinic.is_sound()


@pytest.mark.parametrize("has_webhooks", [True, False], ids=["told by events", "found by a sweep"])
@pytest.mark.parametrize("is_client", [True, False], ids=["of a client", "of a stranger"])
def test_a_profile_merged_into_one_with_a_name_gets_its_course(
    clinic: Clinic, has_webhooks: bool, is_client: bool
) -> None:
    """B8."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    if is_client:
        clinic.sell("twelve", customer_id=ana["id"])
    profile = _sold(clinic)
    assert _kinds(clinic) == ["unassigned_sale"]
    clinic.till.set_faults(has_withheld_events=not has_webhooks)
    clinic.till.merge_customers(profile["id"], ana["id"])
    if not has_webhooks:
        clinic.clock.advance(minutes=15)
        sync(clinic.services)
    clinic.catch_up()
    assert (set(_owners(clinic)), _kinds(clinic)) == ({"Ana López"}, [])
    with clinic.services.store.reading() as session:
        assert len(session.scalars(select(Client)).all()) == 1
    assert clinic.is_sound()


def test_a_sale_that_a_person_has_assigned_stays_theirs_whatever_the_profile_says_later(
    clinic: Clinic,
) -> None:
    """B8."""
    profile = _sold(clinic)
    bea = create_client(clinic.services.store, _act(clinic, "made"), name="Bea Kim")
    (item,) = clinic.attention()
    resolve(clinic.services.store, _act(clinic, "assigned"), item.id, Resolution("Hers", client_id=bea.id))
    clinic.services.square.update_customer(profile["id"], {"given_name": "Ana"}, 0)
    clinic.catch_up()
    sync(clinic.services)
    clinic.catch_up()
    assert (_owners(clinic), _kinds(clinic)) == (["Bea Kim"], [])


def test_a_profile_we_know_as_a_client_is_that_client_though_it_has_lost_its_name(clinic: Clinic) -> None:
    """B8."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.catch_up()
    clinic.till.forge("customer", ana["id"], {"given_name": None, "family_name": None})
    clinic.sell("twelve", customer_id=ana["id"])
    clinic.catch_up()
    assert _owners(clinic) == ["Ana López", "Ana López"]
    with clinic.services.store.reading() as session:
        assert len(session.scalars(select(SquareCustomer)).all()) == 1
