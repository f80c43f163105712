"""The courses behind a figure of the overview, for the owner."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.lists.listing import renew_some
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports import progress
from plugin.courses.reports.progress import ProgressBy, course_progress, progress_sheet
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.files import file_answer
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import asked_one, whole_number

blueprint = Screens("progress", __name__)

_LONGEST_ID = 200
_MOST_DIGITS = 3
_NAMES = ("outcome", "used", "package", "practitioner", "month", "visits", "again", "of")


@blueprint.get("/overview/courses")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the courses of the figure in the address."""
    store = current_services().store
    renew_some(store, pages.now())
    after = None if refusal else request.args.get("after") or None
    page, number = progress.courses_behind(store, _asked(), pages.today(), cursor=after)
    return render_template(
        "owner/progress.html",
        columns=progress.BEHIND,
        rows=page.rows,
        cursor=page.cursor,
        number=number,
        is_first=after is None,
        about=request.args.get("of", "")[:_LONGEST_ID],
        kept={name: request.args[name][:_LONGEST_ID] for name in _NAMES if request.args.get(name)},
        refusal=refusal,
    )


@blueprint.get("/overview/courses.<ending>")
def save(ending: str) -> Response:
    return file_answer(
        progress.courses_behind_sheet(current_services().store, _asked(), pages.today()), ending
    )


@blueprint.get("/overview/progress.<ending>")
def save_figures(ending: str) -> Response:
    by = asked_one("by", ProgressBy) or ProgressBy.PACKAGE
    return file_answer(progress_sheet(course_progress(current_services().store, pages.now(), by), by), ending)


def _asked() -> progress.ProgressFilter:
    outcomes = [each for each in request.args.get("outcome", "").split(",") if each in list(Outcome)]
    again = request.args.get("again", "")
    return progress.ProgressFilter(
        outcomes=tuple(map(Outcome, outcomes)),
        used=whole_number(request.args.get("used", ""), _MOST_DIGITS),
        package_id=request.args.get("package", "")[:_LONGEST_ID],
        practitioner_id=request.args.get("practitioner", "")[:_LONGEST_ID],
        month=request.args.get("month", "")[:_LONGEST_ID],
        has_intervals=request.args.get("visits", "") == "several",
        has_time_to_buy=again in ("of", "bought"),
        bought_again=again == "bought",
    )
