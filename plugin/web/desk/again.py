"""Selling the package of a course once more with one tap, by a payment link to its client."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from plugin.courses.sales.buy_again import buy_again
from plugin.web import current_services
from plugin.web.access import DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.translations import _

blueprint = Screens("again", __name__)


@blueprint.post("/courses/<course_id>/again", roles=DESK)
def propose(course_id: str) -> ResponseReturnValue:
    """Begin the sale, or show the one that was begun from this course."""
    services = current_services()
    begun = buy_again(
        services.store,
        current_act(),
        course_id,
        is_mailed=services.mail.is_ready,
        needs_agreement=agreements_are_required(),
    )
    if begun.state == "paid":
        flash_notice(Notice(_("It was bought again already: this is that sale.")))
    return redirect_to("checkouts.show", checkout_id=begun.id)
