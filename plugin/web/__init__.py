"""The screens: a view parses, calls one use case, answers. Knows no table and no SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from plugin.services import Services


def current_services() -> Services:
    """Return the House this request is served from."""
    return cast("Services", current_app.extensions["coursekeeper"])
