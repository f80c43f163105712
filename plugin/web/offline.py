"""The desk as an installable web app that stays readable without a connection (docs/offline.md).

The service worker keeps what a response lets it keep, and the page that says what works meanwhile.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request, session, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from plugin.courses.accounts.sign_ins import SIGN_IN_LASTS
from plugin.staff_languages import staff_language
from plugin.web import current_services, pages
from plugin.web.account.people import SIGN_IN
from plugin.web.actions import is_fragment
from plugin.web.translations import speak

# The pages that may be read without a connection. They name clients: docs/privacy.md says for how long.
KEPT_PAGES = frozenset({"today.show", "clients.show", "my_day.show_my_day", "notes.of_day", "notes.of_visit"})
KEPT_CLIENTS = 50
# A server that has not answered by then is treated as away; static/desk/connection.js waits as long.
PATIENCE_MS = 3000

_WORKER = pages.TEMPLATES / "static" / "worker.js"
# As in static/styles/tokens/tokens.css: the ground of every page.
_LIGHT = "#fbfaf7"
_ICONS = (("192", "any"), ("512", "any"), ("512", "maskable"))

blueprint = Blueprint("offline", __name__)


def set_up(app: Flask) -> None:
    """Mark the responses that may be kept, and give pages what their scripts need to work offline."""
    app.after_request(_mark)
    app.jinja_env.globals["offline_marks"] = marks
    app.register_blueprint(blueprint)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return what a device needs to put the desk on its home screen."""
    name = pages.clinic().name
    content = {
        "id": url_for("today.show"),
        "name": name,
        "short_name": name if len(name) <= 12 else "Desk",
        "start_url": url_for("today.show"),
        "scope": url_for("today.show"),
        "display": "standalone",
        "background_color": _LIGHT,
        "theme_color": _LIGHT,
        "icons": [_icon(size, purpose) for size, purpose in _ICONS],
    }
    return Response(json.dumps(content), mimetype="application/manifest+json")


@blueprint.get("/worker.js")
def worker() -> Response:
    """Return the service worker; its version changes with every file it keeps, and then it replaces them."""
    source = _WORKER.read_text(encoding="utf-8")
    content = {
        "version": hashlib.sha256((source + _offline_page()).encode()).hexdigest()[:12],
        "offline": url_for("offline.show"),
        "start": url_for("today.show"),
        "alive": url_for("health.alive"),
        "signOut": url_for("security.logout"),
        "clients": KEPT_CLIENTS,
        "patience": PATIENCE_MS,
        "lasts": int(SIGN_IN_LASTS.total_seconds() * 1000),
    }
    return Response(f"const CONFIG = {json.dumps(content)};\n{source}", mimetype="text/javascript")


@blueprint.get("/offline")
def show() -> str:
    """Show what works without a connection: the service worker keeps this page, which names nobody."""
    return _offline_page()


def marks() -> Markup:
    """Return attributes of the body: what the scripts need to keep pages and to send what waited."""
    known = {
        "worker": url_for("offline.worker"),
        "start": url_for("today.show"),
        "zone": pages.clinic().time_zone,
    }
    if current_user.is_authenticated:
        known |= {
            "kept-for": _kept_for(),
            "staff": current_user.staff_id,
            "role": current_user.role.value,
            "late": url_for("late.receive"),
            "attention": url_for("attention.show"),
            "seal": _sealing_key(),
        }
    return Markup(" ".join(f'data-{name}="{escape(value)}"' for name, value in known.items()))  # noqa: S704 - escaped


def _icon(size: str, purpose: str) -> dict[str, str]:
    name = f"icons/{'maskable' if purpose == 'maskable' else 'icon'}-{size}.png"
    return {"src": pages.asset(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


def _offline_page() -> str:
    # The same bytes for everybody: the version of the worker is made of them.
    speak(staff_language(pages.clinic().language))
    nobodys = {"person": None, "is_owner": False, "is_practice": False, "check_in_address": ""}
    return render_template("offline.html", offline_marks=_nobodys_marks, **nobodys)


def _nobodys_marks() -> Markup:
    return Markup('data-offline-page data-worker="{}" data-start="{}" data-alive="{}" data-zone="{}"').format(
        url_for("offline.worker"), url_for("today.show"), url_for("health.alive"), pages.clinic().time_zone
    )


def _mark(response: AnyResponse) -> AnyResponse:
    # A page is kept by its path alone; another view of it is not.
    is_whole = request.method == "GET" and not is_fragment() and not {"who", "q"} & set(request.args)
    is_page = request.endpoint in KEPT_PAGES and is_whole
    if is_page and response.status_code == 200 and current_user.is_authenticated:
        response.headers["X-Kept-For"] = _kept_for()
        if current_user.signed.device_id:
            response.headers["X-Kept-Minutes"] = str(current_services().settings.lock_after_minutes)
    return response


def _kept_for() -> str:
    """Return the mark of this sign-in: what was kept for another one is deleted."""
    return hashlib.sha256(f"kept pages: {session.get(SIGN_IN, '')}".encode()).hexdigest()[:24]


def _sealing_key() -> str:
    """Return the key by which a browser seals what waits to be sent: without a sign-in nobody there can read it."""
    secret: Any = current_services().settings.secret_key.get_secret_value()
    made = hmac.new(secret.encode(), b"coursekeeper: late acts on a device", hashlib.sha256).digest()
    return base64.b64encode(made).decode()
