"""Health and backups, for the owner: what is watched and who is told of it, and the copies that are kept."""

from pathlib import Path
from typing import Any

from flask import Response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from plugin.alarms.machine_checks import last_audit
from plugin.alarms.notices import has_webhook, recent_deliveries, recipients
from plugin.alarms.registry import conditions, send_test, since_when
from plugin.backups.records import renew_passphrase
from plugin.backups.standing import ask_for_backup, backup_standing, copy_named
from plugin.backups.versions import newer_version
from plugin.courses.base.sealing import ledger_head
from plugin.courses.page_versions import PageVersion, version_of_backups
from plugin.version import VERSION
from plugin.web import current_services, live, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.refusals import Refusal
from plugin.web.tables import SortKey, name_file, sort_rows
from plugin.web.translations import _

blueprint = Screens("backups", __name__, url_prefix="/clinic/backups")
_LIVE = "owner/_backups.html"
# Shown at once; the rest is behind a tap.
SHOWN = 6


@blueprint.get("")
def show(refusal: Refusal | None = None) -> Response:
    address = url_for("backups.news", sort=request.args.get("sort"))
    return live.screen(
        "owner/backups.html", _LIVE, address, _version(), lambda: _now() | {"refusal": refusal}
    )


@blueprint.post("/now", refused=show)
def back_up() -> ResponseReturnValue:
    """Have the worker make a copy now."""
    ask_for_backup(current_services(), current_act())
    return redirect_to("backups.show")


@blueprint.post("/passphrase", fresh=FRESH_FOR, refused=show)
def renew() -> ResponseReturnValue:
    """Make a new passphrase and show it, this once; copies are encrypted with it from the next one on."""
    services, act = current_services(), current_act()
    passphrase = renew_passphrase(services, act)
    ask_for_backup(services, act)
    return render_template("owner/passphrase.html", passphrase=passphrase)


@blueprint.get("/<name>", fresh=FRESH_FOR)
def fetch(name: str) -> Response:
    file: Path = copy_named(current_services(), name)
    answer = send_file(file.resolve(), mimetype="application/x-tar", conditional=True)
    return name_file(answer, name, "attachment")


_SORTS = {
    "made": SortKey(lambda copy: (copy.made_at, copy.name), is_descending=True),
    "size": SortKey(lambda copy: copy.size, is_descending=True),
}


def _version() -> PageVersion:
    return version_of_backups(current_services().store, pages.now())


def _now() -> dict[str, Any]:
    services = current_services()
    standing = backup_standing(services)
    copies, sorting = sort_rows(standing.copies, _SORTS)
    return {
        "standing": standing,
        "copies": copies,
        "sorting": sorting,
        "shown": SHOWN,
        "version": VERSION,
        "newer": newer_version(services.settings, services.store),
    }


alarms = Screens("alarms", __name__, url_prefix="/clinic/health")


@alarms.get("", endpoint="show")
def show_alarms(refusal: Refusal | None = None) -> ResponseReturnValue:
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


@alarms.post("/test", refused=show_alarms)
def test() -> ResponseReturnValue:
    """Send a test alarm to everyone who gets alarms."""
    send_test(current_services(), current_act())
    return redirect_to(
        "alarms.show",
        _("The test alarm is on its way. Reload this page in a moment to see whether it arrived."),
        _anchor="told",
    )


live.add_news(blueprint, "/live", _LIVE, _version, lambda: _now() | {"refusal": None})
