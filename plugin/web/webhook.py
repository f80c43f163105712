"""The webhook for Square's events: check the signature, store the event, respond. The worker handles it."""

import json
import re
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from plugin.courses.base.inbox import receive
from plugin.errors import CoursekeeperError
from plugin.square.inbox import HEADER, check
from plugin.web import current_services

# The stored text must fit the database: no control character, and no lone surrogate, as JSON can contain.
_EVENT_ID = re.compile(r"[!-~]{1,255}\Z")
_EVENT_TYPE = re.compile(r"[!-~]+\Z")

blueprint = Blueprint("webhook", __name__)


class UnreadableEvent(CoursekeeperError):
    """The message was signed but has no usable event id or type."""

    code = "unreadable"
    status = 400


@blueprint.post("/square/webhooks")
def take_event() -> ResponseReturnValue:
    """Store one event; a repeated one gets the same response and is stored once."""
    services = current_services()
    body = request.get_data(cache=False)
    check(services, body, request.headers.get(HEADER))
    event_id, event_type = _labels(_parsed(body))
    receive(
        services.store,
        event_id=event_id,
        event_type=event_type,
        body=body.decode("utf-8"),
        now=services.clock(),
    )
    return "", 200


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise UnreadableEvent("The body is no JSON. Nothing was kept.") from None
    if not isinstance(event, dict):
        raise UnreadableEvent("The body is no JSON object. Nothing was kept.")
    return event


def _labels(event: dict[str, Any]) -> tuple[str, str]:
    event_id, event_type = event.get("event_id"), event.get("type")
    if not isinstance(event_id, str) or not _EVENT_ID.match(event_id):
        raise UnreadableEvent("The event has no readable event_id. Nothing was kept.")
    if not isinstance(event_type, str) or not _EVENT_TYPE.match(event_type):
        raise UnreadableEvent("The event has no readable type. Nothing was kept.")
    return event_id, event_type
