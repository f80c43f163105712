"""Templates and the stylesheet: where they are, filters and globals. Independent of any single screen."""

import hashlib
import re
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from jinja2 import StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from invoices.language import Language
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.courses.base.attention import count_open
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import is_answered
from plugin.courses.privacy.field_names import field_name
from plugin.staff_languages import staff_language
from plugin.web import course_words, current_services, format, theme, translations
from plugin.web.access import AT_THE_DESK, CHECK_IN_COOKIE, Screens
from plugin.web.actions import form_key, notice
from plugin.web.tables import address_with

# A later layer wins, however specific the rules of an earlier one are.
LAYERS = ("tokens", "base", "layout", "components", "pages", "modes")

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# No string of ours has one of these signs with a space beside it.
_SPACE = re.compile(r"\s*([{};])\s*|(?<=:)\s+|\n\s*")


@cache
def joined(folder: Path) -> str:
    """Return the whole stylesheet, without comments and spaces. Read once: files change only with a new version."""
    layers = "".join(f"@layer {name} {{{_layer(folder / name)}}}" for name in LAYERS)
    return f"@layer {', '.join(LAYERS)};{tight(layers)}"


def tight(css: str) -> str:
    """Return rules without the spaces that mean nothing."""
    return _SPACE.sub(lambda space: space[1] or (" " if "\n" in space[0] else ""), css)


def _layer(folder: Path) -> str:
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css")))
    return _COMMENT.sub("", rules)


_HERE = Path(__file__).resolve().parents[1]
# Next to the package when installed, else the sibling folder of a checkout.
TEMPLATES = next(
    (place for place in (_HERE / "templates", _HERE.parent / "templates") if place.is_dir()),
    _HERE / "templates",
)

_SCRIPTS = TEMPLATES / "static" / "desk"
# Scripts that main.js loads where a page has what they are for.
ON_DEMAND = frozenset(
    {"camera.js", "check_in.js", "choose.js", "hours.js", "passkey.js", "preview.js", "scan.js", "setup.js"}
)
_STYLES = TEMPLATES / "static" / "styles"

blueprint = Screens("pages", __name__)


def set_up(app: Flask) -> None:
    """Make Jinja strict and register our filters and globals."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    translations.set_up(app, _staff_language)
    app.jinja_env.filters.update(format.FILTERS)
    app.jinja_env.filters.update(course_words.FILTERS, field_name=field_name)
    app.jinja_env.globals.update(asset=asset, form_key=form_key, told=notice, theme_address=_theme_address)
    app.jinja_env.globals.update(script_addresses=script_addresses, style_address=style_address)
    app.jinja_env.globals.update(address_with=address_with)
    app.context_processor(_everywhere)
    app.register_blueprint(blueprint)


# The clinic's phone number as this process last read it, for pages that can read nothing.
_PHONE = "coursekeeper_phone"


def clinic() -> ClinicView:
    """Return the clinic, read once per request."""
    if "clinic" not in g:
        g.clinic = read_clinic(current_services().store)
        current_app.extensions[_PHONE] = g.clinic.phone
    known: ClinicView = g.clinic
    return known


def phone(*, is_away: bool) -> str:
    """Return the clinic's phone number for a page about a failure.

    `is_away`: the database is; then it is the number that this process last read, empty if it read none.
    """
    if not is_away:
        with suppress(SQLAlchemyError, OSError):
            return clinic().phone
    last: str = current_app.extensions.get(_PHONE, "")
    return last


def _staff_language() -> Language:
    """Return the language of a person, which is the clinic's unless they chose one; before sign-in, the browser's."""
    try:
        if current_user.is_authenticated:
            return staff_language(current_user.language, clinic().language)
        return staff_language(*request.accept_languages.values(), clinic().language)
    except (SQLAlchemyError, OSError):
        # The page that says so must not fail in turn.
        return staff_language()


def now() -> datetime:
    """Return the time of the services' clock."""
    return current_services().clock()


def today() -> date:
    return day_at(now(), clinic().zone)


def asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so browsers may cache it forever."""
    return url_for("static", filename=name, v=_fingerprint(TEMPLATES / "static" / name))


def script_addresses() -> list[str]:
    """Return the addresses of the scripts that every page of the desk has, the one that starts the others first."""
    return [url_for("pages.script", v=_scripts_mark(), name=name) for name in _shared_scripts()]


@blueprint.get("/scripts/<v>/<name>")
def script(v: str, name: str) -> AnyResponse:
    """Return a script. The version is in the path, so that imports by name within a script have it too."""
    if v != _scripts_mark():
        return redirect(url_for("pages.script", v=_scripts_mark(), name=name))
    if name not in _scripts():
        raise NotFound()
    return Response(_scripts()[name], mimetype="text/javascript")


@blueprint.get("/answers/<key>", roles=AT_THE_DESK)
def answer(key: str) -> dict[str, bool]:
    """Return whether the form with this idempotency key was carried out, for when its response was lost."""
    return {"is_done": is_answered(current_services().store, key)}


def style_address() -> str:
    """Return the address of the stylesheet; it changes with the content, so browsers may cache it forever."""
    return url_for("pages.styles", v=_styles_mark())


@blueprint.get("/styles.css")
def styles() -> Response:
    return Response(joined(_STYLES), mimetype="text/css")


@blueprint.get("/theme.css", endpoint="theme")
def theme_sheet() -> Response:
    """Return the clinic's accent as colors for light and dark."""
    return Response(theme.sheet(clinic().accent), mimetype="text/css")


def _theme_address() -> str:
    return url_for("pages.theme", v=clinic().accent.lstrip("#"))


@cache
def _scripts() -> dict[str, str]:
    """Return each script by its name, without the comments: they are a sixth of what a first visit transfers."""
    return {
        path.name: re.sub(r"^\s*//.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for path in _SCRIPTS.glob("*.js")
    }


@cache
def _shared_scripts() -> list[str]:
    return sorted(_scripts().keys() - ON_DEMAND, key=lambda name: (name != "main.js", name))


@cache
def _styles_mark() -> str:
    return hashlib.sha256(joined(_STYLES).encode()).hexdigest()[:12]


@cache
def _scripts_mark() -> str:
    marks = "".join(_fingerprint(path) for path in sorted(_SCRIPTS.glob("*.js")))
    return hashlib.sha256(marks.encode()).hexdigest()[:12]


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _attention_count() -> int:
    if "attention_count" not in g:
        g.attention_count = count_open(current_services().store)
    count: int = g.attention_count
    return count


def _everywhere() -> dict[str, object]:
    known = clinic()
    is_in = current_user.is_authenticated
    return {
        "clinic": known,
        "today": today(),
        # Itself: what stands for it looks it up for each attribute.
        "person": current_user._get_current_object() if is_in else None,
        "is_owner": is_in and current_user.role == Role.OWNER,
        "attention_count": _attention_count() if is_in else 0,
        # On a shared device the page covers itself (static/desk/lock.js).
        "lock_after_minutes": current_services().settings.lock_after_minutes if is_in else 0,
        # Wherever no real money moves, every page says so.
        "is_practice": is_in and current_services().settings.square_environment != "production",
        "held_is_shown": "held_is_shown" in g,
        # Where its sign-in is looked at, the page goes back by itself (static/desk/check_in.js).
        "check_in_address": url_for("check_in.show") if CHECK_IN_COOKIE in request.cookies else "",
        "is_fragment": bool(request.headers.get("HX-Request")),
    }
