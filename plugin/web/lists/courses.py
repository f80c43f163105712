"""All courses, for the owner: filtered and sorted by the address, with sums, files, and acts on many of them."""

from collections.abc import Iterable
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.accounts.staff import list_all_staff
from plugin.courses.base.keyset import Order, read_order
from plugin.courses.catalog.packages import package_names
from plugin.courses.lists.bulk import recent_bulk_acts
from plugin.courses.lists.course_list import (
    MOST_DAYS,
    MOST_LEFT,
    ORDERS,
    STATE_NAMES,
    CourseFilter,
    course_list_sheet,
    list_courses,
)
from plugin.courses.lists.listing import renew_some
from plugin.courses.lists.saved_views import views_of
from plugin.store import Store
from plugin.web import current_services, pages
from plugin.web.access import Screens, current_actor
from plugin.web.forms import Choice, Choices, Count, Day, Form, Several, Tick
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.tables import Sorting, asked_sorting, file_answer
from plugin.web.translations import N_, _


def asked_view(names: Iterable[str]) -> dict[str, str]:
    """Return what of the address makes a view: of these parameters, those that are not empty."""
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def practitioner_choices(store: Store) -> list[tuple[str, str]]:
    """Return who treats clients, by id and name."""
    treats = (Role.PRACTITIONER, Role.OWNER)
    return [(each.id, each.name) for each in list_all_staff(store) if each.role in treats]


_FIRST, _LAST = "2000-01-01", "2100-12-31"


def days_field(label: str, called: str = N_("The number of days")) -> Count:
    """Return the field for a number of days, or of sessions, that a list is filtered by."""
    return Count(label, called=called, inputmode="numeric", maxlength=4)


def refuse_huge(*fields: tuple[Count, int]) -> None:
    """Refuse each number that is larger than the most that makes sense."""
    for field, most in fields:
        if not field.errors and field.data is not None and field.data > most:
            field.errors = [_("Enter at most {most}.", most=f"{most:,}")]


class CourseFilterForm(Form):
    """The filters; each that is empty leaves out nothing."""

    state = Choice(
        N_("State"), (("", N_("Any state")), *((str(key), text) for key, text in STATE_NAMES.items()))
    )
    package = Choice(N_("Package"), said=N_("There is no such package. Choose one from the list."))
    practitioner = Choice(
        N_("Practitioner"), said=N_("There is no such practitioner. Choose one from the list.")
    )
    sold_from = Day(N_("Sold from"), min=_FIRST, max=_LAST)
    sold_to = Day(N_("Sold through"), min=_FIRST, max=_LAST)
    expires = days_field(N_("Expires within, days"))
    unseen = days_field(N_("No visit for, days"))
    left = days_field(N_("Sessions left, at most"), N_("The number of sessions"))
    due = Tick(N_("Balance due"))
    # The ticked rows, or all that meet the filters.
    course = Several()
    everything = Tick(N_("All that match"))

    NAMES = ("state", "package", "practitioner", "sold_from", "sold_to", "expires", "unseen", "left", "due")

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse numbers and days that no list has."""
        is_valid = bool(super().validate(extra_validators))
        refuse_huge((self.expires, MOST_DAYS), (self.unseen, MOST_DAYS), (self.left, MOST_LEFT))
        for day in (self.sold_from, self.sold_to):
            if not day.errors and day.data is not None and not _FIRST <= day.data.isoformat() <= _LAST:
                day.errors = [_("Enter a day between the years 2000 and 2100.")]
        first, last = self.sold_from.data, self.sold_to.data
        if not self.errors and first and last and last < first:
            self.sold_to.errors = [_("The last day is before the first day.")]
        return is_valid and not self.wrong

    def offer(self, packages: Choices, practitioners: Choices) -> None:
        self.package.choices = (("", _("Any package")), *packages)
        self.practitioner.choices = (("", _("Anyone")), *practitioners)

    @property
    def course_ids(self) -> list[str]:
        return self.course.data or []

    @property
    def is_everything(self) -> bool:
        """Return whether all courses that meet the filters are meant, not only those ticked."""
        return bool(self.everything.data)

    @property
    def filter(self) -> CourseFilter:
        return CourseFilter(
            state=self.state.data or "",
            package_id=self.package.data or "",
            practitioner_id=self.practitioner.data or "",
            sold_from=self.sold_from.data,
            sold_to=self.sold_to.data,
            expires_within=self.expires.data,
            has_due=self.due.data,
            not_seen_for=self.unseen.data,
            left_at_most=self.left.data,
        )


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
