"""Coursekeeper: prepaid session packages beside a Square till. Nothing happens at import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugin import version

if TYPE_CHECKING:
    from flask import Flask

    from plugin.services import Services
    from plugin.settings import Settings

__all__ = ["__version__", "create_app", "init_app"]

__version__ = version.VERSION


def create_app(settings: Settings | None = None, *, services: Services | None = None) -> Flask:
    """Return Coursekeeper as a Flask application of its own; settings come from the environment by default.

    Raises ConfigurationError when a setting is wrong or missing.
    """
    # A program that only wants the version or the settings need not load the screens.
    from plugin.web.application import make_application

    return make_application(settings, services=services)


def init_app(
    app: Flask,
    url_prefix: str = "/courses",
    settings: Settings | None = None,
    *,
    services: Services | None = None,
) -> Flask:
    """Hang Coursekeeper into a clinic's existing Flask application, below `url_prefix`.

    Returns the inner application. The host keeps its own sign-in, sessions, CSRF and error pages.
    """
    # As above.
    from plugin.web.application import mount

    return mount(app, url_prefix, settings, services=services)
