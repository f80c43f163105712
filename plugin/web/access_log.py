"""Writes the access log: every page, paper and API call that shows one client's data."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, current_app, g, request
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from plugin.core.acts import Actor
from plugin.courses.privacy.access_log import AccessLog
from plugin.web import current_services


def set_up(app: Flask) -> None:
    """Record openings after each answer that succeeded."""
    log = AccessLog()

    @app.after_request
    def record(response: Response) -> Response:
        if _shows_a_client(response):
            _record(log)
        return response


def _shows_a_client(response: Response) -> bool:
    # A page that is open already asks for news by itself: that is no opening.
    is_asked = request.method == "GET" and "X-Live" not in request.headers
    names_one = {"client_id", "course_id"} & set(request.view_args or {})
    return bool(is_asked and names_one and response.status_code == HTTPStatus.OK)


def _record(log: AccessLog) -> None:
    actor, ids, services = _actor(), request.view_args or {}, current_services()
    if actor is None:
        return
    subject = {name: ids[name] for name in ("client_id", "course_id") if name in ids}
    # A device that keeps a page for later shows it without asking again.
    what = "kept for offline" if "X-Keep" in request.headers else (request.endpoint or "")[:60]
    try:
        log.record(services.store, actor, services.clock(), what=what, **subject)
    except SQLAlchemyError as error:
        # The front desk must not wait for the log; the next opening is recorded.
        current_app.logger.error("access log not written: %s", type(error).__name__)


def _actor() -> Actor | None:
    if "api_actor" in g:
        return g.api_actor  # type: ignore[no-any-return]
    return current_user.actor if current_user.is_authenticated else None
