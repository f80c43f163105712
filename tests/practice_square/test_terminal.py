"""Square Terminal: a checkout is sent, waits its turn, and a client pays, cancels or walks away."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.practice_square.counter import Counter, Json, money, open_counter

CHECKOUTS = "/v2/terminals/checkouts"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("terminal")) as counter:
        yield counter


@pytest.fixture
def device(counter: Counter) -> str:
    """A terminal of the test's own, paired as a clinic does it."""
    body = {"idempotency_key": counter.key(), "device_code": {"product_type": "TERMINAL_API"}}
    code = counter.call("POST", "/v2/devices/codes", body)["device_code"]
    paired = counter.call("POST", "/practice/terminals/pair", {"code": code["code"].lower()})["device"]
    assert paired["id"].startswith("device:")
    return counter.call("GET", f"/v2/devices/codes/{code['id']}")["device_code"]["device_id"]


def send(counter: Counter, device: str, amount: int = 5000, tipping: bool = False, **fields: object) -> Json:
    options = {"device_id": device, "tip_settings": {"allow_tipping": tipping}}
    checkout = {"amount_money": money(amount), "device_options": options, **fields}
    body = {"idempotency_key": counter.key(), "checkout": checkout}
    return counter.call("POST", CHECKOUTS, body)["checkout"]


def at_screen(counter: Counter, checkout: Json, act: str, **body: int) -> Json:
    return counter.call("POST", f"/practice/checkouts/{checkout['id']}/{act}", body)["checkout"]


def status(counter: Counter, checkout: Json) -> tuple[str, str | None]:
    read = counter.call("GET", f"{CHECKOUTS}/{checkout['id']}")["checkout"]
    return read["status"], read.get("cancel_reason")


def test_a_checkout_pays_its_order_and_names_the_client(counter: Counter, device: str) -> None:
    client = counter.customer(given_name="Ines")
    order = counter.order(("Course of 12", 165000))
    before = len(counter.events())
    checkout = send(counter, device, 165000, order_id=order["id"], customer_id=client, note="Desk")
    assert checkout["status"] == "PENDING"
    done = at_screen(counter, checkout, "tap")
    payment = counter.call("GET", f"/v2/payments/{done['payment_ids'][0]}")["payment"]
    assert (payment["status"], payment["customer_id"], payment["note"]) == ("COMPLETED", client, "Desk")
    assert payment["application_details"]["square_product"] == "TERMINAL_API"
    assert payment["terminal_checkout_id"] == checkout["id"]
    paid = counter.read_order(order["id"])
    assert (paid["state"], paid["net_amount_due_money"]["amount"]) == ("COMPLETED", 0)
    assert [tender["id"] for tender in paid["tenders"]] == done["payment_ids"]
    assert counter.events(before) == [
        "terminal.checkout.created",
        "terminal.checkout.updated",
        "payment.created",
        "payment.updated",
        "order.updated",
        "terminal.checkout.updated",
    ]


def test_without_an_order_square_makes_one_with_a_custom_amount(counter: Counter, device: str) -> None:
    done = at_screen(counter, send(counter, device, 4200), "tap")
    payment = counter.call("GET", f"/v2/payments/{done['payment_ids'][0]}")["payment"]
    order = counter.read_order(payment["order_id"])
    assert order["state"] == "COMPLETED"
    assert [line["item_type"] for line in order["line_items"]] == ["CUSTOM_AMOUNT"]


def test_a_tip_is_on_top_and_only_where_it_is_asked_for(counter: Counter, device: str) -> None:
    order = counter.order(("Visit", 10000))
    checkout = send(counter, device, 10000, tipping=True, order_id=order["id"])
    done = at_screen(counter, checkout, "tap", tip=2000)
    payment = counter.call("GET", f"/v2/payments/{done['payment_ids'][0]}")["payment"]
    assert (payment["amount_money"]["amount"], payment["total_money"]["amount"]) == (10000, 12000)
    assert counter.read_order(order["id"])["state"] == "COMPLETED"
    plain = send(counter, device)
    path = f"/practice/checkouts/{plain['id']}/tap"
    assert counter.refused("POST", path, {"tip": 100}) == (400, "BAD_REQUEST")


def test_the_second_checkout_waits_for_the_first(counter: Counter, device: str) -> None:
    first, second = send(counter, device), send(counter, device)
    shown = counter.call("POST", f"/practice/terminals/{device}/show", {})["checkout"]
    assert (shown["id"], shown["status"]) == (first["id"], "IN_PROGRESS")
    assert status(counter, second) == ("PENDING", None)
    assert counter.refused("POST", f"/practice/checkouts/{second['id']}/tap", {})[0] == 400
    assert at_screen(counter, first, "client-cancels")["cancel_reason"] == "BUYER_CANCELED"
    assert at_screen(counter, second, "tap")["status"] == "COMPLETED"


