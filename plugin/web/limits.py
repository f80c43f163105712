"""Rate limits of the pages, by Flask-Limiter: of guesses, counted for all processes, and of mere traffic, for each.

Only what was refused counts as a guess, so an ordinary request writes nothing. The API has limits of its own.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask
from flask.globals import request_ctx
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from plugin.web.limit_storage import MemoryCount, SharedCount

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
