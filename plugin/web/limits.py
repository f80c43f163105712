"""Rate limits of the pages, by one Flask-Limiter; the API has its own, wherever it is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

_EXTENSION = "coursekeeper_limiter"


def page_limiter(app: Flask) -> Limiter:
    """Return the limiter of the application's pages; every further one would be asked at each request.

    It counts in memory, per process: one process serves a SQLite clinic, and more only multiply a generous limit.
    """
    if _EXTENSION not in app.extensions:
        app.extensions[_EXTENSION] = Limiter(
            get_remote_address, app=app, storage_uri="memory://", strategy="moving-window"
        )
    limiter: Limiter = app.extensions[_EXTENSION]
    return limiter


def limit_views(app: Flask, endpoints: Iterable[str], *limits: Callable[[Any], Any]) -> None:
    """Put shared limits on views that are registered already."""
    for endpoint in endpoints:
        view: Any = app.view_functions[endpoint]
        for limit in limits:
            view = limit(view)
        app.view_functions[endpoint] = view
