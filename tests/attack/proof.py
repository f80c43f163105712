"""Each way to attack finds a flaw that was planted for it: else its silence says nothing."""

from pathlib import Path

from tests.attack import bodies, code, planted
from tests.attack.api import is_of_a_rule, schemathesis
from tests.attack.doors import Sweep
from tests.attack.house import House, application_of
from tests.attack.links import cross_clients
from tests.attack.tally import Tally
from tests.servers import served


def prove_code(folder: Path) -> Tally:
    """Plant the flaw of each rule, and one for bandit."""
    tally, own = Tally("planted: bandit, semgrep"), folder / "planted"
    own.mkdir()
    rules = code.plant(own)
    found = {each.rule for each in code.semgrep(own)}
    for rule in sorted(rules):
        tally.check("planted", rule in found, f"semgrep does not find {rule}")
    tally.check("planted", "B602" in {each.rule for each in code.bandit(own)}, "bandit does not find a shell")
    return tally.done()


def prove_routes(house: House) -> Tally:
    """Plant a route for each kind of flaw, in an application of its own."""
    tally, app = Tally("planted: routes, links"), application_of(house.services)
    planted.plant_routes(app, house.services)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/planted/")]
    swept = Sweep(app, house.services, planted.WHO_MAY, Tally("planted")).run(rules, ("nobody", "desk"))
    expected = (
        "access: GET /planted/peek as nobody",
        "access: GET /planted/peek as desk",
        "led or forged: GET /planted/follow as nobody: leads to evil.example",
        "led or forged: GET /planted/repeat as nobody: repeats a forged host",
        "without token: POST /planted/write as desk",
        "foreign token: POST /planted/write as desk",
        "nothing written: POST /planted/write as desk: bookmark",
        "too large: POST /planted/fail as nobody",
    )
    said = swept.wrong + cross_clients(house, app).wrong
    for flaw in (*expected, "another's: GET /my/<token>/planted/<course_id>"):
        tally.check("planted", any(each.startswith(flaw) for each in said), f"not found: {flaw}")
    return tally.done()


def prove_bodies(house: House) -> Tally:
    """Break the webhook, the import and a form in an application of their own, and see that it is noticed."""
    tally = Tally("planted: bodies")
    app = application_of(house.services)
    other = House(app, house.services, house.desk, {})

    def broken(**_names: str) -> tuple[str, int]:
        return "", 500

    kept = ("security", "account", "lock")
    writes = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    for endpoint in {"clients.find"} | {each for each in writes if not each.startswith(kept)}:
        app.view_functions[endpoint] = broken
    attacks = (bodies.signed_garbage, bodies.altered_files, bodies.hostile_names, bodies.junk_in_forms)
    for attack in attacks:
        run = attack(other, examples=10, seed=1)
        tally.check("planted", bool(run.wrong), f"{run.name} notices nothing")
    return tally.done()


def prove_schemathesis(*, seconds: int) -> Tally:
    """Attack an API with three flaws."""
    tally = Tally("planted: schemathesis")
    with served(planted.flawed_api()) as address:
        _cases, failures = schemathesis(f"{address}/openapi.json", token="none", seconds=seconds, seed=1)
    for kind in ("Server error", "Response violates schema", "Schema-valid request rejected"):
        is_found = any(kind in failure and not is_of_a_rule(failure) for failure in failures)
        tally.check("planted", is_found, f"schemathesis does not find: {kind}")
    return tally.done()
