"""OAuth: the page's decision, codes, tokens of both flows, scopes, and the end of a permission."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from practice_square.settings import DEFAULT_APPLICATION_ID, DEFAULT_APPLICATION_SECRET
from tests.practice_square.counter import Counter, Json, open_counter

VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SECRET = {"client_secret": DEFAULT_APPLICATION_SECRET}
SCOPES = "CUSTOMERS_READ ORDERS_READ"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("access")) as counter:
        yield counter


def code(counter: Counter, scopes: str = SCOPES, **more: str) -> str:
    return str(counter.call("POST", "/practice/access", {"scopes": scopes, **more})["code"])


def obtain(counter: Counter, **body: Any) -> tuple[int, Any]:
    answer = counter.client.post("/oauth2/token", json={"client_id": DEFAULT_APPLICATION_ID, **body})
    return answer.status_code, answer.json


def exchange(counter: Counter, given: str, **body: Any) -> tuple[int, Json]:
    return obtain(counter, grant_type="authorization_code", code=given, **body)


def refresh(counter: Counter, token: str, **body: Any) -> tuple[int, Json]:
    return obtain(counter, grant_type="refresh_token", refresh_token=token, **body)


def granted(counter: Counter, scopes: str = SCOPES, **body: Any) -> Json:
    status, told = exchange(counter, code(counter, scopes), **SECRET, **body)
    assert status == 200, told
    return told


def ask(counter: Counter, token: str, path: str = "/v2/customers", method: str = "GET") -> tuple[int, str]:
    answer = counter.client.open(
        path,
        method=method,
        json={} if method == "POST" else None,
        headers={"Authorization": f"Bearer {token}"},
    )
    return answer.status_code, answer.json["errors"][0]["code"] if answer.status_code >= 400 else ""


def test_a_token_opens_what_its_scopes_name_and_nothing_else(counter: Counter) -> None:
    token = granted(counter)["access_token"]
    assert ask(counter, token) == (200, "")
    assert ask(counter, token, "/v2/customers", "POST") == (403, "INSUFFICIENT_SCOPES")
    assert ask(counter, token, "/v2/bookings") == (403, "INSUFFICIENT_SCOPES")
    assert ask(counter, token, "/v2/webhooks/subscriptions") == (403, "FORBIDDEN")
    assert ask(counter, token, "/v2/nowhere") == (404, "NOT_FOUND")
    assert ask(counter, "EAAAunknown") == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("short_lived", "hours"), [(False, 30 * 24), (True, 24)])
def test_an_access_token_ends_by_the_clock(counter: Counter, short_lived: bool, hours: int) -> None:
    token = granted(counter, short_lived=short_lived)["access_token"]
    counter.wait(seconds=hours * 3600 - 1)
    assert ask(counter, token) == (200, "")
    counter.wait(seconds=1)
    assert ask(counter, token) == (401, "ACCESS_TOKEN_EXPIRED")
    status = counter.client.post("/oauth2/token/status", headers={"Authorization": f"Bearer {token}"})
    assert (status.status_code, status.json["errors"][0]["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 401)])
def test_a_code_lasts_five_minutes_and_works_once(counter: Counter, seconds: int, status: int) -> None:
    given = code(counter)
    counter.wait(seconds=seconds)
    assert exchange(counter, given, **SECRET)[0] == status
    assert exchange(counter, given, **SECRET)[0] == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (SECRET | {"client_id": "sq0idp-other"}, 401),
        ({"client_secret": "sq0csp-wrong"}, 401),
        ({}, 401),
        (SECRET | {"grant_type": "implicit-flow"}, 400),
        (SECRET | {"code": None}, 400),
    ],
)
def test_it_refuses_a_wrong_exchange(counter: Counter, body: Json, status: int) -> None:
    asked = {"grant_type": "authorization_code", "code": code(counter)} | body
    assert obtain(counter, **asked)[0] == status


def test_a_refused_exchange_leaves_the_code_good(counter: Counter) -> None:
    given = code(counter)
    assert exchange(counter, given, client_secret="wrong")[0] == 401
    assert exchange(counter, given, **SECRET)[0] == 200


def test_the_code_flow_refreshes_for_ever_with_one_token(counter: Counter) -> None:
    told = granted(counter)
    assert "refresh_token_expires_at" not in told
    for _ in range(2):
        counter.wait(days=200)
        status, again = refresh(counter, told["refresh_token"], **SECRET)
        assert (status, again["refresh_token"]) == (200, told["refresh_token"])
        assert ask(counter, again["access_token"]) == (200, "")
    assert refresh(counter, told["refresh_token"])[0] == 401, "the code flow needs the secret"


def test_a_refreshed_token_can_be_narrowed(counter: Counter) -> None:
    told = granted(counter)
    _, less = refresh(counter, told["refresh_token"], scopes=["ORDERS_READ", "PAYMENTS_WRITE"], **SECRET)
    assert ask(counter, less["access_token"]) == (403, "INSUFFICIENT_SCOPES")
    assert ask(counter, told["access_token"]) == (200, "")


def test_pkce_needs_the_verifier_and_refreshes_once_within_90_days(counter: Counter) -> None:
    given = code(counter, code_challenge=CHALLENGE)
    assert exchange(counter, given, code_verifier="another", **SECRET)[0] == 401
    status, told = exchange(counter, given, code_verifier=VERIFIER)
    assert status == 200
    counter.wait(days=89)
    status, again = refresh(counter, told["refresh_token"])
    assert status == 200
    assert again["refresh_token"] != told["refresh_token"]
    assert refresh(counter, told["refresh_token"])[0] == 401, "single use"
    counter.wait(days=90)
    assert refresh(counter, again["refresh_token"])[0] == 401, "expired"


def revoke(counter: Counter, secret: str = DEFAULT_APPLICATION_SECRET, **body: Any) -> int:
    headers = {"Authorization": f"Client {secret}"}
    body = {"client_id": DEFAULT_APPLICATION_ID, **body}
    return counter.client.post("/oauth2/revoke", json=body, headers=headers).status_code


def test_revoking_ends_every_token_and_is_told(counter: Counter) -> None:
    told, other = granted(counter), granted(counter)
    before = len(counter.events())
    assert revoke(counter, "wrong", access_token=told["access_token"]) == 401
    assert revoke(counter) == 400
    assert revoke(counter, access_token="EAAAunknown") == 404
    assert revoke(counter, access_token=told["access_token"]) == 200
    for one in (told, other):
        assert ask(counter, one["access_token"]) == (401, "ACCESS_TOKEN_REVOKED")
        assert refresh(counter, one["refresh_token"], **SECRET)[0] == 401
    assert counter.events(before) == ["oauth.authorization.revoked"]


def test_one_access_token_can_end_alone(counter: Counter) -> None:
    told = granted(counter)
    assert revoke(counter, access_token=told["access_token"], revoke_only_access_token=True) == 200
    assert ask(counter, told["access_token"]) == (401, "ACCESS_TOKEN_REVOKED")
    assert refresh(counter, told["refresh_token"], **SECRET)[0] == 200


def test_buyer_level_rights_see_only_the_applications_own_bookings(counter: Counter) -> None:
    booked = counter.call("POST", "/practice/bookings", {"start_at": counter.now.isoformat()})["booking"]
    query = f"/v2/bookings?start_at_min={booked['start_at']}"
    seen = []
    for scopes in ("APPOINTMENTS_READ", "APPOINTMENTS_READ APPOINTMENTS_ALL_READ"):
        token = granted(counter, scopes)["access_token"]
        answer = counter.client.get(query, headers={"Authorization": f"Bearer {token}"})
        seen.append(len(answer.json.get("bookings", [])))
    assert seen == [0, 1]


def test_faults_meet_the_oauth_calls_too(counter: Counter) -> None:
    plan = [{"call": "POST /oauth2/token", "how": "503"}]
    counter.call("PUT", "/practice/faults", {"fail_plan": plan})
    given = code(counter)
    assert [exchange(counter, given, **SECRET)[0] for _ in range(2)] == [503, 200]
