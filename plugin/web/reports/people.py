"""People to call, for the desk and the owner; and own ratings of the clients of who is signed in."""

from itertools import groupby
from operator import attrgetter

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.lists.outcomes import SOONER_DAYS, Why
from plugin.courses.ratings.views import rated_clients, ratings_sheet
from plugin.courses.reports.follow_ups import (
    FollowUpFilter,
    FollowUpSort,
    follow_up_page,
    follow_ups,
    people_sheet,
)
from plugin.web import current_services, pages
from plugin.web.access import DESK, TREATS, Screens
from plugin.web.actions import act_without_form
from plugin.web.tables import Sorting, asked_one, asked_search, asked_sorting, file_answer, whole_number

blueprint = Screens("people_to_call", __name__)

# More than one person calls in a day; the file has them all.
SHOWN = 50
_LONGEST_NUMBER = 6


@blueprint.get("/people", roles=DESK)
def show() -> ResponseReturnValue:
    """Show the people to call, or those with one reason, or those that match the query."""
    wanted, skip = _asked(), whole_number(request.args.get("skip", ""), _LONGEST_NUMBER) or 0
    page = follow_up_page(current_services().store, pages.now(), wanted, limit=SHOWN, skip=skip)
    return render_template(
        "desk/people_to_call.html",
        people=page.people,
        skip=skip,
        following=skip + SHOWN if page.found > skip + SHOWN else None,
        counts=page.counts,
        everybody=page.everybody,
        waiting=page.waiting,
        why=wanted.why,
        q=wanted.words,
        sorting=_sorting(),
        sooner_days=SOONER_DAYS,
    )


@blueprint.get("/people.<ending>", roles=DESK)
def save(ending: str) -> Response:
    """Return the same list as a file."""
    return file_answer(people_sheet(follow_ups(current_services().store, pages.now(), _asked())), ending)


def _sorting() -> Sorting:
    return asked_sorting(dict.fromkeys(FollowUpSort, False))


def _asked() -> FollowUpFilter:
    sorting = _sorting()
    return FollowUpFilter(
        why=asked_one("why", Why),
        words=asked_search(),
        sort=FollowUpSort(sorting.key),
        is_descending=sorting.is_descending,
    )


own_ratings = Screens("own_ratings", __name__)


@own_ratings.get("/ratings", roles=TREATS)
def show_ratings() -> ResponseReturnValue:
    """Show the line of each concern, client by client."""
    services = current_services()
    rows = rated_clients(services.store, act_without_form())
    clients = [(client_id, tuple(theirs)) for client_id, theirs in groupby(rows, attrgetter("client_id"))]
    # The access log lists them as opened.
    g.opened_clients = [client_id for client_id, _theirs in clients]
    return render_template("desk/ratings.html", clients=clients, is_asked=services.settings.own_ratings)


@own_ratings.get("/ratings.<ending>", roles=TREATS)
def save_ratings(ending: str) -> Response:
    rows = rated_clients(current_services().store, act_without_form())
    return file_answer(ratings_sheet(rows), ending)
