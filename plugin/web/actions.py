"""The writing side of every screen: who does it under which key, and how the answer gets back to the page."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from flask import flash, g, get_flashed_messages, redirect, request
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup
from werkzeug.wrappers import Response

from plugin.core.acts import Act, checked_key
from plugin.web import current_services
from plugin.web.access import current_actor


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is told after a deed; `undo_entry_id` offers to take it back, `link` leads on."""

    text: str
    undo_entry_id: str | None = None
    client_id: str | None = None
    link: str | None = None
    link_text: str = ""
    is_bad: bool = False


def fresh_key() -> str:
    """Return a key for one form of one page: sent twice, it is done once."""
    return f"desk-{secrets.token_hex(12)}"


def form_key() -> Markup:
    """Return what every form carries: the token of the sign-in, and the key under which it is done once."""
    return Markup(
        '<input type="hidden" name="csrf_token" value="{}"><input type="hidden" name="key" value="{}">'
    ).format(generate_csrf(), fresh_key())


def current_act() -> Act:
    """Return the act behind the form that was sent; raises InvalidField where its key is missing."""
    return Act(current_actor(), current_services().clock(), checked_key(request.form.get("key", "")))


def act_of_redirect() -> Act:
    """Return the act of somebody whom another site has led back here; what is sent along shows that it is wanted."""
    return Act(current_actor(), current_services().clock(), fresh_key())


def is_fragment() -> bool:
    """Say whether a script of ours asked, and so wants a piece of a page instead of the whole."""
    return "HX-Request" in request.headers


def flash_notice(notice: Notice) -> None:
    """Have what is being answered, or the page it leads to, show this notice."""
    g.notice = notice


def notice() -> Notice | None:
    """Return what this page has to tell, once."""
    if "notice" in g:
        told: Notice = g.notice
        return told
    waiting: list[Any] = [] if is_fragment() else get_flashed_messages(category_filter=["notice"])
    return Notice(**waiting[-1]) if waiting else None


def redirect_after_post(address: str) -> Response:
    """Lead the browser to a page after a form, so that reloading it sends nothing again."""
    if "notice" in g:
        # Flask keeps any JSON in the session, whatever the signature says.
        flash(asdict(g.notice), "notice")  # type: ignore[arg-type]
    if "X-Shows" in request.headers:
        # The script that sends forms leads there itself: following, it would use up the notice unseen.
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, code=303)
