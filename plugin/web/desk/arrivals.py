"""Today's arrivals: a booked visit used, missed or undone with one tap; and who comes without a booking."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.visits.booked_visits import link_booking, take_back, use_booking
from plugin.courses.visits.check_in import mark_arrived, unmark_arrived
from plugin.courses.visits.no_shows import MissedVisit, decide_no_show
from plugin.courses.visits.reverse import UNDONE_AT_THE_DESK
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_to
from plugin.web.desk import clients, courses, today
from plugin.web.desk.forms import ArrivalForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("arrivals", __name__)


def _today_again(refusal: Refusal, booking_id: str) -> ResponseReturnValue:
    if refusal.charges:
        return today.page(second_charge=refusal, asked_booking=booking_id)
    flash_notice(Notice(refusal.message, is_bad=True))
    return today.page()


@blueprint.post("/bookings/<booking_id>/uses", roles=AT_THE_DESK, refused=_today_again)
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
    return today.after_deed()


@blueprint.post("/bookings/<booking_id>/arrival", roles=AT_THE_DESK, refused=_today_again)
def arrive(booking_id: str) -> ResponseReturnValue:
    mark_arrived(current_services().store, current_act(), booking_id)
    flash_notice(Notice(_("Marked as arrived.")))
    return today.after_deed()


@blueprint.post("/bookings/<booking_id>/departure", roles=AT_THE_DESK, refused=_today_again)
def leave(booking_id: str) -> ResponseReturnValue:
    """Take back that the client is here."""
    unmark_arrived(current_services().store, current_act(), booking_id)
    flash_notice(Notice(_("No longer marked as arrived.")))
    return today.after_deed()


@blueprint.post("/bookings/<booking_id>/link", roles=AT_THE_DESK, refused=_today_again)
def link(booking_id: str) -> ResponseReturnValue:
    """Check the booked visit in with a session that was already charged for it."""
    entry_id = ArrivalForm.sent().entry_id.data
    used = link_booking(current_services().store, current_act(), booking_id, entry_id)
    flash_notice(Notice(courses.said_of_link(used, courses.course(used.course_id))))
    return today.after_deed()


@blueprint.post("/bookings/<booking_id>/no-show", roles=AT_THE_DESK, refused=_today_again)
def miss(booking_id: str) -> ResponseReturnValue:
    """Record a missed visit, forgiven or charged."""
    form = ArrivalForm.sent()
    decided = decide_no_show(
        current_services().store, current_act(), booking_id, form.decision.data, **form.chosen
    )
    flash_notice(Notice(_said(decided)))
    return today.after_deed()


@blueprint.post("/bookings/<booking_id>/reversal", roles=AT_THE_DESK, refused=_today_again)
def undo(booking_id: str) -> ResponseReturnValue:
    """Undo what was tapped; the visit is expected again."""
    reason = ArrivalForm.sent().reason.data or UNDONE_AT_THE_DESK
    take_back(current_services().store, current_act(), booking_id, reason)
    flash_notice(Notice(_("Undone. The visit is expected again.")))
    return today.after_deed()


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
