"""The calls about clients."""

from typing import Any

import pytest

from tests.api.caller import Caller, refusal
from tests.api.world import Shop
from tests.databases import sqlite_alone

ANA = {"name": "Ana Souza", "phone": "415 555 2671", "email": "Ana@Example.org", "language": "es"}


def test_the_desk_makes_a_client(desk: Caller) -> None:
    made = desk.post("/clients", ANA)
    assert made.status_code == 201
    client = made.get_json()
    assert client == {
        "id": client["id"],
        "name": "Ana Souza",
        "phone": "+14155552671",
        "email": "Ana@example.org",
        "language": "es",
        "large_print": False,
        "sounds_like": "",
        "postal_address": "",
        "square_customer_id": None,
    }
    assert desk.get(f"/clients/{client['id']}").get_json() == client


def test_a_name_is_enough(small_desk: Caller) -> None:
    client = small_desk.post("/clients", {"name": "Bea", "phone": None, "email": ""}).get_json()
    assert (client["phone"], client["email"], client["language"]) == (None, None, "en")


@pytest.mark.parametrize("name", ["Nguyễn Thị Ánh", "王小明", "علي", "O'Neil-Łoś", "👩‍🦰 Zoé"])
def test_names_of_every_script_come_back_as_they_are(desk: Caller, name: str) -> None:
    made = desk.post("/clients", {"name": name}).get_json()
    assert made["name"] == name
    assert desk.get("/clients", q=name).get_json()["clients"] == [made]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": None}, "name"),
    ({"name": " \t"}, "name"),
    ({"name": ["Ana"]}, "name"),
    ({"name": "Ana", "phone": 4155552671}, "phone"),
    ({"name": "Ana", "phone": "one two three"}, "phone"),
    ({"name": "Ana", "phone": "1" * 61}, "phone"),
    ({"name": "Ana", "phone": "555-0191"}, "phone"),
    ({"name": "Ana", "email": "nowhere"}, "email"),
    ({"name": "Ana", "email": "x" * 255}, "email"),
    ({"name": "Ana", "language": "English please"}, "language"),
    ({"name": "Ana", "language": "abc-abcdefgh-abcdefgh"}, "language"),
    ({"name": "Ana\u0007"}, "name"),
    ({"name": "Ana", "e-mail": "ana@example.org"}, "e-mail"),
    ({"name": "Ana", "\ud800": 1}, "\\ud800"),
    ({"name": "Ana", "birthday": "1970-01-01"}, "birthday"),
]


def test_it_refuses_a_client_and_names_the_field(small_desk: Caller) -> None:
    answers = [(body, field, refusal(small_desk.post("/clients", body))) for body, field in REFUSED]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []
    assert small_desk.get("/clients").get_json()["clients"] == []


@pytest.mark.parametrize("name", ["\ufdfa" * 120, "\U0001f468\u200d\U0001f469" * 30, "e\u0301" * 60])
def test_the_longest_names_fit_the_database(desk: Caller, name: str) -> None:
    assert desk.post("/clients", {"name": name}).status_code == 201


PARTS = ["souza", "an sou", "2671", "555-2671", "ana@exa", "SOUZA", "Añá"]


def test_it_finds_a_client_by_any_part(desk: Caller) -> None:
    ana = desk.post("/clients", ANA).get_json()
    desk.post("/clients", {"name": "Bea Klein", "phone": "415 555 9999"})
    for q in PARTS:
        assert desk.get("/clients", q=q).get_json() == {"clients": [ana], "cursor": None}, q


@pytest.mark.parametrize("q", ["%", "_", "\\", "' or 1=1 --", "zzz", "x" * 200, "()*", "\u202e"])
def test_a_search_takes_every_sign_as_it_is(desk: Caller, q: str) -> None:
    desk.post("/clients", {"name": "Ana Souza"})
    found = desk.get("/clients", q=q)
    assert found.status_code == 200
    assert found.get_json()["clients"] == [] or q == "\u202e"


@pytest.mark.parametrize("q", ["x" * 201, "\x00", "\x1b[2J"])
def test_it_refuses_a_search_nobody_types(small_desk: Caller, q: str) -> None:
    assert refusal(small_desk.get("/clients", q=q)) == (422, "invalid_field", "q")


def test_it_refuses_a_question_asked_twice(small_desk: Caller) -> None:
    answer = small_desk.send("GET", "/clients", query_string="q=a&q=b")
    assert refusal(answer) == (422, "invalid_field", "q")


def test_clients_come_in_pages(desk: Caller) -> None:
    for name in ("Dora", "Ana", "Cleo", "Bea", "Edda"):
        desk.post("/clients", {"name": name})
    names, cursor = [], None
    for _ in range(3):
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = desk.get("/clients", **query).get_json()
        names += [client["name"] for client in page["clients"]]
        cursor = page["cursor"]
    assert names == ["Ana", "Bea", "Cleo", "Dora", "Edda"]
    assert cursor is None


@pytest.mark.parametrize("cursor", ["", "nowhere!", "x" * 65, "%00", "\ud7ff"])
def test_it_refuses_what_is_no_cursor(small_desk: Caller, cursor: str) -> None:
    assert refusal(small_desk.get("/clients", cursor=cursor)) == (422, "invalid_field", "cursor")


def test_it_says_when_a_cursor_leads_nowhere(small_desk: Caller) -> None:
    assert small_desk.get("/clients", cursor="nowhere").status_code in (404, 422)


def test_a_client_of_square_carries_its_customer(desk: Caller, shop: Shop) -> None:
    shop.course(to="Cleo")
    found = desk.get("/clients", q="cleo").get_json()["clients"]
    assert [client["square_customer_id"] for client in found] == ["customer-Cleo"]


def test_a_clients_courses_come_with_those_in_use_first(desk: Caller, shop: Shop) -> None:
    finished, fresh = shop.course(sessions=1, to="Ana"), shop.course(sessions=12, to="Ana")
    shop.course(to="Bea")
    assert desk.post(f"/courses/{finished}/redemptions", {}, key="k").status_code == 201
    client_id = desk.get(f"/courses/{fresh}").get_json()["client_id"]

    page = desk.get(f"/clients/{client_id}/courses").get_json()

    assert [(course["id"], course["status"]) for course in page["courses"]] == [
        (fresh, "open"),
        (finished, "finished"),
    ]
    assert page["courses"][0] == desk.get(f"/courses/{fresh}").get_json()
    assert page["cursor"] is None


def test_a_clients_courses_come_in_pages(small_desk: Caller, small_shop: Shop) -> None:
    package = small_shop.package()
    courses = [small_shop.sell(package, to="Ana") for _ in range(3)]
    client_id = small_desk.get(f"/courses/{courses[0]}").get_json()["client_id"]
    path = f"/clients/{client_id}/courses"

    first = small_desk.get(path, limit=2).get_json()
    rest = small_desk.get(path, limit=2, cursor=first["cursor"]).get_json()

    assert [course["id"] for course in first["courses"] + rest["courses"]] == courses
    assert rest["cursor"] is None
    assert refusal(small_desk.get(path, cursor="elsewhere")) == (404, "not_found", None)


@pytest.mark.parametrize(
    "path", ["/clients/nowhere", "/clients/nowhere/courses", "/clients/%00", "/clients/é"]
)
@sqlite_alone
def test_it_knows_no_other_client(desk: Caller, path: str) -> None:
    assert refusal(desk.get(path)) == (404, "not_found", None)
