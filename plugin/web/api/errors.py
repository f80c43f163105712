"""Errors below /api/v1: one JSON shape for every status, independent of the call."""

from http import HTTPStatus

from flask import Request, Response, jsonify
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from plugin.errors import CoursekeeperError
from plugin.web.request_log import log_failure

API = "/api/v1"
LARGEST_BODY = 64 * 1024
# What the drivers raise while the database is away, starts, moves to another server, or has no connection left.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
RETRY_AFTER = {"Retry-After": "5"}


class Unreadable(CoursekeeperError):
    """The body is not a readable JSON object."""

    code = "unreadable"
    status = 400


class NotJson(CoursekeeperError):
    """The body is declared as something other than JSON."""

    code = "not_json"
    status = 415


class NotSignedIn(CoursekeeperError):
    """No token was sent, or no valid one."""

    code = "not_signed_in"
    status = 401

    def __init__(self, message: str, *, code: str | None = None, challenge: str = "Bearer") -> None:
        super().__init__(message, code=code)
        self.challenge = challenge


def is_api(request: Request) -> bool:
    """Return whether the request is for the HTTP API, whose errors are JSON."""
    return request.path == API or request.path.startswith(f"{API}/")


def api_error_response(error: Exception) -> Response:
    """Return the response for any error below /api/v1; an unexpected one is logged and answered with 500."""
    if isinstance(error, CoursekeeperError):
        return _expected(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, DATABASE_AWAY):
        log_failure(error)
        return _answer(503, "unavailable", "The database does not answer. Try again in a moment.")
    log_failure(error)
    return _answer(500, "internal", _OUR_FAULT)


def _answer(status: int, code: str, message: str, field: str | None = None) -> Response:
    answer = jsonify({"error": {"code": code, "message": message, "field": field}})
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.update(RETRY_AFTER)
    return answer


def _expected(error: CoursekeeperError) -> Response:
    if error.status >= 500:
        log_failure(error)
    answer = _answer(error.status, error.code, error.message, error.field)
    if isinstance(error, NotSignedIn):
        answer.headers["WWW-Authenticate"] = error.challenge
    return answer


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        redirect = error.get_response()
        return Response(redirect.get_data(), redirect.status_code, redirect.headers)
    if status >= 500 and (cause := getattr(error, "original_exception", None)) is not None:
        return api_error_response(cause)
    unknown = ("internal", _OUR_FAULT) if status >= 500 else ("unreadable", _CANT_ANSWER)
    answer = _answer(status, *_SENTENCES.get(status, unknown))
    answer.headers.extend((name, value) for name, value in error.get_headers() if name in _FORWARDED)
    if status == 429:
        # The limits are per minute. Where calls are counted too, their own, exact header takes its place.
        answer.headers.setdefault("Retry-After", "60")
    return answer


_FORWARDED = ("Allow", "Retry-After", "WWW-Authenticate")
_OUR_FAULT = "Coursekeeper failed at this. Nothing was half-written. Try again, then tell the clinic’s owner."
_CANT_ANSWER = "The request can’t be answered as it is."
_SENTENCES = {
    400: ("unreadable", "The request can’t be read."),
    403: ("not_allowed", "This is not allowed."),
    404: ("not_found", f"There is nothing at this address. All calls are listed at {API}/openapi.json."),
    405: (
        "method_not_allowed",
        "This address does not take that method. The Allow header says which it takes.",
    ),
    408: ("timed_out", "The request did not arrive in time. Send it again."),
    413: ("too_large", f"The body is too large: at most {LARGEST_BODY // 1024} KiB."),
    414: ("too_large", "The address is too long."),
    415: ("not_json", "The body must be JSON. Send Content-Type: application/json."),
    429: ("too_many_requests", "Too many requests. Wait as many seconds as the Retry-After header says."),
}
