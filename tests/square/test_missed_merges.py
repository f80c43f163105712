"""Customers merged in Square whose events were lost: one person is one client again with the next sync."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from plugin.square.sync import sync
from plugin.store.people import Client
from tests.square.clinic import Clinic, house_of

# None of them shares a word of the name, a phone or an e-mail with another.
NAMES = [("Ana", "López"), ("Beatriz", "Souza"), ("Chiara", "Rossi"), ("Dara", "O’Malley")]


def _bought(clinic: Clinic, many: int) -> list[str]:
    """Sell a course to each of so many people, reported by events; return their Square ids."""
    people = [
        clinic.till.add_customer(given_name=given, family_name=family) for given, family in NAMES[:many]
    ]
    for one in people:
        clinic.sell("ten", customer_id=one["id"])
    clinic.catch_up()
    return [one["id"] for one in people]


def _merged(clinic: Clinic, *customer_ids: str) -> str:
    """Merge them in Square; the events of it are lost."""
    clinic.till.set_faults(has_withheld_events=True)
    merged: str = clinic.till.merge_customers(*customer_ids)["id"]
    clinic.till.set_faults(has_withheld_events=False)
    return merged


def _synced(clinic: Clinic) -> None:
    clinic.clock.advance(minutes=15)
    sync(clinic.services)
    clinic.work()


def _clients(clinic: Clinic) -> list[str]:
    with clinic.services.store.reading() as session:
        living = select(Client.name).where(Client.merged_into.is_(None)).order_by(Client.name)
        return list(session.scalars(living))


def _owners(clinic: Clinic) -> set[str | None]:
    return {row[4] for row in clinic.ledger()}


def test_two_merges_are_followed_though_the_merged_profiles_bought_first(clinic: Clinic) -> None:
    """B12: the sale is reported, the merges are not."""
    ana, beatriz, chiara, dara = _bought(clinic, 4)
    first, second = _merged(clinic, ana, beatriz), _merged(clinic, chiara, dara)
    for merged in (first, second):
        clinic.sell("twelve", customer_id=merged)
    clinic.catch_up()
    _synced(clinic)
    assert _clients(clinic) == ["Ana López", "Chiara Rossi"]
    assert _owners(clinic) == {"Ana López", "Chiara Rossi"}
    assert len(clinic.ledger()) == 6
    assert clinic.is_sound()


@pytest.mark.parametrize("buys", [True, False], ids=["that buys", "that does not"])
def test_a_chain_of_two_merges_ends_in_one_client(clinic: Clinic, buys: bool) -> None:
    """B12."""
    ana, beatriz, chiara = _bought(clinic, 3)
    last = _merged(clinic, _merged(clinic, beatriz, ana), chiara)
    if buys:
        clinic.sell("twelve", customer_id=last)
        clinic.catch_up()
    _synced(clinic)
    assert len(_clients(clinic)) == len(_owners(clinic)) == 1
    assert clinic.is_sound()


def test_a_chain_whose_first_merge_was_heard_of_is_followed_to_its_end(clinic: Clinic) -> None:
    """B12."""
    ana, beatriz, chiara = _bought(clinic, 3)
    first = clinic.till.merge_customers(ana, beatriz)["id"]
    clinic.catch_up()
    assert len(_clients(clinic)) == 2
    last = _merged(clinic, first, chiara)
    clinic.sell("twelve", customer_id=last)
    clinic.catch_up()
    _synced(clinic)
    assert (_clients(clinic), _owners(clinic)) == (["Ana López"], {"Ana López"})
    assert clinic.is_sound()


def test_a_merge_that_was_followed_is_not_found_again(clinic: Clinic) -> None:
    _merged(clinic, *_bought(clinic, 2))
    _synced(clinic)
    clinic.clock.advance(minutes=15)
    assert sync(clinic.services).found == ()


def test_people_of_one_phone_are_one_as_soon_as_their_merged_profile_buys(clinic: Clinic) -> None:
    """B12: the likeliest are fetched before the sale is booked."""
    ids = [
        clinic.till.add_customer(given_name=name, phone_number="+13105550101")["id"]
        for name in ("Ana", "Bea")
    ]
    for one in ids:
        clinic.sell("ten", customer_id=one)
    clinic.catch_up()
    clinic.sell("twelve", customer_id=_merged(clinic, *ids))
    clinic.catch_up()
    assert (_clients(clinic), len(clinic.ledger())) == (["Ana"], 3)


def test_a_profile_found_deleted_on_the_way_is_noted(clinic: Clinic) -> None:
    ana, beatriz, chiara = _bought(clinic, 3)
    clinic.till.set_faults(has_withheld_events=True)
    clinic.till.delete_customer(chiara)
    _merged(clinic, ana, beatriz)
    _synced(clinic)
    assert _clients(clinic) == ["Ana López", "Chiara Rossi"]
    assert "Deleted in Square’s directory; the client and every course stay." in clinic.messages()[-1][2]


class WithoutBulk(httpx.BaseTransport):
    """A server without the call for many profiles at once."""

    def __init__(self) -> None:
        self._behind = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/bulk-retrieve"):
            error = {"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": "Not found."}
            return httpx.Response(404, json={"errors": [error]}, request=request)
        return self._behind.handle_request(request)

    def close(self) -> None:
        self._behind.close()


@pytest.fixture
def plain(lite_clinic: Clinic) -> Iterator[Clinic]:
    whole = lite_clinic.services
    lite_clinic.services = house_of(whole.settings, whole.store, lite_clinic.clock, WithoutBulk())
    yield lite_clinic
    lite_clinic.services.close()
    lite_clinic.services = whole


def test_a_server_without_the_call_for_many_is_asked_for_the_likeliest(plain: Clinic) -> None:
    """B12."""
    ids = [plain.till.add_customer(given_name=name, family_name="López")["id"] for name in ("Ana", "Bea")]
    for one in ids:
        plain.sell("ten", customer_id=one)
    plain.catch_up()
    _merged(plain, *ids)
    _synced(plain)
    assert len(_clients(plain)) == 1
