"""Square still reports a person who was erased here, or merges them with another: no data returns by that."""

from datetime import timedelta

from sqlalchemy import select

from plugin.core.acts import Act
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.merge import merge_clients, undo_merge
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.square.parsing import rfc3339
from plugin.square.sync import sync
from plugin.store.ledger import Course
from plugin.store.people import Client, SquareCustomer
from plugin.store.queues import Inbox, Outbox
from plugin.store.square_side import Booking, SquarePerson
from tests.square.clinic import OWNER, Clinic

BALANCE = "Prepaid sessions"


def _act(clinic: Clinic, key: str) -> Act:
    return Act(OWNER, clinic.clock(), key)


def _client_of(clinic: Clinic, square_customer_id: str) -> str:
    with clinic.services.store.reading() as session:
        return session.get_one(SquareCustomer, square_customer_id).client_id


def _balances(clinic: Clinic, square_customer_id: str) -> list[str]:
    return [one["value"] for one in clinic.till.attributes(square_customer_id) if one["name"] == BALANCE]


def _erased(clinic: Clinic) -> str:
    """Zoë, who has a course and a balance on her profile, is erased; returns her Square id."""
    zoe = clinic.till.add_customer(
        given_name="Zoë", family_name="Quillfeather", email_address="zoe@example.org"
    )
    clinic.sell("twelve", customer_id=zoe["id"])
    clinic.catch_up()
    clinic.papers()
    assert _balances(clinic, zoe["id"]) != []
    wish = Erasure(_client_of(clinic, zoe["id"]), "Zoë Quillfeather", gives_up=True)
    assert erase_client(clinic.services.store, _act(clinic, "erase"), wish)
    clinic.errands()
    return str(zoe["id"])


def _all_there_is(clinic: Clinic) -> str:
    tables = (Client, SquareCustomer, SquarePerson, Booking, Inbox, Outbox)
    with clinic.services.store.reading() as session:
        rows = [row for table in tables for row in session.scalars(select(table))]
        told = [getattr(row, column.key) for row in rows for column in row.__table__.columns]
    return repr(told).casefold()


def test_the_balance_leaves_the_profile_and_nothing_names_them_then(lite_clinic: Clinic) -> None:
    zoe = _erased(lite_clinic)
    assert _balances(lite_clinic, zoe) == []
    told = _all_there_is(lite_clinic)
    assert [each for each in ("quillfeather", "zoe@", zoe.casefold()) if each in told] == []
    with lite_clinic.services.store.reading() as session:
        done = select(Outbox.state).where(Outbox.kind.in_(("leave_profile", "compact")))
        assert set(session.scalars(done)) == {"done"}


def test_what_square_tells_of_them_later_is_not_kept(lite_clinic: Clinic) -> None:
    zoe = _erased(lite_clinic)
    for event in list(lite_clinic.till.events()):
        lite_clinic.till.resend(event["event_id"])
    lite_clinic.till.forge("customer", zoe, {"given_name": "Zoë", "phone_number": "+14155550187"})
    lite_clinic.till.book(rfc3339(lite_clinic.clock() + timedelta(hours=1)), customer_id=zoe)
    lite_clinic.catch_up()
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    told = _all_there_is(lite_clinic)
    assert [each for each in ("quillfeather", "zoe@", "5550187", zoe.casefold()) if each in told] == []
    assert lite_clinic.attention() == []


def test_a_new_sale_to_them_asks_whose_it_is(lite_clinic: Clinic) -> None:
    zoe = _erased(lite_clinic)
    lite_clinic.sell("ten", customer_id=zoe)
    lite_clinic.catch_up()
    assert [each.kind for each in lite_clinic.attention()] == ["unassigned_sale"]
    with lite_clinic.services.store.reading() as session:
        assert list(session.scalars(select(Client.name))) == ["Erased client"]
        assert session.scalars(select(Course.id).where(Course.client_id.is_(None))).one()


def test_merged_in_square_with_a_stranger_they_stay_forgotten(lite_clinic: Clinic) -> None:
    zoe = _erased(lite_clinic)
    other = lite_clinic.till.add_customer(given_name="Zoe", family_name="Quillfeather")
    lite_clinic.till.merge_customers(zoe, other["id"])
    lite_clinic.catch_up()
    with lite_clinic.services.store.reading() as session:
        assert list(session.scalars(select(SquareCustomer.square_customer_id))) == []
        assert list(session.scalars(select(Client.name))) == ["Erased client"]


def test_of_two_made_one_at_the_desk_one_profile_carries_the_balance(lite_clinic: Clinic) -> None:
    first, second = (
        lite_clinic.till.add_customer(given_name=name, family_name="Souza")["id"] for name in ("Ana", "Anna")
    )
    for package, customer in (("ten", first), ("twelve", second)):
        lite_clinic.sell(package, customer_id=customer)
    lite_clinic.catch_up()
    lite_clinic.errands()
    ana, anna = _client_of(lite_clinic, first), _client_of(lite_clinic, second)
    merged = merge_clients(lite_clinic.services.store, _act(lite_clinic, "merge"), anna, ana)
    lite_clinic.errands()
    assert _balances(lite_clinic, second) == []
    assert "12 of 12" in _balances(lite_clinic, first)[0]
    # An event of the other profile changes neither name nor place; a sale to it is theirs.
    lite_clinic.sell("ten", customer_id=second)
    lite_clinic.catch_up()
    lite_clinic.errands()
    assert (read_client(lite_clinic.services.store, ana).name, _balances(lite_clinic, second)) == (
        "Ana Souza",
        [],
    )
    undo_merge(lite_clinic.services.store, _act(lite_clinic, "part"), merged.merge_id or "")
    lite_clinic.errands()
    assert "12 of 12" in _balances(lite_clinic, second)[0]
    assert lite_clinic.is_sound()
