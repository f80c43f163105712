"""Bodies nobody should send: each gets a sentence, none gets through, none brings the program down."""

import io
import json

import pytest

from plugin.web.api.errors import LARGEST_BODY
from plugin.web.api.inputs import DEEPEST
from tests.api.caller import Caller, refusal
from tests.api.world import Shop


def _nested(levels: int, opened: str = "[", closed: str = "]") -> str:
    return '{"name": ' + opened * (levels - 1) + closed * (levels - 1) + "}"


def _refused(desk: Caller, body: str | bytes) -> tuple[int, str, str | None]:
    return refusal(desk.send_text("POST", "/clients", body))


UNREADABLE = [
    "",
    " ",
    "{",
    "{}}",
    "{'name': 'Ana'}",
    '{"name": "Ana",}',
    '{"name": "Ana"} {"name": "Bea"}',
    '{"name": "Ana", "name": "Bea"}',
    '{"name": "Ana", "phone": {"a": 1, "a": 1}}',
    '{"name": NaN}',
    '{"name": Infinity}',
    '{"name": -Infinity}',
    '{"name": "\t"}',
    '{"name": "\\x41"}',
    '{"name": 0x1}',
    '{"name": 01}',
    '{"name": ' + "9" * 25 + "}",
    '{"name": ' + "9" * 5000 + "}",
    '{"name": 1.' + "0" * 5000 + "}",
    '{"name": 1e' + "9" * 5000 + "}",
    "null",
    "true",
    "1",
    '"Ana"',
    "[]",
    '[{"name": "Ana"}]',
    "name=Ana",
    "\ufeff{}",
    _nested(DEEPEST + 1),
    _nested(10_000),
    "[" * 30_000,
    '{"a":' * 10_000,
]


def test_it_refuses_what_is_no_readable_object(small_desk: Caller) -> None:
    wrong = [body[:60] for body in UNREADABLE if _refused(small_desk, body) != (400, "unreadable", None)]
    assert wrong == []
    assert small_desk.get("/clients").get_json()["clients"] == []


NOT_UTF_8 = [b"\xff\xfe{\x00}\x00", b'{"name": "\xff"}', b'{"name": "\xed\xa0\x80"}', b"\x00", b"\x80abc"]


def test_it_refuses_what_is_not_utf_8(small_desk: Caller) -> None:
    wrong = [body for body in NOT_UTF_8 if _refused(small_desk, body) != (400, "unreadable", None)]
    assert wrong == []


NOT_STORABLE = ['{"name": "\\ud800"}', '{"name": "\\u0000"}', '{"name": "a\\u001bb"}']


def test_it_refuses_escaped_signs_that_no_database_keeps(small_desk: Caller) -> None:
    wrong = [body for body in NOT_STORABLE if _refused(small_desk, body) != (422, "invalid_field", "name")]
    assert wrong == []


def test_an_escaped_pair_is_one_sign(small_desk: Caller) -> None:
    made = small_desk.send_text("POST", "/clients", '{"name": "Zo\\u00eb \\ud83d\\ude00"}')
    assert made.get_json()["name"] == "Zoë 😀"


def test_a_body_may_be_nested_as_deep_as_a_package_needs_and_more(small_desk: Caller) -> None:
    answer = small_desk.send_text("POST", "/clients", _nested(DEEPEST))
    assert refusal(answer) == (422, "invalid_field", "name")


OTHER_TYPES = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/json",
]


def test_it_takes_json_alone(small_desk: Caller) -> None:
    for content_type in OTHER_TYPES:
        answer = small_desk.send_text("POST", "/clients", '{"name": "Ana"}', content_type=content_type)
        assert refusal(answer) == (415, "not_json", None), content_type


def test_a_form_is_no_body(small_desk: Caller) -> None:
    answer = small_desk.send("POST", "/clients", data={"name": "Ana"})
    assert refusal(answer) == (415, "not_json", None)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_may_be_named_in_full(small_desk: Caller, content_type: str) -> None:
    answer = small_desk.send_text("POST", "/clients", '{"name": "Ana"}', content_type=content_type)
    assert answer.status_code == 201


def _client_of(size: int) -> str:
    frame = len(json.dumps({"name": "Ana", "email": ""}))
    return json.dumps({"name": "Ana", "email": "x" * (size - frame)})


@pytest.mark.parametrize(
    ("size", "status"), [(LARGEST_BODY, 422), (LARGEST_BODY + 1, 413), (1_000_000, 413), (10_000_000, 413)]
)
def test_a_body_has_its_limit(small_desk: Caller, size: int, status: int) -> None:
    body = _client_of(size)
    assert len(body) == size
    assert small_desk.send_text("POST", "/clients", body).status_code == status


def test_a_large_body_without_a_length_is_refused_too(small_desk: Caller) -> None:
    answer = small_desk.send(
        "POST",
        "/clients",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        input_stream=io.BytesIO(_client_of(1_000_000).encode()),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert refusal(answer) == (413, "too_large", None)


@pytest.mark.parametrize("path", ["redemptions", "publication"])
def test_calls_without_fields_refuse_a_large_body_too(
    small_owner: Caller, small_shop: Shop, path: str
) -> None:
    where = {
        "redemptions": f"/courses/{small_shop.course()}/redemptions",
        "publication": f"/packages/{small_shop.package()}/publication",
    }[path]
    answer = small_owner.send_text("POST", where, "{" + " " * 1_000_000 + "}", Idempotency_Key="k")
    assert refusal(answer) == (413, "too_large", None)


def test_a_message_never_repeats_what_could_harm_its_reader(small_desk: Caller) -> None:
    name = "<script>\u202e" + "x" * 5000
    answer = small_desk.post("/clients", {"name": "Ana", name: 1})
    assert len(answer.get_data()) < 400
    assert "\u202e" not in answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"


def test_a_whole_number_may_be_written_with_a_point(small_owner: Caller) -> None:
    body = {"name": "Course", "price": {"amount": 16500.0, "currency": "USD"}}
    contents = [{"treatment": "Facial", "sessions": 1e1, "single_price": {"amount": 1650, "currency": "USD"}}]
    made = small_owner.post("/packages", {**body, "contents": contents}, key="point")
    assert (made.status_code, made.get_json()["price"]["amount"]) == (201, 16500)
    contents[0]["sessions"] = 1.5
    assert small_owner.post("/packages", {**body, "contents": contents}, key="half").status_code == 422
