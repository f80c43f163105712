"""Writes from any screen: the act with its idempotency key, and how the result returns to the page."""

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import flash, g, get_flashed_messages, redirect, request, url_for
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup
from werkzeug.wrappers import Response

from plugin.core.acts import Act, Actor, checked_key
from plugin.web import current_services
from plugin.web.access import current_actor
from plugin.web.request_log import request_id


@dataclass(frozen=True, slots=True)
class Notice:
    """A message after an act; `undo_entry_id` or `undo_booking_id` offers to undo it, `link` adds a link."""

    text: str
    undo_entry_id: str | None = None
    client_id: str | None = None
    undo_booking_id: str | None = None
    link: str | None = None
    link_text: str = ""
    is_bad: bool = False


def fresh_key() -> str:
    return f"desk-{secrets.token_hex(12)}"


def form_key() -> Markup:
    """Return the hidden fields of every form: its CSRF token and its idempotency key."""
    # Flask-WTF keeps it there, and looks up four settings each time it is asked.
    token, key = g.get("csrf_token") or generate_csrf(), fresh_key()
    # Neither has a character to escape.
    fields = f'<input type="hidden" name="csrf_token" value="{token}"><input type="hidden" name="key" value="{key}">'
    return Markup(fields)  # noqa: S704


def current_act() -> Act:
    """Return the act of the submitted form; raises InvalidField where its key is missing."""
    return _act(checked_key(request.form.get("key", "")))


def act_without_form() -> Act:
    """Return an act for a request without a form: a paper to print, or Square's redirect, whose state is its proof."""
    return _act(fresh_key())


def act_by(actor: Actor) -> Act:
    """Return an act of this actor, for a request that brings no key and nobody is signed in for, or not yet."""
    return Act(actor, current_services().clock(), fresh_key())


def _act(key: str) -> Act:
    return Act(current_actor(), current_services().clock(), key, request_id())


def is_fragment() -> bool:
    """Return whether a script of ours sent the request, and so needs a fragment instead of the whole page."""
    return "HX-Request" in request.headers


def flash_notice(notice: Notice) -> None:
    """Show this notice on the response, or on the page it redirects to."""
    # What the session stores is read in another request: it is put into words now.
    g.notice = replace(notice, text=str(notice.text), link_text=str(notice.link_text))


def notice() -> Notice | None:
    if "notice" in g:
        told: Notice = g.notice
        return told
    waiting: list[Any] = [] if is_fragment() else get_flashed_messages(category_filter=["notice"])
    return Notice(**waiting[-1]) if waiting else None


def redirect_after_post(address: str) -> Response:
    """Redirect to a page after a POST, so that reloading it sends nothing again."""
    if "notice" in g:
        # Flask stores any JSON in the session, whatever the signature declares.
        flash(asdict(g.notice), "notice")  # type: ignore[arg-type]
    if "X-Shows" in request.headers:
        # The script that sends forms opens the page itself: following a redirect would use up the notice unseen.
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, code=303)


def redirect_to(endpoint: str, said: str | Notice = "", /, **values: Any) -> Response:
    """Redirect to the page of an endpoint after a POST, and say there what was done."""
    if said:
        flash_notice(said if isinstance(said, Notice) else Notice(said))
    return redirect_after_post(url_for(endpoint, **values))
