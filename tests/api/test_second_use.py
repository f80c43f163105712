"""A second use for one client, treatment and day: a program is not asked, it is told (B7)."""

import pytest

from tests.api.caller import Caller
from tests.api.world import Shop
from tests.clock import HandMovedClock


def test_the_second_use_of_a_day_is_written_and_named(
    desk: Caller, shop: Shop, clock: HandMovedClock
) -> None:
    path = f"/courses/{shop.course(sessions=12)}/redemptions"
    first = desk.post(path, {}, key="k1").get_json()
    assert (first["already_used_today"], first["earlier_entries"]) == (False, [])
    clock.advance(minutes=2)

    answer = desk.post(path, {}, key="k2")

    assert answer.status_code == 201
    second = answer.get_json()
    assert (second["sessions_left"], second["already_used_today"]) == (10, True)
    assert second["earlier_entries"] == [
        {
            "entry_id": first["entry"]["id"],
            "happened_at": "2026-11-22T18:00:00Z",
            "by": "Till at the desk",
            "session_number": 1,
        }
    ]


def test_the_same_key_gives_the_same_answer_whatever_happened_since(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=12)
    path = f"/courses/{course_id}/redemptions"
    first = desk.post(path, {}, key="k1").get_json()
    second = desk.post(path, {}, key="k2")
    desk.post(f"/entries/{first['entry']['id']}/reversal", {"reason": "Slip"})
    again, first_again = desk.post(path, {}, key="k2"), desk.post(path, {}, key="k1")
    assert (again.status_code, again.get_json()) == (200, second.get_json())
    assert not first_again.get_json()["already_used_today"]


def test_after_an_undo_there_was_no_earlier_use(desk: Caller, shop: Shop) -> None:
    path = f"/courses/{shop.course(sessions=12)}/redemptions"
    first = desk.post(path, {}, key="k1").get_json()["entry"]
    desk.post(f"/entries/{first['id']}/reversal", {"reason": "Slip"})
    assert not desk.post(path, {}, key="k2").get_json()["already_used_today"]


@pytest.mark.parametrize(
    ("body", "is_told"), [({}, False), ({"visited_on": "2026-11-22"}, True), ({"sessions": 2}, False)]
)
def test_the_day_of_the_visit_counts(
    small_desk: Caller, small_shop: Shop, clock: HandMovedClock, body: dict[str, object], is_told: bool
) -> None:
    path = f"/courses/{small_shop.course(sessions=12)}/redemptions"
    small_desk.post(path, {"sessions": 2}, key="k1")
    clock.advance(days=1)
    assert small_desk.post(path, body, key="k2").get_json()["already_used_today"] == is_told