@pytest.mark.parametrize(("seconds", "told"), [(299, ("PENDING", None)), (300, ("CANCELED", "TIMED_OUT"))])
def test_a_checkout_times_out_by_itself(counter: Counter, device: str, seconds: int, told: tuple) -> None:
    checkout = send(counter, device)
    counter.wait(seconds=seconds)
    assert status(counter, checkout) == told


def test_a_shorter_deadline_is_kept_and_a_longer_one_refused(counter: Counter, device: str) -> None:
    checkout = send(counter, device, deadline_duration="PT1M30S")
    counter.wait(seconds=90)
    assert status(counter, checkout) == ("CANCELED", "TIMED_OUT")
    options = {"device_id": device}
    wanted = {"amount_money": money(1), "device_options": options, "deadline_duration": "PT6M"}
    body = {"idempotency_key": counter.key(), "checkout": wanted}
    assert counter.refused("POST", CHECKOUTS, body) == (400, "INVALID_VALUE")


def test_nobody_pays(counter: Counter, device: str) -> None:
    assert at_screen(counter, send(counter, device), "leave")["cancel_reason"] == "TIMED_OUT"


def test_calling_off_what_waits_is_done_at_once(counter: Counter, device: str) -> None:
    checkout = send(counter, device)
    told = counter.call("POST", f"{CHECKOUTS}/{checkout['id']}/cancel", {})["checkout"]
    assert (told["status"], told["cancel_reason"]) == ("CANCELED", "SELLER_CANCELED")
    assert counter.refused("POST", f"{CHECKOUTS}/{checkout['id']}/cancel", {})[0] == 400
    assert counter.call("POST", f"{CHECKOUTS}/{checkout['id']}/dismiss", {})["checkout"] == told


@pytest.mark.parametrize("has_tapped", [False, True])
def test_calling_off_what_a_client_has_before_them_is_a_request(
    counter: Counter, device: str, has_tapped: bool
) -> None:
    checkout = send(counter, device)
    show = f"/practice/terminals/{device}/show"
    counter.call("POST", show, {})
    told = counter.call("POST", f"{CHECKOUTS}/{checkout['id']}/cancel", {})["checkout"]
    assert told["status"] == "CANCEL_REQUESTED"
    if has_tapped:
        assert at_screen(counter, checkout, "tap")["status"] == "COMPLETED"
    else:
        assert counter.call("POST", show, {})["checkout"] is None
        assert status(counter, checkout) == ("CANCELED", "SELLER_CANCELED")


def test_an_authorized_checkout_leaves_its_order_unpaid(counter: Counter, device: str) -> None:
    order = counter.order(("Course", 9000))
    checkout = send(counter, device, 4000, order_id=order["id"], payment_options={"autocomplete": False})
    first = at_screen(counter, checkout, "tap")["payment_ids"][0]
    waiting = counter.read_order(order["id"])
    assert (waiting["state"], waiting["net_amount_due_money"]["amount"]) == ("OPEN", 9000)
    rest = pay_part(counter, order["id"], 5000, source_id="EXTERNAL")["id"]
    body = {"idempotency_key": counter.key(), "payment_ids": [first, rest]}
    paid = counter.call("POST", f"/v2/orders/{order['id']}/pay", body)["order"]
    assert (paid["state"], paid["net_amount_due_money"]["amount"]) == ("COMPLETED", 0)
    assert [tender["amount_money"]["amount"] for tender in paid["tenders"]] == [4000, 5000]


def pay_part(counter: Counter, order_id: str, amount: int, source_id: str, **fields: object) -> Json:
    details = {
        "CASH": {"cash_details": {"buyer_supplied_money": money(amount)}},
        "EXTERNAL": {"external_details": {"type": "CHECK", "source": "Bank"}},
    }[source_id]
    body: Any = {
        "source_id": source_id,
        "order_id": order_id,
        "amount_money": money(amount),
        "autocomplete": False,
    }
    return counter.call("POST", "/v2/payments", body | details | {"idempotency_key": counter.key()} | fields)[
        "payment"
    ]


