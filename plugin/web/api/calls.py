"""The table of calls: routes, checks and the OpenAPI document are built from it, so they can't differ.

And idempotency of calls whose work can be repeated.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import IO, Any, get_type_hints

from flask import Blueprint, Response, g, jsonify, send_file
from flask import request as http
from sqlalchemy.exc import IntegrityError

from plugin.core.acts import Act, Role, checked_key, require
from plugin.core.moments import day_at
from plugin.courses.accounts.api_tokens import TokenHolder
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.work import digest, first_answer, is_answered, keep_answer
from plugin.errors import InvalidField, NotFound
from plugin.services import Services
from plugin.store import Store
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK
from plugin.web.api.errors import caller
from plugin.web.api.inputs import Answer, Input, json_object
from plugin.web.request_log import note_role, request_id

KEY_HEADER = "Idempotency-Key"
THE_OWNER: tuple[Role, ...] = ()
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Key(StrEnum):
    """Whether a call takes an Idempotency-Key."""

    NONE = "none"
    ACCEPTED = "accepted"
    REQUIRED = "required"


@dataclass(frozen=True)
class Request:
    """The arguments of every view. `has_key`: whether the caller sent the key of `act`."""

    services: Services
    act: Act
    has_key: bool = False

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def today(self) -> date:
        return day_at(self.act.now, read_clinic(self.store).zone)


@dataclass(frozen=True)
class Reply:
    """The result of a view: JSON, or the bytes of a paper or a ZIP. `is_repeat`: this key was answered before."""

    json: dict[str, Any] = field(default_factory=dict)
    is_repeat: bool = False
    pdf: bytes | None = None
    filename: str = ""
    zip: IO[bytes] | None = None


@dataclass(frozen=True)
class Call:
    """One call. Its view gets the Request, then the parsed body or query, then the path's ids by name.

    `takes`: the model of a write's body or of a read's query. `answer` None means a file of the kind `media`.
    `refusals`: the statuses beside the usual ones.
    """

    method: str
    path: str
    view: Callable[..., Reply]
    takes: type[Input] | None
    answer: type[Answer] | None
    status: int
    roles: tuple[Role, ...]
    key: Key
    refusals: tuple[int, ...]
    media: str = "application/pdf"

    @property
    def name(self) -> str:
        """Return the name of the operation: the view's."""
        return self.view.__name__

    @property
    def summary(self) -> str:
        """Return the summary: the view's docstring."""
        return (self.view.__doc__ or "").strip().removesuffix(".")

    @property
    def is_write(self) -> bool:
        """Return whether it changes anything."""
        return self.method != "GET"


def call(
    method: str,
    path: str,
    answer: type[Answer] | None,
    *,
    status: int = 200,
    roles: tuple[Role, ...] = AT_THE_DESK,
    key: Key | None = None,
    refusals: tuple[int, ...] = (),
    media: str = "application/pdf",
) -> Callable[[Callable[..., Reply]], Call]:
    """Make a Call of a view; what it takes is the Input among the types of its parameters."""
    usual_key = Key.NONE if method == "GET" else Key.ACCEPTED

    def decorate(view: Callable[..., Reply]) -> Call:
        types = [hint for hint in get_type_hints(view).values() if issubclass(hint, Input)]
        takes = types[0] if types else None
        return Call(method, path, view, takes, answer, status, roles, key or usual_key, refusals, media)

    return decorate


def register(blueprint: Blueprint, calls: tuple[Call, ...]) -> None:
    """Add a route for each call."""
    for each in calls:
        rule = each.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, each.name, _served(each), methods=[each.method])


def _served(call: Call) -> Callable[..., Response]:
    def serve(**ids: str) -> Response:
        holder = caller(http)
        note_role(holder.actor.role)
        require(holder.actor, *call.roles)
        g.api_actor = holder.actor
        _check_ids(ids)
        request = _request(call, holder)
        return _response(call, call.view(request, *_inputs(call), **ids))

    return serve


def _check_ids(ids: dict[str, str]) -> None:
    for value in ids.values():
        if not _ID.match(value):
            raise NotFound("There is nothing under that id.")


def _request(call: Call, holder: TokenHolder) -> Request:
    services, sent = current_services(), _sent_key(call)
    key = _act_key(holder, sent or services.store.new_id())
    return Request(services, Act(holder.actor, services.clock(), key, request_id()), has_key=sent is not None)


def _act_key(holder: TokenHolder, sent: str) -> str:
    # Two programs may choose the same key; a digest also leaves room for the suffixes of Square's keys.
    return f"api:{hashlib.sha256(f'{holder.token_id}:{sent}'.encode()).hexdigest()[:40]}"


def _sent_key(call: Call) -> str | None:
    sent = http.headers.get(KEY_HEADER)
    if call.key is Key.NONE:
        return None
    if sent is None and call.key is Key.REQUIRED:
        said = f"This call needs the header {KEY_HEADER}: the same for each retry of one request, new for the next."
        raise InvalidField(said, code="key_required", field=KEY_HEADER)
    return None if sent is None else checked_key(sent)


def _inputs(call: Call) -> tuple[Input, ...]:
    if call.takes is None:
        if call.is_write and http.get_data():
            Input.read(json_object(http))
        return ()
    return (call.takes.read(json_object(http)) if call.is_write else _query(call.takes),)


def _query(model: type[Input]) -> Input:
    names = [info.alias or name for name, info in model.model_fields.items()]
    given = {name: values for name in names if (values := http.args.getlist(name))}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidField(f"{name} is given twice.", field=name)
    return model.read({name: values[0] for name, values in given.items()})


def _response(call: Call, reply: Reply) -> Response:
    if reply.zip is not None:
        # Sent as it is read: it may be large.
        return send_file(reply.zip, mimetype=call.media, as_attachment=True, download_name=reply.filename)
    if reply.pdf is not None:
        response = Response(reply.pdf, content_type="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="{reply.filename}"'
        return response
    response = jsonify(reply.json)
    response.status_code = 200 if reply.is_repeat else call.status
    return response


Json = dict[str, Any]


def is_known(request: Request) -> bool:
    """Return whether the key was used before; the use case decides whether with the same request."""
    return request.has_key and is_answered(request.store, request.act.key)


def once(request: Request, operation: str, wanted: Json, work: Callable[[], Json]) -> Reply:
    """Return what `work` returns, or what it returned first under this key; raises KeyReused.

    The result is stored after the work, not with it: a crash between the two repeats the work, so use it
    only for work that changes nothing the second time.
    """
    if not request.has_key:
        return Reply(work())
    asked = digest(operation, wanted)
    with request.store.reading() as session:
        first = first_answer(session, request.act, asked)
    return Reply(first if first is not None else _stored(request, asked, work()))


def _stored(request: Request, asked: str, answer: Json) -> Json:
    try:
        with request.store.writing() as session:
            keep_answer(session, request.act, asked, answer)
    except IntegrityError:
        # Another request under the same key was faster.
        with request.store.reading() as session:
            return first_answer(session, request.act, asked) or answer
    return answer
