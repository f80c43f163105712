"""The application factory: one Flask application, alone or below a clinic's own. Knows no rule of a course."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from plugin.bootstrap import open_services
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.web import (
    access,
    answers,
    arrivals,
    changes,
    client_page,
    clients,
    directory,
    email_choice,
    gifts,
    headers,
    health,
    pages,
    refusals,
    resume,
    sell,
    signin,
    today,
    webhook,
)
from plugin.web import attention as attention_screen
from plugin.web import checkouts as checkouts_screen
from plugin.web import connection as connection_screen
from plugin.web import courses as courses_screen
from plugin.web import exchanges as exchanges_screen
from plugin.web import imports as imports_screen
from plugin.web import merges as merges_screen
from plugin.web import packages as packages_screen
from plugin.web import privacy as privacy_screen
from plugin.web import reassign as moves_screen
from plugin.web import refunds as refunds_screen
from plugin.web import staff as staff_screen
from plugin.web import visits as visits_screen
from plugin.web.api.blueprint import make_api
from plugin.web.papers import batches as batches_screen
from plugin.web.papers import (
    course_papers,
    document_list,
    documents,
    letterhead,
    preview,
    private_pages,
    texts,
)
from plugin.web.reports import BLUEPRINTS as REPORTS

LARGEST_BODY = 1024 * 1024
MOST_FORM_PARTS = 200
DAY_AT_THE_DESK = timedelta(hours=12)


def make_application(
    settings: Settings | None = None, *, services: Services | None = None, root: str = "/"
) -> Flask:
    """Return the application; raises ConfigurationError when a setting is wrong or missing.

    A house that is not given is opened from the settings. `root` is the path a host application serves it under.
    """
    known = settings or (services.settings if services else read_settings())
    known.needing("secret_key")
    app = Flask(
        "plugin.web", template_folder=str(pages.TEMPLATES), static_folder=str(pages.TEMPLATES / "static")
    )
    app.config.from_mapping(_configuration(known, root))
    app.extensions["coursekeeper"] = services or open_services(known)
    if known.public_url.startswith("https://"):
        # Behind the proxy that ends TLS: its last word on address and scheme counts, nothing a visitor sent.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    _furnish(app)
    return app


def mount(
    app: Flask, url_prefix: str, settings: Settings | None = None, *, services: Services | None = None
) -> Flask:
    """Serve Coursekeeper below `url_prefix` of a host application; returns the inner application."""
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
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https://"),
        # A page that asks for news each second must not keep a forgotten sign-in alive.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": DAY_AT_THE_DESK,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_PARTS": MOST_FORM_PARTS,
        # The token lives as long as the sign-in: a page open since the morning still works at night.
        "WTF_CSRF_TIME_LIMIT": None,
        **signin.CONFIGURATION,
    }


def _furnish(app: Flask) -> None:
    pages.set_up(app)
    headers.set_up(app)
    refusals.set_up(app)
    resume.set_up(app)
    api = make_api()
    open_to_all = (api, health.blueprint, webhook.blueprint, client_page.blueprint, email_choice.blueprint)
    for blueprint in (
        *open_to_all,
        today.blueprint,
        answers.blueprint,
        arrivals.blueprint,
        clients.blueprint,
        directory.blueprint,
        courses_screen.blueprint,
        visits_screen.blueprint,
        moves_screen.blueprint,
        merges_screen.blueprint,
        exchanges_screen.blueprint,
        privacy_screen.blueprint,
        changes.blueprint,
        gifts.blueprint,
        course_papers.blueprint,
        documents.blueprint,
        batches_screen.blueprint,
        private_pages.blueprint,
        letterhead.blueprint,
        texts.blueprint,
        document_list.blueprint,
        preview.blueprint,
        attention_screen.blueprint,
        packages_screen.blueprint,
        refunds_screen.blueprint,
        sell.blueprint,
        checkouts_screen.blueprint,
        connection_screen.blueprint,
        imports_screen.blueprint,
        staff_screen.blueprint,
        *REPORTS,
    ):
        app.register_blueprint(blueprint)
    imports_screen.set_up(app)
    letterhead.set_up(app)
    signin.set_up(app, without_csrf=open_to_all)
    gifts.set_up(app)
    client_page.set_up(app)
    email_choice.set_up(app)
    access.set_up(app, open_blueprints=frozenset(b.name for b in open_to_all))
