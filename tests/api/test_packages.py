"""The calls about packages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from plugin.core.acts import Role
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareClient, SquareNotFound
from tests.api.caller import Caller, refusal
from tests.api.conftest import api_application, caller_with
from tests.api.world import Shop

PRICE = {"amount": 198000, "currency": "USD"}
SINGLE = {"amount": 16500, "currency": "USD"}
CONTENT = {"treatment": "Facial acupuncture, 60 min", "sessions": 12, "single_price": SINGLE}
TOUCH_UP = {
    "treatment": "Touch-up, 45 min",
    "sessions": 2,
    "single_price": SINGLE,
    "usable_from_session": 12,
}
PACKAGE: dict[str, Any] = {"name": "Course of 12", "price": PRICE, "contents": [CONTENT, TOUCH_UP]}


def test_the_owner_makes_a_package_and_everybody_reads_it(owner: Caller, desk: Caller) -> None:
    made = owner.post("/packages", PACKAGE)

    assert made.status_code == 201
    package = made.get_json()
    assert package["name"] == "Course of 12"
    assert package["price"] == PRICE
    assert package["contents"] == [{**CONTENT, "usable_from_session": None}, TOUCH_UP]
    assert (package["version"], package["active"], package["square_variation_id"]) == (1, True, None)
    assert desk.get("/packages").get_json() == {"packages": [package], "cursor": None}


def test_the_terms_of_a_package_are_kept_as_they_came(small_owner: Caller) -> None:
    terms = {
        "expires_after_months": 12,
        "refund_formula": "discount_forfeited",
        "no_show": "forgive",
        "forgiven_no_shows": 1,
    }
    made = small_owner.post("/packages", {**PACKAGE, "terms": terms})
    assert made.get_json()["terms"] == {**terms, "expires_on": None, "expires_from": "sale"}


def test_names_in_other_languages_are_kept_and_one_that_is_unknown_is_refused(small_owner: Caller) -> None:
    made = small_owner.post("/packages", {**PACKAGE, "names": {"es": "Curso de 12", "zh": ""}})
    assert made.get_json()["names"] == {"es": "Curso de 12"}
    assert made.get_json()["name"] == "Course of 12"
    for names in ({"fr": "Cure"}, {"es": "x" * 121}, "es"):
        assert small_owner.post("/packages", {**PACKAGE, "names": names}).status_code == 422


def test_packages_come_in_pages(small_owner: Caller) -> None:
    made = [
        small_owner.post("/packages", {**PACKAGE, "name": f"Course {i}"}).get_json()["id"] for i in range(5)
    ]
    first = small_owner.get("/packages", limit=2).get_json()
    second = small_owner.get("/packages", limit=2, cursor=first["cursor"]).get_json()
    third = small_owner.get("/packages", limit=2, cursor=second["cursor"]).get_json()
    pages = (first, second, third)
    assert [row["id"] for page in pages for row in page["packages"]] == made
    assert third["cursor"] is None


NO_LIMITS = ["0", "201", "-1", "1.0", "ten", "", "1e2", "9" * 30, "²"]


def test_it_takes_a_limit_of_1_to_200(small_desk: Caller) -> None:
    for limit in NO_LIMITS:
        assert refusal(small_desk.get("/packages", limit=limit)) == (422, "invalid_field", "limit"), limit
    assert [small_desk.get("/packages", limit=limit).status_code for limit in ("1", "200")] == [200, 200]


def _with(**changes: Any) -> dict[str, Any]:
    return {**PACKAGE, **changes}


def _content(**changes: Any) -> dict[str, Any]:
    return _with(contents=[{**CONTENT, **changes}])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    (_with(name=""), "name"),
    (_with(name="  "), "name"),
    (_with(name="x" * 121), "name"),
    (_with(name="a\x00b"), "name"),
    (_with(name="\ud800"), "name"),
    (_with(name=12), "name"),
    (_with(price=None), "price"),
    (_with(price=198000), "price"),
    (_with(price={"amount": 1}), "price.currency"),
    (_with(price={**PRICE, "amount": -1}), "price.amount"),
    (_with(price={**PRICE, "amount": 1980.5}), "price.amount"),
    (_with(price={**PRICE, "amount": True}), "price.amount"),
    (_with(price={**PRICE, "amount": "198000"}), "price.amount"),
    (_with(price={**PRICE, "amount": 10**15 + 1}), "price.amount"),
    (_with(price={**PRICE, "currency": "usd"}), "price.currency"),
    (_with(price={**PRICE, "currency": "EUR"}), "price"),
    (_with(price={**PRICE, "cents": 0}), "price.cents"),
    (_with(contents=[]), "contents"),
    (_with(contents={}), "contents"),
    (_with(contents=[CONTENT] * 13), "contents"),
    (_with(contents=[CONTENT, CONTENT]), "contents"),
    (_with(contents=["twelve"]), "contents[0]"),
    (_content(sessions=0), "contents[0].sessions"),
    (_content(sessions=1000), "contents[0].sessions"),
    (_content(sessions=1.5), "contents[0].sessions"),
    (_content(usable_from_session=0), "contents[0].usable_from_session"),
    (_content(treatment=None), "contents[0].treatment"),
    (_content(kind="main"), "contents[0].kind"),
    (_with(terms=[]), "terms"),
    (_with(terms={"no_show": "never"}), "terms.no_show"),
    (_with(terms={"expires_on": "2027-02-30"}), "terms.expires_on"),
    (_with(terms={"expires_on": "20270228"}), "terms.expires_on"),
    (_with(terms={"expires_after_months": 12, "expires_on": "2027-03-01"}), "terms"),
    (_with(nmae="Course"), "nmae"),
]


def test_it_refuses_a_package_and_names_the_field(small_owner: Caller) -> None:
    answers = [(body, field, refusal(small_owner.post("/packages", body))) for body, field in REFUSED]
    assert [each for each in answers if each[2] != (422, "invalid_field", each[1])] == []
    assert small_owner.get("/packages").get_json()["packages"] == []


@pytest.mark.parametrize("sessions", [1, 999])
def test_a_package_holds_1_to_999_sessions(small_owner: Caller, sessions: int) -> None:
    assert small_owner.post("/packages", _content(sessions=sessions)).status_code == 201


def test_the_owner_says_which_item_of_the_till_sells_a_package(owner: Caller) -> None:
    package = owner.post("/packages", PACKAGE).get_json()
    linked = owner.put(f"/packages/{package['id']}/square-item", {"square_variation_id": "V1"})
    assert linked.status_code == 200
    assert linked.get_json() == {**package, "square_variation_id": "V1"}


def test_it_refuses_an_item_that_sells_another_package(owner: Caller, shop: Shop) -> None:
    taken, package = shop.package(), shop.package()
    answer = owner.put(f"/packages/{package}/square-item", {"square_variation_id": f"var-{taken}"})
    assert refusal(answer) == (409, "item_taken", None)


NO_ITEMS = [None, "", " ", "V 1", "V\n", "x" * 193, 7, "é"]


def test_it_refuses_what_is_no_id_of_an_item(small_owner: Caller, small_shop: Shop) -> None:
    path = f"/packages/{small_shop.package()}/square-item"
    for variation in NO_ITEMS:
        answer = small_owner.put(path, {"square_variation_id": variation})
        assert refusal(answer) == (422, "invalid_field", "square_variation_id"), variation


@pytest.mark.parametrize("path", ["publication", "square-item"])
def test_it_knows_no_other_package(small_owner: Caller, path: str) -> None:
    method, body = ("PUT", {"square_variation_id": "V1"}) if path == "square-item" else ("POST", None)
    answer = small_owner.send(method, f"/packages/nowhere/{path}", body)
    assert refusal(answer) == (404, "not_found", None)


class TillCatalog:
    """A catalog that keeps one item; `fails` is raised instead of answering."""

    def __init__(self, fails: SquareFailed | None = None) -> None:
        self.fails = fails
        self.writes: list[str] = []
        self._objects: dict[str, Any] = {}

    def catalog_items_named(self, _name: str) -> list[Any]:
        if self.fails:
            raise self.fails
        return []

    def catalog_object(self, object_id: str) -> Any:
        if object_id not in self._objects:
            raise SquareNotFound("Square has no such item.", permanent=True)
        return self._objects[object_id]

    def upsert_catalog_object(self, key: str, wanted: Any) -> Any:
        self.writes.append(key)
        variation = {**wanted["item_data"]["variations"][0], "id": "VAR1", "version": 1}
        self._objects["VAR1"] = variation
        data = {**wanted["item_data"], "variations": [variation]}
        return {"catalog_object": {**wanted, "id": "ITEM1", "version": 1, "item_data": data}}


Publishing = Callable[[TillCatalog], tuple[Caller, str]]


@pytest.fixture
def publishing(services: Services, shop: Shop) -> Publishing:
    def prepare(till: TillCatalog) -> tuple[Caller, str]:
        app = api_application(replace(services, square=cast(SquareClient, till)))
        owner = caller_with(app, Role.OWNER)
        return owner, owner.post("/packages", PACKAGE).get_json()["id"]

    return prepare


def test_the_owner_puts_a_package_on_the_till(publishing: Publishing) -> None:
    till = TillCatalog()
    owner, package_id = publishing(till)
    answer = owner.post(f"/packages/{package_id}/publication")
    assert answer.status_code == 200
    assert answer.get_json()["square_variation_id"] == "VAR1"
    assert len(till.writes) == 1


def test_publishing_twice_under_one_key_asks_square_once(publishing: Publishing) -> None:
    till = TillCatalog()
    owner, package_id = publishing(till)
    answers = [owner.post(f"/packages/{package_id}/publication", key="p1").get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    till.fails = SquareFailed("Square is down.", permanent=False)
    assert owner.post(f"/packages/{package_id}/publication", key="p1").get_json() == answers[0]
    assert len(till.writes) == 1


def test_the_longest_key_reaches_square_whole(publishing: Publishing) -> None:
    till = TillCatalog()
    owner, package_id = publishing(till)
    assert owner.post(f"/packages/{package_id}/publication", key="k" * 80).status_code == 200
    assert len(till.writes[0]) == 64


def test_a_publication_that_square_refused_can_be_tried_again(publishing: Publishing) -> None:
    till = TillCatalog(SquareFailed("Square did not answer. Try again.", permanent=False))
    owner, package_id = publishing(till)
    assert refusal(owner.post(f"/packages/{package_id}/publication", key="p1"))[:2] == (502, "square_failed")
    till.fails = None
    assert owner.post(f"/packages/{package_id}/publication", key="p1").status_code == 200


def test_a_publication_takes_no_fields(publishing: Publishing) -> None:
    owner, package_id = publishing(TillCatalog())
    answer = owner.post(f"/packages/{package_id}/publication", {"price": 1})
    assert refusal(answer) == (422, "invalid_field", "price")
    assert owner.post(f"/packages/{package_id}/publication", {}).status_code == 200