def test_an_order_is_paid_in_parts_by_authorizing_each_and_paying_the_order(counter: Counter) -> None:
    order = counter.order(("Course", 9000))
    parts = [pay_part(counter, order["id"], 4000, "CASH"), pay_part(counter, order["id"], 5000, "EXTERNAL")]
    assert {part["status"] for part in parts} == {"APPROVED"}
    assert counter.read_order(order["id"])["state"] == "OPEN"
    path, ids = f"/v2/orders/{order['id']}/pay", [part["id"] for part in parts]
    too_few = {"idempotency_key": counter.key(), "payment_ids": ids[:1]}
    assert counter.refused("POST", path, too_few) == (400, "PAYMENT_AMOUNT_MISMATCH")
    paid = counter.call("POST", path, {"idempotency_key": counter.key(), "payment_ids": ids})["order"]
    assert (paid["state"], paid["net_amount_due_money"]["amount"]) == ("COMPLETED", 0)
    assert [tender["type"] for tender in paid["tenders"]] == ["CASH", "OTHER"]


def test_a_part_cannot_be_captured_alone(counter: Counter) -> None:
    order = counter.order(("Course", 9000))
    body = {
        "source_id": "CASH",
        "order_id": order["id"],
        "amount_money": money(4000),
        "cash_details": {"buyer_supplied_money": money(4000)},
        "idempotency_key": counter.key(),
    }
    assert counter.refused("POST", "/v2/payments", body) == (400, "PAYMENT_AMOUNT_MISMATCH")
    whole = body | {"amount_money": money(9000), "cash_details": {"buyer_supplied_money": money(10000)}}
    counter.call("POST", "/v2/payments", whole)
    assert counter.read_order(order["id"])["state"] == "COMPLETED"


def test_search_tells_the_last_day_by_device_and_status(counter: Counter, device: str) -> None:
    old = send(counter, device)
    counter.wait(days=1, seconds=1)
    new = send(counter, device)
    asked: Any = {"query": {"filter": {"device_id": device}, "sort": {"sort_order": "ASC"}}}
    assert [one["id"] for one in counter.call("POST", f"{CHECKOUTS}/search", asked)["checkouts"]] == [
        new["id"]
    ]
    asked["query"]["filter"] |= {"created_at": {"start_at": "2026-01-01T00:00:00Z"}, "status": "CANCELED"}
    assert [one["id"] for one in counter.call("POST", f"{CHECKOUTS}/search", asked)["checkouts"]] == [
        old["id"]
    ]


def test_the_same_key_sends_one_checkout(counter: Counter, device: str) -> None:
    wanted = {"amount_money": money(700), "device_options": {"device_id": device}}
    body = {"idempotency_key": counter.key(), "checkout": wanted}
    first, again = (counter.call("POST", CHECKOUTS, body)["checkout"] for _ in range(2))
    assert first == again
    wanted["amount_money"] = money(800)
    assert counter.refused("POST", CHECKOUTS, body) == (400, "IDEMPOTENCY_KEY_REUSED")


def test_an_answer_lost_on_the_way_is_given_again_for_the_same_key(counter: Counter, device: str) -> None:
    wanted = {"amount_money": money(700), "device_options": {"device_id": device}}
    body = {"idempotency_key": counter.key(), "checkout": wanted}
    counter.call(
        "PUT", "/practice/faults", {"fail_next": 1, "fail_after": True, "fail_only": f"POST {CHECKOUTS}"}
    )
    assert counter.refused("POST", CHECKOUTS, body)[0] == 500
    counter.call("PUT", "/practice/faults", {})
    made = counter.call("POST", CHECKOUTS, body)["checkout"]
    shown = counter.call("POST", f"/practice/terminals/{device}/show", {})["checkout"]
    assert shown["id"] == made["id"]
    at_screen(counter, shown, "client-cancels")
    assert counter.call("POST", f"/practice/terminals/{device}/show", {})["checkout"] is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount_money": money(0)}, (400, "BAD_REQUEST")),
        ({"amount_money": {"amount": 100, "currency": "EUR"}}, (400, "CURRENCY_MISMATCH")),
        ({"device_options": {}}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"device_options": {"device_id": "nowhere"}}, (404, "NOT_FOUND")),
        ({"customer_id": "nobody"}, (404, "NOT_FOUND")),
        ({"order_id": "nothing"}, (404, "NOT_FOUND")),
        ({"note": "x" * 501}, (400, "VALUE_TOO_LONG")),
        ({"payment_type": "BARTER"}, (400, "INVALID_ENUM_VALUE")),
    ],
)
def test_it_refuses_what_square_refuses(counter: Counter, device: str, change: Json, told: tuple) -> None:
    checkout = {"amount_money": money(500), "device_options": {"device_id": device}} | change
    body = {"idempotency_key": counter.key(), "checkout": checkout}
    assert counter.refused("POST", CHECKOUTS, body) == told


