"""Custom attributes: keys, visibility, kinds of value, versions, and what merges and deletions leave of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from practice_square.directory.value_kinds import check_value, schema_of
from practice_square.refusals import Refusal
from tests.practice_square.counter import Counter, Json, open_counter

DEFINITIONS = "/v2/customers/custom-attribute-definitions"
READ_ONLY, WRITABLE, HIDDEN = (
    "VISIBILITY_READ_ONLY",
    "VISIBILITY_READ_WRITE_VALUES",
    "VISIBILITY_HIDDEN",
)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("attributes")) as counter:
        define(counter, key="balance", name="Balance", description="Sessions left", visibility=READ_ONLY)
        for key, name, visibility in (
            ("skin", "Skin type", WRITABLE),
            ("vip", "VIP", READ_ONLY),
            ("secret", "Secret", HIDDEN),
        ):
            given = {"key": key, "name": name, "visibility": visibility, "owner": "square", "kind": "String"}
            counter.call("POST", "/practice/attribute-definitions", given)
        yield counter


@pytest.fixture
def ada(counter: Counter) -> str:
    return counter.customer(given_name="Ada")


def define(counter: Counter, **definition: Any) -> Json:
    body = {"custom_attribute_definition": {"schema": schema_of("String")} | definition}
    return counter.call("POST", DEFINITIONS, body)["custom_attribute_definition"]


def write(counter: Counter, customer_id: str, value: object, key: str = "balance", **more: int) -> Json:
    body = {"custom_attribute": {"value": value, **more}}
    told = counter.call("POST", f"/v2/customers/{customer_id}/custom-attributes/{key}", body)
    return told["custom_attribute"]


def refused_write(counter: Counter, customer_id: str, key: str = "balance", **more: Any) -> tuple[int, str]:
    body = {"custom_attribute": {"value": "x", **more}}
    return counter.refused("POST", f"/v2/customers/{customer_id}/custom-attributes/{key}", body)


def shown(counter: Counter, customer_id: str) -> list[Json]:
    return counter.call("GET", f"/practice/customers/{customer_id}/attributes")["attributes"]


@pytest.mark.parametrize(
    ("definition", "refused"),
    [
        ({"key": "with space"}, (400, "INVALID_VALUE")),
        ({"key": "x" * 61}, (400, "INVALID_VALUE")),
        ({"key": "balance"}, (409, "CONFLICT")),
        ({"name": "Balance"}, (400, "INVALID_VALUE")),
        ({"name": "Skin type"}, (400, "INVALID_VALUE")),
        ({"description": None}, (400, "MISSING_REQUIRED_PARAMETER")),
        ({"visibility": "VISIBLE"}, (400, "INVALID_ENUM_VALUE")),
        ({"schema": {"$ref": "https://example.org/string.json"}}, (400, "INVALID_VALUE")),
    ],
)
def test_it_refuses_a_definition(counter: Counter, definition: Json, refused: tuple[int, str]) -> None:
    whole = {
        "key": "new",
        "name": "New",
        "description": "d",
        "visibility": READ_ONLY,
        "schema": schema_of("String"),
    }
    body = {"custom_attribute_definition": whole | definition}
    assert counter.refused("POST", DEFINITIONS, body) == refused


def test_a_stranger_attribute_has_a_qualified_key_and_a_hidden_one_is_not_there(counter: Counter) -> None:
    told = counter.call("GET", DEFINITIONS)["custom_attribute_definitions"]
    assert [one["key"] for one in told] == ["balance", "square:skin", "square:vip"]
    assert counter.refused("GET", f"{DEFINITIONS}/square:secret") == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("key", "status"), [("square:skin", 200), ("square:vip", 403), ("square:secret", 404), ("skin", 404)]
)
def test_values_of_others_are_written_only_where_they_allow_it(
    counter: Counter, ada: str, key: str, status: int
) -> None:
    if status == 200:
        assert write(counter, ada, "dry", key)["key"] == key
    else:
        assert refused_write(counter, ada, key)[0] == status


def test_the_seller_may_not_write_into_a_read_only_attribute(counter: Counter, ada: str) -> None:
    path = f"/practice/customers/{ada}/attributes"
    assert counter.refused("PUT", f"{path}/balance", {"value": "x"}) == (403, "FORBIDDEN")
    counter.call("PUT", f"{path}/square:skin", {"value": "oily"})
    assert shown(counter, ada) == [{"name": "Skin type", "value": "oily"}]


def test_a_version_counts_changes_and_refuses_what_is_stale_or_not_yet_there(
    counter: Counter, ada: str
) -> None:
    assert refused_write(counter, ada, version=1) == (400, "BAD_REQUEST")
    assert [write(counter, ada, value)["version"] for value in ("7", "6", "6")] == [1, 2, 2]
    assert refused_write(counter, ada, version=1) == (409, "CONFLICT")
    assert refused_write(counter, ada, version=3) == (400, "BAD_REQUEST")
    assert write(counter, ada, "5", version=2)["version"] == 3
    assert write(counter, ada, "4", version=-1)["version"] == 4


@pytest.mark.parametrize("way", ["merge", "delete", "definition"])
def test_merges_deletions_and_a_lost_definition_take_the_values(counter: Counter, ada: str, way: str) -> None:
    key = "balance"
    if way == "definition":
        key = "passing"
        define(counter, key=key, name="Passing", description="d", visibility=READ_ONLY)
    write(counter, ada, "7 of 12 left", key)
    if way == "merge":
        body = {"customer_ids": [ada, counter.customer(given_name="A")]}
        new = counter.call("POST", "/practice/customers/merge", body)["customer"]["id"]
        assert refused_write(counter, ada) == (404, "NOT_FOUND"), "writing needs the id in force"
        ada = new
    elif way == "delete":
        counter.call("DELETE", f"/practice/customers/{ada}")
        ada = counter.call("POST", f"/practice/customers/{ada}/recover")["customer"]["id"]
    else:
        counter.call("DELETE", f"{DEFINITIONS}/{key}")
    assert shown(counter, ada) == []


@pytest.mark.parametrize("many", [0, 26])
def test_it_writes_1_to_25_at_once(counter: Counter, ada: str, many: int) -> None:
    one = {"customer_id": ada, "custom_attribute": {"key": "balance", "value": "7"}}
    body = {"values": {str(place): one for place in range(many)}}
    path = "/v2/customers/custom-attributes/bulk-upsert"
    assert counter.refused("POST", path, body) == (400, "INVALID_VALUE")


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("String", "x" * 1000, "x" * 1001),
        ("String", "", 7),
        ("Number", "-10.5", 10.5),
        ("Number", "7", "7.123456"),
        ("Boolean", False, "false"),
        ("Date", "2027-03-01", "2027-3-1"),
        ("Email", "a@example.org", "a@example"),
        ("PhoneNumber", "+13105550101", "310 555 0101"),
        ("Address", {"locality": "Santa Monica"}, "Santa Monica"),
    ],
)
def test_a_value_is_of_its_kind(kind: str, right: object, wrong: object) -> None:
    check_value(right, kind, "value")
    with pytest.raises(Refusal):
        check_value(wrong, kind, "value")
