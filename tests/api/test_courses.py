"""The calls about courses: reading, using sessions, undoing that."""

from datetime import date, timedelta
from typing import Any

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from tests.api.caller import Caller, refusal
from tests.api.conftest import As
from tests.api.world import Shop
from tests.clock import HandMovedClock

USD = "USD"


def _usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": USD}


def test_a_course_shows_all_that_is_known_of_it(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12, touch_ups=2)

    course = desk.get(f"/courses/{course_id}").get_json()

    main, touch_up = course["allowances"]
    assert set(course) == {
        *(
            "id",
            "client_id",
            "package_id",
            "package_name",
            "status",
            "sold_at",
            "expires_on",
            "paid",
            "paid_with_tax",
        ),
        *("value_left", "square_order_id", "allowances", "entries", "visits"),
        *("price", "due", "due_on", "granted", "used", "left", "usable_now", "locked", "next_session"),
        *("not_usable_because", "on_hold_since", "expired_on", "waiting_gift"),
    }
    assert (course["id"], course["package_name"], course["status"]) == (course_id, "Course of 12", "open")
    assert (course["sold_at"], course["expires_on"]) == ("2026-11-22T18:00:00Z", None)
    assert course["paid"] == course["paid_with_tax"] == course["value_left"] == _usd(198000)
    assert (main["granted"], main["used"], main["left"]) == (12, 0, 12)
    assert (touch_up["treatment"], touch_up["granted"], touch_up["left"]) == ("Touch-up, 45 min", 2, 2)
    assert main["value_left"]["amount"] + touch_up["value_left"]["amount"] == 198000
    assert [entry["kind"] for entry in course["entries"]].count("sold") == 2
    assert {entry["by"] for entry in course["entries"]} == {"Square"}


def test_a_visit_is_shown_without_what_is_private(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12)
    desk.post(f"/courses/{course_id}/redemptions", {"note": "Likes the window"}, key="visit-1")
    (visit,) = desk.get(f"/courses/{course_id}").get_json()["visits"]
    assert (visit["session_number"], visit["note"], visit["focus_areas"]) == (1, "Likes the window", [])
    assert not {"points", "observations"} & set(visit)


def test_using_a_session_leaves_one_less(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12)

    answer = desk.post(f"/courses/{course_id}/redemptions", {}, key="visit-1")

    assert answer.status_code == 201
    written = answer.get_json()
    entry = written["entry"]
    assert written["sessions_left"] == entry["sessions_after"] == 11
    assert (entry["kind"], entry["sessions_delta"], entry["source"]) == ("used", -1, "api")
    assert (entry["value_delta"], entry["value_after"]) == (_usd(-16500), _usd(181500))
    assert (entry["happened_at"], entry["written_at"]) == ("2026-11-22T18:00:00Z", "2026-11-22T18:00:00Z")
    assert (entry["by"], entry["reverses"]) == ("Till at the desk", None)
    course = desk.get(f"/courses/{course_id}").get_json()
    assert course["entries"][-1] == entry
    assert course["allowances"][0]["left"] == 11


def test_several_sessions_go_in_one_visit(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12)
    written = desk.post(
        f"/courses/{course_id}/redemptions", {"sessions": 2, "note": "Two"}, key="k"
    ).get_json()
    assert written["sessions_left"] == 10
    assert written["entry"]["sessions_delta"] == -2


def test_the_desk_may_choose_the_allowance(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=1, touch_ups=2)
    main, touch_up = (each["id"] for each in desk.get(f"/courses/{course_id}").get_json()["allowances"])
    path = f"/courses/{course_id}/redemptions"
    assert refusal(desk.post(path, {"allowance_id": touch_up}, key="k1")) == (409, "not_open_yet", None)
    assert desk.post(path, {"allowance_id": main}, key="k2").get_json()["sessions_left"] == 0
    assert desk.post(path, {"allowance_id": touch_up}, key="k3").get_json()["sessions_left"] == 1


@pytest.mark.parametrize(("sessions", "status"), [(2, 201), (3, 201), (4, 409)])
def test_one_left_none_left_one_too_many(desk: Caller, shop: Shop, sessions: int, status: int) -> None:
    course_id = shop.course(sessions=3)
    answer = desk.post(f"/courses/{course_id}/redemptions", {"sessions": sessions}, key="k")
    assert answer.status_code == status
    if status == 409:
        assert refusal(answer) == (409, "none_left", None)
    left = desk.get(f"/courses/{course_id}").get_json()["allowances"][0]["left"]
    assert left == (3 - sessions if status == 201 else 3)


