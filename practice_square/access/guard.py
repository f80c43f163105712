"""Authorization of calls under /v2: the token, the scopes that a call needs, and the caller."""

import hmac
import re

from flask import request

from practice_square.access.scopes import NEEDED
from practice_square.access.tokens import PERSONAL, Caller, caller_of
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal, unauthorized

KEY = "practice.caller"
SEEN = {re.sub(r"\{\w+\}", "{}", call): scopes.split() for call, scopes in NEEDED.items()}


def bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def bearer_is(token: str) -> bool:
    return hmac.compare_digest(bearer().encode(), token.encode())


def identify() -> Caller:
    """Return the caller: the personal token of the settings, or a token that was issued."""
    practice = practice_square_of()
    if bearer_is(practice.settings.access_token):
        return PERSONAL
    if not bearer():
        raise unauthorized("UNAUTHORIZED", "This request could not be authorized.")
    with practice.work() as work:
        return caller_of(work, bearer())


def admit() -> None:
    """Admit the call, or raise Square's refusal: 401 for the token, 403 for a scope it lacks."""
    caller = identify()
    request.environ[KEY] = caller
    if caller.is_personal or request.url_rule is None:
        return
    needed = SEEN.get(f"{request.method} {re.sub(r'<[^>]+>', '{}', request.url_rule.rule)}")
    if needed is None:
        return
    if not needed and request.path.startswith(("/v2/webhooks", "/v2/events")):
        # Subscriptions and events are the application's own: Square requires its personal token there.
        raise _forbidden("FORBIDDEN", "This call needs the application's personal access token.")
    missing = [scope for scope in needed if scope not in caller.scopes]
    if missing:
        raise _forbidden(
            "INSUFFICIENT_SCOPES",
            "The merchant has not given your application sufficient permissions to do that."
            f" The merchant must authorize your application for the following scopes: {', '.join(missing)}",
        )


def is_seller_level(scope: str) -> bool:
    """Return whether the call may act for the whole business: APPOINTMENTS_ALL_READ or APPOINTMENTS_ALL_WRITE."""
    caller: Caller = request.environ[KEY]
    return scope in caller.scopes


def _forbidden(code: str, detail: str) -> Refusal:
    return Refusal(code, detail, status=403, category="AUTHENTICATION_ERROR")
