"""The register's pages around a sale, through their forms: the calendar, one client, the decision on an application."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page

from practice_square.serving import PracticeServer
from practice_square.settings import DEFAULT_APPLICATION_ID, DEFAULT_APPLICATION_SECRET
from tests.practice_square.conftest import Listener
from tests.practice_square.counter import Counter, open_counter

BACK = "https://desk.example.org/square/callback"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with open_counter(tmp_path_factory.mktemp("pages")) as counter:
        yield counter


def page(counter: Counter, path: str) -> str:
    answer = counter.client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def send(counter: Counter, path: str, from_page: str = "/appointments", **form: str) -> str:
    token = re.search(r'name="form_token" value="([^"]+)"', page(counter, "/clients"))
    assert token is not None
    headers = {"Referer": f"http://localhost{from_page}"}
    answer = counter.client.post(
        path, data={"form_token": token[1], **form}, headers=headers, follow_redirects=True
    )
    return answer.get_data(as_text=True)


def choice(html: str, words: str) -> str:
    found = re.search(rf'<option value="(\w+)"[^>]*>[^<]*{words}', html)
    assert found is not None, words
    return found[1]


def test_an_appointment_is_made_and_decided_at_the_till(counter: Counter) -> None:
    empty = page(counter, "/appointments?day=2026-03-06")
    assert "No appointment on this day" in empty
    told = send(
        counter,
        "/appointments",
        customer_id=choice(empty, "Denise Whitfield"),
        variation_id=choice(empty, "Touch-up"),
        team_member_id=choice(empty, "J. Moreau"),
        day="2026-03-06",
        time="14:30",
    )
    assert "Denise Whitfield booked for 2:30 pm, Touch-up, 45 min." in told
    booking = counter.call("GET", "/v2/bookings")["bookings"][0]
    assert booking["start_at"] == "2026-03-06T22:30:00.000Z"
    assert booking["appointment_segments"][0]["duration_minutes"] == 45
    told = send(counter, f"/appointments/{booking['id']}/status", status="NO_SHOW", day="2026-03-06")
    assert "2:30 pm: did not come." in told
    assert counter.call("GET", f"/v2/bookings/{booking['id']}")["booking"]["status"] == "NO_SHOW"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"day": "soon", "time": "10:00"}, "is not a date"),
        ({"day": "2026-03-06", "time": "ten"}, "Write the time like 10:30"),
    ],
)
def test_a_day_or_time_it_cannot_read_is_said(counter: Counter, form: dict[str, str], words: str) -> None:
    assert words in send(counter, "/appointments", **form)


def test_the_calendar_shows_the_clinics_own_day(counter: Counter) -> None:
    """At 7 in the evening of March 2 in Los Angeles it is March 3 in UTC."""
    for start in ("2026-03-02T19:00:00-08:00", "2026-03-03T00:00:00-08:00"):
        counter.call("POST", "/practice/bookings", {"start_at": start})
    shown = page(counter, "/appointments")
    assert "Today, March 2" in shown
    assert re.findall(r'booking-time">([^<]+)', shown) == ["7:00 pm"]


def test_the_clients_page_shows_what_an_application_wrote(counter: Counter) -> None:
    ada = counter.customer(given_name="Ada", family_name="Byron")
    given = {
        "key": "left",
        "name": "Prepaid",
        "visibility": "VISIBILITY_READ_WRITE_VALUES",
        "owner": "square",
        "kind": "String",
    }
    counter.call("POST", "/practice/attribute-definitions", given)
    value = "Facial acupuncture: 7 of 12 left, until 2027-03-01"
    counter.call("PUT", f"/practice/customers/{ada}/attributes/square:left", {"value": value})
    assert value in page(counter, f"/clients/{ada}")


def test_a_client_is_deleted_after_a_question_and_brought_back(counter: Counter) -> None:
    ada = counter.customer(given_name="Ada", family_name="Gone")
    assert "Delete Ada Gone?" not in page(counter, f"/clients/{ada}")
    assert "Delete Ada Gone?" in page(counter, f"/clients/{ada}?delete=1")
    assert "Ada Gone deleted." in send(counter, f"/clients/{ada}/delete")
    assert "Bring back Ada Gone" in page(counter, "/clients")
    assert "Ada Gone is back." in send(counter, f"/clients/{ada}/recover")


def test_a_merge_is_taken_back_from_the_clients_page(counter: Counter) -> None:
    old = [counter.customer(given_name=name) for name in ("Bo", "Beau")]
    new = counter.call("POST", "/practice/customers/merge", {"customer_ids": old})["customer"]["id"]
    assert "Merged from 2 profiles" in page(counter, f"/clients/{new}")
    assert "2 profiles are back" in send(counter, f"/clients/{new}/unmerge")
    assert counter.call("GET", f"/v2/customers/{old[0]}")["customer"]["id"] == old[0]


def asked(**changes: str) -> dict[str, str]:
    return {
        "client_id": DEFAULT_APPLICATION_ID,
        "scope": "CUSTOMERS_READ ORDERS_WRITE",
        "redirect_uri": BACK,
        "state": "s t/1",
    } | changes


def test_the_page_says_what_is_asked_for_and_lets_its_form_lead_back(counter: Counter) -> None:
    answer = counter.client.get(f"/oauth2/authorize?{urlencode(asked())}")
    html = answer.get_data(as_text=True)
    assert "Allow Coursekeeper to work with" in html
    assert "See your clients" in html
    assert "Change orders and sales" in html
    assert "form-action 'self' https://desk.example.org;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "sq0idp-other"},
        {"scope": "CUSTOMERS_READ EVERYTHING"},
        {"redirect_uri": "http://desk.example.org/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
    ],
)
def test_it_never_sends_the_seller_to_an_application_it_does_not_trust(
    counter: Counter, changes: dict[str, str]
) -> None:
    assert counter.client.get(f"/oauth2/authorize?{urlencode(asked(**changes))}").status_code == 400


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_the_answer_goes_back_with_the_state(counter: Counter, decision: str) -> None:
    html = page(counter, f"/oauth2/authorize?{urlencode(asked())}")
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    answer = counter.client.post("/oauth2/authorize", data=form | {"decision": decision})
    address, told = (
        answer.headers["Location"].split("?")[0],
        parse_qs(urlsplit(answer.headers["Location"]).query),
    )
    assert address == BACK
    assert told.pop("state") == ["s t/1"]
    if decision == "deny":
        assert told == {"error": ["access_denied"], "error_description": ["user_denied"]}
        return
    assert told.pop("response_type") == ["code"]
    body = {
        "client_id": DEFAULT_APPLICATION_ID,
        "client_secret": DEFAULT_APPLICATION_SECRET,
        "grant_type": "authorization_code",
        "code": told["code"][0],
    }
    assert counter.refused("POST", "/oauth2/token", body) == (401, "UNAUTHORIZED"), "redirect_uri is missing"
    assert counter.call("POST", "/oauth2/token", body | {"redirect_uri": BACK})["access_token"]


def test_the_seller_takes_the_access_away(counter: Counter) -> None:
    code = counter.call("POST", "/practice/access", {"scopes": "ITEMS_READ"})["code"]
    body = {
        "client_id": DEFAULT_APPLICATION_ID,
        "client_secret": DEFAULT_APPLICATION_SECRET,
        "grant_type": "authorization_code",
        "code": code,
    }
    token = counter.call("POST", "/oauth2/token", body)["access_token"]
    assert "See what you sell" in page(counter, "/applications")
    assert "no longer has access" in send(counter, "/applications/remove")
    answer = counter.client.get("/v2/catalog/list", headers={"Authorization": f"Bearer {token}"})
    assert answer.json["errors"][0]["code"] == "ACCESS_TOKEN_REVOKED"


def test_a_browser_follows_the_answer_to_the_application(
    serve: Callable[..., PracticeServer], listener: Listener, page: Page
) -> None:
    practice = serve(seed="empty")
    query = urlencode(asked(redirect_uri=listener.url))
    page.goto(f"{practice.base_url}/oauth2/authorize?{query}")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{listener.url}?*")
    assert parse_qs(urlsplit(page.url).query)["response_type"] == ["code"]
