"""Clients in Square's directory: created there once, updated, and with their balance written on them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from plugin.core.acts import Act
from plugin.courses.clients.clients import change_client, create_client, put_into_square, read_client
from plugin.courses.clients.profile_notes import profile_status, show_balances
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import SquareFailed
from plugin.square.client import SquareNotFound
from plugin.square.customers import ensure_customer
from plugin.square.locations import adopt_location
from plugin.square.profiles import ATTRIBUTE, DEFINITION, try_held_profiles
from plugin.square.sync import sync
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.store.queues import Outbox
from tests.courses.desk import MANY
from tests.square.clinic import OWNER, Clinic

NAME = DEFINITION["name"]
FULL = "Facial acupuncture: 10 of 10 left"


def _act(clinic: Clinic, key: str) -> Act:
    return Act(OWNER, clinic.clock(), key)


def _make(clinic: Clinic, **typed: str) -> str:
    typed = {"name": "Ana López Ruiz", "phone": "+13105550101", "email": "ana@example.org", **typed}
    return create_client(
        clinic.services.store, _act(clinic, f"make {typed}"[:80].replace(" ", "_")), **typed
    ).id


def _known(clinic: Clinic) -> list[dict[str, Any]]:
    return [one for page in clinic.services.square.customers_updated(None) for one in page]


def _shown(clinic: Clinic, customer_id: str) -> list[str]:
    return [one["value"] for one in clinic.till.attributes(customer_id) if one["name"] == NAME]


def _sold(clinic: Clinic, *names: str) -> tuple[str, str]:
    """Sell to Ana; return her Square id and ours."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")["id"]
    clinic.sell(*(names or ("ten",)), customer_id=ana)
    clinic.catch_up()
    with clinic.services.store.reading() as session:
        return ana, session.scalars(select(Client.id)).one()


def _use(clinic: Clinic, key: str) -> None:
    with clinic.services.store.reading() as session:
        course_id = session.scalars(select(Course.id)).one()
    use_session(clinic.services.store, _act(clinic, key), UseSession(course_id), known_charges=MANY)


class Stubborn:
    """Square, which does not do one of the things requested."""

    def __init__(self, square: Any, name: str, how: str | SquareFailed, *, permanent: bool = False) -> None:
        self._square, self._name = square, name
        self._error = SquareFailed("No.", permanent=permanent, code=how) if isinstance(how, str) else how

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            raise self._error
        return getattr(self._square, name)


def _beside(clinic: Clinic, square: Any) -> Clinic:
    return Clinic(replace(clinic.services, square=square), clinic.till, clinic.clock)


