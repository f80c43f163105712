"""Moving the last day and transferring over the interface."""

import pytest

from tests.api.caller import Caller, refusal
from tests.api.world import Shop


@pytest.fixture
def course(small_shop: Shop) -> str:
    return small_shop.sell(small_shop.package(sessions=12, touch_ups=2))


def test_a_course_is_extended_once_for_one_key(small_owner: Caller, course: str) -> None:
    path, wish = f"/courses/{course}/extension", {"expires_on": "2027-06-30", "reason": "Was ill"}
    first = small_owner.post(path, wish, key="k")
    again = small_owner.post(path, wish, key="k")
    assert (first.status_code, first.get_json()["expires_on"]) == (200, "2027-06-30")
    assert again.get_json() == first.get_json()
    assert refusal(small_owner.post(path, wish | {"reason": "x"}, key="k")) == (409, "key_reused", None)
    assert refusal(small_owner.post(path, wish)) == (409, "already_so", None)
    shorter = wish | {"expires_on": "2027-01-31"}
    assert refusal(small_owner.post(path, shorter)) == (422, "invalid_field", "expires_on")
    assert small_owner.post(path, shorter | {"shorten": True}).get_json()["expires_on"] == "2027-01-31"


def test_a_plan_names_its_days_after_the_course_expires(small_owner: Caller, course: str) -> None:
    small_owner.post(f"/courses/{course}/extension", {"expires_on": "2026-12-20", "reason": "Agreed"})
    visits = ["2026-12-10T18:00:00Z", "2026-12-24T18:00:00Z"]
    plan = small_owner.post(f"/courses/{course}/plan", {"visits": visits}).get_json()
    assert (plan["planned"], plan["expired_days"]) == (visits, ["2026-12-24"])
    assert (plan["closed_days"], plan["is_usable"]) == ([], True)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"reason": "x"}, "expires_on"),
    ({"expires_on": "2027-06-30"}, "reason"),
    ({"expires_on": "30.6.2027", "reason": "x"}, "expires_on"),
    ({"expires_on": None, "reason": "x"}, "expires_on"),
    ({"expires_on": "2027-06-30", "reason": " "}, "reason"),
    ({"expires_on": "2027-06-30", "reason": "x", "shorten": 1}, "shorten"),
    ({"expires_on": "1999-06-30", "reason": "x", "shorten": True}, "expires_on"),
    ({"expires_on": "9999-12-31", "reason": "x"}, "expires_on"),
]


def test_a_wrong_extension_names_its_field(small_owner: Caller, course: str) -> None:
    path = f"/courses/{course}/extension"
    answers = [(body, field, refusal(small_owner.post(path, body))) for body, field in REFUSED]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []
    assert small_owner.get(f"/courses/{course}").get_json()["expires_on"] is None


def test_what_is_left_goes_to_another_client_with_its_value(
    small_owner: Caller, small_shop: Shop, course: str
) -> None:
    bea, path = small_shop.client("Bea Wong"), f"/courses/{course}/transfer"
    wish = {"client_id": bea, "sessions": 3, "reason": "A present"}
    first = small_owner.post(path, wish, key="k")
    again = small_owner.post(path, wish, key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    received = first.get_json()["course"]
    assert again.get_json()["course"] == received
    assert (received["client_id"], received["square_order_id"], received["status"]) == (bea, None, "open")
    assert [each["kind"] for each in received["entries"]] == ["transferred_in"]
    given = small_owner.get(f"/courses/{course}").get_json()
    assert given["value_left"]["amount"] + received["value_left"]["amount"] == given["paid"]["amount"]
    main, touch_ups = given["allowances"]
    parts = [{"allowance_id": main["id"], "sessions": 1}, {"allowance_id": touch_ups["id"], "sessions": 2}]
    both = small_owner.post(path, {"client_id": bea, "allowances": parts, "reason": "x"}).get_json()["course"]
    assert [each["left"] for each in both["allowances"]] == [1, 2]
    assert small_owner.post(path, {"client_id": bea, "reason": "All"}).status_code == 201
    assert small_owner.get(f"/courses/{course}").get_json()["status"] == "transferred"


def test_a_wrong_transfer_is_refused_in_words(
    small_owner: Caller, small_desk: Caller, small_shop: Shop, course: str
) -> None:
    bea, path = small_shop.client("Bea Wong"), f"/courses/{course}/transfer"
    owner = small_owner.get(f"/courses/{course}").get_json()["client_id"]
    good = {"client_id": bea, "reason": "x"}
    assert refusal(small_desk.post(path, good))[0] == 403
    assert refusal(small_owner.post(path, good | {"client_id": owner})) == (409, "already_theirs", None)
    assert refusal(small_owner.post(path, good | {"client_id": "nobody"}))[0] == 404
    assert refusal(small_owner.post(path, good | {"sessions": 13})) == (409, "none_left", None)
    assert refusal(small_owner.post(path, good | {"sessions": 0})) == (422, "invalid_field", "sessions")
    assert refusal(small_owner.post(path, good | {"allowances": []})) == (422, "invalid_field", "allowances")
    assert refusal(small_owner.post(path, {"client_id": bea})) == (422, "invalid_field", "reason")
    assert small_owner.get(f"/courses/{course}").get_json()["allowances"][0]["left"] == 12


def test_terms_may_count_from_the_first_use(small_owner: Caller) -> None:
    wish = {
        "name": "Course of 3",
        "price": {"amount": 49500, "currency": "USD"},
        "contents": [
            {"treatment": "Facial", "sessions": 3, "single_price": {"amount": 16500, "currency": "USD"}}
        ],
        "terms": {"expires_after_months": 12, "expires_from": "first_use"},
    }
    assert small_owner.post("/packages", wish).get_json()["terms"]["expires_from"] == "first_use"
    wrong = wish | {"terms": {"expires_from": "first_use"}}
    assert refusal(small_owner.post("/packages", wrong)) == (422, "invalid_field", "terms")
