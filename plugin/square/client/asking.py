"""The base of the client: one pool of connections; a call returns a plain dict or raises SquareFailed.

It never retries and never sleeps: the queues wait instead (the SDK would block on 409, 429 and 5xx).

A call is "METHOD path", and goes through the SDK's HTTP client, which knows Square's headers and the API's version. The
SDK's methods are not used: each loads the models of all it might send or be answered, 25 MB in every process, makes one
of every field, and checks nothing.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from http.cookiejar import CookieJar
from threading import Lock
from typing import Any
from urllib.parse import quote

import httpx
from square.core.client_wrapper import SyncClientWrapper
from square.core.http_client import HttpClient
from square.core.request_options import RequestOptions

from plugin.errors import SquareFailed
from plugin.settings import SettingsSource
from plugin.square.parsing import Json, listed, record, text, unreadable
from plugin.wording import N_, _

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 8.0
# Where a person waits for the answer.
SOON_S = 4.0
MOST_PAGES = 2000
NO_PLAN = N_("Your plan of Square Appointments does not let Coursekeeper book. That needs Plus or Premium.")
_SENDABLE = re.compile(r"[!-~]+\Z")
Token = Callable[[], str]
Watch = Callable[[str], None]
Transport = httpx.BaseTransport


class SquareNotFound(SquareFailed):
    """Square has no such object (any more)."""


class Asking:
    """One pool of connections to one Square. Address and token are read at every request: they may have changed.

    `watch` is called after every call with our token: with the code of its failure, "" where it succeeded;
    `hear_date` with the Date header of every answer.
    """

    def __init__(
        self,
        settings: SettingsSource,
        *,
        token: Token | None = None,
        watch: Watch = lambda _code: None,
        hear_date: Watch = lambda _date: None,
        transport: Transport | None = None,
    ) -> None:
        self._settings = settings
        self._token = token or (lambda: settings.current().square_access_token.get_secret_value())
        self._watch = watch
        self._hear_date = hear_date
        self._transport = transport
        self._lock = Lock()
        self._used: list[_Connections] = []

    def get_ready(self) -> None:
        """Load what the first call needs; opens no connection."""
        self._connections()

    def close(self) -> None:
        for each in self._used:
            each.http.close()

    def _connections(self) -> _Connections:
        """Return the connections to the address of the settings, which the owner may change at any time."""
        address = self._settings.current().square_address
        with self._lock:
            if not self._used or self._used[-1].address != address:
                # Earlier ones stay open until the end: another thread may be waiting for an answer.
                self._used.append(_connect(address, self._token, self._transport))
            return self._used[-1]

    def _one(self, name: str, call: str, *ids: str, **named: Any) -> Json:
        """Return the object of this name in Square's answer."""
        return record(self._ask(call, *ids, **named).get(name), name)

    def _pages(self, name: str, call: str, **named: Any) -> Iterator[list[Json]]:
        # An empty page may carry a cursor; only a missing cursor is the end.
        cursor: Json = {}
        for _other in range(MOST_PAGES):
            answer = self._ask(call, **named, **cursor)
            yield listed(answer.get(name), name)
            if not text(answer.get("cursor")):
                return
            cursor = {"cursor": answer["cursor"]}
        raise unreadable(_("more than {most_pages} pages", most_pages=MOST_PAGES))

    def _all(self, name: str, call: str, **named: Any) -> list[Json]:
        return [one for page in self._pages(name, call, **named) for one in page]

    def _ask(self, call: str, *ids: str, timeout_s: float = ANSWER_TIMEOUT_S, **named: Any) -> Json:
        """Ask with our token: `ids` are put into the path, `named` is the body, or the query where there is none."""
        if not _SENDABLE.match(self._token()):
            raise _sign_in_failed("it has no access token, or one with characters a token never has.")
        try:
            answer = self._send(self._connections().signed_in, call, *ids, timeout_s=timeout_s, **named)
        except SquareFailed as error:
            self._watch(error.code)
            raise
        self._watch("")
        return answer

    def _ask_unsigned(self, call: str, *, timeout_s: float, authorization: str = "", **named: Any) -> Json:
        """Ask without our token: what the body authenticates, or `authorization`."""
        headers = {"Authorization": authorization} if authorization else None
        return self._send(self._connections().unsigned, call, timeout_s=timeout_s, headers=headers, **named)

    def _send(
        self,
        http: HttpClient,
        call: str,
        *ids: str,
        timeout_s: float,
        headers: dict[str, str] | None = None,
        **named: Any,
    ) -> Json:
        method, path = call.split(" ")
        path = path.format(*(quote(id_, safe=":") for id_ in ids))
        has_body = method not in ("GET", "DELETE")
        try:
            answer = http.request(
                path,
                method=method,
                params=None if has_body else named,
                json=named or None if has_body else None,
                headers=headers,
                request_options=RequestOptions(
                    max_retries=0,
                    timeout_in_seconds=timeout_s,  # type: ignore[typeddict-item]  # httpx takes fractions
                ),
            )
            self._hear_date(answer.headers.get("Date", ""))
            if not answer.is_success:
                raise _refusal(answer)
            return record(answer.json(), "answer")
        except httpx.TimeoutException as error:
            raise _unreachable("did not answer in time") from error
        except httpx.HTTPError as error:
            raise _unreachable("can’t be reached") from error
        except (RecursionError, ValueError) as error:
            raise unreadable("no JSON") from error


