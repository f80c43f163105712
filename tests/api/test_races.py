"""Eight tablets at once: exactly as many sessions are granted as were sold."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from werkzeug.test import TestResponse

from plugin.courses.audit import audit
from plugin.services import Services
from tests.api.caller import Caller
from tests.api.world import Shop

T = TypeVar("T")
TABLETS = 8


def at_once(deed: Callable[[int], T]) -> list[T]:
    """Do the deed on eight threads that set off together."""
    start = threading.Barrier(TABLETS)

    def run(number: int) -> T:
        start.wait()
        return deed(number)

    with ThreadPoolExecutor(TABLETS) as pool:
        return list(pool.map(run, range(TABLETS)))


def _statuses(answers: list[TestResponse]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def _left(desk: Caller, course_id: str) -> int:
    left: int = desk.get(f"/courses/{course_id}").get_json()["allowances"][0]["left"]
    return left


def test_one_key_from_eight_tablets_uses_one_session(desk: Caller, shop: Shop, services: Services) -> None:
    course_id = shop.course(sessions=12)
    answers = at_once(lambda _: desk.post(f"/courses/{course_id}/redemptions", {}, key="k"))
    assert _statuses(answers) == {201: 1, 200: 7}
    assert len({answer.get_json()["entry"]["id"] for answer in answers}) == 1
    assert _left(desk, course_id) == 11
    assert audit(services.store) == ()


def test_the_last_session_goes_to_one_of_eight(desk: Caller, shop: Shop, services: Services) -> None:
    course_id = shop.course(sessions=1)
    answers = at_once(lambda n: desk.post(f"/courses/{course_id}/redemptions", {}, key=f"k{n}"))
    assert _statuses(answers) == {201: 1, 409: 7}
    codes = Counter(answer.get_json()["error"]["code"] for answer in answers if answer.status_code == 409)
    assert codes == {"none_left": 7}
    assert _left(desk, course_id) == 0
    assert audit(services.store) == ()


def test_three_sessions_go_to_three_of_eight(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=3)
    answers = at_once(lambda n: desk.post(f"/courses/{course_id}/redemptions", {}, key=f"k{n}"))
    assert _statuses(answers) == {201: 3, 409: 5}
    given = sorted(answer.get_json()["sessions_left"] for answer in answers if answer.status_code == 201)
    assert given == [0, 1, 2]


def test_one_use_is_undone_once_by_eight(desk: Caller, shop: Shop) -> None:
    course_id = shop.course(sessions=2)
    used = desk.post(f"/courses/{course_id}/redemptions", {}, key="k").get_json()["entry"]
    path = f"/entries/{used['id']}/reversal"
    answers = at_once(lambda n: desk.post(path, {"reason": "Slip"}, key=f"u{n}"))
    assert _statuses(answers) == {201: 1, 409: 7}
    assert _left(desk, course_id) == 2


def test_one_key_from_eight_programs_makes_one_client(desk: Caller) -> None:
    answers = at_once(lambda _: desk.post("/clients", {"name": "Ana"}, key="k"))
    assert set(_statuses(answers)) <= {200, 201}
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert len(desk.get("/clients").get_json()["clients"]) == 1
