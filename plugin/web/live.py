"""Pages that stay true without a reload: the browser asks with what it has, and gets nothing or what is new."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from flask import Response, make_response, render_template, request
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup

from plugin.courses.base.attention import count_open
from plugin.web import current_services
from plugin.web.actions import is_fragment, notice

_KEY = re.compile(r"desk-[0-9a-f]{24}")


def screen(template: str, fragment: str, address: str, **context: Any) -> Response:
    """Answer a whole page round its living part, or to a script on it that part alone with what there is to tell."""
    html = render_template(fragment, **context)
    if is_shown(address):
        return _labelled(make_response(html + _notices()), seen_mark(html))
    page = render_template(
        template,
        live=Markup(html),  # noqa: S704 - Jinja has escaped it, three lines above
        seen=seen_mark(html),
        live_address=address,
        **context,
    )
    return _labelled(make_response(page), seen_mark(html))


def is_shown(address: str) -> bool:
    """Say whether the page that asks shows the living part of this address already, and so needs that part alone."""
    return is_fragment() and request.headers.get("X-Shows", address) == address


def news(fragment: str, **context: Any) -> Response:
    """Answer the living part, or 204 where the browser shows it already."""
    html = render_template(fragment, **context)
    is_known = request.args.get("seen") == seen_mark(html)
    return _labelled(make_response("" if is_known else html, 204 if is_known else 200), seen_mark(html))


def nothing() -> Response:
    """Answer no content, only how many questions are open."""
    return _labelled(make_response("", 204), "")


def seen_mark(html: str) -> str:
    """Return a mark for what is shown; keys and form tokens differ each time and do not count."""
    shown = _KEY.sub("", html.replace(generate_csrf(), ""))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _labelled(response: Response, mark: str) -> Response:
    response.headers["X-Seen"] = mark
    response.headers["X-Attention"] = str(count_open(current_services().store))
    return response


def _notices() -> str:
    return render_template("macros/notices.html", notice=notice(), is_swapped=True)