def test_the_amount_is_the_orders(counter: Counter, device: str) -> None:
    order = counter.order(("Visit", 10000))
    wanted = {
        "amount_money": money(9999),
        "device_options": {"device_id": device},
        "order_id": order["id"],
    }
    body = {"idempotency_key": counter.key(), "checkout": wanted}
    assert counter.refused("POST", CHECKOUTS, body) == (400, "PAYMENT_AMOUNT_MISMATCH")


def test_the_devices_own_id_is_not_what_a_checkout_names(counter: Counter) -> None:
    seeded = counter.call("GET", "/v2/devices?limit=1&sort_order=ASC")["devices"][0]
    assert seeded["attributes"]["name"] == "Practice terminal"
    assert counter.call("GET", f"/v2/devices/{seeded['id']}")["device"] == seeded
    wanted = {"amount_money": money(100), "device_options": {"device_id": seeded["id"]}}
    body = {"idempotency_key": counter.key(), "checkout": wanted}
    assert counter.refused("POST", CHECKOUTS, body) == (404, "NOT_FOUND")


def test_a_device_code_lives_five_minutes_and_pairs_once(counter: Counter) -> None:
    wanted = {"product_type": "TERMINAL_API", "name": "Room 2"}
    codes = [
        counter.call("POST", "/v2/devices/codes", {"idempotency_key": counter.key(), "device_code": wanted})[
            "device_code"
        ]
        for _ in range(2)
    ]
    assert codes[0]["status"] == "UNPAIRED"
    pair = "/practice/terminals/pair"
    counter.call("POST", pair, {"code": codes[0]["code"]})
    assert counter.refused("POST", pair, {"code": codes[0]["code"]})[0] == 400
    counter.wait(minutes=5)
    assert counter.refused("POST", pair, {"code": codes[1]["code"]})[0] == 400
    told = counter.call("GET", "/v2/devices/codes?status=EXPIRED")["device_codes"]
    assert codes[1]["id"] in [code["id"] for code in told]


def test_its_page_shows_the_cart_and_takes_the_card_with_a_tip(counter: Counter, device: str) -> None:
    order = counter.order(("Course of 12", 165000))
    checkout = send(counter, device, 165000, tipping=True, order_id=order["id"])
    page, path = f"/terminal?device={device}", f"/terminal/checkouts/{checkout['id']}"
    assert "Ready" in counter.page(page.replace(device, other_device(counter)))
    assert status(counter, checkout) == ("PENDING", None)
    shown = counter.page(page)
    assert "Course of 12" in shown
    assert "Tap card with $330.00 tip, $1,980.00" in shown
    assert status(counter, checkout) == ("IN_PROGRESS", None)
    assert "$1,980.00" in counter.tap(path, on=page, act="tap", tip="33000")
    assert counter.read_order(order["id"])["state"] == "COMPLETED"
    counter.wait(seconds=21)
    assert "Ready" in counter.page(f"/terminal/screen?device={device}")


def other_device(counter: Counter) -> str:
    devices = counter.call("GET", "/v2/devices?sort_order=ASC&limit=1")["devices"]
    return str(devices[0]["attributes"]["manufacturers_id"])


@pytest.mark.parametrize(("act", "told"), [("cancel", "Canceled"), ("leave", "Nobody paid in time")])
def test_its_page_plays_a_client_who_does_not_pay(counter: Counter, device: str, act: str, told: str) -> None:
    checkout = send(counter, device)
    page = counter.tap(f"/terminal/checkouts/{checkout['id']}", on=f"/terminal?device={device}", act=act)
    assert told in page
    assert "$50.00 was not charged." in page


def test_its_page_leaves_the_cart_out_where_it_is_told_to(counter: Counter, device: str) -> None:
    order = counter.order(("Something private", 5000))
    options = {"device_id": device, "show_itemized_cart": False}
    send(counter, device, order_id=order["id"], device_options=options)
    assert "Something private" not in counter.page(f"/terminal?device={device}")


def test_a_terminal_is_signed_in_on_its_page(counter: Counter) -> None:
    wanted = {"product_type": "TERMINAL_API", "name": "Room 3"}
    body = {"idempotency_key": counter.key(), "device_code": wanted}
    code = counter.call("POST", "/v2/devices/codes", body)["device_code"]["code"]
    assert "Room 3 is signed in." in counter.tap("/terminal/pair", on="/terminal", code=f" {code.lower()} ")
    assert "does not work" in counter.tap("/terminal/pair", on="/terminal", code=code)


def test_its_page_pays_nothing_without_the_form_token(counter: Counter, device: str) -> None:
    checkout = send(counter, device)
    assert (
        counter.client.post(f"/terminal/checkouts/{checkout['id']}", data={"act": "tap"}).status_code == 403
    )
    assert status(counter, checkout) == ("PENDING", None)
