"""The reports as programs get them: the shapes that were agreed on, for the owner alone."""

import pytest
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from tests.api.caller import Caller, refusal
from tests.api.conftest import As
from tests.api.world import Shop

LINES = ["opening", "sold", "paid", "used", "refunded", "expired", "adjusted", "transferred", "closing"]


def asked(caller: Caller, report: str, query: str) -> TestResponse:
    return caller.send("GET", f"/reports/{report}", query_string=query)


def test_the_roll_forward_has_the_agreed_shape_and_closes(owner: Caller, shop: Shop) -> None:
    course_id = shop.course()
    owner.post(f"/courses/{course_id}/redemptions", {"sessions": 2}, key="k1")
    told = asked(owner, "liability", "from=2026-11-01&to=2026-11-30").get_json()
    assert (told["from"], told["to"], told["currency"]) == ("2026-11-01", "2026-11-30", "USD")
    assert [line["line"] for line in told["lines"]] == LINES
    values = [line["value"]["amount"] for line in told["lines"]]
    sessions = [line["sessions"] for line in told["lines"]]
    assert (sum(values[:-1]), sum(sessions[:-1])) == (values[-1], sessions[-1]) == (165000, 10)
    assert {line["value"]["currency"] for line in told["lines"]} == {"USD"}
    (place,) = told["locations"]
    assert (place["square_location_id"], place["lines"]) == ("L1", told["lines"])
    assert (told["currencies"], told["closed_through"]) == (["USD"], None)


def test_another_currency_is_told_by_itself(small_owner: Caller, small_shop: Shop) -> None:
    small_shop.course()
    told = asked(small_owner, "liability", "currency=EUR").get_json()
    assert (told["currency"], told["from"], told["to"]) == ("EUR", "2026-11-01", "2026-11-30")
    assert {line["value"]["amount"] for line in told["lines"]} == {0}


def test_usage_comes_in_pages(small_owner: Caller, small_shop: Shop) -> None:
    for sessions in (10, 12):
        course_id = small_shop.course(sessions=sessions)
        small_owner.post(f"/courses/{course_id}/redemptions", {}, key=f"k{sessions}")
    pages, cursor = [], ""
    for _ in range(2):
        told = asked(small_owner, "usage", f"by=package&limit=1{cursor}").get_json()
        pages += told["rows"]
        cursor = f"&cursor={told['cursor']}"
    assert [row["name"] for row in pages] == ["Course of 10", "Course of 12"]
    assert told["cursor"] is None
    assert pages[0]["list_value"] == {"amount": 16500, "currency": "USD"}
    by_month = asked(small_owner, "usage", "by=month").get_json()["rows"]
    assert [(row["key"], row["sessions"]) for row in by_month] == [("2026-11", 2)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-12-01&to=2026-11-01", "to"),
        ("from=2026-11-31", "from"),
        ("from=2026-01-01&to=0001-01-01", "to"),
        ("from=20261101", "from"),
        ("from=2026-11-01&from=2026-11-02", "from"),
    ],
)
@pytest.mark.parametrize("report", ["liability", "usage"])
def test_days_that_are_none_are_refused(small_owner: Caller, report: str, query: str, field: str) -> None:
    answer = asked(small_owner, f"{report}", f"{query}")
    assert refusal(answer) == (422, "invalid_field", field)


@pytest.mark.parametrize("query", ["liability?currency=usd", "usage?by=client"])
def test_an_odd_word_is_refused(small_owner: Caller, query: str) -> None:
    assert refusal(asked(small_owner, *query.split("?")))[0] == 422


def test_a_cursor_that_no_page_gave_is_not_found(small_owner: Caller) -> None:
    assert refusal(asked(small_owner, "usage", "cursor=gone-USD")) == (404, "not_found", None)


@pytest.mark.parametrize("report", ["liability", "usage"])
def test_reports_are_the_owners_alone(as_role: As, report: str) -> None:
    for role in (Role.DESK, Role.PRACTITIONER):
        assert refusal(as_role(role).get(f"/reports/{report}"))[0] == 403
