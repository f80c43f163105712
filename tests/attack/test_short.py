"""Short forms of `make attack`, and that each of its checks can fail."""

import pytest
import yaml

from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from tests.attack import planted
from tests.attack.api import failures_in, is_of_a_rule
from tests.attack.code import RULES
from tests.attack.doors import Sweep
from tests.attack.house import House, application_of
from tests.attack.tally import Tally, is_broken, table
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import open_house_on
from tests.web.visitor import hire

FAILED = """
_______ POST /things _______
1. Test Case ID: abcdef

- ST202 Schema-valid request rejected

    Valid data should have been accepted

[422] Unprocessable Content:

    `{"error":{"code":"invalid_field","field":"year","message":"That year has not started yet."}}`

Reproduce with:

    curl -X POST http://127.0.0.1:1/things

============ SUMMARY ============
"""


@pytest.fixture
def house(lite_store: Store, clock: HandMovedClock) -> House:
    services: Services = open_house_on(lite_store, clock)
    for role in (Role.OWNER, Role.DESK):
        hire(services, role)
    return House(application_of(services), services, Desk(lite_store, clock), {})


def test_a_flaw_of_each_kind_is_found_in_routes_that_have_one(house: House) -> None:
    planted.plant_routes(house.app, house.services)
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.rule.startswith("/planted/")]
    swept = Sweep(house.app, house.services, planted.WHO_MAY, Tally("planted")).run(rules, ("desk",))
    kinds = {wrong.split(":")[0] for wrong in swept.wrong}
    expected = {"access", "led or forged", "without token", "foreign token", "nothing written", "too large"}
    assert expected <= kinds


def test_only_the_sentence_of_a_use_case_excuses_a_refusal() -> None:
    (failure,) = failures_in(FAILED)
    assert failure.startswith("POST /things\n")
    assert is_of_a_rule(failure)
    assert not is_of_a_rule(failure.replace("That year has not started yet.", "year must be 2000 or more."))
    assert not is_of_a_rule(failure.replace("[422]", "[500]"))
    assert not is_of_a_rule(f"- ST101 Server error\n{failure}")


@pytest.mark.parametrize("file", sorted(RULES.glob("*.yaml")), ids=lambda file: file.stem)
def test_each_rule_has_a_flaw_to_find(file) -> None:
    for rule in yaml.safe_load(file.read_text())["rules"]:
        assert rule["metadata"]["planted"].strip(), rule["id"]
        assert rule["metadata"]["planted_as"], rule["id"]


def test_the_table_shows_what_was_wrong_and_what_was_not_done() -> None:
    tally = Tally("doors", note="half of it")
    tally.check("access", False, "GET /x as nobody: 200")
    assert "half of it" in table([tally])
    assert "WRONG  doors: access: GET /x as nobody: 200" in table([tally])
    assert [is_broken(status) for status in (404, 500, 503, 505)] == [False, True, False, True]
