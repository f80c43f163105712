"""Today: search, then bookings, attention items, visits and sales of the day."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.alarms.watch import AlarmView, worst_alarm
from plugin.core.acts import Role
from plugin.courses.attention.items import list_attention
from plugin.courses.base.clinic import local_date
from plugin.courses.base.read import recent_sales
from plugin.courses.page_versions import PageVersion, version_of_today
from plugin.courses.sales.checkouts import list_checkouts
from plugin.courses.square_health import square_away
from plugin.courses.visits.arrivals import arrivals_on
from plugin.courses.visits.visits import visits_on
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.actions import redirect_after_post

SALES_SHOWN = 8
ITEMS_SHOWN = 3
CHECKOUTS_SHOWN = 5
VISITS_SHOWN = 60

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@allow(*AT_THE_DESK)
def show() -> Response:
    """Show the day at the desk."""
    return page()


@blueprint.get("/today/live")
@allow(*AT_THE_DESK)
def news() -> Response:
    """Return the changed part of the page."""
    return live.news("desk/_today.html", _version(), _day)


def page(**more: Any) -> Response:
    """Return Today, or its live part to htmx; `more` overrides the defaults of the context."""
    address = url_for("today.news")
    rest = {"alarm": _worst_alarm()} | more
    return live.screen("desk/today.html", "desk/_today.html", address, _version(), lambda: _day() | rest)


def _worst_alarm() -> AlarmView | None:
    """Return the worst of what is wrong, for the owner, who can do something about it."""
    if current_user.role != Role.OWNER:
        return None
    return worst_alarm(current_services(), pages.now())


def after_deed() -> ResponseReturnValue:
    """Respond to an act on an arrival: Today in its current state."""
    return page() if live.is_shown(url_for("today.news")) else redirect_after_post(url_for("today.show"))


def _version() -> PageVersion:
    return version_of_today(current_services().store, pages.now())


def _day() -> dict[str, Any]:
    store = current_services().store
    today = local_date(pages.clinic(), pages.now())
    return {
        "away": square_away(store, pages.now()),
        "arrivals": arrivals_on(store, today, now=pages.now()),
        "items": list_attention(store, limit=ITEMS_SHOWN).rows,
        "visits": visits_on(store, today, today=today, limit=VISITS_SHOWN),
        "visits_shown": VISITS_SHOWN,
        "checkouts": list_checkouts(store, limit=CHECKOUTS_SHOWN, open_only=True),
        "sales": recent_sales(store, limit=SALES_SHOWN, today=today),
        "second_charge": None,
        "asked_booking": "",
    }
