"""Where Square's events come in: nothing is kept unless it was signed and says what it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from plugin.services import Services
from plugin.store.queues import Inbox
from tests.web.conftest import SIGNATURE_KEY

EVENT = {"event_id": "e-1", "type": "payment.updated", "data": {"id": "p-1"}}


def signature(body: bytes, address: str) -> str:
    digest = hmac.new(SIGNATURE_KEY.encode(), address.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.fixture
def box(app: Flask, services: Services) -> Box:
    return Box(app, services)


class Box:
    """Square's side of the webhook, and a look into the inbox."""

    def __init__(self, app: Flask, services: Services) -> None:
        self.app, self.services = app, services

    def send(self, body: bytes, signed: str | None = "", **more: Any) -> TestResponse:
        right = signature(body, self.services.settings.webhook_address)
        headers = {} if signed is None else {"x-square-hmacsha256-signature": signed or right}
        return self.app.test_client().post("/square/webhooks", data=body, headers=headers, **more)

    def kept(self) -> int:
        with self.services.store.reading() as session:
            return session.scalar(select(func.count()).select_from(Inbox)) or 0


def test_a_signed_event_is_kept_as_it_came(box: Box) -> None:
    body = json.dumps(EVENT, indent=3).encode()
    answer = box.send(body)
    assert (answer.status_code, answer.data) == (200, b"")
    with box.services.store.reading() as session:
        row = session.scalars(select(Inbox)).one()
        assert (row.event_id, row.event_type, row.body) == ("e-1", "payment.updated", body.decode())


def test_the_same_event_again_is_fine_and_kept_once(box: Box) -> None:
    body = json.dumps(EVENT).encode()
    assert [box.send(body).status_code for _ in range(3)] == [200, 200, 200]
    assert box.kept() == 1


@pytest.mark.parametrize(
    "signed", [None, "wrong", "é" * 44, "x" * 44, signature(b"another body", "http://127.0.0.1:8000")]
)
def test_what_square_did_not_sign_is_refused(box: Box, signed: str | None) -> None:
    answer = box.send(json.dumps(EVENT).encode(), signed)
    assert answer.status_code == 403
    assert answer.mimetype == "text/plain"
    assert box.kept() == 0


def test_one_changed_byte_is_refused(box: Box) -> None:
    body = json.dumps(EVENT).encode()
    signed = signature(body, box.services.settings.webhook_address)
    assert box.send(body.replace(b"p-1", b"p-2"), signed).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"event_id": ""}',
        b'{"event_id": 7, "type": "t"}',
        b'{"event_id": "e"}',
        b'{"event_id": "e", "type": null}',
        json.dumps({"event_id": "e" * 256, "type": "t"}).encode(),
        b"[" * 100_000,
        rb'{"event_id": "e\ud800", "type": "t"}',
        rb'{"event_id": "e\u0000", "type": "t"}',
        rb'{"event_id": "\u200b", "type": "t"}',
        rb'{"event_id": "e", "type": "t\udfff"}',
        rb'{"event_id": "e", "type": "\u0000"}',
    ],
)
def test_what_can_not_be_filed_is_refused_in_a_sentence(box: Box, body: bytes) -> None:
    """H3: half of a surrogate pair and a NUL are valid JSON, and fit no database."""
    answer = box.send(body)
    assert answer.status_code == 400
    assert "Nothing was kept." in answer.text
    assert box.kept() == 0


def test_ten_megabytes_are_too_much(box: Box) -> None:
    answer = box.send(b"x" * 10_000_000)
    assert answer.status_code == 413
    assert box.kept() == 0


def test_an_unknown_type_is_kept_for_a_person_to_see(box: Box) -> None:
    assert box.send(json.dumps({**EVENT, "type": "moon.rose"}).encode()).status_code == 200
    assert box.kept() == 1


def test_a_browser_finds_nothing_there(box: Box) -> None:
    assert box.app.test_client().get("/square/webhooks").status_code == 405
