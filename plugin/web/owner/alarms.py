"""Health, for the owner: every condition that is watched, who is told of it, and a test alarm."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.alarms.audit_runs import last_audit
from plugin.alarms.deliveries import has_webhook, recent_deliveries, recipients
from plugin.alarms.registry import conditions
from plugin.alarms.watch import send_test, since_when
from plugin.courses.base.sealing import ledger_head
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("alarms", __name__, url_prefix="/clinic/health")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show how everything is now, what lasts since when, and what was told to whom."""
    services = current_services()
    return render_template(
        "owner/alarms.html",
        conditions=conditions(services, pages.now()),
        since=since_when(services.store),
        audit=last_audit(services.store),
        head=ledger_head(services.store),
        recipients=recipients(services),
        can_mail=services.mail.is_ready,
        has_webhook=has_webhook(services),
        is_practice=services.settings.square_environment == "practice",
        deliveries=recent_deliveries(services.store),
        refusal=refusal,
    )


@blueprint.post("/test", refused=show)
def test() -> ResponseReturnValue:
    """Send a test alarm to everyone who gets alarms."""
    send_test(current_services(), current_act())
    return redirect_to(
        "alarms.show",
        _("The test alarm is on its way. Reload this page in a moment to see whether it arrived."),
        _anchor="told",
    )
