"""The forms about staff and API tokens."""

from typing import Any

from plugin.core.acts import Role
from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts.invitations import LICENSE_LENGTH, NewPerson
from plugin.courses.accounts.staff_edits import StaffDetails
from plugin.web.forms import Choice, Email, Form, Hidden, Text
from plugin.web.translations import N_

ROLES = (
    (Role.DESK.value, N_("Front desk")),
    (Role.PRACTITIONER.value, N_("Practitioner")),
    (Role.OWNER.value, N_("Owner")),
)
EXPIRIES = (("90", N_("In 90 days")), ("30", N_("In 30 days")), ("365", N_("In a year")), ("0", N_("Never")))
BY_MAIL, BY_LINK = "mail", "link"
_WHAT_ROLES_DO = N_(
    "Front desk: clients, sales and sessions. Practitioner: sessions and notes. Owner: everything."
)


_ADDRESS: dict[str, Any] = {
    "called": N_("The e-mail address"),
    "hint": N_("They sign in with it."),
}


class PersonForm(Form):
    """What the owner enters of a person. The address is missing on the owner's own page."""

    name = Text(N_("Name"), called=N_("The name"), required=True, maxlength=NAME_LENGTH)
    email = Email(N_("E-mail"), **_ADDRESS)
    role = Choice(N_("Role"), ROLES, hint=_WHAT_ROLES_DO, default=Role.DESK.value)
    printed_name = Text(
        N_("Name on papers"),
        hint=N_("With degrees, such as Lin Wu, L.Ac. Empty: the name above."),
        maxlength=NAME_LENGTH,
    )
    license = Text(
        N_("License"),
        hint=N_("Printed on course summaries, such as AC 12345. Empty: none."),
        maxlength=LICENSE_LENGTH,
    )

    def details(self) -> StaffDetails:
        """Return what was entered."""
        return StaffDetails(
            self.name.data, Role(self.role.data), self.email.data, self.printed_name.data, self.license.data
        )


class InviteForm(PersonForm):
    """A person to invite, and how they get the link."""

    email = Email(N_("E-mail"), required=True, **_ADDRESS)
    how = Choice(
        N_("How do they get the link to choose a password?"),
        ((BY_MAIL, N_("By e-mail")), (BY_LINK, N_("I show it: a link and a code to scan"))),
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
        N_("Name"),
        called=N_("The name"),
        hint=N_("What uses it, such as Kiosk."),
        required=True,
        maxlength=NAME_LENGTH,
    )
    token_role = Choice(N_("Role"), ROLES, hint=N_("What the program may do."), default=Role.DESK.value)
    expires_in = Choice(N_("Expires"), EXPIRIES, default="90")

    @property
    def days(self) -> int | None:
        """Return after how many days it expires, None for never."""
        return int(self.expires_in.data) or None
