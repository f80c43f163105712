"""The owner's page about Square: true in every state, quick whatever Square does, silent about what is secret."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act, Role
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.inbox import receive
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.square_health import connection_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareClient
from plugin.square.connection.check import SCOPES
from plugin.store import Store
from plugin.store.queues import Inbox, Outbox, Sweep
from plugin.vault import Vault
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.web.conftest import open_house_on, signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor

SEALING = Fernet.generate_key().decode()
TOKEN, APP_SECRET = "EAAA-personal", "sq0csp-secret"
BY_TOKEN = {"square_access_token": TOKEN, "encryption_keys": SEALING}
BY_OAUTH = {
    "square_application_id": "sq0idp-app",
    "square_application_secret": APP_SECRET,
    "encryption_keys": SEALING,
    "square_base_url": "https://connect.example.org",
}
GRANT = {"access_token": "EAAA-granted", "refresh_token": "EQAA-refresh", "merchant_id": "ML1"}


class StandInSquare:
    """Answers as told; `fails` makes every call fail so."""

    def __init__(self) -> None:
        self.fails: SquareFailed | None = None
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*_args: object, **_named: object) -> Any:
            self.asked.append(name)
            if self.fails:
                raise self.fails
            return _ANSWERS[name]

        return ask


_ANSWERS: dict[str, Any] = {
    "obtain_token": GRANT | {"expires_at": "2026-12-22T18:00:00Z"},
    "merchant": {"id": "ML1", "business_name": "Lotus Acupuncture"},
    "locations": [{"id": "L1", "name": "Uptown"}, {"id": "L2", "name": "Harbour"}],
    "location": {"id": "L1", "business_name": "Lotus Acupuncture"},
    "token_status": {"scopes": [scope.name for scope in SCOPES if scope.name != "DISPUTES_READ"]},
    "subscriptions": [],
    "create_subscription": {"id": "wbhk_1", "signature_key": "our signature key"},
    "test_subscription": {"status_code": 200, "payload": '{"event_id": "sample-1"}'},
    "revoke_token": None,
}


class Desk:
    """Olga at the page, and the Square that stands in."""

    def __init__(
        self, store: Store, clock: HandMovedClock, settings: dict[str, str], shared: SharedApplication
    ) -> None:
        self.square = StandInSquare()
        bare = open_house_on(store, clock, **settings)
        vault = Vault(settings.get("encryption_keys", ""))
        self.services: Services = replace(bare, square=cast(SquareClient, self.square), vault=vault)
        self.clock = clock
        self.olga: Visitor = signed_in(shared.serving(self.services), self.services, Role.OWNER)

    def page(self) -> Page:
        return self.olga.page("/square")

    def says(self) -> str:
        return self.page().text

    def tap(self, address: str) -> Page:
        return self.olga.after(self.page().form(address))

    def act(self) -> Act:
        return Act(SQUARE, self.clock(), self.services.store.new_id())

    def change(self, **fields: Any) -> None:
        def work(session: Session) -> None:
            row = connection_in(session)
            for name, value in fields.items():
                setattr(row, name, value)

        self.services.store.transact(work)


Open = Callable[[dict[str, str]], Desk]


@pytest.fixture
def opened(lite_store: Store, clock: HandMovedClock, _shared_small_app: SharedApplication) -> Open:
    return lambda settings: Desk(lite_store, clock, settings, _shared_small_app)


def test_before_anything_is_set_it_says_what_to_set(opened: Open) -> None:
    said = opened({}).says()
    assert "Not connected to Square" in said
    assert "Enter an access token under Settings, Square, or an application ID" in said


def test_connecting_leads_to_squares_page_and_back(opened: Open) -> None:
    desk = opened(BY_OAUTH)
    assert "Connect to Square" in desk.says()
    answer = desk.olga.get("/square")
    assert "form-action 'self' https://connect.example.org;" in answer.headers["Content-Security-Policy"]
    led = desk.olga.send(desk.page().form("/square/connect"))
    assert (led.status_code, led.headers["Location"].split("?")[0]) == (
        303,
        "https://connect.example.org/oauth2/authorize",
    )
    state = dict(part.split("=") for part in urlsplit(led.headers["Location"]).query.split("&"))["state"]
    back = desk.olga.get(f"/square/connected?state={state}&code=sq0cgp-1")
    assert (back.status_code, back.headers["Location"]) == (303, "/square")
    said = desk.says()
    for words in (
        "Connected to Lotus Acupuncture",
        "given Nov 22 by Olga Ruiz",
        "Uptown",
        "Harbour",
        "1 of 17 are missing",
        "A disputed payment does not flag its course.",
        "Connected",
    ):
        assert words in said, words
    for secret in (*GRANT.values(), SEALING, APP_SECRET):
        assert secret == "ML1" or secret not in desk.olga.get("/square").text


def test_a_way_back_that_is_refused_says_why_and_changes_nothing(opened: Open) -> None:
    desk = opened(BY_OAUTH)
    answer = desk.olga.get("/square/connected?state=forged&code=x")
    assert answer.status_code == 409
    assert "unknown or was used before" in answer.text
    assert desk.square.asked == []


def test_disconnecting_asks_once_more_and_forgets(opened: Open) -> None:
    desk = opened(BY_OAUTH)
    desk.change(
        access_token_sealed=desk.services.vault.seal("EAAA"),
        merchant_name="Lotus",
        connected_at=desk.clock(),
        refreshed_at=desk.clock(),
    )
    assert "Courses and visits stay as they are" in desk.says()
    assert "Disconnected. The permission was revoked in Square." in desk.tap("/square/disconnect").text
    assert "Not connected to Square" in desk.says()


@pytest.mark.parametrize(
    ("code", "says"),
    [("square_unreachable", "No answer since"), ("square_sign_in", "Access refused since")],
)
def test_it_shows_at_once_while_square_is_away(opened: Open, code: str, says: str) -> None:
    desk = opened(BY_TOKEN)
    desk.change(failing_since=desk.clock(), failing_code=code, checked_at=desk.clock())
    desk.clock.advance(seconds=30)
    assert says in desk.says()
    assert says in desk.olga.get("/square/live").text
    assert desk.square.asked == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("square_down", "Square has not answered since 6:00"),
        ("square_sign_in", "Square has refused access since 6:00"),
    ],
)
def test_the_desk_is_told_in_a_quiet_line_while_it_lasts(opened: Open, code: str, says: str) -> None:
    desk = opened(BY_TOKEN)
    desk.change(failing_since=desk.clock(), failing_code=code)
    assert "Sessions can be used as always" not in desk.olga.page("/").text
    desk.clock.advance(seconds=30)
    said = desk.olga.page("/").text
    assert says in said
    assert "Sessions can be used as always" in said


def test_asking_a_square_that_is_away_says_so(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    desk.square.fails = SquareFailed("Square can’t be reached.", permanent=False, code="square_unreachable")
    for address in ("/square/check", "/square/subscription", "/square/test"):
        answer = desk.olga.send(desk.page().form(address))
        assert (answer.status_code, "Square can’t be reached." in answer.text) == (409, True), address


def test_asking_square_now_tells_whom_we_are_connected_to(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    assert "Not asked yet" in desk.says()
    assert "Square is connected." in desk.tap("/square/check").text
    said = desk.says()
    assert "With the access token set by the server" in said
    assert "The sales of all of them count" in said


def test_one_location_of_the_settings_is_shown_as_the_one_that_counts(opened: Open) -> None:
    desk = opened(BY_TOKEN | {"square_location_id": "L1"})
    desk.tap("/square/check")
    assert "Harbour does not count" in " ".join(desk.says().split())


def test_the_subscription_is_made_and_its_key_is_not_shown(opened: Open) -> None:
    desk = opened(BY_TOKEN | {"square_webhook_signature_key": ""})
    assert "Webhooks can’t be verified yet" in desk.says()
    desk.tap("/square/subscription")
    said = desk.olga.get("/square").text
    assert "by the subscription Coursekeeper made" in said
    assert "our signature key" not in said
    desk.change(subscription_url="https://elsewhere.example.org")
    assert "The address has changed" in desk.says()


def test_the_address_and_the_events_are_there_to_copy(opened: Open) -> None:
    said = opened(BY_TOKEN).olga.get("/square").text
    assert 'value="http://localhost:8000/square/webhooks"' in said or "/square/webhooks" in said
    assert "<li>payment.updated</li>" in said
    assert 'data-copy="event-types"' in said


def test_a_test_shows_that_it_came_or_that_it_did_not(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    desk.change(square_subscription_id="wbhk_1", subscription_url=desk.services.settings.webhook_address)
    desk.tap("/square/test")
    assert "On its way" in desk.says()
    receive(
        desk.services.store,
        event_id="sample-1",
        event_type="catalog.version.updated",
        body="{}",
        now=desk.clock(),
    )
    assert "arrived with a valid signature" in desk.says()
    desk.change(test_event_id=None, test_said="403")
    assert "compare address and key" in desk.says()


def test_looking_through_square_is_asked_for_and_its_result_is_shown(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    assert "Checking Square." in desk.tap("/square/sweep").text
    now = desk.clock()
    found = [{"kind": "order", "id": f"ORDER{n}", "what": "A sale"} for n in range(6)]
    desk.services.store.transact(
        lambda session: session.add(
            Sweep(id="1", since=now, started_at=now, finished_at=now, looked_at=40, found=found, error="")
        )
    )
    with desk.services.store.writing() as session:
        session.execute(delete(Outbox))
    said = " ".join(desk.says().split())
    for words in ("40 records checked", "6 missed by events", "ORDER4", "and 1 more."):
        assert words in said, words


def test_what_waits_is_told_in_words(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    assert "All events are processed" in desk.says()
    act = desk.act()
    receive(desk.services.store, event_id="1", event_type="payment.updated", body="{}", now=desk.clock())

    def work(session: Session) -> None:
        enqueue(Work(session, desk.services.store, act), "refund", "1")
        for row in (session.scalars(select(Inbox)).one(), session.scalars(select(Outbox)).one()):
            row.attempts, row.outcome = 3, "Square has an internal error (HTTP 503)."

    desk.services.store.transact(work)
    said = " ".join(desk.says().split())
    for words in (
        "2 wait",
        "Event payment.updated",
        "A refund begun at the desk",
        "HTTP 503",
        "Tried 3 times",
    ):
        assert words in said, words


def test_the_balance_on_profiles_is_switched_off_and_on(opened: Open) -> None:
    desk = opened(BY_TOKEN)
    save_clinic(desk.services.store, desk.act(), read_clinic(desk.services.store))
    for says in ("Show balances", "Stop showing balances", "Show balances"):
        assert says in desk.tap("/square/balances").text


def test_a_problem_is_the_first_thing_to_see(opened: Open) -> None:
    desk = opened(BY_OAUTH)
    desk.change(problem="The permission was revoked in Square. Connect again to go on.")
    assert "The permission was revoked in Square." in desk.says()
