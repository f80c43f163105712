"""One Flask application for many tests, each with services of its own. Independent of what it serves."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from plugin.courses.privacy.access_log import AccessLog
from plugin.services import Services
from plugin.web.access_log import OPENINGS


class SharedApplication:
    """An application made once for the same settings: its routes and templates are compiled for the first test, not
    for every test.

    A test that changes its application creates one of its own.
    """

    def __init__(self, make: Callable[[Services], Flask]) -> None:
        self._make = make
        self._made: list[tuple[dict[str, Any], Flask, object]] = []

    def serving(self, services: Services) -> Flask:
        """Return the application on these services, with no one's tries counted and nobody shown to anybody."""
        app = self._with(services)
        app.extensions["coursekeeper"] = services
        # Clients and people have the same ids in each test that begins alike.
        app.extensions[OPENINGS] = AccessLog()
        for limiter in app.extensions["limiter"]:
            # The tries of this process: in the database of a new test there are none.
            vars(limiter.storage).get("_own", limiter.storage).reset()
        return app

    def _with(self, services: Services) -> Flask:
        settings = services.settings.model_dump(exclude={"database_url"})
        app = next((app for known, app, _ in self._made if known == settings), None)
        if app is None:
            app = self._make(services)
            self._made.append((settings, app, _shape(app)))
        return app

    def assert_unchanged(self) -> None:
        assert all(_shape(app) == as_made for _, app, as_made in self._made), (
            "make an application of the test's own"
        )


def _shape(app: Flask) -> object:
    return dict(app.config), [rule.endpoint for rule in app.url_map.iter_rules()]
