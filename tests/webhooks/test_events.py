"""Events reach their receiver: signed, in the order of each course, again after a failure, and nowhere they may not."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugin.configuration.stored import sealing
from plugin.core.terms import Terms
from plugin.courses.lists.listing import keep_listing
from plugin.courses.webhooks.deliveries import (
    GIVEN_UP,
    WAITS_MIN,
    list_deliveries,
    note_expiring,
    replay_delivery,
    replay_span,
    send_test,
)
from plugin.courses.webhooks.receivers import (
    CHOICES,
    NewReceiver,
    add_receiver,
    checked_url,
    end_receiver,
    rotate_key,
)
from plugin.errors import InvalidField, NotAllowed, WebhookFailed
from plugin.settings import read_settings
from plugin.webhooks.deliver import MOST_READ, allowed_address, deliver_due, is_public, post
from tests.courses.desk import DEB, OLGA, Desk, back
from tests.prerequisites import missing
from tests.webhooks.receiver import Receiver, endless, hang_up, receiving, say

ALL = [kind.value for kind in CHOICES]


@pytest.fixture(scope="module")
def running() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def heard(running: Receiver) -> Receiver:
    running.got.clear()
    running.answer = Receiver().answer
    return running


class Sending:
    """A clinic whose events go to one receiver."""

    def __init__(self, desk: Desk, receiver: Receiver, **more: Any) -> None:
        self.desk, self.receiver = desk, receiver
        settings = read_settings({"SECRET_KEY": "k" * 40, "DATABASE_URL": "sqlite://"})
        self.services: Any = SimpleNamespace(store=desk.store, clock=desk.clock, settings=settings)
        new = NewReceiver("n8n", receiver.url, ALL, **{"may_be_private": True, **more})
        self.id, self.key = add_receiver(desk.store, desk.act(OLGA), new, self._seal, allows_http=True)

    def _seal(self, text: str) -> str:
        return sealing(self.services.settings).seal(text)

    def rotate(self) -> str:
        return rotate_key(self.desk.store, self.desk.act(OLGA), self.id, self._seal)

    def deliver(self) -> int:
        return deliver_due(self.services)

    def states(self) -> list[str]:
        return [each.state for each in reversed(list_deliveries(self.desk.store).rows)]

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.receiver.got]

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.documents()]


@pytest.fixture
def sending(desk: Desk, heard: Receiver) -> Sending:
    return Sending(desk, heard)


def signed_by(key: str, headers: dict[str, str], body: bytes) -> bool:
    """Verify as a receiver does by Standard Webhooks, with its own code."""
    sent = {name.lower(): value for name, value in headers.items()}
    message = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    made = hmac.new(base64.b64decode(key.removeprefix("whsec_")), message, hashlib.sha256).digest()
    given = [each.removeprefix("v1,") for each in sent["webhook-signature"].split(" ")]
    return base64.b64encode(made).decode() in given


def test_what_happens_to_a_course_is_told_in_its_order(sending: Sending) -> None:
    desk = sending.desk
    course = desk.sell(desk.package(sessions=2, touch_ups=1), order="O")
    used = desk.use(course)
    desk.undo(used.entry.id)
    desk.use(course, sessions=2)
    desk.refund("O", 30000, back())
    assert sending.deliver() == 6
    assert sending.kinds() == [
        "course.opened",
        "session.used",
        "session.undone",
        "session.used",
        "course.finished",
        "course.refunded",
    ]
    assert sending.states() == ["delivered"] * 6
    opened, first, *_ = sending.documents()
    assert [each["sessions"] for each in opened["data"]["allowances"]] == [2, 1]
    assert (first["data"]["sessions"], first["data"]["sessions_left"]) == (1, 1)
    assert first["data"]["course_id"] == course
    assert sending.deliver() == 0


def test_no_personal_data_goes_along_unless_names_are_wanted(desk: Desk, heard: Receiver) -> None:
    sending = Sending(desk, heard)
    desk.sell()
    sending.deliver()
    assert "Ana" not in heard.got[0][1].decode()
    assert "ana@example.org" not in heard.got[0][1].decode()
    end_receiver(desk.store, desk.act(OLGA), sending.id)
    named = Sending(desk, heard, has_names=True)
    desk.sell()
    named.deliver()
    data = named.documents()[-1]["data"]
    assert data["client_name"] == "Ana Souza"
    assert "ana@example.org" not in json.dumps(data)


def test_nothing_is_noted_while_nobody_receives(desk: Desk, heard: Receiver) -> None:
    desk.sell()
    sending = Sending(desk, heard)
    assert sending.deliver() == 0
    desk.sell()
    end_receiver(desk.store, desk.act(OLGA), sending.id)
    assert sending.deliver() == 0


def test_nothing_waits_for_a_receiver_that_was_ended(desk: Desk, sending: Sending) -> None:
    desk.sell()
    sending.deliver()
    send_test(desk.store, desk.act(OLGA), sending.id)
    assert sending.states() == ["delivered", "pending"]
    end_receiver(desk.store, desk.act(OLGA), sending.id)
    assert sending.states() == ["delivered"]
    assert sending.deliver() == 0


def test_the_signature_is_that_of_standard_webhooks(sending: Sending) -> None:
    send_test(sending.desk.store, sending.desk.act(OLGA), sending.id)
    sending.deliver()
    ((headers, body),) = sending.receiver.got
    assert signed_by(sending.key, headers, body)
    assert not signed_by(sending.key, headers, body + b" ")
    assert json.loads(body)["type"] == "test"


def test_for_a_day_both_keys_sign(sending: Sending) -> None:
    new = sending.rotate()
    desk = sending.desk
    for advance, old_signs in ((0, True), (25, False)):
        desk.clock.advance(seconds=timedelta(hours=advance).total_seconds())
        send_test(desk.store, desk.act(OLGA), sending.id)
        sending.deliver()
        headers, body = sending.receiver.got[-1]
        assert signed_by(new, headers, body)
        assert signed_by(sending.key, headers, body) is old_signs


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (lambda call: say(call, 500, b"boom <b>\nsecond line"), 500, "boom <b>"),
        (lambda call: say(call, 302, b"", Location="http://169.254.169.254/"), 302, "redirect"),
        (lambda call: say(call, 404, b""), 404, ""),
        (hang_up, None, "No answer (RemoteProtocolError)."),
    ],
)
def test_a_failed_call_is_tried_again_and_its_first_line_is_kept(
    sending: Sending, answer: Any, status: int | None, said: str
) -> None:
    sending.receiver.answer = answer
    sending.desk.sell()
    assert sending.deliver() == 1
    (row,) = list_deliveries(sending.desk.store).rows
    assert (row.state, row.attempts, row.status) == ("pending", 1, status)
    assert said in row.said
    sending.receiver.answer = Receiver().answer
    sending.desk.clock.advance(seconds=60)
    assert sending.deliver() == 1
    assert sending.states() == ["delivered"]
    # The same id and the same bytes: the receiver knows that it has them already.
    (first, body), (again, same) = sending.receiver.got
    assert (first["webhook-id"], body) == (again["webhook-id"], same)


def test_a_huge_answer_is_not_read(sending: Sending) -> None:
    sending.receiver.answer = endless
    sending.desk.sell()
    sending.deliver()
    (row,) = list_deliveries(sending.desk.store).rows
    assert row.state == "delivered"
    assert len(row.said) <= MOST_READ


def test_an_answer_that_drips_ends_with_the_time_limit(sending: Sending) -> None:
    def drip(call: Any) -> None:
        for _ in range(200):
            call.wfile.write(b"H")
            time.sleep(0.05)

    sending.receiver.answer = drip
    outcome = post(
        sending.receiver.url,
        {"id": "evt_1"},
        [sending.key],
        now=sending.desk.clock(),
        may_be_private=True,
        allows_http=True,
        limit_s=0.2,
    )
    assert not outcome.is_delivered
    assert len(sending.receiver.got) == 1


def test_later_events_of_a_course_wait_for_the_earlier_one_and_other_courses_do_not(sending: Sending) -> None:
    desk = sending.desk
    first, other = desk.sell(), desk.sell()
    sending.deliver()
    sending.receiver.got.clear()
    sending.receiver.answer = lambda call: say(call, 503, b"later")
    desk.use(first)
    sending.deliver()
    sending.receiver.answer = Receiver().answer
    desk.use(first)
    desk.use(other)
    sending.receiver.got.clear()
    assert sending.deliver() == 1
    assert sending.documents()[0]["data"]["course_id"] == other
    desk.clock.advance(seconds=60)
    assert sending.deliver() == 2
    assert [each["data"]["sessions_left"] for each in sending.documents()[1:]] == [11, 10]


def test_after_three_days_it_is_given_up_and_a_person_sends_it_again(sending: Sending) -> None:
    desk = sending.desk
    sending.receiver.answer = lambda call: say(call, 500, b"still down")
    desk.sell()
    for wait in (0.0, *WAITS_MIN):
        desk.clock.advance(seconds=wait * 60 + 1)
        sending.deliver()
    assert sending.states() == ["failed"]
    assert sum(WAITS_MIN) > 3 * 24 * 60 - 60
    (item,) = desk.questions()
    assert item.kind == GIVEN_UP
    assert "still down" in item.summary
    sending.receiver.answer = Receiver().answer
    desk.answer(item.id, "send_again")
    assert sending.deliver() == 1
    assert sending.states() == ["delivered"]


def test_one_that_is_gone_is_given_up_at_once(sending: Sending) -> None:
    sending.receiver.answer = lambda call: say(call, 410, b"")
    sending.desk.sell()
    sending.deliver()
    assert sending.states() == ["failed"]


def test_one_or_a_span_is_sent_again_with_its_id(sending: Sending) -> None:
    desk = sending.desk
    began = desk.clock()
    course = desk.sell()
    sending.deliver()
    desk.clock.advance(seconds=3600)
    desk.use(course)
    sending.deliver()
    newest, oldest = list_deliveries(desk.store).rows
    replay_delivery(desk.store, desk.act(OLGA), oldest.id)
    assert sending.deliver() == 1
    assert sending.kinds()[-1] == "course.opened"
    span = (began, began + timedelta(hours=2))
    assert replay_span(desk.store, desk.act(OLGA), sending.id, *span, only_failed=True) == 0
    assert replay_span(desk.store, desk.act(OLGA), sending.id, *span) == 2
    assert sending.deliver() == 2
    assert sending.kinds()[-2:] == ["course.opened", "session.used"]
    assert len({headers["webhook-id"] for headers, _body in sending.receiver.got}) == 2
    assert newest.state == "delivered"


def test_a_course_that_expires_soon_is_told_once_for_each_term(sending: Sending) -> None:
    desk = sending.desk
    desk.sell(desk.package(terms=Terms(expires_after_months=1)))
    sending.deliver()
    counts = []
    for days in (0, 5, 20, 1):
        desk.clock.advance(seconds=timedelta(days=days).total_seconds())
        keep_listing(desk.store, desk.clock)
        counts.append(note_expiring(desk.store, desk.clock()))
    assert counts == [1, 0, 1, 0] or counts == [0, 1, 1, 0]
    sending.deliver()
    assert sending.kinds()[-2:] == ["course.expiring", "course.expiring"]
    assert sending.documents()[-1]["data"]["sessions_left"] == 12


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_a_private_address_is_not_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(WebhookFailed):
        allowed_address(
            "hook.example.org", 443, may_be_private=False, resolve=lambda *_: ["8.8.8.8", address]
        )


def test_a_public_address_is_called() -> None:
    assert is_public("8.8.8.8")
    assert is_public("2606:4700:4700::1111")


def test_a_receiver_of_the_own_network_needs_the_owner_s_permission(desk: Desk, heard: Receiver) -> None:
    sending = Sending(desk, heard, may_be_private=False)
    desk.sell()
    sending.deliver()
    (row,) = list_deliveries(desk.store).rows
    assert "private network" in row.said
    assert heard.got == []


def test_without_practice_mode_only_tls_is_called(desk: Desk, heard: Receiver) -> None:
    outcome = post(heard.url, {"id": "evt_1"}, [], now=desk.clock(), may_be_private=True, allows_http=False)
    assert "https" in outcome.said
    assert heard.got == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook.example.org",
        "http://hook.example.org/",
        "ftp://hook.example.org/",
        "https://",
        "https://user:pass@hook.example.org/",
        "https://hook.example.org/#x",
        "https://hook.example.org:99999/",
        "https://hook.example.org/\r\nX: y",
        "https://hook.example.org/" + "a" * 2000,
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidField):
        checked_url(url, allows_http=False)


def test_only_the_owner_adds_a_receiver_and_of_known_kinds(desk: Desk) -> None:
    new = NewReceiver("n8n", "https://hook.example.org/", ["session.used"])
    with pytest.raises(NotAllowed):
        add_receiver(desk.store, desk.act(DEB), new, str, allows_http=False)
    for kinds in ([], ["client.deleted"]):
        wrong = NewReceiver("n8n", "https://hook.example.org/", kinds)
        with pytest.raises(InvalidField):
            add_receiver(desk.store, desk.act(OLGA), wrong, str, allows_http=False)


def test_the_documents_are_as_docs_events_md_describes_them(sending: Sending) -> None:
    text = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
    described = {
        each["type"]: each for each in map(json.loads, re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    }
    sending.desk.use(sending.desk.sell())
    sending.deliver()
    for document in sending.documents():
        shown = described[document["type"]]
        assert set(document) == set(shown)
        assert set(document["data"]) == set(shown["data"])
    assert all(f"`{kind}`" in text for kind in ALL)


@pytest.mark.parametrize("program", ["n8n", "Zapier"])
def test_the_recipe_of_the_docs_takes_what_is_signed_and_nothing_else(sending: Sending, program: str) -> None:
    node = shutil.which("node") or missing("needs node", is_needed=False)
    text = Path("docs/events.md").read_text(encoding="utf-8").partition(f"## {program}\n")[2]
    script = text.partition("```js\n")[2].partition("```")[0]
    sending.desk.sell(sending.desk.package(name="Cuidado facial, 12 sesiones ñ"))
    sending.deliver()
    headers, body = sending.receiver.got[0]
    headers = {name.lower(): value for name, value in headers.items()}

    def run(key: str, body: str, now: int) -> Any:
        values = {"headers": headers, "body": body, "now": now}
        told = subprocess.run(
            [node, "-e", _AROUND.replace("SCRIPT", script.replace("…behind whsec_…", key))],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(told.stdout) if told.returncode == 0 else told.stderr

    key, sent = sending.key.removeprefix("whsec_"), int(headers["webhook-timestamp"])
    document = run(key, body.decode(), sent + 60)
    assert document == json.loads(body), document
    assert "not from Coursekeeper" in run(key, body.decode().replace("12 sesiones", "99 sesiones"), sent)
    assert "not from Coursekeeper" in run(base64.b64encode(b"x" * 32).decode(), body.decode(), sent)
    assert "too old" in run(key, body.decode(), sent + 3600)


# What n8n and Zapier have around such a step: the input, and a body as bytes.
_AROUND = """
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
Date.now = () => given.now * 1000;
const $input = { first: () => ({ json: { headers: given.headers } }) };
const helpers = { getBinaryDataBuffer: async () => Buffer.from(given.body) };
const inputData = { body: given.body };
for (const name of ["id", "timestamp", "signature"]) inputData[name] = given.headers[`webhook-${name}`];
(async function () { SCRIPT }).call({ helpers }).then((said) =>
  console.log(JSON.stringify(Array.isArray(said) ? said[0].json : said)));
"""
