"""The courses behind a figure of the overview, for the owner."""

from dataclasses import replace

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.text import folded
from plugin.courses.base.columns import Share
from plugin.courses.base.keyset import read_order
from plugin.courses.lists.listing import renew_some
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.reports import progress
from plugin.courses.reports.progress import CourseProgress, ProgressBy, course_progress, progress_sheet
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.usage import figure_form
from plugin.web.tables import (
    Sorting,
    SortKey,
    asked_one,
    asked_sorting,
    file_answer,
    one_of,
    sort_rows,
    whole_number,
)

blueprint = Screens("progress", __name__)

_LONGEST_ID = 200
_MOST_DIGITS = 3
# Of the courses with time to buy another: all of them, or those whose client did.
_AGAIN = ("of", "bought")
_SEVERAL = "several"
_NAMES = ("outcome", "used", "package", "practitioner", "month", "visits", "again", "of", "sort")


@blueprint.get("/overview/courses")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the courses of the figure in the address."""
    store = current_services().store
    renew_some(store, pages.now())
    after = None if refusal else request.args.get("after") or None
    sorting = _sorting()
    order = read_order(sorting.word, progress.ORDERS)
    page, number = progress.courses_behind(store, _asked(), pages.today(), order, cursor=after)
    return render_template(
        "owner/progress.html",
        columns=progress.BEHIND,
        rows=page.rows,
        cursor=page.cursor,
        number=number,
        is_first=after is None,
        about=request.args.get("of", "")[:_LONGEST_ID],
        kept={name: request.args[name][:_LONGEST_ID] for name in _NAMES if request.args.get(name)},
        form=figure_form(request.args.get("package", ""), request.args.get("practitioner", "")),
        sorting=sorting,
        refusal=refusal,
    )


@blueprint.get("/overview/courses.<ending>")
def save(ending: str) -> Response:
    order = read_order(_sorting().word, progress.ORDERS)
    store = current_services().store
    return file_answer(progress.courses_behind_sheet(store, _asked(), pages.today(), order), ending)


def _sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in progress.ORDERS.items()})


@blueprint.get("/overview/progress.<ending>")
def save_figures(ending: str) -> Response:
    by = asked_by()
    found, _sorting = sorted_progress(course_progress(current_services().store, pages.now(), by), by)
    return file_answer(progress_sheet(found, by), ending)


def asked_by() -> ProgressBy:
    return asked_one("by", ProgressBy) or ProgressBy.PACKAGE


def sorted_progress(found: CourseProgress, by: ProgressBy) -> tuple[CourseProgress, Sorting]:
    """Return the figures in the order in the address, else the latest month or the most courses first."""
    is_month = by is ProgressBy.MONTH
    name = SortKey(lambda row: row.key if is_month else folded(row.name) or None, is_descending=is_month)
    courses = SortKey(lambda row: sum(row.outcomes.values()), is_descending=True)
    keys = {"name": name, "courses": courses} if is_month else {"courses": courses, "name": name}
    rows, sorting = sort_rows(found.rows, {**keys, **_FIGURES}, "progress")
    return replace(found, rows=tuple(rows)), sorting


def _part(share: Share) -> float | None:
    return share.part / share.whole if share.whole else None


_FIGURES = {
    "completed": SortKey(lambda row: _part(row.completed), is_descending=True),
    "stalled": SortKey(lambda row: row.outcomes[Outcome.STALLED], is_descending=True),
    "expired": SortKey(lambda row: row.outcomes[Outcome.EXPIRED], is_descending=True),
    "under_way": SortKey(lambda row: row.outcomes[Outcome.UNDER_WAY], is_descending=True),
    "stops": SortKey(lambda row: row.stops_most_after),
    "days": SortKey(lambda row: row.average_days, is_descending=True),
    "again": SortKey(lambda row: _part(row.again), is_descending=True),
}


def _asked() -> progress.ProgressFilter:
    outcomes = [each for each in request.args.get("outcome", "").split(",") if each]
    again = asked_one("again", _AGAIN)
    return progress.ProgressFilter(
        outcomes=tuple(one_of(Outcome, each, field="outcome") for each in outcomes),
        used=whole_number(request.args.get("used", ""), _MOST_DIGITS),
        package_id=request.args.get("package", "")[:_LONGEST_ID],
        practitioner_id=request.args.get("practitioner", "")[:_LONGEST_ID],
        month=request.args.get("month", "")[:_LONGEST_ID],
        has_intervals=asked_one("visits", (_SEVERAL,)) is not None,
        has_time_to_buy=again is not None,
        bought_again=again == "bought",
    )
