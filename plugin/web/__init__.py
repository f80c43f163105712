"""The screens: a view parses the request, calls one use case and renders the response. No SQL here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from plugin.services import Services


def current_services() -> Services:
    return cast("Services", current_app.extensions["coursekeeper"])
