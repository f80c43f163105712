"""The form of the client list's filters, which stand in the address."""

from __future__ import annotations

from typing import Any

from plugin.courses.lists.client_list import LETTERS, ClientFilter
from plugin.courses.lists.course_list import MOST_DAYS
from plugin.web.forms import Choice, Choices, Form, Tick
from plugin.web.lists.course_forms import days_field, refuse_huge
from plugin.web.translations import N_, _


class ClientFilterForm(Form):
    """The filters; each that is empty leaves out nothing."""

    usable = Tick(N_("Has sessions to use"))
    due = Tick(N_("Balance due"))
    unlinked = Tick(N_("Not in Square"))
    expires = days_field(N_("Expires within, days"))
    unseen = days_field(N_("No visit for, days"))
    language = Choice(N_("Language"), said=N_("No client has this language. Choose one from the list."))
    practitioner = Choice(
        N_("Practitioner"), said=N_("There is no such practitioner. Choose one from the list.")
    )
    letter = Choice(N_("Letter"), (("", N_("Any")), *((each, each) for each in LETTERS)))

    NAMES = ("usable", "due", "unlinked", "expires", "unseen", "language", "practitioner", "letter")

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse numbers that no list has."""
        is_valid = bool(super().validate(extra_validators))
        refuse_huge((self.expires, MOST_DAYS), (self.unseen, MOST_DAYS))
        return is_valid and not self.wrong

    def offer(self, languages: Choices, practitioners: Choices) -> None:
        """Set what the lists offer."""
        self.language.choices = (("", _("Any language")), *languages)
        self.practitioner.choices = (("", _("Anyone")), *practitioners)

    def filter(self, *, shows_money: bool) -> ClientFilter:
        """Return the filter; what is due is no one's business who doesn't see money."""
        return ClientFilter(
            is_usable=bool(self.usable.data),
            expires_within=self.expires.data,
            has_due=bool(self.due.data) and shows_money,
            not_seen_for=self.unseen.data,
            language=self.language.data or "",
            practitioner_id=self.practitioner.data or "",
            is_not_in_square=bool(self.unlinked.data),
            letter=self.letter.data or "",
        )
