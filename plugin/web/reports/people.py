"""People to call, for the desk and the owner: few sessions left, an expiration soon, a long absence, a balance due."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.lists.outcomes import SOONER_DAYS, Why
from plugin.courses.reports.follow_ups import (
    FollowUpFilter,
    FollowUpSort,
    follow_up_page,
    follow_ups,
    people_sheet,
)
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.files import file_answer
from plugin.web.tables import Sorting, asked_one, asked_search, asked_sorting, whole_number

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
