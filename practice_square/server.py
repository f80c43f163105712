"""Puts the practice Square together as a Flask app: the API, the control interface, the register."""

from __future__ import annotations

import hashlib

from flask import Flask

from practice_square import (
    control_api_clinic,
    routes_catalog,
    routes_disputes,
    routes_money,
    routes_places,
)
from practice_square.access.routes import oauth
from practice_square.api import api
from practice_square.appointments import routes as routes_appointments
from practice_square.checkout import routes_control, routes_invoices, routes_links, routes_terminal
from practice_square.control_api import control
from practice_square.directory import routes as routes_directory
from practice_square.practice import EXTENSION, Practice
from practice_square.register import register
from practice_square.settings import PracticeSettings

# Importing a routes module writes its calls on the blueprint; naming them keeps the imports honest.
ROUTES = (
    routes_catalog,
    routes_money,
    routes_places,
    routes_terminal,
    routes_links,
    routes_invoices,
    routes_control,
    routes_appointments,
    routes_directory,
    routes_disputes,
    control_api_clinic,
)


def create_practice(settings: PracticeSettings) -> Flask:
    """Make the app. The webhook sender rests until `the_practice(app).sender.start()`; serving.py does that."""
    app = Flask("practice_square")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its base class does not
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"register:{settings.access_token}".encode()).hexdigest(),
        # A name of its own: cookies do not know ports, and Coursekeeper's desk is often on the same host.
        SESSION_COOKIE_NAME="practice_till",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=6_000_000,
        # A connection cut on order is no error of ours: it goes through to the socket, unlogged.
        PROPAGATE_EXCEPTIONS=True,
    )
    app.extensions[EXTENSION] = Practice(settings)
    app.register_blueprint(api)
    app.register_blueprint(oauth)
    app.register_blueprint(control)
    app.register_blueprint(register)
    return app
