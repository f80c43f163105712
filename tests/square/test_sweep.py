"""The sync finds what the webhooks did not report, and nothing that they did."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from plugin.courses.square_health import square_state
from plugin.errors import SquareFailed
from plugin.square.sync import FIRST_LOOK, OVERLAP, sync
from plugin.store.queues import Sweep
from tests.clock import HandMovedClock
from tests.practice_square.contract import Contract
from tests.square.clinic import Clinic, house_of


@pytest.fixture
def deaf(clinic: Clinic) -> Clinic:
    """A clinic that no webhook reaches."""
    clinic.till.set_faults(has_withheld_events=True)
    return clinic


def _uid(order: dict[str, list[dict[str, str]]]) -> str:
    return order["line_items"][0]["uid"]


def test_with_webhooks_switched_off_sales_and_refunds_still_arrive(deaf: Clinic) -> None:
    ana = deaf.till.add_customer(given_name="Ana", family_name="López")
    first = deaf.sell("ten", customer_id=ana["id"])
    deaf.sell("twelve")
    deaf.till.refund_lines(first["id"], {_uid(first): "1"})
    deaf.worker().sync()
    deaf.work()
    assert sorted((row[4] or "", row[8]) for row in deaf.ledger()) == [("", None), ("Ana López", "refunded")]
    assert deaf.is_sound()


def test_empty_pages_that_carry_a_cursor_are_walked_through(deaf: Clinic) -> None:
    deaf.till.set_faults(has_empty_pages=True)
    order = deaf.sell("ten")
    deaf.sell("ten")
    deaf.till.refund_amount(165000, order_id=order["id"])
    report = sync(deaf.services)
    assert sorted(one["kind"] for one in report.found) == ["order", "order", "refund"]


def test_what_the_webhooks_brought_is_not_taken_up_again(clinic: Clinic) -> None:
    order = clinic.sell("ten")
    retail = clinic.till.sell([{"name": "Facial oil", "amount": 5400, "quantity": "1"}])["order"]
    clinic.till.refund_lines(order["id"], {_uid(order): "1"})
    clinic.till.refund_amount(5400, order_id=retail["id"])
    clinic.catch_up()
    report = sync(clinic.services)
    assert (report.looked_at, report.found) == (6, ())


def test_what_waits_in_the_inbox_is_not_called_missed(clinic: Clinic) -> None:
    clinic.sell("ten")
    clinic.hear()
    assert sync(clinic.services).found == ()


def test_a_second_sweep_finds_nothing_new(deaf: Clinic) -> None:
    deaf.sell("ten")
    assert len(sync(deaf.services).found) == 1
    assert sync(deaf.services).found == ()
    deaf.work()
    assert sync(deaf.services).found == ()


def test_a_webhook_after_the_sweep_changes_nothing(deaf: Clinic) -> None:
    deaf.sell("ten")
    deaf.worker().sync()
    deaf.work()
    deaf.till.deliver(withheld=True)
    deaf.catch_up()
    assert len(deaf.ledger()) == 1


def test_a_sale_made_offline_three_days_ago_is_found(deaf: Clinic) -> None:
    sync(deaf.services)
    deaf.clock.advance(minutes=15)
    deaf.till.set_faults(offline_hours=72)
    deaf.sell("ten")
    deaf.worker().sync()
    deaf.work()
    assert [row[7] for row in deaf.ledger()] == [deaf.clock() - timedelta(hours=72)]


def test_an_order_that_shows_up_71_hours_late_is_found(deaf: Clinic) -> None:
    sync(deaf.services)
    deaf.clock.advance(minutes=15)
    order = deaf.sell("ten")
    late = (deaf.clock() - timedelta(hours=71)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    deaf.till.forge("order", order["id"], {"updated_at": late})
    assert [one["id"] for one in sync(deaf.services).found] == [order["id"]]


def test_a_sale_of_an_item_linked_only_later_is_found(deaf: Clinic) -> None:
    item = deaf.services.square.catalog_items_named("Jade roller")[0]
    variation = item["item_data"]["variations"][0]["id"]
    deaf.till.sell([{"variation_id": variation, "quantity": "1"}])
    assert sync(deaf.services).found == ()
    deaf.link("ten", variation)
    deaf.worker().sync()
    deaf.work()
    assert len(deaf.ledger()) == 1


def test_it_looks_back_28_days_first_and_then_from_what_was_touched_last(deaf: Clinic) -> None:
    """H8: by the times of what Square showed, for our own clock may be ahead."""
    start = deaf.clock()
    deaf.sell("ten")
    deaf.clock.advance(minutes=5)
    assert sync(deaf.services).since == deaf.clock() - FIRST_LOOK - OVERLAP
    deaf.clock.advance(minutes=15)
    assert sync(deaf.services).since == start - OVERLAP


def test_a_look_at_the_last_hour_alone_does_not_stand_for_the_days_before(deaf: Clinic) -> None:
    sync(deaf.services)
    deaf.sell("ten")
    deaf.clock.advance(days=10)
    deaf.sell("twelve")
    sync(deaf.services, since=deaf.clock() - timedelta(hours=1))
    deaf.clock.advance(minutes=15)
    sync(deaf.services)
    deaf.work()
    assert len(deaf.ledger()) == 2


@pytest.mark.parametrize("had_one_before", [True, False])
def test_one_look_while_the_clock_is_ahead_does_not_blind_the_next(
    deaf: Clinic, had_one_before: bool
) -> None:
    """H8: how far Square was synced is measured by Square's own clock."""
    if had_one_before:
        sync(deaf.services)
    deaf.sell("ten")
    deaf.clock.advance(minutes=15)
    a_year_ahead = HandMovedClock(deaf.clock() + timedelta(days=365))
    sync(replace(deaf.services, clock=a_year_ahead))
    deaf.sell("twelve")
    deaf.clock.advance(minutes=15)
    assert sync(deaf.services).since <= deaf.clock() - OVERLAP
    deaf.work()
    assert len(deaf.ledger()) == 2
    state = square_state(deaf.services.store, deaf.clock())
    assert state.sweep is not None
    assert state.sweep.started_at == deaf.clock()


