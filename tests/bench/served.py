"""`coursekeeper serve --no-worker` with bare views beside it: one does nothing, one commits a row.

The first is the server's own cost, the second the least that a view can do which answers once something is kept.
"""

import sqlite3
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from plugin import create_app, serving
from plugin.settings import Settings
from plugin.start import started_settings
from tests.bench.replay import connected

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EMPTY, ONE_ROW = "/empty/", "/empty/row"


def with_empty_view(settings: Settings) -> Flask:
    """Return the whole application; `EMPTY` and `ONE_ROW` are answered by bare Flask views instead."""
    app, empty = create_app(settings), Flask("empty")
    empty.add_url_rule("/", view_func=lambda: "")
    one_row = _commits_a_row(Path(settings.database_url.removeprefix("sqlite:///")).with_name("row.db"))
    empty.add_url_rule("/row", "row", one_row, methods=["POST"])
    mounted: dict[str, WSGIApplication] = {EMPTY.rstrip("/"): empty.wsgi_app}
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, mounted)  # type: ignore[method-assign]  # as Flask documents
    return app


def _commits_a_row(path: Path) -> Callable[[], str]:
    """Return a view that writes what it was sent to a database of its own, which has no index and no trigger."""
    writer = Lock()

    # Opened by the process that serves.
    @cache
    def opened() -> sqlite3.Connection:
        connection = connected(path)
        connection.execute("CREATE TABLE IF NOT EXISTS row (body TEXT)")
        return connection

    def view() -> str:
        with writer:
            opened().execute("INSERT INTO row VALUES (?)", (request.get_data(as_text=True),))
        return ""

    return view


if __name__ == "__main__":
    serving.create_app = with_empty_view  # type: ignore[assignment, attr-defined]  # the only way in
    serving.serve_web(started_settings(), host="127.0.0.1", port=int(sys.argv[1]))