@pytest.mark.parametrize(("days", "status"), [(1, 422), (0, 201), (-3, 201), (-4, 422)])
def test_a_visit_lies_between_the_sale_and_today(
    desk: Caller, shop: Shop, clock: HandMovedClock, days: int, status: int
) -> None:
    course_id = shop.course(sessions=12)
    clock.advance(days=3)
    visited_on = (date(2026, 11, 25) + timedelta(days=days)).isoformat()
    answer = desk.post(f"/courses/{course_id}/redemptions", {"visited_on": visited_on}, key="k")
    assert answer.status_code == status
    if status == 422:
        assert refusal(answer) == (422, "invalid_field", "visited_on")
    elif days:
        assert answer.get_json()["entry"]["happened_at"] == f"{visited_on}T20:00:00Z"


def test_today_is_the_clinics_day(desk: Caller, shop: Shop, clock: HandMovedClock) -> None:
    course_id = shop.course(sessions=12)
    clock.advance(hours=12)  # 2026-11-23 in UTC, still the 22nd in Los Angeles
    path = f"/courses/{course_id}/redemptions"
    assert desk.post(path, {"visited_on": "2026-11-23"}, key="k1").status_code == 422
    assert desk.post(path, {"visited_on": "2026-11-22"}, key="k2").status_code == 201


def test_who_came_is_the_one_who_owns_the_course(desk: Caller, shop: Shop) -> None:
    course_id, stranger = shop.course(to="Ana"), shop.client("Bea")
    owner_id = desk.get(f"/courses/{course_id}").get_json()["client_id"]
    path = f"/courses/{course_id}/redemptions"
    assert refusal(desk.post(path, {"client_id": stranger}, key="k1")) == (409, "not_theirs", None)
    assert refusal(desk.post(path, {"client_id": "nobody"}, key="k2")) == (404, "not_found", None)
    assert desk.post(path, {"client_id": owner_id}, key="k3").status_code == 201


