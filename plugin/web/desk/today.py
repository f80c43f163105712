"""Today: search, then attention items, arrivals by time, what is due, visits and sales of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.alarms.watch import AlarmView, worst_alarm
from plugin.core.acts import Role
from plugin.courses.accounts.staff_edits import see_own_clients
from plugin.courses.attention.items import list_attention
from plugin.courses.base.read import recent_sales
from plugin.courses.page_versions import PageVersion, version_of_today
from plugin.courses.reports.overview import DueToday, due_today
from plugin.courses.sales.checkouts import list_checkouts
from plugin.courses.square_health import square_away
from plugin.courses.visits.arrivals import Arrival, arrivals_on, grouped
from plugin.courses.visits.planned import planned_on
from plugin.courses.visits.visits import visits_on
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, TREATS, Screens
from plugin.web.actions import current_act, redirect_after_post, redirect_to
from plugin.web.desk.forms import OwnClientsForm

SALES_SHOWN = 8
ITEMS_SHOWN = 3
DUE_SHOWN = 5
CHECKOUTS_SHOWN = 5
VISITS_SHOWN = 60

blueprint = Screens("today", __name__)


@blueprint.get("/", roles=AT_THE_DESK)
def show() -> Response:
    return page()


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


@blueprint.post("/today/clients", roles=TREATS)
def choose() -> ResponseReturnValue:
    """Show only one's own clients from now on, or everyone."""
    see_own_clients(current_services().store, current_act(), alone=OwnClientsForm.sent().own.data == "yes")
    return redirect_to("today.show")


@dataclass(frozen=True, slots=True)
class OwnClients:
    """Whether Today shows the person's own clients alone, and how many of its appointments are theirs."""

    is_on: bool
    own: int
    all: int


def _day() -> dict[str, Any]:
    store = current_services().store
    today = pages.today()
    booked = arrivals_on(store, today, now=pages.now(), with_canceled=True)
    visits = visits_on(store, today, today=today, limit=VISITS_SHOWN)
    own = _own_clients(booked or ())
    arrivals = [each for each in booked or () if _is_shown(each.practitioner_id, own)]
    return {
        "away": square_away(store, pages.now()),
        "takes_bookings": booked is not None,
        "arrivals": arrivals,
        "groups": grouped(arrivals, pages.now()),
        "own": own,
        "planned": planned_on(store, today),
        "due": _due(today),
        "due_shown": DUE_SHOWN,
        "items": list_attention(store, limit=ITEMS_SHOWN).rows,
        "visits": [each for each in visits if _is_shown(each.visit.practitioner_id, own)],
        "visits_shown": VISITS_SHOWN,
        "checkouts": list_checkouts(store, limit=CHECKOUTS_SHOWN, open_only=True),
        "sales": recent_sales(store, limit=SALES_SHOWN, today=today),
        "second_charge": None,
        "asked_booking": "",
    }


def _own_clients(booked: Sequence[Arrival]) -> OwnClients | None:
    """Return the filter for who treats; an owner has it once an appointment is with them."""
    if current_user.role == Role.DESK:
        return None
    own = sum(each.practitioner_id == current_user.staff_id for each in booked)
    is_on = current_user.sees_own_clients
    if current_user.role == Role.OWNER and not (own or is_on):
        return None
    return OwnClients(is_on, own, len(booked))


def _is_shown(practitioner_id: str | None, own: OwnClients | None) -> bool:
    return own is None or not own.is_on or practitioner_id == current_user.staff_id


def _due(today: date) -> DueToday | None:
    """Return what falls due; it is about money, so it is not a practitioner's."""
    if current_user.role == Role.PRACTITIONER:
        return None
    return due_today(current_services().store, today, limit=DUE_SHOWN)


live.add_news(blueprint, "/today/live", "desk/_today.html", _version, _day, roles=AT_THE_DESK)
