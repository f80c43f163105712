"""The OAuth calls: obtaining an access token by code or refresh token, a token's status, revocation."""

import hmac

from practice_square.access.tokens import (
    Caller,
    is_verified,
    make_access_token,
    make_refresh_token,
    open_grant,
    revoke_grants,
    revoke_token,
    take_code,
    take_refresh_token,
)
from practice_square.events import announce_revocation
from practice_square.merchant import application_id
from practice_square.refusals import Refusal, invalid, missing, not_found, unauthorized
from practice_square.shapes import Flag, Many, Record, Text, checked
from practice_square.storage import Json, Work

OBTAIN = Record(
    client_id=Text(1, 191, required=True),
    grant_type=Text(10, 20, required=True),
    client_secret=Text(2, 1024),
    code=Text(most=191),
    redirect_uri=Text(most=2048),
    refresh_token=Text(2, 1024),
    scopes=Many(Text()),
    short_lived=Flag(),
    code_verifier=Text(),
)
REVOKE = Record(
    client_id=Text(most=191),
    access_token=Text(2, 1024),
    merchant_id=Text(),
    revoke_only_access_token=Flag(),
)


def obtain_token(work: Work, body: Json, secret: str) -> Json:
    """Return an access token. Raises Refusal for a wrong application, secret, verifier, code or refresh token."""
    checked(body, OBTAIN)
    _require_application(work, body["client_id"])
    if body["grant_type"] == "authorization_code":
        return _from_code(work, body, secret)
    if body["grant_type"] == "refresh_token":
        return _from_refresh_token(work, body, secret)
    raise invalid(f"`{body['grant_type']}` is not played here.", "grant_type")


def revoke_access(work: Work, body: Json, secret: str, given_secret: str) -> Json:
    """End the seller's permission, or one access token only. Raises Refusal for a wrong secret or token."""
    checked(body, REVOKE)
    if not hmac.compare_digest(given_secret.encode(), secret.encode()):
        raise unauthorized("UNAUTHORIZED", "The application secret is wrong.")
    _require_application(work, body.get("client_id") or "")
    token, merchant_id = body.get("access_token"), body.get("merchant_id")
    if bool(token) == bool(merchant_id):
        raise Refusal("CONFLICTING_PARAMETERS", "Give `access_token` or `merchant_id`, one of them.")
    if token and work.get("oauth_token", token) is None:
        raise not_found("Access token", token[:8] + "…", "access_token")
    if merchant_id and merchant_id != work.note("merchant_id"):
        raise not_found("Merchant", merchant_id, "merchant_id")
    if body.get("revoke_only_access_token"):
        revoke_token(work, _needed(body, "access_token"))
    else:
        end_permission(work, "APPLICATION")
    return {"success": True}


def end_permission(work: Work, revoker_type: str) -> None:
    """Revoke every permission, and send the event where there was one."""
    if revoke_grants(work):
        announce_revocation(work, revoker_type)


def token_status(work: Work, caller: Caller) -> Json:
    """Return a token's scopes and expiry."""
    told = {
        "scopes": sorted(caller.scopes),
        "client_id": application_id(work),
        "merchant_id": str(work.note("merchant_id")),
    }
    return told | ({"expires_at": caller.expires_at} if caller.expires_at else {})


def _from_code(work: Work, body: Json, secret: str) -> Json:
    code = take_code(work, _needed(body, "code"), body.get("redirect_uri"))
    if code["challenge"] is None:
        _require_secret(body, secret)
    elif not is_verified(code, body.get("code_verifier")):
        raise unauthorized("UNAUTHORIZED", "The code verifier does not fit the code challenge.")
    grant = open_grant(work, code)
    return _told(work, body, grant, make_refresh_token(work, grant))


def _from_refresh_token(work: Work, body: Json, secret: str) -> Json:
    token, grant = take_refresh_token(work, _needed(body, "refresh_token"))
    if grant["is_pkce"]:
        return _told(work, body, grant, make_refresh_token(work, grant))
    _require_secret(body, secret)
    return _told(work, body, grant, token)


def _told(work: Work, body: Json, grant: Json, refresh_token: Json) -> Json:
    asked = body.get("scopes")
    scopes = [scope for scope in grant["scopes"] if not asked or scope in asked]
    is_short_lived = bool(body.get("short_lived"))
    token = make_access_token(work, grant, scopes, is_short_lived=is_short_lived)
    told = {
        "access_token": token["id"],
        "token_type": "bearer",
        "expires_at": token["expires_at"],
        "merchant_id": str(work.note("merchant_id")),
        "refresh_token": refresh_token["id"],
        "short_lived": is_short_lived,
    }
    if refresh_token["expires_at"]:
        told["refresh_token_expires_at"] = refresh_token["expires_at"]
    return told


def _require_application(work: Work, client_id: str) -> None:
    if client_id != application_id(work):
        raise unauthorized("UNAUTHORIZED", "There is no application with this `client_id`.")


def _require_secret(body: Json, secret: str) -> None:
    if not hmac.compare_digest((body.get("client_secret") or "").encode(), secret.encode()):
        raise unauthorized("UNAUTHORIZED", "The application secret is wrong.")


def _needed(body: Json, name: str) -> str:
    if not body.get(name):
        raise missing(name)
    return str(body[name])
