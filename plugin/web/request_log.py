"""One line in the log for each request, with an id that its response, its error page and its jobs carry too.

The line has the template of the route instead of the path: paths contain ids and the keys of private pages.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, g, has_request_context, request
from flask.globals import app_ctx, request_ctx

from plugin import log
from plugin.core.acts import Role
from plugin.errors import CoursekeeperError
from plugin.web import current_services
from plugin.web.headers import GuardedResponse
from plugin.web.metrics import count_request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADER = "X-Request-ID"
# Hexadecimal digits, as proxies make them: no name, e-mail address or phone number can pass as one.
_WELL_FORMED = re.compile(r"[0-9a-f](?:-?[0-9a-f]){15,63}\Z")
# Monitoring asks these every few seconds.
_QUIET = frozenset(
    {"health.alive", "health.ready", "metrics.show", "static", "pages.script", "pages.styles", "pages.theme"}
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _level() -> str:
    return current_services().settings.log_level


_log = log.json_log(logging.getLogger(log.WEB), level=_level)


def set_up(app: Flask) -> None:
    """Log every request, and every unexpected error without its message."""
    app.before_request(_begin)
    app.after_request(_end)
    app.log_exception = lambda exc_info: log_failure(exc_info[1])  # type: ignore[method-assign]
    app.context_processor(lambda: {"request_id": request_id()})


def request_id() -> str:
    """Return the id of the current request, "" outside of one."""
    known: str = g.get("request_id", "") if has_request_context() else ""
    return known


def note_role(role: Role) -> None:
    """Remember for the log as what the sender of the request is admitted."""
    g.logged_role = role.value


def log_failure(error: BaseException | None) -> None:
    """Log an error that is answered with a status from 500 on, without its message."""
    if error is None:
        return
    facts: dict[str, Any] = {"error": type(error).__name__, "where": log.where(error)}
    if isinstance(error, CoursekeeperError):
        facts["code"] = error.code
    if error.__cause__ is not None:
        facts["cause"] = type(error.__cause__).__name__
    _log.error("failed", request_id=request_id(), **facts)


def note_unchanged(environ: WSGIEnvironment, endpoint: str | None, seconds: float) -> str:
    """Count a question of an open page that was answered without looking at it again; return its id."""
    count_request(endpoint, "GET", HTTPStatus.NO_CONTENT, seconds)
    return _id(environ.get("HTTP_X_REQUEST_ID", ""))


def _begin() -> None:
    g.request_id = _id(request.headers.get(HEADER, ""))
    g.request_began = time.perf_counter()


def _id(sent: str) -> str:
    return sent.lower() if _WELL_FORMED.match(sent.lower()) else secrets.token_hex(8)


def _is_quiet(asked: Request, response: Response) -> bool:
    # An open page asks each second whether there is anything new; 204 says that there is not.
    is_unchanged = response.status_code == HTTPStatus.NO_CONTENT and "X-Live" in asked.headers
    return is_unchanged or (asked.endpoint in _QUIET and response.status_code < 500)


def _end(response: GuardedResponse) -> GuardedResponse:
    # Themselves, as each look through what stands for them costs four calls.
    asked, said = request_ctx.request, app_ctx.g
    response.late_headers += ((HEADER, said.request_id),)
    seconds = time.perf_counter() - said.request_began
    # The method is the sender's own word, of any length.
    method = asked.method if asked.method in _METHODS else "other"
    count_request(asked.endpoint, method, response.status_code, seconds)
    write = _log.debug if _is_quiet(asked, response) else _log.info
    write(
        "request",
        method=method,
        route=asked.url_rule.rule if asked.url_rule else "none",
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        request_id=said.request_id,
        role=said.get("logged_role", "none"),
    )
    return response
