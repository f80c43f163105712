"""Webhook signatures: the right one passes, every tampered twin is refused, and so is none at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from plugin.errors import BadSignature, ConfigurationError
from plugin.settings import read_settings
from plugin.square.signature import check
from tests.square.clinic import KEY, Clinic, settings_for

ADDRESS = "https://desk.example.org/square/webhooks"
SETTINGS = settings_for("http://127.0.0.1:9", ADDRESS)
BODY = '{"event_id":"1","type":"payment.updated","note":"Siobhán 美玲"}'.encode()


def _signed(body: bytes, address: str = ADDRESS, key: str = KEY) -> str:
    digest = hmac.new(key.encode(), address.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def test_the_right_signature_passes() -> None:
    check(SETTINGS, BODY, _signed(BODY))


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY[:-1], BODY.replace(b'"1"', b'"2"'), json.dumps(json.loads(BODY)).encode(), b""]
)
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadSignature):
        check(SETTINGS, body, _signed(BODY))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        _signed(BODY, address=ADDRESS + "/"),
        _signed(BODY, address=ADDRESS.replace("https", "http")),
        _signed(BODY, key=KEY + "x"),
        _signed(BODY).lower(),
        _signed(BODY)[:-1],
        _signed(BODY) + " ",
        _signed(BODY) + "é",
        "\ud800",
    ],
)
def test_another_signature_or_none_is_refused(header: str | None) -> None:
    with pytest.raises(BadSignature):
        check(SETTINGS, BODY, header)


def test_a_body_that_is_no_text_is_refused_even_when_it_is_signed() -> None:
    body = b"\xff\xfe\x00"
    with pytest.raises(BadSignature):
        check(SETTINGS, body, _signed(body))


def test_without_a_key_nothing_passes() -> None:
    keyless = read_settings({"SQUARE_WEBHOOK_URL": ADDRESS})
    with pytest.raises(ConfigurationError):
        check(keyless, BODY, _signed(BODY, key=""))


def test_what_the_practice_square_signs_is_accepted_and_a_twin_is_not(lite_clinic: Clinic) -> None:
    settings = lite_clinic.house.settings
    lite_clinic.sell("ten")
    body: str = lite_clinic.till.events()[0]["body"]
    header = _signed(body.encode(), settings.webhook_address)
    check(settings, body.encode(), header)
    with pytest.raises(BadSignature):
        check(settings, body.replace("COMPLETED", "COMPLETEd").encode(), header)
