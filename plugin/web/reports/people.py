"""People to call, for the desk and the owner: few sessions left, an expiration soon, a long absence, a balance due."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.reports.follow_ups import SOONER_DAYS, FollowUp, Why, follow_ups
from plugin.courses.reports.sheets import people_sheet
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import file_answer
from plugin.web.tables import Sorting, SortKey, asked_search, matching, sort_rows

blueprint = Blueprint("people_to_call", __name__)

# No one calls more in a day, and ten thousand rows are two megabytes of HTML; the file has them all.
SHOWN = 200
_SORTS = {
    "hurry": SortKey(lambda _one: 0),
    "name": SortKey(lambda one: one.name.casefold()),
    "last_visit": SortKey(lambda one: one.last_visit or date.min),
}


@blueprint.get("/people")
@allow(Role.DESK)
def show() -> ResponseReturnValue:
    """Show the people to call, or those with one reason, or those that match the query."""
    everybody = follow_ups(current_services().store, pages.now())
    why, q, (chosen, sorting) = _why(), asked_search(), _chosen(everybody)
    return render_template(
        "desk/people_to_call.html",
        people=chosen[:SHOWN],
        not_shown=max(0, len(chosen) - SHOWN),
        counts={each: sum(one.has(each) for one in everybody) for each in Why},
        everybody=len(everybody),
        why=why,
        q=q,
        sorting=sorting,
        sooner_days=SOONER_DAYS,
        kept={name: value for name, value in (("why", why or ""), ("q", q)) if value},
    )


@blueprint.get("/people.<ending>")
@allow(Role.DESK)
def save(ending: str) -> Response:
    """Return the same list as a file."""
    return file_answer(people_sheet(_chosen(follow_ups(current_services().store, pages.now()))[0]), ending)


def _why() -> Why | None:
    asked = request.args.get("why", "")
    return Why(asked) if asked in list(Why) else None


def _chosen(people: tuple[FollowUp, ...]) -> tuple[list[FollowUp], Sorting]:
    why = _why()
    found = matching((one for one in people if why is None or one.has(why)), _searchable)
    return sort_rows(found, _SORTS)


def _searchable(one: FollowUp) -> str:
    packages = " ".join(reason.package_name for reason in one.reasons)
    return f"{one.name} {one.phone or ''} {one.email or ''} {packages}"
