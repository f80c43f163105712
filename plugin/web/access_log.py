"""Writes the access log: every page, paper and API call that shows one client's data, and every download."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import Flask, current_app, g, request
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Response

from plugin.core.acts import Act, Actor
from plugin.courses.privacy.access_log import AccessLog, record_download
from plugin.web import current_services

# Where the application keeps which openings of this process were recorded.
OPENINGS = "coursekeeper-openings"


def set_up(app: Flask) -> None:
    """Record openings after each answer that succeeded."""
    app.extensions[OPENINGS] = AccessLog()

    @app.after_request
    def record(response: Response) -> Response:
        if _is_download(response):
            _record(partial(_note_download, response))
        elif _shows_a_client(response):
            _record(_note_opening)
        return response


def _shows_a_client(response: Response) -> bool:
    # A page that is open already asks for news by itself: that is no opening.
    is_asked = request.method == "GET" and "X-Live" not in request.headers
    names_one = {"client_id", "course_id"} & set(request.view_args or {}) or g.get("opened_clients")
    return bool(is_asked and names_one and response.status_code == HTTPStatus.OK)


def _is_download(response: Response) -> bool:
    is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
    return is_file and request.method == "GET" and response.status_code == HTTPStatus.OK


def _note_download(response: Response, actor: Actor) -> None:
    services, ids = current_services(), request.view_args or {}
    name = parse_options_header(response.headers["Content-Disposition"])[1].get("filename", request.path)
    act = Act(actor, services.clock(), "download")
    record_download(services.store, act, name, client_id=ids.get("client_id"))


def _note_opening(actor: Actor) -> None:
    services, ids = current_services(), request.view_args or {}
    log: AccessLog = current_app.extensions[OPENINGS]
    subject = {name: ids[name] for name in ("client_id", "course_id") if name in ids}
    # A device that keeps a page for later shows it without asking again.
    what = "kept for offline" if "X-Keep" in request.headers else (request.endpoint or "")[:60]
    if subject:
        log.record(services.store, actor, services.clock(), what=what, **subject)
    log.record_all(services.store, actor, services.clock(), g.get("opened_clients", ()), what=what)


def _record(note: Callable[[Actor], None]) -> None:
    actor = _actor()
    if actor is None:
        return
    try:
        note(actor)
    except SQLAlchemyError as error:
        # The front desk must not wait for the log; the next opening is recorded.
        current_app.logger.error("access log not written: %s", type(error).__name__)


def _actor() -> Actor | None:
    if "api_actor" in g:
        return g.api_actor  # type: ignore[no-any-return]
    return current_user.actor if current_user.is_authenticated else None
