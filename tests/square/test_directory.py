"""Square's directory at the desk: searched by name without Square, by phone and e-mail with it, added by one tap."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from plugin.core.acts import Act
from plugin.courses.clients.buyers import take_in
from plugin.square.customers import AWAY, Pace, search_directory
from plugin.square.sync import sync
from plugin.store.people import Client
from tests.square.clinic import OWNER, Clinic


def _names(clinic: Clinic, q: str, pace: Pace | None = None) -> list[str]:
    return [one.name for one in search_directory(clinic.services, pace or Pace(), q, limit=6).people]


def test_people_are_found_by_name_and_those_who_are_clients_are_shown_once(lite_clinic: Clinic) -> None:
    kim = lite_clinic.till.add_customer(given_name="Grace", family_name="Kim", phone_number="+13105550104")
    lite_clinic.till.add_customer(given_name="Graça", family_name="Lima")
    lite_clinic.catch_up()
    assert _names(lite_clinic, "grac") == ["Graça Lima", "Grace Kim"]
    act = Act(OWNER, lite_clinic.clock(), "take")
    taken = take_in(lite_clinic.services.store, act, kim["id"])
    again = take_in(lite_clinic.services.store, act, kim["id"])
    assert (taken.name, taken.phone, taken.square_customer_id) == ("Grace Kim", "+13105550104", kim["id"])
    assert again == taken
    assert _names(lite_clinic, "grac") == ["Graça Lima"]


def test_the_first_sweep_reads_the_directory_through_and_the_next_what_changed(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_withheld_events=True, has_empty_pages=True)
    for number in range(3):
        lite_clinic.till.add_customer(given_name="Ana", family_name=f"López {number}")
    lite_clinic.clock.advance(days=40)
    sync(lite_clinic.services)
    assert len(_names(lite_clinic, "ana lopez")) == 3
    lite_clinic.clock.advance(days=4)
    lite_clinic.till.add_customer(given_name="Bea")
    sync(lite_clinic.services)
    assert sync(lite_clinic.services).looked_at == 1
    with lite_clinic.services.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0


def test_by_phone_and_e_mail_square_itself_is_asked(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_withheld_events=True)
    lite_clinic.till.add_customer(
        given_name="Bea", phone_number="+13105550155", email_address="bea@example.org"
    )
    assert _names(lite_clinic, "bea") == []
    assert _names(lite_clinic, "(310) 555-0155") == ["Bea"]
    assert _names(lite_clinic, "bea@example") == ["Bea"]


def test_while_square_is_away_what_is_known_is_shown_and_said_to_be_old(lite_clinic: Clinic) -> None:
    lite_clinic.till.add_customer(given_name="Bea", phone_number="+13105550155")
    lite_clinic.catch_up()
    lite_clinic.till.set_faults(fail_next=1, fail_how="cut")
    searched = search_directory(lite_clinic.services, Pace(), "5550155", limit=6)
    assert ([one.name for one in searched.people], searched.says) == (["Bea"], AWAY)


def test_a_profile_deleted_in_square_is_offered_no_more(lite_clinic: Clinic) -> None:
    bea = lite_clinic.till.add_customer(given_name="Bea")
    lite_clinic.catch_up()
    lite_clinic.till.delete_customer(bea["id"])
    lite_clinic.catch_up()
    assert _names(lite_clinic, "bea") == []


def test_two_strangers_merged_are_one_stranger(lite_clinic: Clinic) -> None:
    ids = [lite_clinic.till.add_customer(given_name="Bea", family_name=one)["id"] for one in ("A.", "B.")]
    lite_clinic.catch_up()
    lite_clinic.till.merge_customers(*ids)
    lite_clinic.catch_up()
    assert _names(lite_clinic, "bea") == ["Bea A."]


def test_square_is_asked_at_a_measured_pace(clock: Any) -> None:
    pace = Pace(burst=3, pause=timedelta(seconds=1))
    assert [pace.allows(clock()) for _ in range(4)] == [True, True, True, False]
    clock.advance(seconds=1)
    assert [pace.allows(clock()) for _ in range(2)] == [True, False]
    clock.advance(seconds=60)
    assert [pace.allows(clock()) for _ in range(4)] == [True, True, True, False]
