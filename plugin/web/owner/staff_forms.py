"""The forms about staff and API tokens."""

from __future__ import annotations

from typing import Any

from plugin.core.acts import Role
from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts.invitations import LICENSE_LENGTH, NewPerson
from plugin.courses.accounts.staff_edits import StaffDetails
from plugin.web.forms import Choice, Email, Form, Hidden, Text

ROLES = (
    (Role.DESK.value, "Front desk"),
    (Role.PRACTITIONER.value, "Practitioner"),
    (Role.OWNER.value, "Owner"),
)
EXPIRIES = (("90", "In 90 days"), ("30", "In 30 days"), ("365", "In a year"), ("0", "Never"))
BY_MAIL, BY_LINK = "mail", "link"
_WHAT_ROLES_DO = (
    "Front desk: clients, sales and sessions. Practitioner: sessions and notes. Owner: everything."
)


_ADDRESS: dict[str, Any] = {
    "called": "The e-mail address",
    "hint": "They sign in with it.",
    "type": "email",
    "maxlength": 254,
    "autocomplete": "off",
}


class PersonForm(Form):
    """What the owner enters of a person. The address is missing on the owner's own page."""

    name = Text("Name", called="The name", required=True, maxlength=NAME_LENGTH, autocomplete="off")
    email = Email("E-mail", **_ADDRESS)
    role = Choice("Role", ROLES, hint=_WHAT_ROLES_DO, default=Role.DESK.value)
    printed_name = Text(
        "Name on papers",
        hint="With degrees, such as Lin Wu, L.Ac. Empty: the name above.",
        maxlength=NAME_LENGTH,
        autocomplete="off",
    )
    license = Text(
        "License",
        hint="Printed on course summaries, such as AC 12345. Empty: none.",
        maxlength=LICENSE_LENGTH,
        autocomplete="off",
    )

    def details(self) -> StaffDetails:
        """Return what was entered."""
        return StaffDetails(
            self.name.data, Role(self.role.data), self.email.data, self.printed_name.data, self.license.data
        )


class InviteForm(PersonForm):
    """A person to invite, and how they get the link."""

    email = Email("E-mail", required=True, **_ADDRESS)
    how = Choice(
        "How do they get the link to choose a password?",
        ((BY_MAIL, "By e-mail"), (BY_LINK, "I show it: a link and a code to scan")),
        default=BY_LINK,
    )

    def person(self) -> NewPerson:
        """Return what was entered."""
        return NewPerson(
            self.email.data or "",
            self.name.data,
            Role(self.role.data),
            self.printed_name.data,
            self.license.data,
        )


class HowForm(Form):
    """How a link reaches a person."""

    how = Hidden()


class TokenForm(Form):
    """A new API token. Its fields have names of their own, since it shares the page with others."""

    token_name = Text(
        "Name",
        called="The name",
        hint="What uses it, such as Kiosk.",
        required=True,
        maxlength=NAME_LENGTH,
        autocomplete="off",
    )
    token_role = Choice("Role", ROLES, hint="What the program may do.", default=Role.DESK.value)
    expires_in = Choice("Expires", EXPIRIES, default="90")

    @property
    def days(self) -> int | None:
        """Return after how many days it expires, None for never."""
        return int(self.expires_in.data) or None
