"""Rate limits of the pages, by Flask-Limiter: of guesses, counted for all processes, and of mere traffic, for each.

Guesses are counted in our database or at `LIMITS_URL`, and in this process besides. Only what was refused counts as a
guess, so an ordinary request writes nothing. The API has limits of its own.
"""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask
from flask.globals import request_ctx
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.errors import ConfigurationError as LimitsError
from limits.storage import MemoryStorage, MovingWindowSupport, Storage, storage_from_string

from plugin.courses.accounts.second_factors import add_hits, clear_hits, count_hits
from plugin.errors import ConfigurationError
from plugin.services import Services

_LOG = structlog.get_logger()


class _NoThread:
    """Stands where the library keeps its thread, and says that there is one, so that it starts none."""

    @staticmethod
    def is_alive() -> bool:
        return True


class MemoryCount(MemoryStorage):
    """Counts in this process; what has passed is forgotten every few seconds, by whichever request comes then.

    The library's own class starts a thread for it, at up to a hundred requests a second: a tenth of a use of a session.
    """

    STORAGE_SCHEME = ["coursekeeper+memory"]
    ADDRESS = "coursekeeper+memory://"
    FORGETS_EVERY_S = 10

    def __init__(self, uri: str | None = None, *, wrap_exceptions: bool = False) -> None:
        super().__init__(uri, wrap_exceptions)
        self.timer.cancel()
        self.timer = _NoThread()  # type: ignore[assignment]  # is asked this one thing
        self.forgets_at = time.monotonic() + self.FORGETS_EVERY_S

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count in a fixed window, and return the number so far."""
        self._forget()
        return super().incr(key, expiry, amount)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count in a moving window, unless the limit would be passed."""
        self._forget()
        return super().acquire_entry(key, limit, expiry, amount)

    def _forget(self) -> None:
        if time.monotonic() < self.forgets_at:
            return
        self.forgets_at = time.monotonic() + self.FORGETS_EVERY_S
        now = time.time()
        for key, until in list(self.expirations.items()):
            if until <= now:
                self.clear(key)
        for key in list(self.events):
            with self.locks[key]:
                self.events[key] = [each for each in self.events.get(key, ()) if each.expiry > now]
                if not self.events[key]:
                    self.clear(key)


class _MovingWindowOnly(Storage, MovingWindowSupport):
    """A storage for the one strategy used here; the library's other strategies count otherwise."""

    STORAGE_SCHEME: list[str] | None = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what a place that is away raises."""
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Raise NotImplementedError, as `get` and `get_expiry` do: a moving window has no counter."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Raise NotImplementedError."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Raise NotImplementedError."""
        raise NotImplementedError