def test_it_looks_as_far_back_as_it_is_told(deaf: Clinic) -> None:
    deaf.sell("ten")
    deaf.clock.advance(days=2)
    assert sync(deaf.services, since=deaf.clock() - timedelta(days=1)).found == ()
    assert len(sync(deaf.services, since=deaf.clock() - timedelta(days=3)).found) == 1


def test_a_sweep_that_square_cut_short_is_kept_with_its_reason_and_begun_again(deaf: Clinic) -> None:
    deaf.sell("ten")
    deaf.till.set_faults(fail_next=1, fail_only="GET /v2/refunds")
    with pytest.raises(SquareFailed):
        sync(deaf.services)
    deaf.clock.advance(minutes=15)
    report = sync(deaf.services)
    assert report.since == deaf.clock() - FIRST_LOOK - OVERLAP
    with deaf.services.store.reading() as session:
        rows = session.scalars(select(Sweep).order_by(Sweep.started_at))
        told = [(bool(row.error), row.finished_at is None, len(row.found)) for row in rows]
    assert told == [(True, True, 1), (False, False, 0)]


def test_one_order_that_cannot_be_read_does_not_hide_the_next(deaf: Clinic) -> None:
    strange = deaf.sell("ten")
    deaf.clock.advance(seconds=1)
    deaf.sell("twelve")
    deaf.till.forge("order", strange["id"], {"total_money": "much"})
    deaf.worker().sync()
    deaf.work()
    assert len(deaf.ledger()) == 1
    assert ("sweep.order", "pending") in [row[:2] for row in deaf.messages()]


def test_all_that_is_asked_of_square_is_held_against_its_contract(deaf: Clinic, contract: Contract) -> None:
    order = deaf.sell("ten", customer_id=deaf.till.add_customer(given_name="Ana")["id"])
    deaf.till.refund_amount(165000, order_id=order["id"])
    deaf.worker().sync()
    deaf.work()
    assert set(contract.seen) >= {
        ("GET", "/v2/locations"),
        ("GET", "/v2/locations/{location_id}"),
        ("POST", "/v2/orders/search"),
        ("GET", "/v2/orders/{order_id}"),
        ("GET", "/v2/payments/{payment_id}"),
        ("GET", "/v2/refunds"),
        ("GET", "/v2/refunds/{refund_id}"),
        ("GET", "/v2/customers/{customer_id}"),
        ("POST", "/v2/catalog/search"),
        ("POST", "/v2/catalog/object"),
    }


class OnlySales(httpx.BaseTransport):
    """A server for sales and refunds alone; it answers everything else with 404."""

    SPOKEN = ("/v2/orders", "/v2/payments", "/v2/refunds", "/v2/locations")

    def __init__(self) -> None:
        self._behind = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith(self.SPOKEN):
            return self._behind.handle_request(request)
        error = {"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": "Not found."}
        return httpx.Response(404, json={"errors": [error]}, request=request)

    def close(self) -> None:
        self._behind.close()


def test_a_server_that_speaks_of_sales_alone_is_enough(lite_clinic: Clinic) -> None:
    whole = lite_clinic.services
    lite_clinic.till.set_faults(has_withheld_events=True)
    order = lite_clinic.sell("ten")
    lite_clinic.services = house_of(whole.settings, whole.store, lite_clinic.clock, OnlySales())
    try:
        report = sync(lite_clinic.services)
        lite_clinic.work()
        lite_clinic.till.refund_lines(order["id"], {_uid(order): "1"})
        sync(lite_clinic.services)
        lite_clinic.work()
        lite_clinic.errands()
    finally:
        lite_clinic.services.close()
        lite_clinic.services = whole
    assert "orders" not in report.left_out
    assert "refunds" not in report.left_out
    assert "invoices" in report.left_out
    assert [row[8] for row in lite_clinic.ledger()] == ["refunded"]
    assert [item.kind for item in lite_clinic.attention()] in ([], ["unassigned_sale"])
