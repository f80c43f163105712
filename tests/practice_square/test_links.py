"""Payment links: a page for one order, paid by whoever opens it."""

from collections.abc import Iterator

import pytest

from tests.practice_square.counter import Counter, Json, money, open_counter

LINKS = "/v2/online-checkout/payment-links"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("links")) as counter:
        yield counter


def make(counter: Counter, **fields: object) -> Json:
    """Create a link for one course of $900 by default."""
    line = {"name": "Course of 6", "quantity": "1", "base_price_money": money(90000)}
    order = {"location_id": counter.settings.location_id, "line_items": [line]}
    body = {"idempotency_key": counter.key(), "order": order} | fields
    given = {name: value for name, value in body.items() if value is not None}
    return counter.call("POST", LINKS, given)["payment_link"]


def pay(counter: Counter, link: Json, **how: object) -> Json:
    return counter.call("POST", f"/practice/payment-links/{link['id']}/pay", how)


def with_customer(counter: Counter, customer_id: str) -> Json:
    line = {"name": "Course of 6", "quantity": "1", "base_price_money": money(90000)}
    return {
        "location_id": counter.settings.location_id,
        "line_items": [line],
        "customer_id": customer_id,
    }


def test_the_order_of_a_link_is_a_draft_and_stays_open_when_it_is_paid(counter: Counter) -> None:
    before = len(counter.events())
    link = make(counter)
    assert link["url"] == f"http://localhost/pay/{link['id']}"
    drafted = counter.read_order(link["order_id"])
    assert (drafted["state"], drafted["net_amount_due_money"]["amount"]) == ("DRAFT", 90000)
    payment = pay(counter, link)["payment"]
    paid = counter.read_order(link["order_id"])
    assert (paid["state"], paid["net_amount_due_money"]["amount"]) == ("OPEN", 0)
    assert [tender["id"] for tender in paid["tenders"]] == [payment["id"]]
    assert [one["state"] for one in paid["fulfillments"]] == ["PROPOSED"]
    assert counter.events(before) == [
        "order.created",
        "order.updated",
        "payment.created",
        "payment.updated",
        "order.updated",
    ]


def test_the_seller_completes_the_order_once_it_is_handed_over(counter: Counter) -> None:
    link = make(counter)
    paid = pay(counter, link)["order"]
    change = {"location_id": paid["location_id"], "version": paid["version"], "state": "COMPLETED"}
    path = f"/v2/orders/{paid['id']}"
    assert counter.refused("PUT", path, {"order": change}) == (400, "BAD_REQUEST")
    change["fulfillments"] = [{"uid": paid["fulfillments"][0]["uid"], "state": "COMPLETED"}]
    assert counter.call("PUT", path, {"order": change})["order"]["state"] == "COMPLETED"


def test_a_buyer_square_does_not_know_becomes_an_instant_profile_on_the_payment(counter: Counter) -> None:
    client = counter.customer(given_name="Ana", email_address="ana@example.org")
    paid = pay(counter, make(counter), email="ana@example.org")
    made = paid["payment"]["customer_id"]
    assert made != client
    assert counter.call("GET", f"/v2/customers/{made}")["customer"]["creation_source"] == "INSTANT_PROFILE"
    assert "customer_id" not in paid["order"]
    again = pay(counter, make(counter), email="ANA@example.org")
    assert again["payment"]["customer_id"] == made


def test_the_orders_client_is_kept(counter: Counter) -> None:
    client = counter.customer(given_name="Grace", email_address="grace@example.org")
    link = make(counter, order=with_customer(counter, client))
    paid = pay(counter, link, email="husband@example.org")
    assert (paid["order"]["customer_id"], paid["payment"]["customer_id"]) == (client, client)
    assert paid["payment"]["buyer_email_address"] == "husband@example.org"


def test_nobody_is_named_when_nobody_says_who_they_are(counter: Counter) -> None:
    assert "customer_id" not in pay(counter, make(counter))["payment"]
    filled = make(counter, pre_populated_data={"buyer_email": "told@example.org"})
    assert pay(counter, filled)["payment"]["buyer_email_address"] == "told@example.org"


def test_quick_pay_makes_an_order_of_one_line(counter: Counter) -> None:
    wanted = {"name": "Visit", "price_money": money(16500), "location_id": counter.settings.location_id}
    link = make(counter, order=None, quick_pay=wanted, payment_note="By phone")
    assert pay(counter, link)["payment"]["note"] == "By phone"
    assert counter.read_order(link["order_id"])["line_items"][0]["name"] == "Visit"


def test_a_link_is_paid_once(counter: Counter) -> None:
    link = make(counter)
    pay(counter, link)
    assert counter.refused("POST", f"/practice/payment-links/{link['id']}/pay", {})[0] == 400


def test_a_tip_only_where_the_link_asks_for_one(counter: Counter) -> None:
    link = make(counter, checkout_options={"allow_tipping": True})
    assert pay(counter, link, tip=5000)["payment"]["total_money"]["amount"] == 95000
    plain = make(counter)
    assert counter.refused("POST", f"/practice/payment-links/{plain['id']}/pay", {"tip": 5000})[0] == 400


