"""Authentication of API calls by bearer token; a browser's session and cookies are ignored."""

from typing import cast

from flask import Request

from plugin.core.fingerprint import sha256_hex
from plugin.courses.accounts.api_tokens import TokenHolder, holder_of, note_use
from plugin.web import current_services
from plugin.web.api.errors import NotSignedIn

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
