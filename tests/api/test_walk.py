"""A walk over every call with requests made up from the document, good ones and spoiled ones: whatever comes,
the answer is one that the document names, and the ledger stays whole."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings

from plugin.core.acts import OPERATOR, Act, Role
from plugin.courses.audit import audit
from plugin.courses.checks.answers import answer_check, save_list
from plugin.courses.webhooks.deliveries import fan_out, list_deliveries
from plugin.courses.webhooks.receivers import EventKind, NewReceiver, add_receiver
from plugin.services import Services
from plugin.store import Store
from plugin.web.api.calls import Call
from plugin.web.api.letters import NewCheck
from plugin.web.api.openapi import CALLS
from tests.api.caller import Caller
from tests.api.conftest import api_application, caller_with, open_test_house
from tests.api.examples import Request, requests
from tests.api.schema_check import operations
from tests.api.world import OWNER, Shop
from tests.clock import HandMovedClock
from tests.databases import new_database
from tests.postgres import PostgresServer
from tests.thorough import examples

NO_LIMIT = "1000000 per minute"
STEPS = examples(8, 20)
# Publishing asks Square; it has tests of its own with a till.
# What was undone, decided or transferred once is refused from then on; a walk guesses no package that is for sale.
ONE_WAY = {
    "create_quote",
    "make_agreement",
    "replay_event_delivery",
    "reverse_entry",
    "resolve_attention",
    "start_refund",
    "transfer_course",
}
CHANGING = {"extend_course", "transfer_course", "choose_concerns", "delete_ratings"}
WALKED = [call for call in CALLS if call.name != "publish_package"]


@pytest.fixture(scope="module")
def sqlite_walk_url(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> str:
    path = tmp_path_factory.mktemp("walk") / "walk.db"
    path.write_bytes(_migrated_file.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def postgresql_walk_url(postgres: PostgresServer, _migrated_database: str) -> Iterator[str]:
    yield from new_database(postgres, template=_migrated_database)


@pytest.fixture(scope="module")
def walked_house(request: pytest.FixtureRequest) -> Iterator[Services]:
    with Store(request.getfixturevalue(f"{request.param}_walk_url")) as store:
        yield open_test_house(store, HandMovedClock())


@pytest.fixture(scope="module")
def walker(walked_house: Services) -> Caller:
    app: Flask = api_application(walked_house, per_token=NO_LIMIT, bad_per_address=NO_LIMIT)
    return caller_with(app, Role.OWNER)


@pytest.fixture(scope="module")
def ids(walker: Caller, walked_house: Services) -> dict[str, str]:
    """Something real behind each kind of id."""
    shop = Shop(walked_house)
    new = NewReceiver("n8n", "https://hook.example.org/", [EventKind.OPENED])
    act = Act(OPERATOR, walked_house.clock(), "receiver")
    receiver_id, _key = add_receiver(walked_house.store, act, new, str, allows_http=False)
    course_id = shop.course(sessions=999)
    fan_out(walked_house.store, walked_house.clock())
    shop.course(to=None)
    used = walker.post(f"/courses/{course_id}/redemptions", {}, key="first").get_json()["entry"]
    # One visit that no walk takes back, whichever walks have come before.
    walker.post(f"/courses/{course_id}/redemptions", {}, key="second")
    client_id, package_id = shop.client("Ana Souza"), shop.package()
    agreed = walker.post(f"/clients/{client_id}/agreements", {"package_id": package_id}, key="agreed")
    changed_course_id, treated_id = shop.course(to="Bea Wong"), _client_of(walker, course_id)
    concerns = walker.post(f"/clients/{treated_id}/concerns", {"concerns": ["Jawline"]}).get_json()
    _check(walked_house, shop, treated_id)
    quoted = walker.post(f"/clients/{client_id}/quotes", {"package_id": package_id}, key="quoted")
    return {
        "quote_id": quoted.get_json()["id"],
        "agreement_id": agreed.get_json()["id"],
        "course_id": course_id,
        "changed_course_id": changed_course_id,
        "changed_client_id": _client_of(walker, changed_course_id),
        "entry_id": used["id"],
        "client_id": treated_id,
        "concern_id": concerns["concerns"][0]["id"],
        "package_id": shop.package(),
        "receiver_id": receiver_id,
        "delivery_id": str(list_deliveries(walked_house.store).rows[0].id),
        "receipt_id": walker.get(f"/courses/{course_id}/receipts").get_json()["receipts"][0]["id"],
        "item_id": walker.get("/attention").get_json()["items"][0]["id"],
    }


def _client_of(walker: Caller, course_id: str) -> str:
    client_id: str = walker.get(f"/courses/{course_id}").get_json()["client_id"]
    return client_id


def _check(house: Services, shop: Shop, client_id: str) -> None:
    """Let the clinic have the version of its list that the document's example answers, and the client answer it."""
    for seen in range(NewCheck.model_json_schema()["examples"][0]["list_version"]):
        points = {"en": f"I am ill today, or was {seen} days ago"}
        version = save_list(
            house.store, shop.act(OWNER), points, reviewed_by="A. Kim", seen_version=seen
        ).version
    answer_check(house.store, shop.act(OWNER), client_id, "none", version, source="api")


def _for(call: Call, ids: dict[str, str]) -> dict[str, str]:
    # An end that lies in the past, a transfer, or ratings that end would leave nothing to walk on for the others.
    changed = {"course_id": ids["changed_course_id"], "client_id": ids["changed_client_id"]}
    return {**ids, **changed} if call.name in CHANGING else ids


@pytest.mark.parametrize("call", WALKED, ids=lambda call: call.name)
def test_every_answer_is_one_that_the_document_names(
    call: Call, walker: Caller, ids: dict[str, str], walked_house: Services
) -> None:
    seen: Counter[int] = Counter()

    @settings(
        max_examples=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests(call.path, operations()[call.path][call.method.lower()], _for(call, ids)))
    def walk(request: Request) -> None:
        answer = walker.send(
            call.method,
            request.path,
            query_string=request.query,
            headers=request.headers,
            data=request.body,
            content_type=None if request.body is None else "application/json",
        )
        assert answer.status_code < 500
        seen[answer.status_code] += 1

    walk()
    # Without a parameter there is one request.
    assert seen.total() >= (STEPS if call.takes or "{" in call.path else 1)
    # A walk that never gets in has seen only the door.
    assert call.name in ONE_WAY or seen[200] + seen[201] > 0
    assert audit(walked_house.store) == ()
