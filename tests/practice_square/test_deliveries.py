"""Webhooks: the signature and its tampered twin, retries with growing pauses, restarts, subscriptions."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from square import Square
from square.utils.webhooks_helper import verify_signature

from practice_square.delivery_queue import queue_as_told
from practice_square.events import sign
from practice_square.faults import change_faults
from practice_square.practice import Practice
from practice_square.sale import Sale, SaleLine
from practice_square.sender import Posted, Sender
from practice_square.serving import PracticeServer
from practice_square.settings import PracticeSettings
from practice_square.till import ring_up
from tests.practice_square.conftest import Listener

URL = "http://127.0.0.1:1/square/webhooks"


class HandClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class FakePost:
    """Answers with the given statuses, then 200."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.posted: list[tuple[str, bytes, dict[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> Posted:
        self.posted.append((url, body, headers))
        status = self.answers.pop(0) if self.answers else 200
        return Posted(status) if status else Posted(0, "http_timeout")

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body, _ in self.posted]


class Shop:
    """A practice without a server: a clock moved by hand and a post that is a list."""

    def __init__(self, folder: Path, *answers: int, delays: tuple[float, ...] = (1.0, 60.0)) -> None:
        self.clock = HandClock()
        settings = PracticeSettings(
            file=folder / "practice.db",
            access_token="t",
            signature_key="key",
            webhook_url=URL,
            seed="empty",
            clock=self.clock,
            retry_delays_s=delays,
        )
        self.practice = Practice(settings)
        self.post = FakePost(*answers)
        self.sender = Sender(self.practice.store, settings, self.post)

    def sell(self) -> None:
        with self.practice.work() as work:
            ring_up(work, Sale((SaleLine(name="A", amount=500),)))

    def faults(self, **changes: Any) -> None:
        with self.practice.work() as work:
            change_faults(work, changes)

    def send_due(self) -> int:
        """Send what is due by the clock, as the thread does, and count it."""
        before = len(self.post.posted)
        while self.sender._send_next():
            pass
        return len(self.post.posted) - before

    def states(self) -> list[str]:
        with self.practice.work() as work:
            return [row["state"] for row in work.sql.execute("SELECT state FROM deliveries ORDER BY n")]


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    opened: list[Shop] = []

    def open_shop(*answers: int, **settings: Any) -> Shop:
        opened.append(Shop(tmp_path, *answers, **settings))
        return opened[-1]

    yield open_shop
    for one in opened:
        one.practice.close()


def test_square_own_helper_accepts_the_signature(practice: PracticeServer, listener: Listener) -> None:
    practice.control.sell([{"name": "Crème à l’œuf, 面部", "amount": 500}])
    practice.control.deliver()
    assert listener.taken
    for body, headers in listener.taken:
        assert is_accepted(
            body, headers["x-square-hmacsha256-signature"], practice.signature_key, listener.url
        )


def is_accepted(body: str, signature: str, key: str, url: str) -> bool:
    return verify_signature(
        request_body=body, signature_header=signature, signature_key=key, notification_url=url
    )


@pytest.mark.parametrize("tamper", ["body", "key", "url", "signature"])
def test_square_own_helper_refuses_a_tampered_twin(tamper: str) -> None:
    given = {"body": '{"a":1}', "key": "key", "url": URL}
    signature = sign(given["key"], given["url"], given["body"])
    assert is_accepted(given["body"], signature, given["key"], given["url"])
    given |= {tamper: given.get(tamper, "") + " "}
    signature += "A" if tamper == "signature" else ""
    assert not is_accepted(given["body"], signature, given["key"], given["url"])


def test_the_signature_is_the_plain_hmac_of_address_and_body() -> None:
    digest = hmac.new(b"key", (URL + "body").encode(), hashlib.sha256).digest()
    assert sign("key", URL, "body") == base64.b64encode(digest).decode()


@pytest.mark.parametrize("answer", [500, 404, 301, 0])
def test_anything_but_a_2xx_is_tried_again_with_its_reason(shop: Any, answer: int) -> None:
    till = shop(answer)
    till.sell()
    assert till.send_due() == 2
    assert till.states() == ["waiting", "delivered"]
    till.clock.now += timedelta(seconds=2)
    assert till.send_due() == 1
    headers = till.post.posted[-1][2]
    assert headers["Square-Retry-Number"] == "1"
    assert headers["Square-Retry-Reason"] == ("http_timeout" if answer == 0 else "http_error")
    assert headers["Square-Initial-Delivery-Timestamp"] < till.clock.now.isoformat()
    assert till.states() == ["delivered", "delivered"]


