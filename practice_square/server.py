"""The Flask app of the practice Square: the API, the control interface, the register."""

import hashlib

from flask import Flask

from practice_square.access.routes import oauth
from practice_square.control_api import control
from practice_square.practice import EXTENSION, Practice
from practice_square.register import register
from practice_square.routes import api
from practice_square.settings import PracticeSettings


def create_practice(settings: PracticeSettings) -> Flask:
    """Return the app. `serving` starts the webhook sender."""
    app = Flask("practice_square")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its base class does not
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"register:{settings.access_token}".encode()).hexdigest(),
        # A name of its own: cookies ignore ports, and Coursekeeper's desk is often on the same host.
        SESSION_COOKIE_NAME="practice_till",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=6_000_000,
        # A connection cut by a fault is no error: it is passed to the socket, unlogged.
        PROPAGATE_EXCEPTIONS=True,
    )
    app.extensions[EXTENSION] = Practice(settings)
    app.register_blueprint(api)
    app.register_blueprint(oauth)
    app.register_blueprint(control)
    app.register_blueprint(register)
    return app
