"""The screens: a view parses, calls one use case, answers. Knows no table and no SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from plugin.house import House


def current_house() -> House:
    """Return the House this request is served from."""
    return cast("House", current_app.extensions["coursekeeper"])
