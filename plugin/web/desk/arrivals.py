"""Today: search, attention items, what is due, visits and sales; and arrivals used, missed or undone with one tap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.alarms.registry import AlarmView, worst_alarm
from plugin.core.acts import Role
from plugin.courses.accounts.staff_edits import see_own_clients
from plugin.courses.attention.items import list_attention
from plugin.courses.base.read import recent_sales
from plugin.courses.page_versions import PageVersion, version_of_today
from plugin.courses.reports.overview import DueToday, due_today
from plugin.courses.sales.checkouts import list_checkouts
from plugin.courses.square_health import square_away
from plugin.courses.visits.arrivals import Arrival, arrivals_on, grouped
from plugin.courses.visits.booked_visits import link_booking, take_back, use_booking
from plugin.courses.visits.check_in import mark_arrived, unmark_arrived
from plugin.courses.visits.no_shows import MissedVisit, decide_no_show
from plugin.courses.visits.reverse import UNDONE_AT_THE_DESK
from plugin.courses.visits.visits import planned_on, visits_on
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, TREATS, Screens
from plugin.web.actions import (
    Notice,
    current_act,
    flash_notice,
    is_fragment,
    redirect_after_post,
    redirect_to,
)
from plugin.web.desk import clients, courses
from plugin.web.desk.forms import ArrivalForm, OwnClientsForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

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


arrivals = Screens("arrivals", __name__)


def _today_again(refusal: Refusal, booking_id: str) -> ResponseReturnValue:
    if refusal.charges:
        return page(second_charge=refusal, asked_booking=booking_id)
    flash_notice(Notice(refusal.message, is_bad=True))
    return page()


@arrivals.post("/bookings/<booking_id>/uses", roles=AT_THE_DESK, refused=_today_again)
def use(booking_id: str) -> ResponseReturnValue:
    services = current_services()
    used = use_booking(
        services.store,
        current_act(),
        booking_id,
        **ArrivalForm.sent().chosen,
        has_mail=services.mail.is_ready,
        needs_check=services.settings.use_needs_check,
    )
    of = courses.course(used.course_id)
    said = f"{of.client_name}: {courses.said_of_use(used, of)}"
    flash_notice(Notice(said, undo_booking_id=booking_id))
    return after_deed()


@arrivals.post("/bookings/<booking_id>/arrival", roles=AT_THE_DESK, refused=_today_again)
def arrive(booking_id: str) -> ResponseReturnValue:
    mark_arrived(current_services().store, current_act(), booking_id)
    flash_notice(Notice(_("Marked as arrived.")))
    return after_deed()


@arrivals.post("/bookings/<booking_id>/departure", roles=AT_THE_DESK, refused=_today_again)
def leave(booking_id: str) -> ResponseReturnValue:
    """Take back that the client is here."""
    unmark_arrived(current_services().store, current_act(), booking_id)
    flash_notice(Notice(_("No longer marked as arrived.")))
    return after_deed()


@arrivals.post("/bookings/<booking_id>/link", roles=AT_THE_DESK, refused=_today_again)
def link(booking_id: str) -> ResponseReturnValue:
    """Check the booked visit in with a session that was already charged for it."""
    entry_id = ArrivalForm.sent().entry_id.data
    used = link_booking(current_services().store, current_act(), booking_id, entry_id)
    flash_notice(Notice(courses.said_of_link(used, courses.course(used.course_id))))
    return after_deed()


@arrivals.post("/bookings/<booking_id>/no-show", roles=AT_THE_DESK, refused=_today_again)
def miss(booking_id: str) -> ResponseReturnValue:
    """Record a missed visit, forgiven or charged."""
    form = ArrivalForm.sent()
    decided = decide_no_show(
        current_services().store, current_act(), booking_id, form.decision.data, **form.chosen
    )
    flash_notice(Notice(_said(decided)))
    return after_deed()


@arrivals.post("/bookings/<booking_id>/reversal", roles=AT_THE_DESK, refused=_today_again)
def undo(booking_id: str) -> ResponseReturnValue:
    """Undo what was tapped; the visit is expected again."""
    reason = ArrivalForm.sent().reason.data or UNDONE_AT_THE_DESK
    take_back(current_services().store, current_act(), booking_id, reason)
    flash_notice(Notice(_("Undone. The visit is expected again.")))
    return after_deed()


def _said(decided: MissedVisit) -> str:
    if decided.charged is not None:
        return _(
            "No-show charged. {left_after}",
            left_after=courses.left_after(decided.charged.course_id, decided.charged.entry),
        )
    offer = decided.offer
    if offer.allowed:
        return _(
            "No-show waived, {forgiven} of {allowed} by now.",
            forgiven=offer.forgiven,
            allowed=offer.allowed,
        )
    return _("No-show waived.")


# One match is acted on; a second one only says that it is not the only one.
SHOWN = 2

walk_ins = Screens("walk_ins", __name__)


@walk_ins.get("/today/found", roles=AT_THE_DESK)
def find() -> ResponseReturnValue:
    """Return the tap that uses a session of the only match, or that creates who is not found."""
    if not is_fragment():
        return redirect_to("clients.find", q=request.args.get("q", ""))
    shown = clients.found(SHOWN)
    return render_template("desk/_walk_in.html", is_a_name=_is_a_name(shown["q"]), **shown)


def _is_a_name(q: str) -> bool:
    return any(ch.isalpha() for ch in q) and "@" not in q