class TestDirectory:
    def test_a_client_made_at_the_desk_is_made_in_square_once(self, lite_clinic: Clinic) -> None:
        client_id = _make(lite_clinic)
        assert profile_status(lite_clinic.services.store, client_id).standing == "waits"
        lite_clinic.errands()
        (made,) = _known(lite_clinic)
        assert (made["given_name"], made["family_name"]) == ("Ana", "López Ruiz")
        assert (made["phone_number"], made["email_address"]) == ("+13105550101", "ana@example.org")
        assert profile_status(lite_clinic.services.store, client_id).standing == "linked"
        assert ensure_customer(lite_clinic.services, client_id, "again") == made["id"]
        lite_clinic.catch_up()
        with lite_clinic.services.store.reading() as session:
            assert session.scalar(select(func.count()).select_from(Client)) == 1

    def test_a_lost_answer_makes_no_double(self, lite_clinic: Clinic) -> None:
        client_id = _make(lite_clinic)
        lite_clinic.till.set_faults(
            fail_next=1, fail_how="cut", fail_after=True, fail_only="POST /v2/customers"
        )
        with pytest.raises(SquareFailed):
            ensure_customer(lite_clinic.services, client_id, "first")
        assert ensure_customer(lite_clinic.services, client_id, "second") == _known(lite_clinic)[0]["id"]
        assert len(_known(lite_clinic)) == 1

    @pytest.mark.parametrize(
        ("profile", "is_same"),
        [
            ({"family_name": "Lopez Ruiz", "phone_number": "+13105550101"}, True),
            ({"family_name": "López Ruiz", "email_address": "ANA@example.org"}, True),
            ({"family_name": "Other", "phone_number": "+13105550101"}, False),
            ({"family_name": "López Ruiz", "phone_number": "+13105550199"}, False),
        ],
        ids=["phone and name", "e-mail and name", "phone alone", "name alone"],
    )
    def test_somebody_who_is_there_already_is_linked(
        self, lite_clinic: Clinic, profile: dict[str, str], is_same: bool
    ) -> None:
        there = lite_clinic.till.add_customer(given_name="Ana", **profile)
        found = ensure_customer(lite_clinic.services, _make(lite_clinic), "k")
        assert (found == there["id"]) is is_same

    def test_after_a_merge_the_new_id_is_answered_and_after_a_deletion_a_new_profile_made(
        self, lite_clinic: Clinic
    ) -> None:
        ana, client_id = _sold(lite_clinic)
        lite_clinic.till.set_faults(has_withheld_events=True)
        other = lite_clinic.till.add_customer(given_name="A.")["id"]
        merged = lite_clinic.till.merge_customers(ana, other)["id"]
        assert ensure_customer(lite_clinic.services, client_id, "k") == merged
        lite_clinic.till.delete_customer(merged)
        assert ensure_customer(lite_clinic.services, client_id, "k2") not in (ana, merged)

    def test_what_the_desk_changes_is_written_to_square_and_does_not_come_back(
        self, lite_clinic: Clinic
    ) -> None:
        ana, client_id = _sold(lite_clinic)
        store = lite_clinic.services.store
        change_client(
            store, _act(lite_clinic, "a"), client_id, name="Ana Ruiz", phone="+13105550102", language="es"
        )
        # An event older than what was typed changes nothing.
        lite_clinic.till.forge("customer", ana, {"note": "called"})
        lite_clinic.work()
        change_client(
            store, _act(lite_clinic, "b"), client_id, name="Ana Ruiz", phone="+13105550103", language="es"
        )
        lite_clinic.errands()
        written = lite_clinic.services.square.customer(ana)
        assert (written["family_name"], written["phone_number"]) == ("Ruiz", "+13105550103")
        lite_clinic.catch_up()
        lite_clinic.errands()
        assert lite_clinic.services.square.customer(ana)["version"] == written["version"]
        kept = read_client(store, client_id)
        assert (kept.name, kept.phone, kept.language) == ("Ana Ruiz", "+13105550103", "es")

    def test_what_square_refuses_is_shown_kept_and_can_be_tried_again(self, lite_clinic: Clinic) -> None:
        ana, client_id = _sold(lite_clinic)
        store = lite_clinic.services.store
        change_client(store, _act(lite_clinic, "a"), client_id, name="Ana Ruiz")
        refusing: Any = Stubborn(
            lite_clinic.services.square, "update_customer", "square_refused", permanent=True
        )
        _beside(lite_clinic, refusing).errands()
        assert profile_status(store, client_id).standing == "failed"
        put_into_square(store, _act(lite_clinic, "b"), client_id)
        lite_clinic.errands()
        assert profile_status(store, client_id).standing == "linked"
        assert lite_clinic.services.square.customer(ana)["family_name"] == "Ruiz"