@dataclass(frozen=True, slots=True)
class _Connections:
    address: str
    http: httpx.Client
    signed_in: HttpClient
    unsigned: HttpClient


def _connect(address: str, token: Token, transport: Transport | None) -> _Connections:
    is_remote = httpx.URL(address).host not in ("127.0.0.1", "localhost", "::1")
    http = httpx.Client(
        transport=transport,
        cookies=_NoCookies(),
        event_hooks={"request": [_connect_sooner]},
        trust_env=is_remote,
        verify=_certificates(is_remote),
    )
    through = partial(SyncClientWrapper, base_url=address, timeout=ANSWER_TIMEOUT_S, httpx_client=http)
    return _Connections(
        address, http, signed_in=through(token=token).httpx_client, unsigned=through().httpx_client
    )


class _NoCookies(CookieJar):
    """Keeps none: Square needs none, and to look for them in each answer takes as long as to send the request."""

    def extract_cookies(self, _response: object, _request: object) -> None:
        """Do nothing."""


@cache
def _certificates(trust_env: bool) -> ssl.SSLContext:
    # Read once for all clients: it is a file of a hundred and forty certificates.
    return httpx.create_ssl_context(trust_env=trust_env)


def _connect_sooner(request: httpx.Request) -> None:
    # The SDK sends one number for all phases; an unreachable host should fail sooner.
    request.extensions["timeout"] = {**request.extensions["timeout"], "connect": CONNECT_TIMEOUT_S}


def _unreachable(how: str) -> SquareFailed:
    said = _("Square {how}. It is retried automatically.", how=how)
    return SquareFailed(said, permanent=False, code="square_unreachable")


def _sign_in_failed(why: str) -> SquareFailed:
    said = _(
        "Square refuses to sign Coursekeeper in: {why} Set a valid token; pending work is then done.", why=why
    )
    return SquareFailed(said, permanent=False, code="square_sign_in")


def _refusal(answer: httpx.Response) -> SquareFailed:
    status = answer.status_code
    code, detail = _first_error(answer)
    if code == "INSUFFICIENT_SCOPES":
        said = _(
            "Coursekeeper lacks the Square permission for this. The owner can grant it by connecting again."
        )
        return SquareFailed(said, permanent=False, code="square_scope")
    if status in (401, 403) and _SAYS_NO_PLAN.search(detail):
        return SquareFailed(NO_PLAN, permanent=True, code="square_plan")
    if status in (401, 403):
        return _sign_in_failed(_SIGN_IN.get(code, _("The access token is not valid.")))
    if status == 404:
        return SquareNotFound(_("Square knows no such object."), permanent=True, code="square_not_found")
    if code == "VERSION_MISMATCH":
        said = _("It was changed in Square in the meantime. Try again.")
        return SquareFailed(said, permanent=False, code="square_version_mismatch")
    if status == 429:
        said = _("Square asks for fewer requests. It is retried automatically.")
        return SquareFailed(said, permanent=False, code="square_busy")
    if status >= 500 or status in (408, 409):
        said = _("Square has an internal error (HTTP {status}). It is retried automatically.", status=status)
        return SquareFailed(said, permanent=False, code="square_down")
    if status < 400:
        return unreadable("another address")
    said = _("Square refused: {value} (HTTP {status}).", value=detail or code, status=status)
    return SquareFailed(said, permanent=True, code="square_refused")


def _first_error(answer: httpx.Response) -> tuple[str, str]:
    try:
        first = answer.json()["errors"][0]
        return text(first.get("code")), text(first.get("detail"))[:200]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # A proxy's page, or none at all: the status says what there is to say.
        return "", ""


# Square gives no code of its own for these two (docs/square.md).
_SAYS_NO_PLAN = re.compile(r"subscription does not support|not onboarded to Appointments", re.IGNORECASE)
_SIGN_IN = {
    "ACCESS_TOKEN_EXPIRED": N_("The access token has expired."),
    "ACCESS_TOKEN_REVOKED": N_("The access token was revoked."),
    "FORBIDDEN": N_("The access token lacks a permission it needs."),
}
