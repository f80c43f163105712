"""All courses, for the owner: filtered and sorted by the address, with sums, files, and acts on many of them."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.catalog.packages import package_names
from plugin.courses.lists.bulk import recent_bulk_acts
from plugin.courses.lists.course_list import (
    ORDERS,
    STATE_NAMES,
    CourseFilter,
    course_list_sheet,
    list_courses,
)
from plugin.courses.lists.keyset import Order, read_order
from plugin.courses.lists.listing import renew_some
from plugin.courses.lists.saved_views import views_of
from plugin.web import current_services, pages
from plugin.web.access import Screens, current_actor
from plugin.web.files import file_answer
from plugin.web.lists.asked import asked_view, practitioner_choices
from plugin.web.lists.course_forms import CourseFilterForm
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import Sorting, asked_sorting
from plugin.web.translations import N_

LISTING = "courses"
# The parameters of the address that make a view: the filters and the order.
VIEW = (*CourseFilterForm.NAMES, "sort")
SHOWN = 50
# What the list is asked for most, in the words of its tabs.
USUAL: tuple[tuple[str, dict[str, str]], ...] = (
    (N_("All"), {}),
    (N_("Current"), {"state": "current"}),
    (N_("Expiring in 30 days"), {"expires": "30", "sort": "expires"}),
    (N_("Balance due"), {"due": "y", "sort": "due"}),
    (N_("No visit for 6 weeks"), {"unseen": "42", "sort": "-visit"}),
    (N_("2 sessions left or fewer"), {"state": "current", "left": "2", "sort": "-left"}),
    (N_("Expired"), {"state": "expired", "sort": "-expires"}),
)

blueprint = Screens("course_list", __name__)


@blueprint.get("/courses")
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a page of the courses that meet the filters in the address."""
    services = current_services()
    renew_some(services.store, services.clock())
    with services.store.one_moment():
        form = _form(refusal)
        shown: dict[str, Any] = {"found": None}
        if refusal is None:
            wanted, cursor = asked_filter(form), request.args.get("after") or None
            shown["found"] = list_courses(
                services.store, wanted, asked_order(), now=pages.now(), limit=SHOWN, cursor=cursor
            )
        return render_template(
            "lists/courses.html",
            **shown,
            form=form,
            refusal=refusal,
            sorting=asked_course_sorting(),
            is_first=not request.args.get("after"),
            states=STATE_NAMES,
            usual=USUAL,
            views=views_of(services.store, current_actor(), LISTING),
            asked=asked_view(VIEW),
            recent=recent_bulk_acts(services.store, services.clock()),
        )


@blueprint.get("/courses.<ending>")
def save(ending: str) -> Response:
    """Return all courses that meet the filters, or the chosen ones, as a file."""
    services = current_services()
    renew_some(services.store, services.clock())
    form = _form(None)
    sheet = course_list_sheet(services.store, chosen_filter(form), asked_order(), now=pages.now())
    return file_answer(sheet, ending)


def asked_course_sorting() -> Sorting:
    """Return the order in the address."""
    return asked_sorting({key: order.is_descending for key, order in ORDERS.items()})


def asked_order() -> Order:
    """Return the columns that the order in the address sorts by."""
    return read_order(asked_course_sorting().word, ORDERS)


def asked_filter(form: CourseFilterForm) -> CourseFilter:
    """Return the filter in the address; raises InvalidForm with a sentence for each part that is invalid."""
    form.check()
    return form.filter


def chosen_filter(form: CourseFilterForm) -> CourseFilter:
    """Return the filter in the address, or that of the ticked courses where there are any."""
    ids = tuple(dict.fromkeys(form.course_ids))
    return CourseFilter(course_ids=ids) if ids and not form.is_everything else asked_filter(form)


def _form(refusal: Refusal | None) -> CourseFilterForm:
    form = CourseFilterForm.shown(refusal) if refusal else CourseFilterForm(request.args)
    return offered(form)


def offered(form: CourseFilterForm) -> CourseFilterForm:
    """Return the form with the packages and the practitioners of the clinic."""
    store = current_services().store
    form.offer(package_names(store), practitioner_choices(store))
    return form