class TestBalance:
    def test_it_is_written_once_per_change_and_again_after_a_merge(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        lite_clinic.errands()
        assert _shown(lite_clinic, ana) == [FULL]
        _use(lite_clinic, "one")
        _use(lite_clinic, "two")
        lite_clinic.errands()
        left = "Facial acupuncture: 8 of 10 left"
        assert _shown(lite_clinic, ana) == [left]
        third = lite_clinic.services.square.set_customer_attribute("third", ana, ATTRIBUTE, "?")
        assert third["version"] == 3
        other = lite_clinic.till.add_customer(given_name="A.")["id"]
        merged = lite_clinic.till.merge_customers(ana, other)["id"]
        lite_clinic.catch_up()
        lite_clinic.errands()
        assert _shown(lite_clinic, merged) == [left]

    def test_what_was_taken_away_in_square_is_written_at_the_next_change(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        lite_clinic.errands()
        lite_clinic.services.square.delete_customer_attribute(ana, ATTRIBUTE)
        _use(lite_clinic, "one")
        lite_clinic.errands()
        assert _shown(lite_clinic, ana) == ["Facial acupuncture: 9 of 10 left"]

    @pytest.mark.parametrize("call", ["define_customer_attribute", "set_customer_attribute"])
    def test_a_missing_permission_is_told_once_and_made_up_for_when_it_is_there(
        self, lite_clinic: Clinic, call: str
    ) -> None:
        ana, _ = _sold(lite_clinic)
        bea = lite_clinic.till.add_customer(given_name="Bea")["id"]
        lite_clinic.sell("ten", customer_id=bea)
        lite_clinic.catch_up()
        refusing: Any = Stubborn(lite_clinic.services.square, call, "square_scope")
        _beside(lite_clinic, refusing).errands()
        assert not try_held_profiles(_beside(lite_clinic, refusing).services)
        assert [item.kind for item in lite_clinic.attention()] == ["profiles_held"]
        sync(lite_clinic.services)
        lite_clinic.errands()
        assert (_shown(lite_clinic, ana), _shown(lite_clinic, bea)) == ([FULL], [FULL])
        assert lite_clinic.attention() == []

    def test_switched_off_it_is_taken_away_and_on_again_written(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        adopt_location(lite_clinic.services)
        lite_clinic.errands()
        for is_shown, expected in ((False, []), (True, [FULL])):
            show_balances(lite_clinic.services.store, _act(lite_clinic, "k"), is_shown=is_shown)
            lite_clinic.errands()
            assert _shown(lite_clinic, ana) == expected

    def test_a_client_who_is_gone_from_the_directory_is_no_trouble(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        lite_clinic.till.set_faults(has_withheld_events=True)
        lite_clinic.till.delete_customer(ana)
        lite_clinic.errands()
        with lite_clinic.services.store.reading() as session:
            rows = session.scalars(select(Outbox).where(Outbox.kind == "profile"))
            assert [(row.state, row.outcome) for row in rows] == [
                ("done", "The client is not in Square’s directory.")
            ]

    def test_a_definition_deleted_in_square_is_made_again(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        lite_clinic.errands()
        _use(lite_clinic, "one")
        refusing: Any = Stubborn(
            lite_clinic.services.square,
            "set_customer_attribute",
            SquareNotFound("Gone.", permanent=True, code="square_not_found"),
        )
        _beside(lite_clinic, refusing).errands()
        assert _shown(lite_clinic, ana) == [FULL]
        lite_clinic.clock.advance(hours=1)
        lite_clinic.errands()
        assert _shown(lite_clinic, ana) == ["Facial acupuncture: 9 of 10 left"]

    def test_balances_stay_here_where_square_has_no_attributes(self, lite_clinic: Clinic) -> None:
        ana, _ = _sold(lite_clinic)
        gone = SquareNotFound("No such call.", permanent=True, code="square_not_found")
        without: Any = Stubborn(lite_clinic.services.square, "customer_attribute_definition", gone)
        without = _beside(lite_clinic, Stubborn(without, "define_customer_attribute", gone))
        without.errands()
        assert _shown(lite_clinic, ana) == []
        assert not try_held_profiles(without.services)
        assert lite_clinic.attention() == []
        lite_clinic.clock.advance(hours=1)
        assert try_held_profiles(lite_clinic.services)
        lite_clinic.errands()
        assert _shown(lite_clinic, ana) == [FULL]
