"""One table row per call: what routes are made from, what the document says and what is checked before a view
runs are the same row, so they can't drift apart. Knows how calls are answered; knows no single call."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import Blueprint, Response, jsonify, request

from plugin.core.acts import Act, Role, checked_key, require
from plugin.courses.accounts.api_tokens import TokenHolder
from plugin.errors import InvalidField, NotFound
from plugin.services import Services
from plugin.web import current_services
from plugin.web.api.auth import caller
from plugin.web.api.fields import Reader, record
from plugin.web.api.parse import json_object

KEY_HEADER = "Idempotency-Key"
ANYBODY = (Role.DESK, Role.PRACTITIONER)
THE_DESK = (Role.DESK,)
THE_OWNER: tuple[Role, ...] = ()
_NOTHING = record({})
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Key(StrEnum):
    """Whether a call takes an Idempotency-Key."""

    NONE = "none"
    ACCEPTED = "accepted"
    REQUIRED = "required"


@dataclass(frozen=True)
class Asked:
    """A checked request as a view gets it. `has_key` says whether the caller sent the key of `act`."""

    services: Services
    act: Act
    ids: dict[str, str]
    query: dict[str, Any]
    body: Any = None
    has_key: bool = False


@dataclass(frozen=True)
class Answer:
    """What a view answers: JSON, or the bytes of a paper. `is_repeat`: this key had been answered before."""

    json: dict[str, Any] = field(default_factory=dict)
    pdf: bytes | None = None
    filename: str = ""
    is_repeat: bool = False


@dataclass(frozen=True)
class Call:
    """One call. `answer` names a schema; None means a PDF. `refusals` are statuses beside the usual ones."""

    name: str
    method: str
    path: str
    summary: str
    view: Callable[[Asked], Answer]
    answer: str | None
    status: int = 200
    roles: tuple[Role, ...] = ANYBODY
    key: Key = Key.NONE
    query: dict[str, Reader] = field(default_factory=dict)
    body: Reader | None = None
    refusals: tuple[int, ...] = ()


def register(blueprint: Blueprint, calls: tuple[Call, ...]) -> None:
    """Make a route of each call."""
    for call in calls:
        rule = call.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, call.name, _served(call), methods=[call.method])


def _served(call: Call) -> Callable[..., Response]:
    def serve(**ids: str) -> Response:
        who = caller(request)
        require(who.actor, *call.roles)
        return _respond(call, call.view(_asked(call, who, ids)))

    return serve


def _asked(call: Call, who: TokenHolder, ids: dict[str, str]) -> Asked:
    for value in ids.values():
        if not _ID.match(value):
            raise NotFound("There is nothing under that id.")
    services = current_services()
    sent = _sent_key(call)
    act = Act(who.actor, services.clock(), _act_key(who, sent or services.store.new_id()))
    return Asked(services, act, ids, _query(call), _body(call), has_key=sent is not None)


def _act_key(who: TokenHolder, sent: str) -> str:
    # Two programs may choose the same key; a digest also leaves room for what Square's own keys are made of.
    return f"api:{hashlib.sha256(f'{who.token_id}:{sent}'.encode()).hexdigest()[:40]}"


def _body(call: Call) -> Any:
    if call.body is not None:
        return call.body.read(json_object(request), "")
    if call.method != "GET" and request.get_data():
        return _NOTHING.read(json_object(request), "")
    return None


def _sent_key(call: Call) -> str | None:
    sent = request.headers.get(KEY_HEADER)
    if call.key is Key.NONE:
        return None
    if sent is None and call.key is Key.REQUIRED:
        said = (
            f"This call needs the header {KEY_HEADER}: the same for each try of one deed, new for the next."
        )
        raise InvalidField(said, code="key_required", field=KEY_HEADER)
    return None if sent is None else checked_key(sent)


def _query(call: Call) -> dict[str, Any]:
    found = {}
    for name, reader in call.query.items():
        given = request.args.getlist(name)
        if len(given) > 1:
            raise InvalidField(f"{name} stands in the address twice.", field=name)
        if given:
            found[name] = reader.read(given[0], name)
    return found


def _respond(call: Call, answer: Answer) -> Response:
    if answer.pdf is not None:
        shown = Response(answer.pdf, content_type="application/pdf")
        shown.headers["Content-Disposition"] = f'inline; filename="{answer.filename}"'
        return shown
    shown = jsonify(answer.json)
    shown.status_code = 200 if answer.is_repeat else call.status
    return shown
