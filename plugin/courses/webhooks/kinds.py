"""The kinds of events, and the keys that sign them (Standard Webhooks, https://www.standardwebhooks.com). Pure."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum

from plugin.wording import N_

# The version of the documents. A field may be added without a new one; none is removed or renamed.
VERSION = 1
SECRET_PREFIX = "whsec_"  # noqa: S105 - a mark by which a leaked key is recognized, no secret
_KEY_BYTES = 32


class EventKind(StrEnum):
    """What happened."""

    OPENED = "course.opened"
    USED = "session.used"
    UNDONE = "session.undone"
    REFUNDED = "course.refunded"
    EXPIRING = "course.expiring"
    FINISHED = "course.finished"
    TEST = "test"


# What a receiver chooses from; every receiver gets tests.
CHOICES: Mapping[EventKind, str] = {
    EventKind.OPENED: N_("Course opened"),
    EventKind.USED: N_("Session used"),
    EventKind.UNDONE: N_("Use undone"),
    EventKind.REFUNDED: N_("Course refunded"),
    EventKind.EXPIRING: N_("Course expires soon"),
    EventKind.FINISHED: N_("Course finished"),
}


def new_secret() -> str:
    """Return a signing key, as receivers enter it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`: one signature for each key, separated by spaces."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signed(key, signed)}" for key in keys)


def _signed(key: str, message: bytes) -> str:
    raw = base64.b64decode(key.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(raw, message, hashlib.sha256).digest()).decode()
