"""Who calls the API, by bearer token, and how often: limits of each token, and of addresses that fail.

A browser's session and cookies are ignored.
"""

import math
import time
from typing import NamedTuple, cast

from flask import Blueprint, Flask, Request, Response, g, request
from flask.blueprints import BlueprintSetupState
from flask_limiter.util import get_remote_address
from limits import parse
from werkzeug.exceptions import TooManyRequests

from plugin.core.fingerprint import sha256_hex
from plugin.courses.accounts.api_tokens import TokenHolder, holder_of, note_use
from plugin.web import current_services
from plugin.web.api.errors import NotSignedIn
from plugin.web.limits import MemoryCount, checks_of, guess_limiter

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
