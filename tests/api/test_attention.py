"""The calls about what waits for a person."""

from typing import Any

from plugin.core.money import Money
from plugin.courses.base.attention import open_item
from plugin.courses.base.work import Work
from plugin.courses.clients.contacts import Buyer
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.refunds.desk_refunds import refunds_of_courses
from plugin.courses.refunds.refund import refund_sale
from plugin.courses.sales.sales import Refund, Sale, SaleLine
from plugin.courses.sales.unlinked import SoldItem, ask_about_unlinked
from tests.api.caller import Caller, refusal
from tests.api.world import Shop
from tests.clock import HandMovedClock


def _item(desk: Caller) -> dict[str, Any]:
    (item,) = desk.get("/attention").get_json()["items"]
    found: dict[str, Any] = item
    return found


def test_a_sale_without_a_client_waits(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(to=None)
    item = _item(desk)
    order_id = desk.get(f"/courses/{course_id}").get_json()["square_order_id"]
    assert (item["kind"], item["square_order_id"], item["square_refund_id"]) == (
        "unassigned_sale",
        order_id,
        None,
    )
    assert (item["opened_at"], item["resolved_at"]) == ("2026-11-22T18:00:00Z", None)
    assert item["summary"]


def test_a_person_says_whose_sale_it_was(desk: Caller, shop: Shop, clock: HandMovedClock) -> None:
    course_id, client_id = shop.course(to=None), shop.client()
    item = _item(desk)
    clock.advance(minutes=5)

    body = {"client_id": client_id, "reason": "She was at the till"}
    answer = desk.post(f"/attention/{item['id']}/resolution", body)

    assert answer.status_code == 200
    assert answer.get_json() == {
        **item,
        "resolved_at": "2026-11-22T18:05:00Z",
        "answer": "Assigned to Ana Souza",
    }
    assert desk.get(f"/courses/{course_id}").get_json()["client_id"] == client_id
    assert desk.get("/attention").get_json() == {"items": [], "cursor": None}


def test_a_plain_proposal_can_be_followed_by_a_program(desk: Caller, shop: Shop) -> None:
    course_id = shop.course()
    _refund(shop, desk.get(f"/courses/{course_id}").get_json()["square_order_id"], 33000)
    item = _item(desk)
    proposed = {name: item[f"proposed_{name}"] for name in ("decision", "sessions", "course_id")}
    assert proposed == {"decision": "take_sessions", "sessions": 2, "course_id": course_id}
    answer = desk.post(f"/attention/{item['id']}/resolution", {**proposed, "reason": "As proposed"})
    assert (answer.status_code, answer.get_json()["answer"]) == (200, "2 sessions removed")


def test_the_same_key_resolves_once(desk: Caller, shop: Shop) -> None:
    shop.course(to=None)
    path = f"/attention/{_item(desk)['id']}/resolution"
    body = {"client_id": shop.client(), "reason": "At the till"}
    first = desk.post(path, body, key="k")
    again = desk.post(path, body, key="k")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert refusal(desk.post(path, {**body, "reason": "Other"}, key="k")) == (409, "key_reused", None)
    assert refusal(desk.post(path, body)) == (409, "already_resolved", None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "reason"),
    ({"reason": ""}, "reason"),
    ({"reason": "x"}, "client_id"),
    ({"reason": "x", "decision": "close_course"}, "decision"),
    ({"reason": "x", "decision": 1}, "decision"),
    ({"reason": "x", "sessions": -1}, "sessions"),
    ({"reason": "x", "sessions": 1.5}, "sessions"),
    ({"reason": "x", "amount": 100}, "amount"),
    ({"reason": "x", "amount": {"amount": 100, "currency": "EUR"}}, "amount.currency"),
    ({"reason": "x", "amount": {"amount": 100}}, "amount.currency"),
    ({"reason": "x", "client": "c"}, "client"),
]


def test_it_refuses_a_resolution_and_names_the_field(small_desk: Caller, small_shop: Shop) -> None:
    small_shop.course(to=None)
    path = f"/attention/{_item(small_desk)['id']}/resolution"
    answers = [(body, field, refusal(small_desk.post(path, body))) for body, field in REFUSED]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []
    assert _item(small_desk)["resolved_at"] is None


def test_it_knows_no_other_client_and_no_other_item(desk: Caller, shop: Shop) -> None:
    shop.course(to=None)
    path = f"/attention/{_item(desk)['id']}/resolution"
    assert refusal(desk.post(path, {"client_id": "nobody", "reason": "x"}))[0] in (404, 422)
    answer = desk.post("/attention/nowhere/resolution", {"reason": "x"})
    assert refusal(answer) == (404, "not_found", None)


