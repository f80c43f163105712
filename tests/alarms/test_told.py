"""Who is told of an alarm, how, and how often."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from plugin.alarms import notices, registry
from plugin.alarms.notices import SIGNATURE, post, recent_deliveries
from plugin.alarms.registry import active_alarms, send_test
from plugin.core.acts import Act, Role
from plugin.courses.health_facts import MailWatch
from plugin.errors import ConfigurationError, MailFailed, Refused, WebhookFailed
from plugin.settings import read_settings
from plugin.store import Store
from tests.alarms.clinic import CONNECTED, OLGA, Watched
from tests.clock import HandMovedClock

HOOK = {"ALARM_WEBHOOK_URL": "https://hook.example.org/T0KEN", "ALARM_WEBHOOK_SECRET": "shared"}
Answering = Callable[[int], list[httpx.Request]]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Have the webhook answer with this status; returns what it was sent."""

    def answer(status: int) -> list[httpx.Request]:
        taken: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            request.read()
            taken.append(request)
            return httpx.Response(status)

        def sent(url: str, body: dict[str, object], *, secret: str, now: datetime) -> None:
            post(url, body, secret=secret, now=now, transport=httpx.MockTransport(handle))

        monkeypatch.setattr(notices, "post", sent)
        return taken

    return answer


def test_the_owner_is_told_once_when_it_begins_and_once_when_it_is_over(watched: Watched) -> None:
    watched.silence_of(10)
    assert watched.look(20) == 1
    assert [each.name for each in active_alarms(watched.store)] == ["square_answers"]
    watched.mend_square()
    assert watched.look(12) == 1
    assert active_alarms(watched.store) == ()
    assert watched.postbox.subjects == [
        ("olga@example.org", "Your clinic: Square has not answered for 12 minutes"),
        ("olga@example.org", "Your clinic: Resolved: Square answers"),
    ]


def test_a_letter_says_what_is_wrong_what_to_do_and_since_when(lite: Watched) -> None:
    lite.silence_of(10)
    lite.look(5)
    text = lite.postbox.letters[0].text
    assert text.startswith("Square has not answered for 12 minutes.\n\nWhat to do: If Square or your")
    assert "Since: November 22, 18:00 (UTC)" in text
    assert "http://127.0.0.1:8000/clinic/health" in text


