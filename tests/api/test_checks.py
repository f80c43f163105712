"""The check before a treatment, for a program that shows it: the clinic's list, and the answer of today."""

from plugin.courses.checks.answers import save_list
from plugin.courses.clients.merge import merge_clients
from tests.api.caller import Caller, refusal
from tests.api.world import OWNER, Shop


def test_a_clinic_that_saved_no_list_has_none(small_desk: Caller) -> None:
    assert refusal(small_desk.get("/check-list")) == (404, "not_found", None)


def test_the_answer_of_today_is_to_the_list_in_force(
    small_desk: Caller, small_owner: Caller, small_shop: Shop
) -> None:
    path = f"/clients/{small_shop.client()}/check"
    points = {"en": "I am ill today"}
    save_list(small_shop.services.store, small_shop.act(OWNER), points, reviewed_by="A. Kim", seen_version=0)
    assert small_desk.get("/check-list").get_json()["points"] == {"en": ["I am ill today"]}
    assert refusal(small_desk.get(path)) == (404, "not_found", None)
    old = small_desk.post(path, {"answer": "none", "list_version": 2})
    assert refusal(old) == (409, "list_changed", None)
    assert small_desk.post(path, {"answer": "ask", "list_version": 1}).status_code == 200
    assert small_desk.get(path).get_json()["answer"] == "ask"
    (month,) = small_owner.get("/reports/checks").get_json()["months"]
    assert (month["version"], month["answered"], month["ask"], month["talked"]) == (1, 1, 1, 0)


def test_the_answer_is_found_under_the_id_of_a_client_who_was_merged(
    small_desk: Caller, small_shop: Shop
) -> None:
    store, kept, gone = small_shop.services.store, small_shop.client(), small_shop.client("Ana S.")
    save_list(store, small_shop.act(OWNER), {"en": "I am ill"}, reviewed_by="A. Kim", seen_version=0)
    assert small_desk.post(f"/clients/{gone}/check", {"answer": "ask", "list_version": 1}).status_code == 200
    merge_clients(store, small_shop.act(OWNER), gone, kept)
    assert small_desk.get(f"/clients/{gone}/check").get_json()["client_id"] == kept
    assert refusal(small_desk.get("/clients/unknown/check")) == (404, "not_found", None)
