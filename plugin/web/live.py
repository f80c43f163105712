"""Live pages: the browser polls with the version it shows, and gets nothing or the changed part.

The content is identified by its version (`plugin.courses.page_versions`) and a digest of the HTML: while
the version is the same, nothing is rendered; a new version with equal HTML is not sent either. What was answered
with nothing is so again for some seconds while nothing is committed, before anything of the request is looked at.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, Response, g, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from plugin.core.acts import Role
from plugin.courses.page_versions import PageVersion
from plugin.services import Services
from plugin.store import Store
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import is_fragment, notice
from plugin.web.request_log import HEADER, note_unchanged

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_KEY = re.compile(r"desk-[0-9a-f]{24}")
Context = Callable[[], dict[str, Any]]


def screen(template: str, fragment: str, address: str, version: PageVersion, context: Context) -> Response:
    """Return a whole page around its live part, or to a script on it that part alone with its notices.

    `version` must be read before the context: a change in between is picked up by the next poll.
    """
    g.attention_count = version.attention
    with current_services().store.one_moment():
        shown = context()
        html = render_template(fragment, **shown)
    seen = _seen(version, html)
    if is_shown(address):
        notices = render_template("macros/notices.html", notice=notice(), is_swapped=True)
        return _labelled(make_response(html + notices), version, seen)
    page = render_template(
        template,
        live=Markup(html),  # noqa: S704 - Jinja has escaped it, above
        seen=seen,
        live_address=address,
        **shown,
    )
    return _labelled(make_response(page), version, seen)


def is_shown(address: str) -> bool:
    """Return whether the requesting page already shows this live part, and so needs only that part."""
    return is_fragment() and request.headers.get("X-Shows", address) == address


def news(fragment: str, version: PageVersion, context: Context) -> Response:
    """Return the live part, or 204 where the browser shows it already."""
    known_version, _, known_html = request.args.get("seen", "").partition("-")
    if known_version == version.mark:
        return nothing(version, request.args["seen"])
    g.attention_count = version.attention
    with current_services().store.one_moment():
        html = render_template(fragment, **context())
    seen = _seen(version, html)
    if seen.endswith(f"-{known_html}"):
        return nothing(version, seen)
    return _labelled(make_response(html), version, seen)


def add_news(
    blueprint: Screens,
    rule: str,
    fragment: str,
    version: Callable[..., PageVersion],
    context: Callable[..., dict[str, Any]],
    *,
    roles: tuple[Role, ...] = (),
) -> None:
    """Add the view `news` of a live part; `version` and `context` take the ids in its address."""

    def view(**ids: str) -> Response:
        return news(fragment, version(**ids), lambda: context(**ids))

    blueprint.add_url_rule(rule, "news", view, roles=roles)


def nothing(version: PageVersion, seen: str = "") -> Response:
    """Return no content, only the number of open attention items."""
    return _labelled(Response(status=204), version, seen)


def _seen(version: PageVersion, html: str) -> str:
    # Idempotency keys and form tokens differ each time and are ignored.
    shown = _KEY.sub("", html.replace(generate_csrf(), ""))
    return f"{version.mark}-{hashlib.sha256(shown.encode()).hexdigest()[:16]}"


def _labelled(response: Response, version: PageVersion, seen: str) -> Response:
    response.headers["X-Seen"] = seen
    response.headers["X-Attention"] = str(version.attention)
    return response


# So long a change of time alone may be told late, as may the end of a sign-in by its age or by the lock of a device.
_SAME_FOR = timedelta(seconds=5)
_MOST_KEPT = 500


def set_up(app: Flask) -> None:
    """Answer an open page that hears nothing new without looking at its request again; before `proxy` is set up."""
    app.wsgi_app = _Unchanged(app)  # type: ignore[method-assign]  # as Flask documents


class _Kept(NamedTuple):
    """An answer of no content: since which commit, when, of which endpoint, with which headers."""

    commits: str
    at: datetime
    endpoint: str | None
    headers: list[tuple[str, str]]


class _Unchanged:
    """Says again that nothing is new to who sends the same cookies, while nobody has committed anything.

    A sign-in that is ended, a role that changes, a setting, a new version: all are committed.
    """

    def __init__(self, app: Flask) -> None:
        self._app, self._inner = app, app.wsgi_app
        self._store: Store | None = None
        self._kept: dict[tuple[str, ...], _Kept] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_X_LIVE" not in environ or environ["REQUEST_METHOD"] != "GET":
            return self._inner(environ, start_response)
        began = time.perf_counter()
        services: Services = self._app.extensions["coursekeeper"]
        commits, now = self._state(services.store), services.clock()
        asked = tuple(str(environ.get(name, "")) for name in _ASKED)
        kept = self._kept.get(asked)
        if kept and kept.commits == commits and timedelta(0) <= now - kept.at < _SAME_FOR:
            request_id = note_unchanged(environ, kept.endpoint, time.perf_counter() - began)
            start_response("204 NO CONTENT", [*kept.headers, (HEADER, request_id)])
            return []

        def keep(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if status.startswith("204") and commits and not any(name == "Set-Cookie" for name, _ in headers):
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                said = [each for each in headers if each[0] != HEADER]
                self._kept[asked] = _Kept(commits, now, request_ctx.request.endpoint, said)
            else:
                self._kept.pop(asked, None)
            return start_response(status, headers, *more)

        return self._inner(environ, keep)

    def _state(self, store: Store) -> str:
        """Return what differs once something was committed; "" where the database does not say."""
        if store is not self._store:
            self._kept.clear()
            self._store = store
        try:
            return store.commits.state()
        except (DBAPIError, PoolTimeout):
            return ""


# All of a request that its answer depends on.
_ASKED = ("wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_COOKIE")
