"""Live pages: the browser polls with the version it shows, and gets nothing or the changed part.

The content is identified by its version (`plugin.courses.page_versions`) and a digest of the HTML: while
the version is the same, nothing is rendered; a new version with equal HTML is not sent either.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, render_template, request
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup

from plugin.core.acts import Role
from plugin.courses.page_versions import PageVersion
from plugin.web import current_services
from plugin.web.access import Screens
from plugin.web.actions import is_fragment, notice

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
