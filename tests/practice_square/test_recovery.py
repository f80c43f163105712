"""What a seller and a bank do beside the sale: restored profiles, disputes, edits of the catalog."""

from collections.abc import Iterator
from typing import Any

import pytest

from practice_square.disputes import NEXT_STATES
from tests.practice_square.counter import Counter, Json, open_counter


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("recovery")) as counter:
        yield counter


def merged(counter: Counter) -> tuple[list[str], str]:
    old = [counter.customer(given_name=name) for name in ("Ada", "Adah")]
    new = counter.call("POST", "/practice/customers/merge", {"customer_ids": old})["customer"]["id"]
    return old, new


def read(counter: Counter, id_: str) -> Json:
    return counter.call("GET", f"/v2/customers/{id_}")["customer"]


def test_an_unmerge_gives_each_profile_its_own_id_again(counter: Counter) -> None:
    old, new = merged(counter)
    before = len(counter.events())
    told = counter.call("POST", f"/practice/customers/{new}/unmerge")["customers"]
    assert sorted(one["id"] for one in told) == sorted(old)
    assert [read(counter, id_)["id"] for id_ in [*old, new]] == [*old, new]
    assert {read(counter, id_)["creation_source"] for id_ in old} == {"UNMERGE_RECOVERY"}
    assert counter.events(before) == ["customer.created", "customer.created", "customer.updated"]
    assert counter.refused("POST", f"/practice/customers/{new}/unmerge") == (400, "INVALID_VALUE")


def test_an_unmerge_may_give_new_ids_and_leave_the_old_ones_pointing(counter: Counter) -> None:
    old, new = merged(counter)
    told = counter.call("POST", f"/practice/customers/{new}/unmerge", {"has_new_ids": True})["customers"]
    assert not {one["id"] for one in told} & {*old, new}
    assert read(counter, old[0])["id"] == new


def test_a_deleted_profile_comes_back_under_its_id(counter: Counter) -> None:
    ada = counter.customer(given_name="Ada")
    counter.call("DELETE", f"/practice/customers/{ada}")
    assert counter.refused("GET", f"/v2/customers/{ada}") == (404, "NOT_FOUND")
    told = counter.call("POST", f"/practice/customers/{ada}/recover")["customer"]
    assert (told["id"], told["creation_source"], told["version"]) == (ada, "DELETION_RECOVERY", 1)
    assert counter.refused("POST", f"/practice/customers/{ada}/recover") == (404, "NOT_FOUND")


def disputed(counter: Counter, **dispute: Any) -> Json:
    sale = counter.call("POST", "/practice/sales", {"lines": [{"name": "A", "amount": 5000}]})
    body = {"payment_id": sale["payments"][0]["id"], **dispute}
    return counter.call("POST", "/practice/disputes", body)["dispute"]


@pytest.mark.parametrize("first", ["EVIDENCE_REQUIRED", "INQUIRY_EVIDENCE_REQUIRED"])
def test_a_dispute_goes_only_where_its_state_leads(counter: Counter, first: str) -> None:
    for state in NEXT_STATES:
        dispute = disputed(counter, state=first)
        path = f"/practice/disputes/{dispute['id']}/state"
        if state in NEXT_STATES[first]:
            told = counter.call("POST", path, {"state": state})["dispute"]
            assert (told["state"], told["version"]) == (state, 2)
        else:
            assert counter.refused("POST", path, {"state": state}) == (400, "BAD_REQUEST")


def test_a_dispute_is_due_in_two_weeks_and_told_at_each_step(counter: Counter) -> None:
    before = len(counter.events())
    dispute = disputed(counter, reason="NOT_RECEIVED", amount=1200)
    for state in ("PROCESSING", "WON"):
        counter.call("POST", f"/practice/disputes/{dispute['id']}/state", {"state": state})
    assert dispute["due_at"] == "2026-03-16T18:00:00.000Z"
    assert dispute["amount_money"]["amount"] == 1200
    told = [type_ for type_ in counter.events(before) if type_.startswith("dispute")]
    assert told == ["dispute.created", "dispute.state.updated", "dispute.state.updated"]


@pytest.mark.parametrize("dispute", [{"amount": 5001}, {"reason": "MOOD"}, {"state": "WON"}])
def test_it_refuses_a_dispute_no_bank_would_open(counter: Counter, dispute: Json) -> None:
    with pytest.raises(AssertionError, match=r"INVALID_(VALUE|ENUM_VALUE)"):
        disputed(counter, **dispute)


@pytest.mark.parametrize(
    ("steps", "is_given"),
    [
        ([], False),
        (["PROCESSING"], False),
        (["PROCESSING", "LOST"], False),
        (["ACCEPTED"], False),
        (["PROCESSING", "WON"], True),
    ],
)
def test_a_disputed_payment_is_not_refunded_until_it_is_won(
    counter: Counter, steps: list[str], is_given: bool
) -> None:
    dispute = disputed(counter)
    for state in steps:
        counter.call("POST", f"/practice/disputes/{dispute['id']}/state", {"state": state})
    amount = {"amount": 100, "currency": "USD"}
    payment_id = dispute["disputed_payment"]["payment_id"]
    body = {"idempotency_key": counter.key(), "payment_id": payment_id, "amount_money": amount}
    if is_given:
        assert counter.call("POST", "/v2/refunds", body)["refund"]["amount_money"] == amount
    else:
        told = counter.refused("POST", "/v2/refunds", body)
        assert told == (400, "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE")


def test_cash_is_never_disputed(counter: Counter) -> None:
    sale = {"lines": [{"name": "A", "amount": 500}], "tenders": [{"type": "cash", "amount": 500}]}
    payment = counter.call("POST", "/practice/sales", sale)["payments"][0]
    body = {"payment_id": payment["id"]}
    assert counter.refused("POST", "/practice/disputes", body) == (400, "INVALID_VALUE")


def test_edits_in_the_dashboard_tell_a_new_catalog_version(counter: Counter) -> None:
    item = counter.call("POST", "/v2/catalog/search-catalog-items", {"text_filter": "jade"})["items"][0]
    variation = item["item_data"]["variations"][0]
    before = len(counter.events())
    dearer = counter.call("PUT", f"/practice/variations/{variation['id']}", {"price": 4200, "name": "Small"})
    named = counter.call("PUT", f"/practice/items/{item['id']}", {"name": "Roller"})["object"]
    gone = counter.call("DELETE", f"/practice/items/{item['id']}")["deleted_object_ids"]
    assert dearer["object"]["item_variation_data"]["price_money"]["amount"] == 4200
    assert dearer["object"]["version"] > variation["version"]
    assert named["item_data"]["variations"][0]["item_variation_data"]["name"] == "Small"
    assert set(gone) == {item["id"], variation["id"]}
    assert counter.events(before) == ["catalog.version.updated"] * 3
