"""Health, for the owner: every condition that is watched, who is told of it, and a test alarm."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from plugin.alarms.audit_runs import last_audit
from plugin.alarms.deliveries import has_webhook, recent_deliveries, recipients
from plugin.alarms.registry import conditions
from plugin.alarms.watch import send_test, since_when
from plugin.courses.base.sealing import ledger_head
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import _

blueprint = Blueprint("alarms", __name__, url_prefix="/clinic/health")


@blueprint.get("")
@allow()
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


@blueprint.post("/test")
@allow()
@refused_shows(show)
def test() -> ResponseReturnValue:
    """Send a test alarm to everyone who gets alarms."""
    send_test(current_services(), current_act())
    flash_notice(
        Notice(_("The test alarm is on its way. Reload this page in a moment to see whether it arrived."))
    )
    return redirect_after_post(url_for("alarms.show", _anchor="told"))
