"""Calls of Google’s Wallet API by the clinic’s service account, and trying what the owner enters for passes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import SecretStr

from plugin.courses.handouts.wallet_pass import GoogleAccount, google_account, pass_signer, signed_jwt
from plugin.errors import ConfigurationError, InvalidField, WalletFailed
from plugin.settings import Settings
from plugin.wording import _

TIMEOUT_S = 5.0
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_LASTS_S = 600
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the token is asked for, and where objects and classes are. Never from the file that the owner pastes."""

    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    api: str = "https://walletobjects.googleapis.com/walletobjects/v1"


GOOGLE = Endpoints()


class GoogleWallet:
    """One connection with one access token, for one job."""

    def __init__(self, account: GoogleAccount, now: datetime, endpoints: Endpoints = GOOGLE) -> None:
        self._account, self._now, self._endpoints = account, now, endpoints
        self._token = ""

    def patch_object(self, object_id: str, changed: dict[str, Any]) -> bool:
        """Change an object; False where there is none: nobody has saved it. Raises WalletFailed."""
        return self._call("PATCH", f"genericObject/{object_id}", changed)

    def has_class(self) -> bool:
        """Return whether the class of the passes exists yet; raises WalletFailed where the account may not look."""
        return self._call("GET", f"genericClass/{self._account.class_id}", None)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        headers = {"Authorization": f"Bearer {self._access()}"}
        status, _content = _answer(method, f"{self._endpoints.api}/{path}", headers=headers, json=body)
        if status == HTTPStatus.NOT_FOUND:
            return False
        if not 200 <= status < 300:
            raise _refused(status)
        return True

    def _access(self) -> str:
        if not self._token:
            status, content = _answer("POST", self._endpoints.token, data=self._assertion())
            token = content.get("access_token")
            if status != HTTPStatus.OK or not isinstance(token, str) or not token.isascii():
                raise _shut_out(status) if status < _SERVER_ERRORS else _refused(status)
            self._token = token
        return self._token

    def _assertion(self) -> dict[str, str]:
        """Return the request for a token (RFC 7523, Google's “OAuth 2.0 for server to server applications”)."""
        begun = int(self._now.timestamp())
        claims = {
            "iss": self._account.email,
            "scope": SCOPE,
            "aud": GOOGLE.token,
            "iat": begun,
            "exp": begun + _TOKEN_LASTS_S,
        }
        return {"grant_type": _GRANT, "assertion": signed_jwt(claims, self._account.key)}


def _answer(method: str, url: str, **sent: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON of an answer; no redirect is followed. Raises WalletFailed."""
    try:
        answer = httpx.request(method, url, timeout=TIMEOUT_S, follow_redirects=False, **sent)
        content = answer.json() if answer.content else {}
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WalletFailed(
            _("Google Wallet can’t be reached ({error}).", error=type(error).__name__), permanent=False
        ) from None
    except ValueError:
        content = {}
    return answer.status_code, content if isinstance(content, dict) else {}


def _refused(status: int) -> WalletFailed:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _shut_out(status)
    # What Google calls wrong in an object stays wrong.
    is_final = status == HTTPStatus.BAD_REQUEST
    return WalletFailed(_("Google Wallet answers HTTP {status}.", status=status), permanent=is_final)


def _shut_out(status: int) -> WalletFailed:
    said = _(
        "Google does not let this service account in (HTTP {status}). Invite its address as a user of the issuer"
        " in the Google Pay & Wallet Console, and compare the issuer ID.",
        status=status,
    )
    return WalletFailed(said, permanent=False)


CERTIFICATE = ("wallet_certificate", "wallet_private_key", "wallet_intermediate")
ACCOUNT = ("google_wallet_issuer_id", "google_wallet_account")


def try_wallet(
    settings: Settings, changes: Mapping[str, str], now: datetime, endpoints: Endpoints = GOOGLE
) -> None:
    """Try what the changes make of the settings, once it is whole; raises InvalidField with the reason in words."""
    if certificate := _changed(settings, changes, CERTIFICATE):
        _try(CERTIFICATE[0], lambda: pass_signer(*certificate))
    if account := _changed(settings, changes, ACCOUNT):
        _try(ACCOUNT[1], lambda: GoogleWallet(google_account(*account), now, endpoints).has_class())


def _changed(settings: Settings, changes: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the values as they would be; none where one is missing, or nothing changes."""
    before = [_plain(getattr(settings, name)) for name in names]
    after = [changes.get(name, value) for name, value in zip(names, before, strict=True)]
    return after if all(after) and after != before else []


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _try(field: str, do: Callable[[], object]) -> None:
    try:
        do()
    except (ConfigurationError, WalletFailed) as error:
        raise InvalidField(error.message, field=field) from None
