"""My day: for those who treat, their clients of today with the visits before; one tap to the note."""

from typing import Any

from flask import Response, g, request, url_for

from plugin.courses.page_versions import PageVersion, version_of_today
from plugin.courses.visits.my_day import my_day
from plugin.web import current_services, live, pages
from plugin.web.access import TREATS, Screens
from plugin.web.actions import act_without_form

blueprint = Screens("my_day", __name__)


@blueprint.get("/my-day", roles=TREATS)
def show() -> Response:
    """Show the day of the person who is signed in, or everybody's."""
    return live.screen("desk/my_day.html", "desk/_my_day.html", _address(), _version(), _day)


def _is_everyone() -> bool:
    return request.args.get("who") == "everyone"


def _address() -> str:
    return url_for("my_day.news", who="everyone") if _is_everyone() else url_for("my_day.news")


def _version() -> PageVersion:
    return version_of_today(current_services().store, pages.now())


def _day() -> dict[str, Any]:
    everyone = _is_everyone()
    services = current_services()
    is_checked = services.settings.treatment_check
    clients = my_day(services.store, act_without_form(), everyone=everyone, with_checks=is_checked)
    # The page shows notes of each of them: the access log lists it as opened.
    g.opened_clients = [each.client_id for each in clients if each.client_id]
    return {"clients": clients, "everyone": everyone, "is_checked": is_checked}


live.add_news(blueprint, "/my-day/live", "desk/_my_day.html", _version, _day, roles=TREATS)
