"""Sales rung up in Square POS, received by webhook, booked by the worker."""

from datetime import timedelta

import pytest

from plugin.square.events.orders import OTHER_LOCATION
from plugin.store import Store
from tests.databases import sqlite_alone
from tests.square.clinic import Clinic, keep
from tests.square.conftest import OpenClinic


def test_a_course_of_12_sold_to_a_client_is_open_after_one_round(clinic: Clinic) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López", email_address="ana@example.org")
    clinic.sell("twelve", customer_id=ana["id"])
    clinic.catch_up()
    [course] = clinic.ledger()
    assert course[3:7] == ("Facial acupuncture, course of 12", "Ana López", 198000, "USD")
    assert [(row[0], row[3]) for row in course[9]] == [(0, 12), (0, 12), (1, 2), (1, 2)]
    assert clinic.attention() == []
    assert clinic.is_sound()


@pytest.mark.parametrize("place", ["payment", "order", "tender"])
@sqlite_alone
def test_the_client_is_found_wherever_square_put_the_customer(clinic: Clinic, place: str) -> None:
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"], customer_on=place)
    clinic.catch_up()
    assert [row[4] for row in clinic.ledger()] == ["Ana López"]


def test_a_sale_without_a_client_waits_under_attention(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    assert [row[4] for row in clinic.ledger()] == [None]
    [item] = clinic.attention()
    assert (item.kind, item.square_order_id) == ("unassigned_sale", order["id"])


@sqlite_alone
def test_an_instant_profile_that_no_directory_has_is_nobody(clinic: Clinic) -> None:
    sold = clinic.till.sell([clinic.line("ten")])
    clinic.till.forge("payment", sold["payments"][0]["id"], {"customer_id": "INSTANT0PROFILE"})
    clinic.catch_up()
    assert [item.kind for item in clinic.attention()] == ["unassigned_sale"]


@sqlite_alone
def test_an_order_without_lines_at_first_is_looked_at_again(clinic: Clinic) -> None:
    clinic.till.set_faults(hidden_line_reads=3)
    clinic.sell("ten")
    clinic.catch_up()
    assert clinic.ledger() == []
    assert {state for kind, state, _ in clinic.messages() if kind == "payment.updated"} == {"pending"}
    for _ in range(3):
        clinic.clock.advance(seconds=2)
        clinic.work()
    assert len(clinic.ledger()) == 1


def test_a_split_tender_opens_its_courses_once(clinic: Clinic) -> None:
    tenders = [{"type": "card", "amount": 100000}, {"type": "cash"}, {"type": "card", "amount": 0}]
    clinic.sell("ten", "twelve", tenders=tenders)
    clinic.catch_up()
    assert sorted(row[5] for row in clinic.ledger()) == [165000, 198000]


def test_quantity_2_is_two_courses_and_the_cents_add_up(clinic: Clinic) -> None:
    clinic.till.sell([clinic.line("ten", "2", discount={"amount": 1})])
    clinic.catch_up()
    assert [(row[2], row[5]) for row in clinic.ledger()] == [(1, 165000), (2, 164999)]


@sqlite_alone
def test_retail_beside_a_package_and_tax_stay_out_of_the_course(clinic: Clinic) -> None:
    lines = [clinic.line("ten", tax_percent="10"), {"name": "Facial oil", "amount": 5400, "quantity": "1"}]
    clinic.till.sell(lines)
    clinic.catch_up()
    assert [row[5] for row in clinic.ledger()] == [165000]


@pytest.mark.parametrize(
    "odd", [{"catalog_object_id": ["x"]}, {"uid": {}}, {"base_price_money": 5}, {"name": 7}]
)
@sqlite_alone
def test_an_odd_line_of_retail_does_not_keep_the_package_from_being_booked(
    clinic: Clinic, odd: dict[str, object]
) -> None:
    """B15: also of an order's lines, each is read by itself."""
    clinic.till.set_faults(has_withheld_events=True)
    lines = [clinic.line("ten"), {"name": "Facial oil", "amount": 5400, "quantity": "1"}]
    order = clinic.till.sell(lines)["order"]
    package, retail = order["line_items"]
    clinic.till.forge("order", order["id"], {"line_items": [package, {**retail, **odd}]})
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    assert [row[5] for row in clinic.ledger()] == [165000]


@sqlite_alone
def test_a_discount_on_the_whole_order_reaches_the_course(clinic: Clinic) -> None:
    clinic.till.sell([clinic.line("ten")], discount={"percent": "10"})
    clinic.catch_up()
    assert [row[5] for row in clinic.ledger()] == [148500]


@sqlite_alone
def test_a_package_given_away_is_a_course_that_cost_nothing(clinic: Clinic) -> None:
    clinic.till.sell([clinic.line("ten", discount={"percent": "100"})])
    clinic.hear()
    clinic.worker().sync()
    clinic.work()
    assert [row[5] for row in clinic.ledger()] == [0]


@pytest.mark.parametrize("event_type", ["order.updated", "order.created"])
@pytest.mark.parametrize("is_late", [False, True], ids=["shown at once", "shown as open at first"])
@sqlite_alone
def test_a_sale_that_cost_nothing_opens_within_a_minute_of_its_event(
    clinic: Clinic, event_type: str, is_late: bool
) -> None:
    """B21: it has no payment event."""
    order = clinic.till.sell([clinic.line("ten", discount={"percent": "100"})])["order"]
    assert order["total_money"]["amount"] == 0
    if is_late:
        clinic.till.forge("order", order["id"], {"state": "OPEN", "closed_at": None})
    told = {event_type.replace(".", "_"): {"order_id": order["id"], "state": "COMPLETED"}}
    keep(clinic.services, {"event_id": "e1", "type": event_type, "data": {"id": order["id"], "object": told}})
    clinic.work()
    assert len(clinic.ledger()) == (0 if is_late else 1)
    clinic.till.forge("order", order["id"], {"state": "COMPLETED"})
    clinic.clock.advance(seconds=59)
    clinic.work()
    assert [row[5] for row in clinic.ledger()] == [0]
    assert clinic.is_sound()


@sqlite_alone
def test_an_order_of_retail_alone_is_ignored_in_words(clinic: Clinic) -> None:
    clinic.till.sell([{"name": "Facial oil", "amount": 5400, "quantity": "1"}])
    clinic.catch_up()
    told = [row for row in clinic.messages() if row[0] == "payment.updated"]
    assert told == [("payment.updated", "ignored", "No package in this order.")]


@sqlite_alone
def test_a_sale_made_offline_keeps_its_own_time(clinic: Clinic) -> None:
    clinic.till.set_faults(offline_hours=70)
    clinic.sell("ten")
    clinic.catch_up()
    assert [row[7] for row in clinic.ledger()] == [clinic.clock() - timedelta(hours=70)]


@pytest.mark.parametrize("quantity", ["0", "1.5", "abc", "1e3", "２", ""])
@sqlite_alone
def test_a_quantity_that_is_no_whole_number_goes_to_a_person(clinic: Clinic, quantity: str) -> None:
    sold = clinic.till.sell([clinic.line("ten")])
    order = sold["order"]
    clinic.till.forge("order", order["id"], {"line_items": [order["line_items"][0] | {"quantity": quantity}]})
    clinic.catch_up()
    assert clinic.ledger() == []
    assert [item.kind for item in clinic.attention()] == ["unclear_quantity"]


@sqlite_alone
def test_a_sale_in_another_currency_goes_to_a_person(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    euros = {"amount": 165000, "currency": "EUR"}
    line = order["line_items"][0] | {"total_money": euros, "total_tax_money": euros | {"amount": 0}}
    clinic.till.forge("order", order["id"], {"line_items": [line], "total_money": euros})
    clinic.catch_up()
    assert clinic.ledger() == []
    assert [item.kind for item in clinic.attention()] == ["foreign_currency"]


@sqlite_alone
def test_a_variation_deleted_at_the_till_still_counts_for_a_late_sale(clinic: Clinic) -> None:
    clinic.till.set_faults(has_withheld_events=True)
    clinic.sell("ten")
    variation = clinic.packages["ten"].square_variation_id or ""
    clinic.till.forge("catalog", variation, {"is_deleted": True})
    clinic.till.deliver(withheld=True)
    clinic.catch_up()
    assert len(clinic.ledger()) == 1


@pytest.mark.parametrize("state", ["CANCELED", "DRAFT"])
@sqlite_alone
def test_an_order_that_is_canceled_or_a_draft_opens_nothing(clinic: Clinic, state: str) -> None:
    order = clinic.sell("ten")
    clinic.till.forge("order", order["id"], {"state": state})
    clinic.catch_up()
    assert clinic.ledger() == []


@sqlite_alone
def test_an_order_whose_card_is_only_authorized_is_not_paid(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    tender = order["tenders"][0] | {"card_details": {"status": "AUTHORIZED"}}
    clinic.till.forge("order", order["id"], {"state": "OPEN", "tenders": [tender]})
    clinic.catch_up()
    assert clinic.ledger() == []


@sqlite_alone
def test_an_open_order_whose_tenders_cover_it_is_paid(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.till.forge("order", order["id"], {"state": "OPEN"})
    clinic.catch_up()
    assert len(clinic.ledger()) == 1


@sqlite_alone
def test_another_location_is_ignored_in_words(store: Store, open_clinic: OpenClinic) -> None:
    clinic = open_clinic(store, SQUARE_LOCATION_ID="LOTHER")
    clinic.sell("ten")
    clinic.catch_up()
    assert clinic.ledger() == []
    told = [row for row in clinic.messages() if row[0] == "payment.updated"]
    assert told == [("payment.updated", "ignored", OTHER_LOCATION.says)]


@sqlite_alone
def test_a_payment_square_no_longer_knows_is_taken_from_the_signed_event(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    clinic.hear()
    keep(
        clinic.services,
        {
            "event_id": "of-a-lost-payment",
            "type": "payment.updated",
            "data": {
                "id": "LOST",
                "object": {"payment": {"id": "LOST", "status": "COMPLETED", "order_id": order["id"]}},
            },
        },
    )
    clinic.work()
    assert len(clinic.ledger()) == 1


def test_an_event_of_an_unknown_type_is_kept_and_ignored_in_words(lite_clinic: Clinic) -> None:
    keep(lite_clinic.services, {"event_id": "e1", "type": "loyalty.account.created", "data": {"id": "x"}})
    lite_clinic.work()
    said = "Coursekeeper does not use events of this type."
    assert lite_clinic.messages()[-1] == ("loyalty.account.created", "ignored", said)


def test_a_message_that_is_no_event_fails_where_a_person_sees_it(lite_clinic: Clinic) -> None:
    keep(lite_clinic.services, {"event_id": "e1", "type": "payment.updated", "data": []})
    lite_clinic.work()
    assert lite_clinic.messages()[-1][:2] == ("payment.updated", "failed")
    assert [item.kind for item in lite_clinic.attention()] == ["failed_event"]


def test_text_that_no_database_takes_is_kept_without_it(lite_clinic: Clinic) -> None:
    """H3: JSON can spell half of a surrogate pair."""
    told = {"payment": {"id": "LOST", "status": "\ud800ODD\0"}}
    keep(
        lite_clinic.services,
        {"event_id": "e1", "type": "payment.updated", "data": {"id": "LOST", "object": told}},
    )
    lite_clinic.work()
    said = "The payment is ODD; only a completed one counts."
    assert lite_clinic.messages()[-1] == ("payment.updated", "ignored", said)


@pytest.mark.parametrize("order_id", ["../payments", "a/b", "a?b", "", "a b", 7, None, "x" * 193])
def test_an_id_that_would_lead_elsewhere_is_never_asked_for(lite_clinic: Clinic, order_id: object) -> None:
    told = {"order_updated": {"order_id": order_id}}
    keep(
        lite_clinic.services,
        {"event_id": "e1", "type": "order.updated", "data": {"id": order_id, "object": told}},
    )
    lite_clinic.work()
    assert lite_clinic.messages()[-1][:2] == ("order.updated", "pending")