def test_nobodys_course_waits(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(to=None)
    assert desk.get(f"/courses/{course_id}").get_json()["client_id"] is None
    answer = desk.post(f"/courses/{course_id}/redemptions", {}, key="k")
    assert refusal(answer) == (409, "unassigned", None)


def test_an_expired_course_is_not_used(desk: Caller, shop: Shop, clock: HandMovedClock) -> None:
    course_id = shop.sell(shop.package(terms=Terms(expires_after_months=1)))
    clock.advance(days=31)
    assert desk.get(f"/courses/{course_id}").get_json()["status"] == "expired"
    assert refusal(desk.post(f"/courses/{course_id}/redemptions", {}, key="k")) == (409, "expired", None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sessions": 0}, "sessions"),
    ({"sessions": -1}, "sessions"),
    ({"sessions": 21}, "sessions"),
    ({"sessions": 1.5}, "sessions"),
    ({"sessions": True}, "sessions"),
    ({"sessions": "1"}, "sessions"),
    ({"sessions": [1]}, "sessions"),
    ({"sessions": 10**20}, "sessions"),
    ({"visited_on": "yesterday"}, "visited_on"),
    ({"visited_on": "2026-11-22T10:00:00Z"}, "visited_on"),
    ({"visited_on": "2026-W47-7"}, "visited_on"),
    ({"visited_on": "20261122"}, "visited_on"),
    ({"visited_on": "2026-02-30"}, "visited_on"),
    ({"visited_on": "0000-00-00"}, "visited_on"),
    ({"visited_on": "9999-12-31"}, "visited_on"),
    ({"visited_on": "0001-01-01"}, "visited_on"),
    ({"visited_on": 20261122}, "visited_on"),
    ({"allowance_id": 1}, "allowance_id"),
    ({"allowance_id": ""}, "allowance_id"),
    ({"allowance_id": "a\x00"}, "allowance_id"),
    ({"client_id": "\udfff"}, "client_id"),
    ({"client_id": {}}, "client_id"),
    ({"note": "x" * 501}, "note"),
    ({"note": "a\x1b[31mb"}, "note"),
    ({"note": None, "notes": "x"}, "notes"),
    ({"session": 2}, "session"),
    ({"practitioner_id": "p"}, "practitioner_id"),
]


def test_it_refuses_a_use_and_names_the_field(small_desk: Caller, small_shop: Shop) -> None:
    course_id = small_shop.course()
    path = f"/courses/{course_id}/redemptions"
    answers = [(body, field, refusal(small_desk.post(path, body, key="k"))) for body, field in REFUSED]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []
    assert small_desk.get(f"/courses/{course_id}").get_json()["allowances"][0]["left"] == 12


@pytest.mark.parametrize("note", ["x" * 500, "第一次\n很好", "line\tand tab", "👩‍🦰 " * 100, "e\u0301\u202e"])
def test_a_note_may_be_long_and_in_any_script(desk: Caller, shop: Shop, note: str) -> None:
    assert desk.post(f"/courses/{shop.course()}/redemptions", {"note": note}, key="k").status_code == 201


def test_an_allowance_of_another_course_is_unknown(desk: Caller, shop: Shop) -> None:
    course_id, other_id = shop.course(to="Ana"), shop.course(to="Bea")
    other = desk.get(f"/courses/{other_id}").get_json()["allowances"][0]["id"]
    answer = desk.post(f"/courses/{course_id}/redemptions", {"allowance_id": other}, key="k")
    assert refusal(answer) == (404, "not_found", None)


def test_a_wrong_use_is_undone_and_both_lines_stay(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12)
    used = desk.post(f"/courses/{course_id}/redemptions", {}, key="k1").get_json()["entry"]

    answer = desk.post(f"/entries/{used['id']}/reversal", {"reason": "Wrong client"})

    assert answer.status_code == 201
    written = answer.get_json()
    assert written["sessions_left"] == 12
    assert (written["entry"]["kind"], written["entry"]["reverses"]) == ("reversed", used["id"])
    assert (written["entry"]["value_delta"], written["entry"]["reason"]) == (_usd(16500), "Wrong client")
    course = desk.get(f"/courses/{course_id}").get_json()
    assert [entry["kind"] for entry in course["entries"]][-2:] == ["used", "reversed"]
    assert course["value_left"] == _usd(198000)


def test_a_second_undo_is_refused(desk: Caller, shop: Shop) -> None:
    used = desk.post(f"/courses/{shop.course()}/redemptions", {}, key="k1").get_json()["entry"]
    assert desk.post(f"/entries/{used['id']}/reversal", {"reason": "Wrong client"}).status_code == 201
    again = desk.post(f"/entries/{used['id']}/reversal", {"reason": "Wrong client"})
    assert refusal(again) == (409, "already_reversed", None)


def test_only_a_use_is_undone_here(desk: Caller, shop: Shop) -> None:
    sold = desk.get(f"/courses/{shop.course()}").get_json()["entries"][0]
    answer = desk.post(f"/entries/{sold['id']}/reversal", {"reason": "Why not"})
    assert refusal(answer) == (409, "not_reversible", None)


NO_REASONS = [None, "", "  ", "x" * 301, 7, "a\x00b"]


def test_an_undo_needs_a_reason(small_desk: Caller, small_shop: Shop) -> None:
    path = f"/courses/{small_shop.course()}/redemptions"
    used = small_desk.post(path, {}, key="k").get_json()["entry"]
    for reason in NO_REASONS:
        answer = small_desk.post(f"/entries/{used['id']}/reversal", {"reason": reason})
        assert refusal(answer) == (422, "invalid_field", "reason"), reason


def test_a_practitioner_uses_and_undoes_too(as_role: As, shop: Shop) -> None:
    practitioner = as_role(Role.PRACTITIONER)
    used = practitioner.post(f"/courses/{shop.course()}/redemptions", {}, key="k").get_json()["entry"]
    assert used["by"] == "Till at the practitioner"
    assert practitioner.post(f"/entries/{used['id']}/reversal", {"reason": "Slip"}).status_code == 201


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_knows_no_other_course_and_entry(desk: Caller, method: str) -> None:
    paths = {
        "GET": ["/courses/nowhere", "/courses/%00", "/courses/" + "x" * 65],
        "POST": ["/courses/nowhere/redemptions", "/entries/nowhere/reversal"],
    }
    for path in paths[method]:
        body = {"reason": "x"} if "reversal" in path else {}
        answer = desk.send(method, path, body if method == "POST" else None, key="k")
        assert refusal(answer) == (404, "not_found", None)
