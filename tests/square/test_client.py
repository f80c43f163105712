"""What Square may answer, and what it is read as: strict values, or one error that states whether waiting helps."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from plugin.errors import SquareFailed
from plugin.square.client import SquareClient, SquareNotFound
from plugin.square.models import Order
from plugin.square.parsing import moment, money, optional_id, square_id, whole_quantity
from tests.square.clinic import settings_for

Answer = Callable[[httpx.Request], httpx.Response]


def _client(answer: Answer, **settings: str) -> SquareClient:
    settings_of_test = settings_for("http://square.test/base", **settings)
    return SquareClient(settings_of_test, transport=httpx.MockTransport(answer))


def _error(status: int, code: str) -> Answer:
    body = {"errors": [{"category": "API_ERROR", "code": code, "detail": "what Square said"}]}
    return lambda _request: httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("status", "code", "ours", "is_permanent"),
    [
        (401, "ACCESS_TOKEN_EXPIRED", "square_sign_in", False),
        (401, "ACCESS_TOKEN_REVOKED", "square_sign_in", False),
        (401, "UNAUTHORIZED", "square_sign_in", False),
        (403, "FORBIDDEN", "square_sign_in", False),
        (403, "INSUFFICIENT_SCOPES", "square_scope", False),
        (404, "NOT_FOUND", "square_not_found", True),
        (408, "REQUEST_TIMEOUT", "square_down", False),
        (409, "CONFLICT", "square_down", False),
        (409, "VERSION_MISMATCH", "square_version_mismatch", False),
        (400, "VERSION_MISMATCH", "square_version_mismatch", False),
        (429, "RATE_LIMITED", "square_busy", False),
        (500, "INTERNAL_SERVER_ERROR", "square_down", False),
        (503, "SERVICE_UNAVAILABLE", "square_down", False),
        (400, "BAD_REQUEST", "square_refused", True),
        (410, "GONE", "square_refused", True),
        (302, "MOVED", "square_unreadable", False),
    ],
)
def test_each_refusal_of_square_has_a_code_and_says_whether_to_wait(
    status: int, code: str, ours: str, is_permanent: bool
) -> None:
    with pytest.raises(SquareFailed) as failed:
        _client(_error(status, code)).order("O1")
    assert (failed.value.code, failed.value.permanent) == (ours, is_permanent)
    assert isinstance(failed.value, SquareNotFound) == (status == 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>captive portal</html>",
        b"[]",
        b"null",
        b'"order"',
        b"{}",
        b'{"order": null}',
        b'{"order": [1]}',
        b"\xff\xfe",
        b'{"order": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"order": {"id": "O1"',
    ],
)
def test_a_good_status_over_a_bad_body_is_unreadable_and_may_pass(body: bytes) -> None:
    with pytest.raises(SquareFailed) as failed:
        _client(lambda _request: httpx.Response(200, content=body)).order("O1")
    assert (failed.value.code, failed.value.permanent) == ("square_unreadable", False)


@pytest.mark.parametrize(
    "broken",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError],
)
def test_a_broken_line_is_told_as_unreachable(broken: type[httpx.TransportError]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise broken("no", request=request)

    with pytest.raises(SquareFailed) as failed:
        _client(answer).order("O1")
    assert (failed.value.code, failed.value.permanent) == ("square_unreachable", False)


def test_it_asks_once_with_our_token_and_waits_seconds_only() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    with pytest.raises(SquareFailed):
        _client(answer).order("O1")
    [request] = asked
    assert str(request.url) == "http://square.test/base/v2/orders/O1"
    assert request.headers["Authorization"] == "Bearer practice-access-token"
    assert request.extensions["timeout"] == {"connect": 3.0, "read": 8.0, "write": 8.0, "pool": 8.0}


def test_it_sends_back_no_cookie() -> None:
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Cookie"))
        return httpx.Response(200, json={"order": {}}, headers={"Set-Cookie": "who=somebody"})

    square = _client(answer)
    square.order("O1")
    square.order("O2")
    assert sent == [None, None]


def test_an_id_is_one_part_of_the_path_whatever_is_in_it() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(404)

    with pytest.raises(SquareNotFound):
        _client(answer).delete_customer_attribute("../../orders/O1?x", "square:a b")
    assert asked == ["/base/v2/customers/..%2F..%2Forders%2FO1%3Fx/custom-attributes/square:a%20b"]


@pytest.mark.parametrize("token", ["", "two words", "tokén"])
def test_without_a_token_that_can_be_sent_it_asks_nobody(token: str) -> None:
    with pytest.raises(SquareFailed) as failed:
        _client(lambda _request: pytest.fail("asked"), SQUARE_ACCESS_TOKEN=token).order("O1")
    assert failed.value.code == "square_sign_in"


def test_pages_end_where_no_cursor_is_and_not_at_an_empty_page() -> None:
    pages = iter(
        [
            {"orders": [{"id": "A"}], "cursor": "1"},
            {"cursor": "2"},
            {"orders": [], "cursor": "3"},
            {"orders": [{"id": "B"}]},
        ]
    )
    sent: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=next(pages))

    found = _client(answer).orders_updated(["L1"], datetime(2026, 11, 1, tzinfo=UTC))
    assert [one["id"] for page in found for one in page] == ["A", "B"]
    assert [one.get("cursor") for one in sent] == [None, "1", "2", "3"]
    assert all(one["query"] == sent[0]["query"] for one in sent)


def test_pages_without_end_are_cut_off() -> None:
    def pages() -> Iterator[dict[str, object]]:
        while True:
            yield {"refunds": [], "cursor": "again"}

    endless = pages()
    found = _client(lambda _request: httpx.Response(200, json=next(endless))).refunds_updated(
        datetime(2026, 11, 1, tzinfo=UTC)
    )
    with pytest.raises(SquareFailed):
        list(found)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("1", 1), ("2", 2), ("12", 12), ("999", 999), ("1000", None), ("0", None), ("1.5", None), ("1.0", None)]
    + [
        (bad, None)
        for bad in ("abc", "1e3", "２", "", " 1", "1 ", "+1", "-1", "01", "1\n", "٣", None, 2, True, 1.0)
    ],
)
def test_a_quantity_is_a_whole_number_in_plain_digits_or_none(text: object, whole: int | None) -> None:
    assert whole_quantity(text) == whole


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        5,
        {"amount": "5", "currency": "USD"},
        {"amount": 5.0, "currency": "USD"},
        {"amount": True, "currency": "USD"},
        {"amount": None, "currency": "USD"},
        {"amount": 5},
        {"amount": 5, "currency": "usd"},
        {"amount": 5, "currency": "US"},
        {"amount": 5, "currency": None},
        {"amount": 10**16, "currency": "USD"},
    ],
)
def test_money_that_is_not_whole_or_has_no_currency_is_unreadable(value: object) -> None:
    with pytest.raises(SquareFailed):
        money(value, "total")


@pytest.mark.parametrize(
    "value", [None, "", 5, "a/b", "..", "a?b", "a#b", "a%2f", "a b", "é", "x" * 193, ["a"]]
)
def test_an_id_is_visible_ascii_that_stays_where_it_is_put(value: object) -> None:
    with pytest.raises(SquareFailed):
        square_id(value, "id")


def test_an_id_left_out_is_none() -> None:
    assert (optional_id(None, "id"), optional_id("", "id"), optional_id("A_b-1:2", "id")) == (
        None,
        None,
        "A_b-1:2",
    )


@pytest.mark.parametrize("value", [None, "", "yesterday", "2026-11-22", "2026-11-22T10:00:00", 5])
def test_a_time_without_its_zone_is_unreadable(value: object) -> None:
    with pytest.raises(SquareFailed):
        moment(value, "created_at")


@pytest.mark.parametrize("name", ["id", "location_id", "created_at"])
def test_an_order_without_its_essentials_is_unreadable(name: str) -> None:
    order = {"id": "O", "location_id": "L", "created_at": "2026-11-22T10:00:00Z"}
    assert Order.read(order).id == "O"
    with pytest.raises(SquareFailed):
        Order.read({key: value for key, value in order.items() if key != name})