def test_deleting_a_link_cancels_its_unpaid_order(counter: Counter) -> None:
    link = make(counter)
    told = counter.call("DELETE", f"{LINKS}/{link['id']}")
    assert told == {"id": link["id"], "cancelled_order_id": link["order_id"]}
    order = counter.read_order(link["order_id"])
    assert (order["state"], order["fulfillments"][0]["state"]) == ("CANCELED", "CANCELED")
    assert counter.refused("GET", f"{LINKS}/{link['id']}") == (404, "NOT_FOUND")
    assert counter.refused("POST", f"/practice/payment-links/{link['id']}/pay", {})[0] == 404


def test_deleting_a_paid_link_leaves_its_order(counter: Counter) -> None:
    link = make(counter)
    pay(counter, link)
    assert counter.call("DELETE", f"{LINKS}/{link['id']}") == {"id": link["id"]}
    assert counter.read_order(link["order_id"])["state"] == "OPEN"


def test_a_link_whose_order_was_canceled_takes_no_money(counter: Counter) -> None:
    link = make(counter)
    change = {"location_id": counter.settings.location_id, "version": 1, "state": "CANCELED"}
    counter.call("PUT", f"/v2/orders/{link['order_id']}", {"order": change})
    assert counter.refused("POST", f"/practice/payment-links/{link['id']}/pay", {})[0] == 400


def test_changing_a_link_needs_its_version(counter: Counter) -> None:
    link = make(counter)
    assert "updated_at" not in link
    change = {"payment_link": {"version": 1, "description": "For Ana", "payment_note": None}}
    told = counter.call("PUT", f"{LINKS}/{link['id']}", change)["payment_link"]
    assert (told["version"], told["description"], told["order_id"]) == (2, "For Ana", link["order_id"])
    assert counter.refused("PUT", f"{LINKS}/{link['id']}", change) == (409, "VERSION_MISMATCH")


def test_the_list_goes_on_where_it_stopped(counter: Counter) -> None:
    made = [make(counter)["id"] for _ in range(3)]
    first = counter.call("GET", f"{LINKS}?limit=2")
    rest = counter.call("GET", f"{LINKS}?limit=2&cursor={first['cursor']}")
    told = [one["id"] for one in [*first["payment_links"], *rest["payment_links"]]]
    assert told[:3] == made[::-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"order": None}, (400, "BAD_REQUEST")),
        ({"checkout_options": {"redirect_url": "javascript:alert(1)"}}, (400, "INVALID_VALUE")),
        ({"checkout_options": {"custom_fields": [{"title": "Size"}]}}, (501, "NOT_IMPLEMENTED")),
        ({"payment_note": "x" * 501}, (400, "VALUE_TOO_LONG")),
        ({"order": {"location_id": "elsewhere", "line_items": []}}, (400, "INVALID_LOCATION")),
        ({"order": {"location_id": "LPRACTICE0001", "line_items": []}}, (400, "BAD_REQUEST")),
    ],
)
def test_it_refuses_what_square_refuses(counter: Counter, change: Json, told: tuple) -> None:
    line = {"name": "Course", "quantity": "1", "base_price_money": money(500)}
    order = {"location_id": counter.settings.location_id, "line_items": [line]}
    body = {"idempotency_key": counter.key(), "order": order} | change
    assert counter.refused("POST", LINKS, body) == told


def test_an_empty_key_is_no_key(counter: Counter) -> None:
    assert make(counter, idempotency_key="")["id"] != make(counter, idempotency_key="")["id"]


def test_its_page_takes_the_card_and_leads_back(counter: Counter) -> None:
    options = {"redirect_url": "https://clinic.example.org/thanks?a=1", "allow_tipping": True}
    link = make(counter, checkout_options=options, pre_populated_data={"buyer_email": "ana@example.org"})
    path = f"/pay/{link['id']}"
    page = counter.page(path)
    assert "Course of 6" in page
    assert 'value="ana@example.org"' in page
    declined = counter.tap(path, card="declined")
    assert "This card was declined" in declined
    assert counter.read_order(link["order_id"])["state"] == "DRAFT"
    assert "valid email address" in counter.tap(path, card="good", email="ana@")
    paid = counter.tap(path, card="good", email="ana@example.org", tip="18000")
    assert "Paid. Thank you." in paid
    assert "$1,080.00" in paid
    assert "https://clinic.example.org/thanks?a=1" in paid
    assert "Paid. Thank you." in counter.page(path)


def test_its_page_is_dead_once_the_link_or_its_order_is_gone(counter: Counter) -> None:
    link, other = make(counter), make(counter)
    counter.call("DELETE", f"{LINKS}/{link['id']}")
    assert "Nothing to pay here" in counter.page(f"/pay/{link['id']}", status=404)
    change = {"location_id": counter.settings.location_id, "version": 1, "state": "CANCELED"}
    counter.call("PUT", f"/v2/orders/{other['order_id']}", {"order": change})
    assert "Nothing to pay here" in counter.page(f"/pay/{other['id']}")
