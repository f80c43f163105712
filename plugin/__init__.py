"""Coursekeeper: prepaid session packages beside Square POS. Importing it has no side effects."""

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
    """Return Coursekeeper as a standalone Flask application; settings default to those of the environment.

    Raises ConfigurationError when a setting is wrong or missing.
    """
    # A program that only needs the version or the settings does not load the screens.
    from plugin.web.application import make_application

    return make_application(settings, services=services)


def init_app(
    app: Flask,
    url_prefix: str = "/courses",
    settings: Settings | None = None,
    *,
    services: Services | None = None,
) -> Flask:
    """Mount Coursekeeper in a clinic's existing Flask application, below `url_prefix`.

    Return the inner application. The host keeps its own sign-in, sessions, CSRF and error pages.
    """
    # Imported here for the same reason as above.
    from plugin.web.application import mount

    return mount(app, url_prefix, settings, services=services)
