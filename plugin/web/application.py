"""The application factory: one Flask application, standalone or below a clinic's own."""

from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

from flask import Blueprint, Flask, has_request_context, request
from flask.globals import request_ctx
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import Rule

from plugin.bootstrap import open_services
from plugin.core.acts import Role
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.web import (
    access,
    access_log,
    account,
    check_in,
    compression,
    desk,
    hand_over,
    headers,
    health,
    lists,
    live,
    metrics,
    offline,
    owner,
    pages,
    proxy,
    refusals,
    reports,
    request_log,
    setup,
    templating,
    wallet,
    webhook,
)
from plugin.web.account import demanded, mine, resume, signin
from plugin.web.api.openapi import make_api
from plugin.web.client_page import agree, email_choice, shop, tips
from plugin.web.client_page import views as client_page
from plugin.web.desk import gifts, late
from plugin.web.modules import modules_of
from plugin.web.owner import imports, letterhead
from plugin.web.setup import door, steps

# Each blueprint of their modules is pages for the staff; that of `door` alone is open, with its own checks.
_FOR_STAFF = (desk, owner, account, setup, reports, lists)
# What clients and programs open, each with checks of its own.
_FOR_CLIENTS = (client_page, shop, tips, email_choice, check_in, agree, hand_over, wallet)
_FOR_PROGRAMS = (health, metrics, webhook)

LARGEST_BODY = 1024 * 1024


class _Rule(Rule):
    """A route whose addresses are made by code that is compiled with the first one.

    Werkzeug compiles it for every route, twice: a tenth of a second at the start, and 2 MB.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))
        return lambda rule, /, **values: compiled()(rule, **values)


_KEPT_ADDRESSES, _LONGEST_KEPT = 2000, 100


def _is_short_text(value: object) -> bool:
    # Of numbers and truth values 1 and True would be one; and what people type may be a megabyte.
    return value is None or (type(value) is str and len(value) <= _LONGEST_KEPT)


class _Application(Flask):
    """Flask that makes an address once, and does not ask thirty times in a request whether a function is async."""

    url_rule_class = _Rule
    jinja_environment = templating.Environment

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._address = lru_cache(maxsize=_KEPT_ADDRESSES)(self._new_address)

    def url_for(self, endpoint: str, **values: Any) -> str:
        """Return an address, as Flask does; a page has up to 200, most of them the same each time."""
        is_kept = has_request_context() and endpoint[:1] != "." and all(map(_is_short_text, values.values()))
        if not is_kept:
            return super().url_for(endpoint, **values)
        # All addresses are below where the application is mounted.
        adapter = request_ctx.url_adapter
        return self._address(adapter and adapter.script_name, endpoint, tuple(values.items()))

    def _new_address(self, _root: str | None, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return super().url_for(endpoint, **dict(values))

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none of ours is async."""
        return func


MOST_FORM_PARTS = 200


def make_application(
    settings: Settings | None = None, *, services: Services | None = None, root: str = "/"
) -> Flask:
    """Return the application; raises ConfigurationError when a setting is wrong or missing.

    Without `services` they are opened from the settings. `root` is the path a host application serves it under.
    """
    known = settings or (services.settings if services else read_settings())
    known.needing("secret_key")
    app = _Application(
        "plugin.web", template_folder=str(pages.TEMPLATES), static_folder=str(pages.TEMPLATES / "static")
    )
    app.config.from_mapping(_configuration(known, root))
    app.extensions["coursekeeper"] = services or open_services(known)
    live.set_up(app)
    proxy.set_up(app)
    _furnish(app)
    return app


def mount(
    app: Flask, url_prefix: str, settings: Settings | None = None, *, services: Services | None = None
) -> Flask:
    """Serve Coursekeeper below `url_prefix` of a host application; return the inner application."""
    if not url_prefix.startswith("/") or url_prefix.endswith("/"):
        raise ConfigurationError(
            "url_prefix begins with a slash and does not end with one, such as /courses."
        )
    inner = make_application(settings, services=services, root=url_prefix)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {url_prefix: inner})  # type: ignore[method-assign]
    app.extensions["coursekeeper"] = inner.extensions["coursekeeper"]
    return inner


def _configuration(settings: Settings, root: str) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "DEBUG": False,
        "APPLICATION_ROOT": root,
        "SESSION_COOKIE_NAME": "coursekeeper",
        "SESSION_COOKIE_PATH": root,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # A page that polls each second must not keep an abandoned sign-in alive.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_PARTS": MOST_FORM_PARTS,
        # The token lives as long as the sign-in: a page open since the morning still works at night.
        "WTF_CSRF_TIME_LIMIT": None,
        **signin.CONFIGURATION,
    }


def _furnish(app: Flask) -> None:
    # What is set up first sees a response last.
    for part in (compression, request_log, pages, offline, headers, refusals, resume, access_log):
        part.set_up(app)
    open_to_all = (
        make_api(),
        *(part.blueprint for part in (*_FOR_PROGRAMS, *_FOR_CLIENTS)),
        tips.again,
        agree.quotes,
    )
    for blueprint in (*open_to_all, *_screens(), wallet.trial):
        app.register_blueprint(blueprint)
    # Before the check of the token, which reads the form.
    app.before_request(_make_room)
    signin.set_up(app, without_csrf=open_to_all)
    for part in (gifts, late, shop, check_in, hand_over, wallet, mine, steps):
        part.set_up(app)
    # The set-up is guarded by its code until there is an owner; its forms have their token as all others do.
    for guard in (access, demanded):
        guard.set_up(app, open_blueprints=frozenset(each.name for each in (*open_to_all, door.blueprint)))


def _is_owner() -> bool:
    return bool(current_user.is_authenticated and current_user.role == Role.OWNER)


# The views that take a file larger than forms may be: the most bytes, and who may send so many.
_LARGER: dict[str, tuple[int, Callable[[], bool]]] = {
    "imports.send": (imports.LARGEST_FORM, _is_owner),
    "letterhead.send_logo": (letterhead.LARGEST_FORM, _is_owner),
    "setup.restore_copy": (door.LARGEST_COPY, door.has_typed_code),
}


def _make_room() -> None:
    """Raise the size limit of a request that may bring a larger file."""
    larger = _LARGER.get(request.endpoint or "")
    if larger is not None and larger[1]():
        request.max_content_length = larger[0]


def _screens() -> list[Blueprint]:
    """Return the blueprints of the staff's pages, each once."""
    modules = (module for package in _FOR_STAFF for module in modules_of(package))
    known = (each for module in modules for each in vars(module).values())
    return list(dict.fromkeys(each for each in known if isinstance(each, Blueprint)))
