"""`coursekeeper serve --no-worker` with a view beside it that does nothing, at /empty: the server's own cost."""

import sys
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from plugin import create_app, serving
from plugin.settings import Settings
from plugin.start import started_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EMPTY = "/empty/"


def with_empty_view(settings: Settings) -> Flask:
    """Return the whole application; `EMPTY` is answered by a bare Flask view instead."""
    app, empty = create_app(settings), Flask("empty")
    empty.add_url_rule("/", view_func=lambda: "")
    mounted: dict[str, WSGIApplication] = {EMPTY.rstrip("/"): empty.wsgi_app}
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, mounted)  # type: ignore[method-assign]  # as Flask documents
    return app


if __name__ == "__main__":
    serving.create_app = with_empty_view  # type: ignore[assignment, attr-defined]  # the only way in
    serving.serve_web(started_settings(), host="127.0.0.1", port=int(sys.argv[1]))