def test_two_workers_tell_it_once(watched: Watched) -> None:
    watched.silence_of(10)
    registry.look(watched.services)
    watched.clock.advance(minutes=2)
    both = [threading.Thread(target=registry.look, args=(watched.services,)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(recent_deliveries(watched.store)) == 1


def test_all_owners_are_told_and_nobody_else(lite: Watched) -> None:
    lite.hire("ann@example.org", Role.OWNER)
    lite.hire("deb@example.org", Role.DESK)
    lite.silence_of(10)
    lite.look(5)
    told = [to for to, subject in lite.postbox.subjects if "Square has not answered" in subject]
    assert sorted(told) == ["ann@example.org", "olga@example.org"]


def test_named_addresses_are_told_in_place_of_the_owners(lite_store: Store, clock: HandMovedClock) -> None:
    lite = Watched(lite_store, clock, CONNECTED | {"ALARM_EMAILS": "it@example.org, ann@example.org"})
    lite.silence_of(10)
    lite.look(5)
    assert [to for to, _ in lite.postbox.subjects] == ["it@example.org", "ann@example.org"]


@pytest.mark.parametrize("value", ["olga", "olga@example.org; ann@example.org", "a@example.org Bcc: x@y.org"])
def test_what_is_no_list_of_addresses_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ALARM_EMAILS .* is no e-mail address"):
        read_settings({"ALARM_EMAILS": value})


def test_a_practice_clinic_mails_nobody(lite_store: Store, clock: HandMovedClock) -> None:
    lite = Watched(lite_store, clock, CONNECTED | {"SQUARE_ENVIRONMENT": "practice"})
    lite.silence_of(10)
    lite.look(5)
    assert (lite.postbox.letters, len(active_alarms(lite_store))) == ([], 1)


def test_failing_e_mail_is_not_told_by_e_mail(
    lite_store: Store, clock: HandMovedClock, answering: Answering
) -> None:
    taken = answering(200)
    lite = Watched(lite_store, clock, CONNECTED | HOOK)
    lite.synced()

    MailWatch(lite_store, clock)(MailFailed("The mail server can’t be reached.", permanent=False))
    clock.advance(minutes=30)
    lite.look(5)
    assert lite.postbox.letters == []
    assert [json.loads(each.content)["name"] for each in taken] == ["mail_is_sent"]


def test_what_could_not_be_mailed_for_a_day_is_not_mailed_any_more(lite: Watched) -> None:
    lite.silence_of(10)
    lite.look(3, delivers=False)
    lite.clock.advance(hours=25)
    lite.deliver()
    assert lite.postbox.letters == []
    assert recent_deliveries(lite.store)[0].says == "Not sent: it is too late for it."


def test_the_webhook_gets_it_signed(lite_store: Store, clock: HandMovedClock, answering: Answering) -> None:
    taken = answering(204)
    lite = Watched(lite_store, clock, CONNECTED | HOOK)
    lite.silence_of(10)
    lite.look(5)
    (request,) = taken
    body = json.loads(request.content)
    assert (body["event"], body["name"], body["is_urgent"]) == ("alarm.began", "square_answers", True)
    assert "olga" not in request.content.decode()
    stamp, _, sign = request.headers[SIGNATURE].partition(",")
    signed = stamp.removeprefix("t=").encode() + b"." + request.content
    assert sign == "v1=" + hmac.new(b"shared", signed, hashlib.sha256).hexdigest()


def test_without_a_secret_nothing_is_signed(
    lite_store: Store, clock: HandMovedClock, answering: Answering
) -> None:
    taken = answering(200)
    address = {"ALARM_WEBHOOK_URL": HOOK["ALARM_WEBHOOK_URL"]}
    lite = Watched(lite_store, clock, CONNECTED | address)
    send_test(lite.services, Act(OLGA, clock(), "test"))
    lite.deliver()
    assert SIGNATURE not in taken[0].headers


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [
        (301, True),
        (307, True),
        (400, True),
        (404, True),
        (408, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_a_webhook_that_does_not_take_it(status: int, is_permanent: bool) -> None:
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(status, headers={"Location": "http://169.254.169.254/"})
    )
    with pytest.raises(WebhookFailed) as failed:
        post(
            "https://hook.example.org/T0KEN",
            {},
            secret="",
            now=datetime.now().astimezone(),
            transport=transport,
        )
    assert failed.value.permanent == is_permanent
    assert "T0KEN" not in failed.value.message


def test_a_webhook_that_is_down_is_tried_again_and_its_failure_is_shown(
    lite_store: Store, clock: HandMovedClock, answering: Answering
) -> None:
    taken = answering(503)
    lite = Watched(lite_store, clock, CONNECTED | HOOK)
    send_test(lite.services, Act(OLGA, clock(), "test"))
    for _ in range(15):
        lite.deliver()
        clock.advance(minutes=6)
    assert len(taken) == 14
    assert lite.condition("webhook_is_taken").is_wrong


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.org/",
        "http://169.254.169.254/latest",
        "ftp://hook.example.org/",
        "https://",
        "file:///etc/passwd",
        "http://localhost.example.org/",
        "hook",
    ],
)
def test_an_address_that_is_not_https_is_refused_unless_it_is_this_machine(url: str) -> None:
    with pytest.raises(ConfigurationError, match="ALARM_WEBHOOK_URL is no https address"):
        read_settings({"ALARM_WEBHOOK_URL": url})


def test_this_machine_itself_may_be_called_plainly() -> None:
    assert read_settings({"ALARM_WEBHOOK_URL": "http://127.0.0.1:9/hook"}).alarm_webhook_url


def test_a_test_alarm_reaches_everyone_even_in_practice(lite_store: Store, clock: HandMovedClock) -> None:
    lite = Watched(lite_store, clock, {})
    assert send_test(lite.services, Act(OLGA, clock(), "test")) == 1
    lite.deliver()
    assert lite.postbox.subjects == [("olga@example.org", "Your clinic: Test alarm")]


def test_a_test_that_would_reach_nobody_says_so(lite: Watched) -> None:
    lite.postbox.is_ready = False
    with pytest.raises(Refused, match="No one would get it"):
        send_test(lite.services, Act(OLGA, lite.clock(), "test"))
