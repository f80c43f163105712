"""A profile deleted in Square and made again: the same person is proposed, and merged by one tap."""

from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.views import AttentionView
from plugin.courses.clients.merge import merge_clients, merges_of, undo_merge
from plugin.errors import Refused
from plugin.store.people import Client, SquareCustomer
from tests.square.clinic import OWNER, Clinic

ANA = {
    "given_name": "Ana",
    "family_name": "López",
    "phone_number": "+13105550101",
    "email_address": "ana@example.org",
}


def _bought(clinic: Clinic, name: str, **profile: str) -> str:
    made: str = clinic.till.add_customer(**profile)["id"]
    clinic.sell(name, customer_id=made)
    clinic.catch_up()
    return made


def _deleted(clinic: Clinic, customer_id: str, *, is_heard: bool = True) -> None:
    clinic.till.set_faults(has_withheld_events=not is_heard)
    clinic.till.delete_customer(customer_id)
    clinic.till.set_faults(has_withheld_events=False)
    clinic.catch_up()


def _asked(clinic: Clinic) -> list[AttentionView]:
    return [item for item in clinic.attention() if item.kind == "possible_duplicate"]


def _act(clinic: Clinic, key: str) -> Act:
    return Act(OWNER, clinic.clock(), key)


def _decide(clinic: Clinic, decision: str) -> AttentionView:
    (item,) = _asked(clinic)
    wish = Resolution("Looked at both", decision=decision)
    return resolve(clinic.services.store, _act(clinic, decision), item.id, wish)


def _clients(clinic: Clinic) -> list[str]:
    with clinic.services.store.reading() as session:
        return list(
            session.scalars(select(Client.id).where(Client.merged_into.is_(None)).order_by(Client.id))
        )


@pytest.mark.parametrize("is_heard", [True, False], ids=["deletion heard of", "deletion missed"])
def test_the_same_person_is_proposed_and_merged_by_one_tap(clinic: Clinic, is_heard: bool) -> None:
    """B19."""
    first = _bought(clinic, "ten", **ANA)
    _deleted(clinic, first, is_heard=is_heard)
    again = _bought(clinic, "twelve", **ANA)
    (item,) = _asked(clinic)
    assert item.summary == (
        "Possible duplicate: Ana López bought with a new Square profile. An existing client has the same name,"
        " phone and e-mail; that client’s Square profile was deleted."
    )
    assert item.client_ids == tuple(_clients(clinic))
    assert _decide(clinic, "merge_clients").answer == "Clients merged"
    (client_id,) = _clients(clinic)
    assert client_id == item.client_ids[0]
    with clinic.services.store.reading() as session:
        assert session.get_one(SquareCustomer, first).is_deleted
        assert session.get_one(SquareCustomer, again).is_current
    clinic.sell("ten", customer_id=again)
    clinic.catch_up()
    assert ({row[4] for row in clinic.ledger()}, _asked(clinic)) == ({"Ana López"}, [])
    assert len(_clients(clinic)) == 1
    assert clinic.is_sound()


def test_said_to_be_two_they_stay_two_and_are_not_asked_about_again(clinic: Clinic) -> None:
    """B19."""
    _deleted(clinic, _bought(clinic, "ten", **ANA))
    again = _bought(clinic, "twelve", **ANA)
    assert _decide(clinic, "not_duplicate").answer == "Not a duplicate"
    clinic.sell("ten", customer_id=again)
    clinic.catch_up()
    assert (len(_clients(clinic)), _asked(clinic)) == (2, [])


@pytest.mark.parametrize(
    ("changed", "shared"),
    [
        ({"email_address": "new@example.org"}, "name and phone"),
        ({"phone_number": "+13105550199"}, "name and e-mail"),
        (
            {"given_name": "ana", "family_name": "LOPEZ", "email_address": "ANA@example.org"},
            "name, phone and e-mail",
        ),
        ({"given_name": "Bea"}, ""),
        ({"phone_number": "+13105550199", "email_address": "new@example.org"}, ""),
    ],
)
def test_a_name_with_a_phone_or_an_e_mail_is_enough_and_less_is_not(
    clinic: Clinic, changed: dict[str, Any], shared: str
) -> None:
    """B19."""
    _deleted(clinic, _bought(clinic, "ten", **ANA))
    _bought(clinic, "twelve", **{**ANA, **changed})
    assert [f"the same {shared};" in item.summary for item in _asked(clinic)] == ([True] if shared else [])


def test_two_of_one_name_without_a_phone_or_an_e_mail_are_not_asked_about(clinic: Clinic) -> None:
    _deleted(clinic, _bought(clinic, "ten", given_name="Ana"))
    _bought(clinic, "twelve", given_name="Ana")
    assert _asked(clinic) == []


def test_two_profiles_that_both_live_are_two_people_to_square_and_to_us(clinic: Clinic) -> None:
    _bought(clinic, "ten", **ANA)
    _bought(clinic, "twelve", **ANA)
    assert (len(_clients(clinic)), _asked(clinic)) == (2, [])


def test_merged_on_their_page_the_question_is_settled(clinic: Clinic) -> None:
    _deleted(clinic, _bought(clinic, "ten", **ANA))
    _bought(clinic, "twelve", **ANA)
    before, new = _clients(clinic)
    merged = merge_clients(clinic.services.store, _act(clinic, "m"), new, before)
    assert _asked(clinic) == []
    assert merged.merge_id is not None
    undo_merge(clinic.services.store, _act(clinic, "u"), merged.merge_id)
    assert len(_clients(clinic)) == 2


def test_two_who_decide_at_once_merge_once(clinic: Clinic) -> None:
    _deleted(clinic, _bought(clinic, "ten", **ANA))
    _bought(clinic, "twelve", **ANA)
    (item,) = _asked(clinic)
    _decide(clinic, "merge_clients")
    wish = Resolution("Again", decision="merge_clients")
    with pytest.raises(Refused, match="already"):
        resolve(clinic.services.store, _act(clinic, "second"), item.id, wish)
    assert len(merges_of(clinic.services.store, item.client_ids[0])) == 1
