"""How a refusal looks below /api/v1: one JSON shape for every status. Must not know which call was refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Request, Response, jsonify
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from plugin.errors import CoursekeeperError

API = "/api/v1"
LARGEST_BODY = 64 * 1024

log = logging.getLogger(__name__)


class Unreadable(CoursekeeperError):
    """The body is no JSON object that could be understood."""

    code = "unreadable"
    status = 400


class NotJson(CoursekeeperError):
    """The body says that it is something else than JSON."""

    code = "not_json"
    status = 415


class NotSignedIn(CoursekeeperError):
    """No token came, or none that is good."""

    code = "not_signed_in"
    status = 401

    def __init__(self, message: str, *, code: str | None = None, challenge: str = "Bearer") -> None:
        super().__init__(message, code=code)
        self.challenge = challenge


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the JSON of a refusal says, and the headers that go with it."""

    status: int
    code: str
    message: str
    field: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def is_api(request: Request) -> bool:
    """Say whether the request is for the HTTP interface, whose errors are JSON."""
    return request.path == API or request.path.startswith(f"{API}/")


def api_error_response(error: Exception) -> Response:
    """Return the answer for anything raised below /api/v1; what nobody foresaw is logged and answered 500."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return _as_flask(error)
    refusal = _refusal(error)
    said = {"code": refusal.code, "message": refusal.message, "field": refusal.field}
    answer = jsonify({"error": said})
    answer.status_code = refusal.status
    answer.headers.extend(list(refusal.headers))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, CoursekeeperError):
        return _of_the_house(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        log.error("the database does not answer", exc_info=error)
        return Refusal(
            503, "unavailable", "The database does not answer. Try again in a moment.", None, _SOON
        )
    log.error("an API call failed", exc_info=error)
    return Refusal(500, "internal", _OUR_FAULT)


def _of_the_house(error: CoursekeeperError) -> Refusal:
    if error.status >= 500:
        log.error("an API call failed: %s", error.message, exc_info=error)
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, NotSignedIn):
        headers = (("WWW-Authenticate", error.challenge),)
    return Refusal(error.status, error.code, error.message, error.field, headers)


def _of_http(error: HTTPException) -> Refusal:
    status = error.code or 500
    if status >= 500 and (cause := getattr(error, "original_exception", None)) is not None:
        return _refusal(cause)
    code, message = _SENTENCES.get(status, ("internal", _OUR_FAULT) if status >= 500 else _CANT_ANSWER)
    kept = tuple((name, value) for name, value in error.get_headers() if name in _KEPT)
    return Refusal(status, code, message, None, kept)


def _as_flask(error: HTTPException) -> Response:
    plain = error.get_response()
    return Response(plain.get_data(), plain.status_code, plain.headers)


_SOON = (("Retry-After", "5"),)
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")
_OUR_FAULT = "Coursekeeper failed at this. Nothing was half-written. Try again, then tell the clinic's owner."
_CANT_ANSWER = ("unreadable", "The request can't be answered as it stands.")
_SENTENCES = {
    400: ("unreadable", "The request can't be read."),
    403: ("not_allowed", "This may not be done."),
    404: ("not_found", f"There is nothing at this address. All calls are listed at {API}/openapi.json."),
    405: (
        "method_not_allowed",
        "This address does not take that method. The Allow header says which it takes.",
    ),
    408: ("timed_out", "The request did not arrive in time. Send it again."),
    413: ("too_large", f"The body is too large: at most {LARGEST_BODY // 1024} KiB fit."),
    414: ("too_large", "The address is too long."),
    415: ("not_json", "The body is JSON: send Content-Type: application/json."),
    429: ("too_many_requests", "Too many requests. Wait as many seconds as the Retry-After header says."),
}
