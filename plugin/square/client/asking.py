"""The base of the client: one pool of connections; a call returns a plain dict or raises SquareFailed.

It never retries and never sleeps: the queues wait instead (the SDK would block on 409, 429 and 5xx).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock, local
from typing import Any

import httpx
from square import Square
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from plugin.errors import SquareFailed
from plugin.settings import SettingsSource
from plugin.square.parsing import Json, listed, record, text, unreadable
from plugin.wording import N_, _

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 8.0
MOST_PAGES = 2000
ONCE = RequestOptions(max_retries=0)
NO_PLAN = N_("Your plan of Square Appointments does not let Coursekeeper book. It takes Plus or Premium.")
_SENDABLE = re.compile(r"[!-~]+\Z")
Token = Callable[[], str]
Watch = Callable[[str], None]
Hear = Callable[[httpx.Response], None]
# A method of the SDK.
Call = Callable[..., Any]
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
        # Of each thread: what reads the JSON of the last answer.
        self._last = local()
        self._used: list[_Connections] = []

    def close(self) -> None:
        """Close the connections."""
        for each in self._used:
            each.http.close()

    @property
    def _square(self) -> Square:
        return self._connections().signed_in

    @property
    def _unauthenticated(self) -> Square:
        """The client for calls that are authenticated by their body, or by the application's secret."""
        return self._connections().unauthenticated

    def _connections(self) -> _Connections:
        """Return the connections to the address of the settings, which the owner may change at any time."""
        address = self._settings.current().square_address
        with self._lock:
            if not self._used or self._used[-1].address != address:
                # Earlier ones stay open until the end: another thread may be waiting for an answer.
                self._used.append(_connect(address, self._token, self._transport, self._hear))
            return self._used[-1]

    def _one(self, name: str, call: Call, *given: Any, **named: Any) -> Json:
        """Return the object of this name in Square's answer."""
        return record(self._ask(call, *given, **named).get(name), name)

    def _pages(self, name: str, call: Call, **named: Any) -> Iterator[list[Json]]:
        # An empty page may carry a cursor; only a missing cursor is the end.
        cursor: Json = {}
        for _other in range(MOST_PAGES):
            answer = self._ask(call, **named, **cursor)
            yield listed(answer.get(name), name)
            if not text(answer.get("cursor")):
                return
            cursor = {"cursor": answer["cursor"]}
        raise unreadable(_("more than {most_pages} pages", most_pages=MOST_PAGES))

    def _all(self, name: str, call: Call, **named: Any) -> list[Json]:
        """Return what all pages list."""
        return [one for page in self._pages(name, call, **named) for one in page]

    def _ask(self, call: Call, *given: Any, **named: Any) -> Json:
        if not _SENDABLE.match(self._token()):
            raise _sign_in_failed("it has no access token, or one with characters a token never has.")
        try:
            answer = self._call(call, *given, **named)
        except SquareFailed as error:
            self._watch(error.code)
            raise
        self._watch("")
        return answer

    def _call(self, call: Call, *given: Any, **named: Any) -> Json:
        """Call a method of the SDK without retries; return the JSON of the answer."""
        try:
            call(*given, **{"request_options": ONCE, **named})
            return record(self._last.json(), "answer")
        except ApiError as error:
            raise _refusal(error) from error
        except httpx.TimeoutException as error:
            raise _unreachable("did not answer in time") from error
        except httpx.HTTPError as error:
            raise _unreachable("can't be reached") from error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            # An answer of another shape than the SDK's models breaks inside it.
            raise unreadable("another shape than agreed") from error

    def _hear(self, answer: httpx.Response) -> None:
        self._hear_date(answer.headers.get("Date", ""))
        self._last.json = answer.json


def within(timeout_s: float) -> RequestOptions:
    """Return the options of a call that a person waits for."""
    return RequestOptions(max_retries=0, timeout_in_seconds=timeout_s)  # type: ignore[typeddict-item]  # httpx takes fractions


class _Client(httpx.Client):
    """Gives every answer to `hear`, and the SDK an empty object in place of what Square did.

    Of every field the SDK makes a model and checks nothing, which takes longer than all the rest of an event.
    """

    def __init__(self, hear: Hear, **options: Any) -> None:
        super().__init__(**options)
        self._hear = hear

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request."""
        answer = super().send(request, **options)
        self._hear(answer)
        return httpx.Response(answer.status_code, json={}, request=request) if answer.is_success else answer


@dataclass(frozen=True, slots=True)
class _Connections:
    address: str
    http: httpx.Client
    signed_in: Square
    unauthenticated: Square


def _connect(address: str, token: Token, transport: Transport | None, hear: Hear) -> _Connections:
    is_remote = httpx.URL(address).host not in ("127.0.0.1", "localhost", "::1")
    http = _Client(
        hear,
        transport=transport,
        timeout=ANSWER_TIMEOUT_S,
        event_hooks={"request": [_connect_sooner]},
        trust_env=is_remote,
        verify=_certificates(is_remote),
    )
    return _Connections(
        address,
        http,
        # The token is given always: left out, the SDK takes SQUARE_TOKEN from the environment.
        signed_in=Square(base_url=address, token=token, httpx_client=http),
        unauthenticated=Square(base_url=address, token=None, httpx_client=http),
    )


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


def _refusal(error: ApiError) -> SquareFailed:
    status = error.status_code or 0
    code, detail = _first_error(error)
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
        return unreadable("no JSON" if status < 300 else "another address")
    said = _("Square refused: {value} (HTTP {status}).", value=detail or code, status=status)
    return SquareFailed(said, permanent=True, code="square_refused")


def _first_error(error: ApiError) -> tuple[str, str]:
    first = error.errors[0] if error.errors else None
    return text(getattr(first, "code", "")), text(getattr(first, "detail", ""))[:200]


# Square gives no code of its own for these two (docs/square.md).
_SAYS_NO_PLAN = re.compile(r"subscription does not support|not onboarded to Appointments", re.IGNORECASE)
_SIGN_IN = {
    "ACCESS_TOKEN_EXPIRED": N_("The access token has expired."),
    "ACCESS_TOKEN_REVOKED": N_("The access token was revoked."),
    "FORBIDDEN": N_("The access token lacks a permission it needs."),
}