class DatabaseCount(_MovingWindowOnly):
    """Counts in our own database, by the services' clock."""

    STORAGE_SCHEME = ["coursekeeper+database"]

    def __init__(self, uri: str | None = None, *, open_services: Callable[[], Services], **_: Any) -> None:
        super().__init__(uri)
        self._services = open_services

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, unless the limit would be passed."""
        services, lasts = self._services(), timedelta(seconds=expiry)
        return add_hits(services.store, key, most=limit, lasts=lasts, number=amount, now=services.clock())

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        """Return when the first counted try was, in seconds of the epoch, and how many there are."""
        services = self._services()
        now = services.clock()
        number, first = count_hits(services.store, key, now - timedelta(seconds=expiry))
        return (first or now).timestamp(), number

    def check(self) -> bool:
        return self._services().store.is_alive()

    def reset(self) -> int | None:
        clear_hits(self._services().store)
        return None

    def clear(self, key: str) -> None:
        clear_hits(self._services().store, key)


class SharedCount(_MovingWindowOnly):
    """Counts for all processes, and in this one as well, which alone holds while the shared place is away.

    So a database or a Redis that does not answer neither opens the door to guessing nor locks anybody out.
    """

    STORAGE_SCHEME = ["coursekeeper"]
    ADDRESS = "coursekeeper://"

    def __init__(self, uri: str | None = None, *, open_services: Callable[[], Services], **_: Any) -> None:
        super().__init__(uri)
        self._own = MemoryCount()
        self._shared = _shared_count(open_services)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count in both places; refuse where either is full."""
        has_room = self._own.acquire_entry(key, limit, expiry, amount)
        return bool(self._ask("acquire_entry", key, limit, expiry, amount, without=has_room)) and has_room

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the window of the place that counted more."""
        here = self._own.get_moving_window(key, limit, expiry)
        there: tuple[float, int] = self._ask("get_moving_window", key, limit, expiry, without=here)
        return max(here, there, key=lambda window: window[1])

    def check(self) -> bool:
        """Return whether the shared place answers."""
        return bool(self._shared.check())

    def reset(self) -> int | None:
        self._own.reset()
        self._ask("reset", without=None)
        return None

    def clear(self, key: str) -> None:
        self._own.clear(key)
        self._ask("clear", key, without=None)

    def _ask(self, what: str, *arguments: Any, without: Any) -> Any:
        try:
            return getattr(self._shared, what)(*arguments)
        except Exception as error:  # whatever a driver raises when its server is away
            _LOG.warning("limits_counted_per_process", why=type(error).__name__)
            return without


def _shared_count(open_services: Callable[[], Services]) -> Any:
    address = open_services().settings.limits_url.get_secret_value()
    if not address:
        return DatabaseCount(open_services=open_services)
    try:
        # Both speak the same protocol, and one client library is enough.
        return storage_from_string(address.replace("valkey", "redis", 1) if _is_valkey(address) else address)
    except (LimitsError, ValueError):
        raise ConfigurationError(
            "LIMITS_URL names no place to count in; write redis://host:6379 or valkey://host:6379."
        ) from None


def _is_valkey(address: str) -> bool:
    return address.startswith(("valkey:", "valkeys:"))


_EXTENSION = "coursekeeper_limiter"


def page_limiter(app: Flask) -> Limiter:
    """Return the limiter of mere traffic; it counts in memory, per process, so that it costs nothing."""
    return _limiter(app, "traffic", storage_uri=MemoryCount.ADDRESS)


def guess_limiter(app: Flask) -> Limiter:
    """Return the limiter of guesses, which all processes share through the database, or through `LIMITS_URL`.

    Use it with `deduct_when`: each count is a write.
    """
    options = {"open_services": lambda: app.extensions["coursekeeper"]}
    return _limiter(app, "guesses", storage_uri=SharedCount.ADDRESS, storage_options=options)


def limit_unknown(app: Flask, allowance: str, scope: str) -> Callable[[Any], Any]:
    """Return the limit of addresses that open nothing, for pages whose address is their key."""
    return guess_limiter(app).shared_limit(
        allowance, scope=scope, deduct_when=lambda response: response.status_code == HTTPStatus.NOT_FOUND
    )


def _limiter(app: Flask, name: str, **options: Any) -> Limiter:
    known: dict[str, Limiter] = app.extensions.setdefault(_EXTENSION, {})
    if name not in known:
        known[name] = Limiter(get_remote_address, strategy="moving-window", key_prefix=f"{name}:", **options)
        _start(known[name], app)
    return known[name]


def _start(limiter: Limiter, app: Flask) -> None:
    """Add a limiter whose limits are on views, which ask it themselves, or on blueprints: see `checks_of`.

    By default it searches for limits before every request, which takes longer than an empty view, and after each it
    deducts and writes headers, which is for nothing where no limit was looked at.
    """
    limiter.init_app(app)
    app.before_request_funcs[None].remove(limiter._check_request_limit)
    # What it would clear there ends with the request.
    app.teardown_request_funcs[None].pop()
    conclude: Any = app.after_request_funcs[None].pop()
    app.after_request(lambda response: conclude(response) if _was_asked(limiter) else response)


def _was_asked(limiter: Limiter) -> bool:
    return limiter in getattr(request_ctx, "_limiter_request_context", ())


def checks_of(limiter: Limiter, unless: Callable[[], bool] = lambda: False) -> Callable[[], None]:
    """Return what checks the limits of a blueprint before its requests, `unless` it need not look at one."""
    return lambda: None if unless() else limiter._check_request_limit()


def limit_views(app: Flask, endpoints: Iterable[str], *limits: Callable[[Any], Any]) -> None:
    """Put shared limits on views that are registered already."""
    for endpoint in endpoints:
        view: Any = app.view_functions[endpoint]
        for limit in limits:
            view = limit(view)
        app.view_functions[endpoint] = view