def test_items_come_in_pages_newest_first(desk: Caller, shop: Shop) -> None:
    for number in range(5):
        _open(shop, number)
    pages, cursor = [], None
    for _ in range(3):
        page = desk.get("/attention", limit=2, **({"cursor": cursor} if cursor else {})).get_json()
        pages += [item["summary"] for item in page["items"]]
        cursor = page["cursor"]
    assert pages == [f"Question {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor is None


def _refund(shop: Shop, order_id: str, amount: int) -> None:
    """Give back a part of a sale's money without naming what for."""
    given, total = Money(amount, "USD"), Money(198000, "USD")
    refund = Refund("refund-1", order_id, None, given, total, "COMPLETED", shop.services.clock(), "Moved")
    refund_sale(shop.services.store, shop.act(), refund)


def _open(shop: Shop, number: int) -> None:
    store = shop.services.store
    store.transact(
        lambda session: open_item(
            Work(session, store, shop.act()),
            kind="changed_item",
            dedupe=f"question:{number}",
            summary=f"Question {number}",
            details={"proposal": "Look at it"},
        )
    )


def _canceled(shop: Shop, desk: Caller) -> tuple[str, dict[str, Any]]:
    """Sell ten sessions by an invoice that is canceled after its deposit, $500.00 with tax."""
    course_id = shop.sell(shop.package(sessions=10), paid=137500, tax=27500, deposit=50000)
    order_id, act = desk.get(f"/courses/{course_id}").get_json()["square_order_id"], shop.act()
    shop.services.store.transact(
        lambda session: end_collection(Work(session, shop.services.store, act), order_id)
    )
    return course_id, _item(desk)


def test_b3_a_canceled_invoice_says_what_can_be_decided(desk: Caller, shop: Shop) -> None:
    course_id, item = _canceled(shop, desk)
    assert item["kind"] == "canceled_part_paid"
    assert item["decisions"] == ["keep_sessions", "refund", "leave_open"]
    assert "$500.00 of $1,650.00" in item["summary"]
    proposed = {name: item[f"proposed_{name}"] for name in ("decision", "sessions", "course_id")}
    assert proposed == {"decision": "keep_sessions", "sessions": 3, "course_id": course_id}
    answer = desk.post(f"/attention/{item['id']}/resolution", {**proposed, "reason": "As proposed"})
    assert (answer.status_code, answer.get_json()["answer"]) == (200, "Kept the sessions that are paid for")
    course = desk.get(f"/courses/{course_id}").get_json()
    assert (course["status"], course["allowances"][0]["left"]) == ("open", 3)
    assert course["paid_with_tax"] == {"amount": 50000, "currency": "USD"}


def test_b3_only_the_owner_refunds_it_and_the_same_key_once(desk: Caller, owner: Caller, shop: Shop) -> None:
    course_id, item = _canceled(shop, desk)
    path, body = f"/attention/{item['id']}/resolution", {"decision": "refund", "reason": "Moved away"}
    assert refusal(desk.post(path, body)) == (403, "not_allowed", None)
    too_much = owner.post(path, {**body, "amount": {"amount": 50001, "currency": "USD"}})
    assert refusal(too_much) == (422, "invalid_field", "amount")
    first, again = owner.post(path, body, key="k"), owner.post(path, body, key="k")
    assert (first.status_code, again.status_code, first.get_json()) == (200, 200, again.get_json())
    assert first.get_json()["answer"] == "Refund started"
    begun = refunds_of_courses(shop.services.store, [course_id], now=shop.services.clock())[course_id]
    assert begun.amount == Money(50000, "USD")
    assert refusal(owner.post(path, body)) == (409, "already_resolved", None)


def test_b3_it_can_be_left_open(desk: Caller, shop: Shop) -> None:
    course_id, item = _canceled(shop, desk)
    body = {"decision": "leave_open", "reason": "She decides next week"}
    assert desk.post(f"/attention/{item['id']}/resolution", body).get_json()["answer"] == "Left open"
    assert desk.get(f"/courses/{course_id}").get_json()["status"] == "part_paid"
    assert desk.get("/attention").get_json()["items"] == []


def test_b3_more_sessions_than_are_paid_for_are_not_kept(desk: Caller, shop: Shop) -> None:
    _, item = _canceled(shop, desk)
    body = {"decision": "keep_sessions", "sessions": 4, "reason": "Generous"}
    answer = desk.post(f"/attention/{item['id']}/resolution", body)
    assert refusal(answer) == (422, "invalid_field", "sessions")


def test_a_program_says_which_package_an_unlinked_item_sold(desk: Caller, shop: Shop) -> None:
    """B9."""
    ten, twelve = shop.package(sessions=10), shop.package(sessions=12)
    money = Money(165000, "USD")
    line = SaleLine("line", "var-new", "Ten facials", 1, "1", money)
    sale = Sale(
        "order-like", "L1", shop.services.clock(), money, (line,), Buyer("customer", name="Ana Souza")
    )
    sold = SoldItem("line", "var-new", "Ten facials", "Regular", money)
    store = shop.services.store
    store.transact(lambda session: ask_about_unlinked(Work(session, store, shop.act()), sale, sold, twelve))
    item = _item(desk)
    assert (item["kind"], item["proposed_package_id"]) == ("unlinked_sale", twelve)
    assert item["decisions"] == ["link_and_open", "ignore_item", "dismiss"]
    path = f"/attention/{item['id']}/resolution"
    body = {"decision": "link_and_open", "package_id": "nowhere", "reason": "x"}
    assert refusal(desk.post(path, body)) == (422, "invalid_field", "package_id")
    answer = desk.post(path, {**body, "package_id": ten})
    assert (answer.status_code, answer.get_json()["answer"]) == (200, "Linked, course opened")
    (client,) = desk.get("/clients").get_json()["clients"]
    (course,) = desk.get(f"/clients/{client['id']}/courses").get_json()["courses"]
    assert (course["package_id"], course["paid"]["amount"]) == (ten, 165000)
