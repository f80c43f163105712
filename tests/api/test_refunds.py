"""Refunds over the interface: both sums with their working, and one refund for one key."""

from typing import Any

import pytest

from plugin.core.terms import RefundFormula, Terms
from plugin.courses.refunds.desk_refunds import refunds_of_courses
from plugin.services import Services
from tests.api.caller import Caller, refusal
from tests.api.world import Shop

WISH: dict[str, Any] = {"amount": {"amount": 84000, "currency": "USD"}, "reason": "Moved away"}


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
def course(small_shop: Shop, small_owner: Caller) -> str:
    """A discounted course of twelve by the second formula, seven sessions used."""
    terms = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED)
    course_id = small_shop.sell(small_shop.package(sessions=12, terms=terms), paid=168000)
    small_owner.post(f"/courses/{course_id}/redemptions", {"sessions": 7}, key="used")
    return course_id


def test_the_quote_tells_both_sums_and_how_they_came_about(small_desk: Caller, course: str) -> None:
    quote = small_desk.get(f"/courses/{course}/refund-quote").get_json()
    assert (quote["prorated"], quote["discount_forfeited"]) == (usd(70000), usd(52500))
    assert (quote["formula"], quote["refundable"]) == ("discount_forfeited", usd(168000))
    assert quote["working"] == [
        "Less used at single price: Facial acupuncture, 60 min: 7 used × $165.00 = $1,155.00.",
        "Less used at single price: $1,680.00 − $1,155.00 = $525.00.",
        "Prorated: Facial acupuncture, 60 min: 5 of 12 unused.",
        "Prorated: $1,680.00 × 5 ÷ 12 = $700.00.",
    ]


def test_a_refund_is_taken_on_and_its_key_begins_it_once(
    small_owner: Caller, small_house: Services, course: str
) -> None:
    path = f"/courses/{course}/refunds"
    first = small_owner.post(path, WISH, key="k")
    again = small_owner.post(path, WISH, key="k")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.get_json() == first.get_json()
    begun = first.get_json()["refund"]
    assert (begun["status"], begun["amount"]) == ("pending", usd(84000))
    assert refunds_of_courses(small_house.store, [course], now=small_house.clock())[course].id == begun["id"]
    # No session leaves before Square tells of it.
    assert small_owner.get(f"/courses/{course}").get_json()["allowances"][0]["left"] == 5
    assert refusal(small_owner.post(path, WISH | {"reason": "x"}, key="k")) == (409, "key_reused", None)
    assert refusal(small_owner.post(path, WISH, key="another")) == (409, "refund_under_way", None)
    assert refusal(small_owner.get(f"/courses/{course}/refund-quote")) == (409, "refund_under_way", None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"amount": usd(0)}, "amount"),
    ({"amount": usd(168001)}, "amount"),
    ({"amount": {"amount": 1, "currency": "EUR"}}, "amount"),
    ({"amount": 84000}, "amount"),
    ({"amount": None}, "amount"),
    ({"reason": ""}, "reason"),
    ({"reason": "\u200b"}, "reason"),
    ({"formula": "by feeling"}, "formula"),
    ({"sessions": 3}, "sessions"),
]


def test_a_wish_that_can_not_be_is_refused_by_its_field(small_owner: Caller, course: str) -> None:
    path = f"/courses/{course}/refunds"
    answers = [
        (part, field, refusal(small_owner.post(path, WISH | part, key="k"))) for part, field in REFUSED
    ]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []


def test_it_is_the_owner_s_and_needs_a_key(small_owner: Caller, small_desk: Caller, course: str) -> None:
    path = f"/courses/{course}/refunds"
    assert refusal(small_desk.post(path, WISH, key="k")) == (403, "not_allowed", None)
    assert refusal(small_owner.post(path, WISH)) == (422, "key_required", "Idempotency-Key")
    assert refusal(small_owner.post("/courses/nowhere/refunds", WISH, key="k")) == (404, "not_found", None)
    assert refusal(small_owner.get("/courses/nowhere/refund-quote")) == (404, "not_found", None)


def test_the_most_that_came_may_go_back_and_a_formula_may_be_named(small_owner: Caller, course: str) -> None:
    body = {"amount": usd(168000), "formula": "prorated", "reason": "All of it, for goodwill"}
    assert small_owner.post(f"/courses/{course}/refunds", body, key="k").status_code == 202


def test_b1_both_sums_and_the_most_are_what_the_client_paid_tax_included(
    small_shop: Shop, small_owner: Caller
) -> None:
    course = small_shop.sell(small_shop.package(sessions=10), paid=137500, tax=27500)
    quote = small_owner.get(f"/courses/{course}/refund-quote").get_json()
    sums = {name: quote[name] for name in ("prorated", "discount_forfeited", "refundable", "paid")}
    assert sums == dict.fromkeys(sums, usd(165000))
    assert quote["tax"] == usd(27500)
    assert "Prorated: $1,650.00 paid, including $275.00 tax." in quote["working"]
    shown = small_owner.get(f"/courses/{course}").get_json()
    assert (shown["paid"], shown["paid_with_tax"], shown["value_left"]) == (
        usd(137500),
        usd(165000),
        usd(137500),
    )
    path, body = f"/courses/{course}/refunds", {"amount": usd(165001), "reason": "Moved away"}
    answer = small_owner.post(path, body, key="k")
    assert refusal(answer) == (422, "invalid_field", "amount")
    assert "At most $1,650.00 can be refunded" in answer.get_json()["error"]["message"]
    assert small_owner.post(path, {**body, "amount": usd(165000)}, key="l").status_code == 202
