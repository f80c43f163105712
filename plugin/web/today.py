"""Today: search first, then what needs a person, who came, and what was sold."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from plugin.courses.attention import list_attention
from plugin.courses.clinic import local_date
from plugin.courses.read import recent_sales
from plugin.courses.visits import visits_on
from plugin.web import current_house, live, pages
from plugin.web.access import AT_THE_DESK, allow

SALES_SHOWN = 8
ITEMS_SHOWN = 3

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@allow(*AT_THE_DESK)
def show() -> Response:
    """Show the day at the desk."""
    return live.screen("desk/today.html", "desk/_today.html", url_for("today.news"), **_day())


@blueprint.get("/today/live")
@allow(*AT_THE_DESK)
def news() -> Response:
    """Answer what is new on it."""
    return live.news("desk/_today.html", **_day())


def _day() -> dict[str, Any]:
    store = current_house().store
    today = local_date(pages.clinic(), pages.now())
    return {
        "items": list_attention(store, limit=ITEMS_SHOWN).rows,
        "visits": visits_on(store, today, today=today),
        "sales": recent_sales(store, limit=SALES_SHOWN, today=today),
    }
