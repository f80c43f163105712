"""Tokens of the application: codes from the authorization page, access and refresh tokens, their expiry.

The code flow (with the application's secret) issues a refresh token that stays valid; the PKCE flow (with a code
verifier) issues refresh tokens that work once, within 90 days.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from practice_square.access.scopes import ALL_SCOPES
from practice_square.refusals import unauthorized
from practice_square.storage import Json, Work

CODE_LIFE = timedelta(minutes=5)
TOKEN_LIFE, SHORT_LIFE = timedelta(days=30), timedelta(hours=24)
PKCE_REFRESH_LIFE = timedelta(days=90)


@dataclass(frozen=True)
class Caller:
    """The owner of a call's token. `is_personal`: the application's own token, which may do everything."""

    scopes: frozenset[str]
    is_personal: bool = False
    expires_at: str | None = None


PERSONAL = Caller(frozenset(ALL_SCOPES), is_personal=True)


def make_code(work: Work, scopes: list[str], challenge: str | None, redirect_uri: str | None) -> str:
    """Store what the seller allowed; the code is valid once, for five minutes."""
    code = _put(
        work,
        "oauth_code",
        "sq0cgp-",
        {
            "scopes": scopes,
            "challenge": challenge,
            "redirect_uri": redirect_uri,
            "expires_at": work.ago(-CODE_LIFE),
            "is_used": False,
        },
    )
    return str(code["id"])


def take_code(work: Work, id_: str, redirect_uri: str | None) -> Json:
    """Use up a code. Raises Refusal for one unknown, used, expired, or issued for another address."""
    code = work.get("oauth_code", id_)
    if code is None or code["is_used"] or code["expires_at"] <= work.now():
        raise unauthorized("UNAUTHORIZED", "The authorization code is not valid, expired or was used.")
    if code["redirect_uri"] is not None and code["redirect_uri"] != redirect_uri:
        raise unauthorized("UNAUTHORIZED", "`redirect_uri` is not the one of the authorization.")
    return work.put("oauth_code", code | {"is_used": True, "updated_at": work.now()})


def is_verified(code: Json, verifier: str | None) -> bool:
    """Check a PKCE verifier against the challenge (SHA-256, base64url without padding)."""
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return bool(base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code["challenge"])


def open_grant(work: Work, code: Json) -> Json:
    """Create a permission from a used code."""
    given = {"scopes": code["scopes"], "is_pkce": bool(code["challenge"]), "is_revoked": False}
    return _put(work, "oauth_grant", "grant-", given)


def make_refresh_token(work: Work, grant: Json) -> Json:
    expires_at = work.ago(-PKCE_REFRESH_LIFE) if grant["is_pkce"] else None
    given = {"grant_id": grant["id"], "expires_at": expires_at, "is_used": False}
    return _put(work, "oauth_refresh", "EQAA", given)


def take_refresh_token(work: Work, id_: str) -> tuple[Json, Json]:
    """Return a refresh token and its grant; one of the PKCE flow is used up. Raises Refusal when it is not valid."""
    token = work.get("oauth_refresh", id_)
    grant = work.get("oauth_grant", token["grant_id"]) if token else None
    if token is None or grant is None or grant["is_revoked"] or token["is_used"]:
        raise unauthorized("UNAUTHORIZED", "The refresh token is not valid, was used or was revoked.")
    if token["expires_at"] and token["expires_at"] <= work.now():
        raise unauthorized("UNAUTHORIZED", "The refresh token has expired.")
    if grant["is_pkce"]:
        token = work.put("oauth_refresh", token | {"is_used": True, "updated_at": work.now()})
    return token, grant


def make_access_token(work: Work, grant: Json, scopes: list[str], *, is_short_lived: bool) -> Json:
    given = {
        "grant_id": grant["id"],
        "scopes": scopes,
        "expires_at": work.ago(-(SHORT_LIFE if is_short_lived else TOKEN_LIFE)),
        "is_revoked": False,
    }
    return _put(work, "oauth_token", "EAAA", given)


def caller_of(work: Work, token: str) -> Caller:
    """Return the caller of an issued token. Raises Refusal for one unknown, revoked or expired."""
    kept = work.get("oauth_token", token)
    grant = work.get("oauth_grant", kept["grant_id"]) if kept else None
    if kept is None or grant is None:
        raise unauthorized("UNAUTHORIZED", "This request could not be authorized.")
    if kept["is_revoked"] or grant["is_revoked"]:
        raise unauthorized("ACCESS_TOKEN_REVOKED", "The `Access Token` has been revoked.")
    if kept["expires_at"] <= work.now():
        raise unauthorized("ACCESS_TOKEN_EXPIRED", "The `Access Token` has expired.")
    return Caller(frozenset(kept["scopes"]), expires_at=kept["expires_at"])


def revoke_token(work: Work, id_: str) -> None:
    """Revoke one access token; the permission itself remains."""
    kept = work.get("oauth_token", id_)
    if kept is not None:
        work.put("oauth_token", kept | {"is_revoked": True, "updated_at": work.now()})


def revoke_grants(work: Work) -> int:
    """Revoke every permission this seller granted the application; return how many were active."""
    standing = [one for one in work.all("oauth_grant") if not one["is_revoked"]]
    for grant in standing:
        work.put("oauth_grant", grant | {"is_revoked": True, "updated_at": work.now()})
    return len(standing)


def _put(work: Work, kind: str, prefix: str, fields: Json) -> Json:
    id_ = prefix + work.make_id() + work.make_id()
    return work.put(kind, fields | {"id": id_, **work.stamps()})