def test_the_pauses_grow_and_the_tries_end(shop: Any) -> None:
    till = shop(*[500] * 6)
    till.sell()
    assert till.send_due() == 2
    assert till.send_due() == 0
    till.clock.now += timedelta(seconds=2)
    assert till.send_due() == 2
    till.clock.now += timedelta(seconds=30)
    assert till.send_due() == 0
    till.clock.now += timedelta(seconds=31)
    assert till.send_due() == 2
    assert till.states() == ["given_up", "given_up"]


def test_a_retry_sends_the_same_event_id_and_the_same_bytes(shop: Any) -> None:
    till = shop(500)
    till.sell()
    till.send_due()
    till.clock.now += timedelta(seconds=2)
    till.send_due()
    assert till.post.posted[0][1] == till.post.posted[-1][1]


def test_what_waits_is_delivered_after_a_restart(shop: Any) -> None:
    first = shop(500, 500)
    first.sell()
    first.send_due()
    with first.practice.work() as work:
        work.sql.execute("UPDATE deliveries SET state = 'sending' WHERE n = 1")
    first.practice.close()
    again = shop()
    again.sender.start()
    again.sender.stop()
    again.sender.flush()
    assert again.states() == ["delivered", "delivered"]


def test_duplicates_carry_the_same_event_id(shop: Any) -> None:
    till = shop()
    till.faults(has_duplicate_events=True)
    till.sell()
    till.sender.flush()
    ids = [json.loads(body)["event_id"] for _, body, _ in till.post.posted]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_shuffled_events_come_the_newest_first(shop: Any) -> None:
    till = shop()
    till.faults(has_shuffled_events=True)
    till.sell()
    assert till.send_due() == 0
    till.clock.now += timedelta(seconds=1)
    till.send_due()
    assert till.post.types() == ["payment.updated", "payment.created"]


def test_withheld_events_wait_until_they_are_let_go(practice: PracticeServer, listener: Listener) -> None:
    practice.control.set_faults(has_withheld_events=True)
    practice.control.sell([{"name": "A", "amount": 500}])
    assert practice.control.deliver() == {"delivered": 0, "failed": 0, "waiting": 0}
    practice.control.set_faults()
    practice.control.sell([{"name": "B", "amount": 500}], delivered=False)
    assert {one["state"] for one in practice.control.events()} == {"withheld"}
    # By this call, or by the sender's own thread, which may look between the two.
    assert practice.control.deliver(withheld=True)["waiting"] == 0
    assert len(listener.taken) == 4


def test_a_sent_event_can_be_sent_again(practice: PracticeServer, listener: Listener) -> None:
    practice.control.sell([{"name": "A", "amount": 500}])
    practice.control.deliver()
    practice.control.resend(practice.control.events()[0]["event_id"])
    practice.control.deliver()
    ids = [event["event_id"] for event in listener.events()]
    assert len(ids) == 3
    assert ids[1] == ids[2]


def test_the_queue_tells_tries_and_the_last_answer(shop: Any) -> None:
    till = shop(302, 302, 302)
    till.sell()
    till.sender.flush()
    till.sender.flush()
    with till.practice.work() as work:
        told = {
            one["type"]: (one["state"], one["attempts"], one["last_answer"]) for one in queue_as_told(work, 9)
        }
    assert told == {"payment.created": ("waiting", 2, "302"), "payment.updated": ("delivered", 2, "200")}


def test_a_subscription_gets_the_events_it_asked_for(
    practice: PracticeServer, sdk: Square, listener: Listener
) -> None:
    mine = sdk.webhooks.subscriptions.create(
        subscription={
            "name": "Mine",
            "event_types": ["payment.created"],
            "notification_url": listener.url + "?mine",
            "api_version": "2025-08-20",
        }
    ).subscription
    practice.control.sell([{"name": "A", "amount": 500}])
    practice.control.deliver()
    own = [
        body
        for body, headers in listener.taken
        if is_accepted(
            body, headers["x-square-hmacsha256-signature"], mine.signature_key, listener.url + "?mine"
        )
    ]
    assert [json.loads(body)["type"] for body in own] == ["payment.created"]
    assert len(listener.taken) == 3


def test_a_deleted_subscription_is_given_up(shop: Any) -> None:
    till = shop()
    till.sell()
    with till.practice.work() as work:
        work.remove("subscription", "wbhk_practice")
    till.sender.flush()
    assert set(till.states()) == {"given_up"}


def test_the_new_address_of_a_later_start_is_used(
    serve: Callable[..., PracticeServer], listener: Listener
) -> None:
    serve(webhook_url=URL).stop()
    practice = serve(webhook_url=listener.url)
    practice.control.sell([{"name": "A", "amount": 500}])
    practice.control.deliver()
    assert len(listener.taken) == 2


def test_without_an_address_nothing_is_queued(serve: Callable[..., PracticeServer]) -> None:
    practice = serve(webhook_url=None)
    practice.control.sell([{"name": "A", "amount": 500}])
    assert practice.control.events() == []
