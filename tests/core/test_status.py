"""The status of a course as one full table: every combination of what is known, and its one answer."""

from datetime import date, timedelta
from itertools import product

from plugin.core.status import Status, course_status

TODAY = date(2026, 11, 22)
EXPIRY = {"none": None, "yesterday": TODAY - timedelta(1), "today": TODAY, "tomorrow": TODAY + timedelta(1)}


def expected(closed_as: str | None, is_frozen: bool, expiry: str, left: int, paid: int) -> str:
    if closed_as:
        return closed_as
    if left == 0:
        return "finished"
    if is_frozen:
        return "frozen"
    if expiry == "yesterday":
        return "expired"
    return "open" if paid == 100 else "part_paid"


TABLE = list(product((None, "refunded", "transferred"), (False, True), EXPIRY, (0, 1), (0, 99, 100)))


def test_every_combination_has_its_status() -> None:
    assert {each: status_of(*each) for each in TABLE} == {each: expected(*each) for each in TABLE}


def status_of(closed_as: str | None, is_frozen: bool, expiry: str, left: int, paid: int) -> str:
    return course_status(
        closed_as=closed_as,
        is_frozen=is_frozen,
        expires_on=EXPIRY[expiry],
        today=TODAY,
        sessions_left=left,
        price=100,
        paid=paid,
    )


def test_the_table_reaches_every_status() -> None:
    assert {expected(*row) for row in TABLE} == {status.value for status in Status}


def test_a_course_that_cost_nothing_is_open() -> None:
    status = course_status(
        closed_as=None, is_frozen=False, expires_on=None, today=TODAY, sessions_left=1, price=0, paid=0
    )
    assert status is Status.OPEN
