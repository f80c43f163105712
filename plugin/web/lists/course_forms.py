"""The form of the course list's filters, which stand in the address."""

from __future__ import annotations

from typing import Any

from plugin.courses.lists.course_list import MOST_DAYS, MOST_LEFT, STATE_NAMES, CourseFilter
from plugin.web.forms import Choice, Choices, Count, Day, Form, Several, Tick
from plugin.web.translations import N_, _

_FIRST, _LAST = "2000-01-01", "2100-12-31"


def days_field(label: str, called: str = N_("The number of days")) -> Count:
    """Return the field for a number of days, or of sessions, that a list is filtered by."""
    return Count(label, called=called, inputmode="numeric", maxlength=4, autocomplete="off")


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
            self.sold_to.errors = [_("The last day lies before the first one.")]
        return is_valid and not self.wrong

    def offer(self, packages: Choices, practitioners: Choices) -> None:
        """Set what the lists offer."""
        self.package.choices = (("", _("Any package")), *packages)
        self.practitioner.choices = (("", _("Anyone")), *practitioners)

    @property
    def course_ids(self) -> list[str]:
        """Return the ticked courses."""
        return self.course.data or []

    @property
    def is_everything(self) -> bool:
        """Return whether all courses that meet the filters are meant, not only those ticked."""
        return bool(self.everything.data)

    @property
    def filter(self) -> CourseFilter:
        """Return the filter."""
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
