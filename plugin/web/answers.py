"""What became of a form whose answer was lost: asked with its idempotency key by the next page of the same window."""

from __future__ import annotations

from flask import Blueprint

from plugin.courses.base.idempotency import is_answered
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, allow

blueprint = Blueprint("answers", __name__)


@blueprint.get("/answers/<key>")
@allow(*AT_THE_DESK)
def show(key: str) -> dict[str, bool]:
    """Say whether the form with this key was carried out."""
    return {"is_done": is_answered(current_services().store, key)}
