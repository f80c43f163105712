"""Invoices: drafted, published, paid in a deposit and a balance, changed, canceled, refunded."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.practice_square.counter import Counter, Json, money, open_counter

INVOICES = "/v2/invoices"
BALANCE = {"request_type": "BALANCE", "due_date": "2026-04-01"}
DEPOSIT = {"request_type": "DEPOSIT", "due_date": "2026-03-10", "percentage_requested": "25"}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("invoices")) as counter:
        yield counter


@pytest.fixture
def client(counter: Counter) -> str:
    return counter.customer(given_name="Ana", family_name="López", email_address="ana@example.org")


def body_for(counter: Counter, client: str | None, *requests: Json, **fields: object) -> Json:
    invoice: Json = {
        "order_id": counter.order(("Course of 12", 165000))["id"],
        "payment_requests": list(requests) or [BALANCE],
        "delivery_method": "EMAIL",
        "accepted_payment_methods": {"card": True},
    }
    if client:
        invoice["primary_recipient"] = {"customer_id": client}
    return {"idempotency_key": counter.key(), "invoice": invoice | fields}


def draft(counter: Counter, client: str | None, *requests: Json, **fields: object) -> Json:
    return counter.call("POST", INVOICES, body_for(counter, client, *requests, **fields))["invoice"]


def publish(counter: Counter, invoice: Json) -> Json:
    body = {"version": invoice["version"], "idempotency_key": counter.key()}
    return counter.call("POST", f"{INVOICES}/{invoice['id']}/publish", body)["invoice"]


def pay(counter: Counter, invoice: Json, **how: object) -> Json:
    return counter.call("POST", f"/practice/invoices/{invoice['id']}/pay", how)


def read(counter: Counter, invoice: Json) -> Json:
    return counter.call("GET", f"{INVOICES}/{invoice['id']}")["invoice"]


def order_of(counter: Counter, invoice: Json) -> tuple[str, int]:
    order = counter.read_order(invoice["order_id"])
    return order["state"], order["net_amount_due_money"]["amount"]


def amounts(invoice: Json) -> list[tuple[int, int]]:
    """Return of each part what is due and what was paid of it."""
    return [
        (one["computed_amount_money"]["amount"], one["total_completed_amount_money"]["amount"])
        for one in invoice["payment_requests"]
    ]


def test_a_deposit_leaves_the_order_open_and_the_balance_completes_it(counter: Counter, client: str) -> None:
    before = len(counter.events())
    drafted = draft(counter, client, DEPOSIT, BALANCE)
    assert (drafted["status"], drafted["version"]) == ("DRAFT", 0)
    assert "public_url" not in drafted
    assert drafted["primary_recipient"]["family_name"] == "López"
    sent = publish(counter, drafted)
    assert (sent["status"], sent["next_payment_amount_money"]["amount"]) == ("UNPAID", 41250)
    assert sent["public_url"] == f"http://localhost/invoice/{sent['id']}"
    first = pay(counter, sent)
    assert first["invoice"]["status"] == "PARTIALLY_PAID"
    assert amounts(first["invoice"]) == [(41250, 41250), (123750, 0)]
    assert (first["payment"]["customer_id"], first["payment"]["status"]) == (client, "COMPLETED")
    assert first["payment"]["application_details"]["square_product"] == "INVOICES"
    assert order_of(counter, sent) == ("OPEN", 123750)
    assert len(counter.read_order(sent["order_id"])["tenders"]) == 1
    last = pay(counter, sent)
    assert (last["invoice"]["status"], amounts(last["invoice"])[1]) == ("PAID", (123750, 123750))
    assert "next_payment_amount_money" not in last["invoice"]
    assert order_of(counter, sent) == ("COMPLETED", 0)
    paid_once = [
        "payment.created",
        "payment.updated",
        "order.updated",
        "invoice.updated",
        "invoice.payment_made",
    ]
    told = ["order.created", "invoice.created", "invoice.published", *paid_once, *paid_once]
    assert counter.events(before) == told


def test_a_payment_fills_the_parts_in_turn(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client, DEPOSIT, BALANCE))
    assert amounts(pay(counter, sent, amount=41249)["invoice"]) == [(41250, 41249), (123750, 0)]
    assert read(counter, sent)["next_payment_amount_money"]["amount"] == 1
    paid = pay(counter, sent, amount=100, tender="cash")
    assert amounts(paid["invoice"]) == [(41250, 41250), (123750, 99)]
    assert paid["payment"]["source_type"] == "CASH"
    path = f"/practice/invoices/{sent['id']}/pay"
    assert counter.refused("POST", path, {"amount": 123652}) == (400, "BAD_REQUEST")
    assert pay(counter, sent, amount=123651)["invoice"]["status"] == "PAID"


def test_a_fixed_deposit_and_an_overdue_part(counter: Counter, client: str) -> None:
    fixed = {**DEPOSIT, "percentage_requested": None, "fixed_amount_requested_money": money(50000)}
    sent = publish(counter, draft(counter, client, fixed, {**BALANCE, "due_date": "2026-03-11"}))
    assert read(counter, sent)["next_payment_amount_money"]["amount"] == 50000
    counter.wait(days=20)
    assert read(counter, sent)["next_payment_amount_money"]["amount"] == 165000
    counter.wait(days=-20)


def test_the_order_of_an_invoice_is_paid_through_it_alone(counter: Counter, client: str) -> None:
    invoice = draft(counter, client)
    direct = {
        "source_id": "cnon:card-nonce-ok",
        "idempotency_key": counter.key(),
        "order_id": invoice["order_id"],
        "amount_money": money(165000),
    }
    assert counter.refused("POST", "/v2/payments", direct) == (403, "FORBIDDEN")
    order = counter.read_order(invoice["order_id"])
    line = {"uid": order["line_items"][0]["uid"], "quantity": "2"}
    change = {"location_id": order["location_id"], "version": order["version"], "line_items": [line]}
    path = f"/v2/orders/{order['id']}"
    assert counter.refused("PUT", path, {"order": change}) == (400, "BAD_REQUEST")
    again = body_for(counter, client, order_id=order["id"])
    assert counter.refused("POST", INVOICES, again) == (400, "BAD_REQUEST")


def test_publishing_needs_the_version_and_somebody_to_send_it_to(counter: Counter, client: str) -> None:
    path = "{}/{}/publish"
    nobody = draft(counter, None)
    body = {"version": 0}
    assert counter.refused("POST", path.format(INVOICES, nobody["id"]), body)[0] == 400
    silent = draft(counter, counter.customer(given_name="Jo"))
    told = counter.refused("POST", path.format(INVOICES, silent["id"]), body)
    assert told == (400, "CUSTOMER_MISSING_EMAIL")
    shared = draft(counter, counter.customer(given_name="Jo"), delivery_method="SHARE_MANUALLY")
    assert publish(counter, shared)["status"] == "UNPAID"
    invoice = draft(counter, client)
    told = counter.refused("POST", path.format(INVOICES, invoice["id"]), {"version": 1})
    assert told == (409, "VERSION_MISMATCH")
    assert counter.refused("POST", path.format(INVOICES, invoice["id"]), {})[0] == 400


def test_a_scheduled_invoice_waits_for_its_time(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client, scheduled_at="2026-03-03T08:00:00-08:00"))
    assert sent["status"] == "SCHEDULED"
    assert "public_url" not in sent
    assert counter.refused("POST", f"/practice/invoices/{sent['id']}/pay", {})[0] == 400
    counter.wait(days=1)
    due = read(counter, sent)
    assert (due["status"], due["version"], "public_url" in due) == ("UNPAID", 2, True)
    counter.wait(days=-1)


def test_an_update_is_sparse_and_counts_the_version(counter: Counter, client: str) -> None:
    invoice = draft(counter, client, title="Your course", description="Thank you")
    path = f"{INVOICES}/{invoice['id']}"
    change = {"version": 0, "title": "Your course of 12", "description": None}
    told = counter.call("PUT", path, {"invoice": change})["invoice"]
    assert (told["version"], told["title"], "description" in told) == (1, "Your course of 12", False)
    assert counter.refused("PUT", path, {"invoice": change}) == (409, "VERSION_MISMATCH")
    uid = told["payment_requests"][0]["uid"]
    later = {"version": 1, "payment_requests": [{"uid": uid, "due_date": "2026-05-01"}]}
    told = counter.call("PUT", path, {"invoice": later})["invoice"]
    assert told["payment_requests"][0]["due_date"] == "2026-05-01"
    with_deposit = {"version": 2, "payment_requests": [DEPOSIT]}
    assert amounts(counter.call("PUT", path, {"invoice": with_deposit})["invoice"]) == [
        (41250, 0),
        (123750, 0),
    ]
    published = publish(counter, read(counter, invoice))
    moved = {"version": published["version"], "primary_recipient": {"customer_id": "other"}}
    assert counter.refused("PUT", path, {"invoice": moved}) == (400, "BAD_REQUEST")


def test_canceling_an_unpaid_invoice_cancels_its_order(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client))
    path = f"{INVOICES}/{sent['id']}/cancel"
    assert counter.refused("POST", path, {"version": 0}) == (409, "VERSION_MISMATCH")
    assert counter.call("POST", path, {"version": 1})["invoice"]["status"] == "CANCELED"
    assert order_of(counter, sent)[0] == "CANCELED"
    assert counter.refused("POST", f"/practice/invoices/{sent['id']}/pay", {})[0] == 400


def test_canceling_a_part_paid_invoice_leaves_one_custom_amount(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client, DEPOSIT, BALANCE))
    version = pay(counter, sent)["invoice"]["version"]
    counter.call("POST", f"{INVOICES}/{sent['id']}/cancel", {"version": version})
    order = counter.read_order(sent["order_id"])
    assert order["state"] == "COMPLETED"
    assert (order["total_money"]["amount"], order["net_amount_due_money"]["amount"]) == (41250, 0)
    assert [line["item_type"] for line in order["line_items"]] == ["CUSTOM_AMOUNT"]


def test_only_a_draft_is_deleted_and_its_order_goes_with_it(counter: Counter, client: str) -> None:
    invoice = draft(counter, client)
    path = f"{INVOICES}/{invoice['id']}"
    assert counter.refused("DELETE", f"{path}?version=7") == (409, "VERSION_MISMATCH")
    assert counter.call("DELETE", f"{path}?version=0") == {}
    assert order_of(counter, invoice)[0] == "CANCELED"
    assert counter.refused("GET", path) == (404, "NOT_FOUND")
    sent = publish(counter, draft(counter, client))
    assert counter.refused("DELETE", f"{INVOICES}/{sent['id']}")[0] == 400


def test_refunds_are_told_on_the_invoice(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client))
    payment = pay(counter, sent)["payment"]
    before = len(counter.events())
    for amount, status in ((65000, "PARTIALLY_REFUNDED"), (100000, "REFUNDED")):
        body = {"idempotency_key": counter.key(), "payment_id": payment["id"], "amount_money": money(amount)}
        counter.call("POST", "/v2/refunds", body)
        assert read(counter, sent)["status"] == status
    assert counter.events(before).count("invoice.refunded") == 2


def test_lists_and_searches(counter: Counter) -> None:
    client = counter.customer(given_name="Search")
    made = [draft(counter, client)["id"] for _ in range(3)]
    place = counter.settings.location_id
    first = counter.call("GET", f"{INVOICES}?location_id={place}&limit=2")
    assert [one["id"] for one in first["invoices"]] == made[:0:-1]
    rest = counter.call("GET", f"{INVOICES}?location_id={place}&limit=2&cursor={first['cursor']}")
    assert rest["invoices"][0]["id"] == made[0]
    wanted: Any = {"filter": {"location_ids": [place], "customer_ids": [client]}}
    wanted["sort"] = {"field": "INVOICE_SORT_DATE", "order": "ASC"}
    found = counter.call("POST", f"{INVOICES}/search", {"query": wanted})["invoices"]
    assert [one["id"] for one in found] == made
    assert counter.refused("GET", INVOICES) == (400, "MISSING_REQUIRED_PARAMETER")


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        ([], (400, "MISSING_REQUIRED_PARAMETER")),
        ([DEPOSIT], (400, "BAD_REQUEST")),
        ([BALANCE, BALANCE], (400, "BAD_REQUEST")),
        ([{**DEPOSIT, "due_date": "2026-04-02"}, BALANCE], (400, "INVALID_DATE")),
        ([{**BALANCE, "due_date": "2026-02-30"}], (400, "INVALID_DATE")),
        ([{"request_type": "BALANCE"}], (400, "MISSING_REQUIRED_PARAMETER")),
        ([{**BALANCE, "percentage_requested": "50"}], (400, "BAD_REQUEST")),
        ([{**DEPOSIT, "percentage_requested": "100"}, BALANCE], (400, "INVALID_VALUE")),
        ([{**DEPOSIT, "fixed_amount_requested_money": money(1)}, BALANCE], (400, "BAD_REQUEST")),
        ([{**BALANCE, "request_type": "INSTALLMENT"}] * 2, (403, "MERCHANT_SUBSCRIPTION_NOT_FOUND")),
        ([{**BALANCE, "tipping_enabled": True}], (501, "NOT_IMPLEMENTED")),
    ],
)
def test_it_refuses_a_schedule_square_does_not_take(counter: Counter, requests: list, told: tuple) -> None:
    body = body_for(counter, None, payment_requests=requests)
    assert counter.refused("POST", INVOICES, body) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"order_id": None}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"order_id": "nothing"}, (404, "NOT_FOUND")),
        ({"location_id": "elsewhere"}, (400, "INVALID_LOCATION")),
        ({"delivery_method": None}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"delivery_method": "SMS"}, (400, "INVALID_VALUE")),
        ({"accepted_payment_methods": {}}, (400, "BAD_REQUEST")),
        ({"primary_recipient": {"customer_id": "nobody"}}, (404, "NOT_FOUND")),
        ({"custom_fields": [{"label": "x"}]}, (501, "NOT_IMPLEMENTED")),
    ],
)
def test_it_refuses_what_square_refuses(counter: Counter, change: Json, told: tuple) -> None:
    assert counter.refused("POST", INVOICES, body_for(counter, None, **change)) == told


def test_its_page_takes_the_deposit_and_then_the_balance(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client, DEPOSIT, BALANCE, title="Your course"))
    path = f"/invoice/{sent['id']}"
    page = counter.page(path)
    for words in ("Your course", "For Ana López", "due Mar 10, 2026", "Pay everything, $1,650.00"):
        assert words in page
    assert "This card was declined" in counter.tap(path, card="declined", version="1")
    assert "Pay $1,237.50" in counter.tap(path, part="due", version="1")
    assert "has changed" in counter.tap(path, part="due", version="1")
    assert order_of(counter, sent) == ("OPEN", 123750)
    assert "Paid. Thank you." in counter.tap(path, part="due", version="2")
    assert order_of(counter, sent) == ("COMPLETED", 0)


def test_its_page_takes_everything_at_once(counter: Counter, client: str) -> None:
    sent = publish(counter, draft(counter, client, DEPOSIT, BALANCE))
    assert "Paid. Thank you." in counter.tap(f"/invoice/{sent['id']}", part="everything", version="1")


def test_a_draft_has_no_page_and_a_canceled_invoice_asks_for_nothing(counter: Counter, client: str) -> None:
    invoice = draft(counter, client)
    assert "Nothing to pay here" in counter.page(f"/invoice/{invoice['id']}", status=404)
    sent = publish(counter, invoice)
    counter.call("POST", f"{INVOICES}/{sent['id']}/cancel", {"version": sent["version"]})
    assert "Nothing is due" in counter.page(f"/invoice/{sent['id']}")
