"""Rate limits by Flask-Limiter: invalid tokens per address, counted for all processes; calls per token, for each."""

from typing import cast

from flask import Blueprint, Flask, Response, request
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from plugin.web.api.auth import caller_or_refusal, token_digest
from plugin.web.api.errors import NotSignedIn
from plugin.web.limit_storage import MemoryCount
from plugin.web.limits import checks_of, guess_limiter, start

CALLS_PER_TOKEN = "600 per minute"  # noqa: S105 - a number of calls, no secret
BAD_TOKENS_PER_ADDRESS = "60 per minute"
# Open to all, without a token.
DOCUMENT = "api.openapi"


def limit(blueprint: Blueprint, *, per_token: str, bad_per_address: str) -> None:
    """Apply both limits to every call of the blueprint, in any application it is registered with."""
    limiter = Limiter(
        get_remote_address,
        storage_uri=MemoryCount.ADDRESS,
        headers_enabled=True,
        key_prefix=f"{blueprint.name}:",
    )
    # Shared: all calls count together; otherwise a limit would count each endpoint by itself.
    limiter.shared_limit(per_token, "calls", key_func=_token_or_address)(blueprint)

    def register(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        # Before the other: where the database is away, no limit adds its time to wait to the refusal.
        guesses = guess_limiter(app)
        guesses.shared_limit(bad_per_address, "bad tokens", deduct_when=_was_refused)(blueprint)
        start(limiter, app)
        checks = [checks_of(guesses, _guesses_nothing), checks_of(limiter)]
        app.before_request_funcs.setdefault(blueprint.name, [])[:0] = checks

    blueprint.record_once(register)


def _token_or_address() -> str:
    return token_digest(request) or get_remote_address()


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


def _guesses_nothing() -> bool:
    # A valid token behind the same router as an invalid one must not be blocked with it.
    return request.endpoint == DOCUMENT or not isinstance(caller_or_refusal(request), NotSignedIn)
