"""Errors below /api/v1, in one JSON shape for every status; who calls, by bearer token, and how often."""

import math
import time
from http import HTTPStatus
from typing import NamedTuple, cast

from flask import Blueprint, Flask, Request, Response, g, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask_limiter.util import get_remote_address
from limits import parse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, TooManyRequests

from plugin.core.fingerprint import sha256_hex
from plugin.courses.accounts.api_tokens import TokenHolder, holder_of, note_use
from plugin.errors import CoursekeeperError
from plugin.web import current_services
from plugin.web.limits import MemoryCount, checks_of, guess_limiter
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


LONGEST_TOKEN = 200
_CACHED = "coursekeeper.caller"


def caller(request: Request) -> TokenHolder:
    """Return the caller; raises NotSignedIn."""
    found = caller_or_refusal(request)
    if isinstance(found, NotSignedIn):
        raise found
    return found


def caller_or_refusal(request: Request) -> TokenHolder | NotSignedIn:
    """Return the caller or the refusal; the token is looked up once per request."""
    if _CACHED not in request.environ:
        request.environ[_CACHED] = _look_up(_sent_token(request))
    return cast("TokenHolder | NotSignedIn", request.environ[_CACHED])


def token_digest(request: Request) -> str | None:
    """Return the digest of the token that was sent, valid or not; None where none was sent."""
    token = _sent_token(request)
    return None if token is None else sha256_hex(token)


def _sent_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _look_up(token: str | None) -> TokenHolder | NotSignedIn:
    if token is None:
        return NotSignedIn("Send the token in a header: Authorization: Bearer TOKEN.")
    services = current_services()
    holder = holder_of(services.store, token, services.clock()) if len(token) <= LONGEST_TOKEN else None
    if holder is None:
        # Stating which of the three it is would tell a guesser that a token was once valid.
        said = (
            "This token is unknown, expired or revoked. The owner can make a new one: coursekeeper token add."
        )
        return NotSignedIn(said, challenge='Bearer error="invalid_token"')
    note_use(services.store, holder, services.clock())
    return holder


CALLS_PER_TOKEN = "600 per minute"  # noqa: S105 - a number of calls, no secret
BAD_TOKENS_PER_ADDRESS = "60 per minute"
# Open to all, without a token.
DOCUMENT = "api.openapi"


def limit(blueprint: Blueprint, *, per_token: str, bad_per_address: str) -> None:
    """Apply both limits to every call of the blueprint, in any application it is registered with."""

    def register(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        app.extensions["coursekeeper_calls"] = calls = _Calls(per_token)
        guesses = guess_limiter(app)
        guesses.shared_limit(bad_per_address, "bad tokens", deduct_when=_was_refused)(blueprint)
        # Guesses first: where the database is away, no limit adds its time to wait to the refusal.
        checks = [checks_of(guesses, _guesses_nothing), calls.count]
        app.before_request_funcs.setdefault(blueprint.name, [])[:0] = checks
        app.after_request_funcs.setdefault(blueprint.name, []).append(calls.note)

    blueprint.record_once(register)


class _Calls:
    """Counts calls of every kind together, of each token or address; Flask-Limiter takes ten times as long for it."""

    def __init__(self, allowance: str) -> None:
        self.enabled = True
        self._allowance, self._counts = parse(allowance), MemoryCount()

    def count(self) -> None:
        """Raise TooManyRequests where the sender has no call left."""
        if not self.enabled:
            return
        sender = token_digest(request) or get_remote_address()
        number = self._counts.incr(sender, self._allowance.get_expiry())
        over_at = self._counts.get_expiry(sender)
        g.calls = _Left(max(0, self._allowance.amount - number), math.ceil(over_at))
        if number > self._allowance.amount:
            raise TooManyRequests(retry_after=max(1, math.ceil(over_at - time.time())))

    def note(self, response: Response) -> Response:
        """Say in the response how many calls are left, and until when."""
        calls: _Left | None = g.get("calls")
        if calls:
            add = response.headers.add
            add("X-RateLimit-Limit", str(self._allowance.amount))
            add("X-RateLimit-Remaining", str(calls.number))
            add("X-RateLimit-Reset", str(calls.over_at))
        return response


class _Left(NamedTuple):
    """The calls that a sender has left until a second of the epoch."""

    number: int
    over_at: int


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


def _guesses_nothing() -> bool:
    # A valid token behind the same router as an invalid one must not be blocked with it.
    return request.endpoint == DOCUMENT or not isinstance(caller_or_refusal(request), NotSignedIn)
