"""One Flask application for many tests, each with services of its own. Independent of what it serves."""

from collections.abc import Callable

from flask import Flask

from plugin.courses.privacy.access_log import AccessLog
from plugin.services import Services
from plugin.web.access_log import OPENINGS
from tests.replay import changing_nothing


class SharedApplication:
    """An application made once: its routes and templates are compiled for the first test, not for every test.

    A test that changes its application creates one of its own.
    """

    def __init__(self, make: Callable[[Services], Flask]) -> None:
        self._make = make
        self._app: Flask | None = None
        self._as_made: object = None

    def serving(self, services: Services) -> Flask:
        """Return the application on these services, with no one's tries counted and nobody shown to anybody."""
        if self._app is None:
            self._app = self._make(services)
            self._as_made = _shape(self._app)
        self._app.extensions["coursekeeper"] = services
        # Clients and people have the same ids in each test that begins alike.
        self._app.extensions[OPENINGS] = AccessLog()
        # The tries of this process: in the database of a new test there are none.
        with changing_nothing(services.store):
            for limiter in self._app.extensions["limiter"]:
                limiter.reset()
        return self._app

    def assert_unchanged(self) -> None:
        assert self._app is None or _shape(self._app) == self._as_made, (
            "make an application of the test's own"
        )


def _shape(app: Flask) -> object:
    return dict(app.config), [rule.endpoint for rule in app.url_map.iter_rules()]
