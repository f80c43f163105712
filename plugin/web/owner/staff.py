"""Staff and API tokens, for the owner: who has access, ending it at once, and new tokens."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts.api_tokens import create_token, list_tokens, revoke_token
from plugin.courses.accounts.staff import (
    StaffView,
    deactivate_staff,
    list_all_staff,
    reactivate_staff,
    with_second_factor,
)
from plugin.courses.accounts.staff_edits import LICENSE_LENGTH, NewPerson, StaffDetails
from plugin.courses.base.sheet import Columns, sheet_of
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.files import file_answer
from plugin.web.forms import Choice, Email, Form, Hidden, Text
from plugin.web.refusals import Refusal
from plugin.web.tables import SortKey, sort_rows
from plugin.web.translations import N_, _

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


# Who is active first, by name, unless another order is asked for.
_SORTS = {
    "state": SortKey(lambda each: (not each.is_active, each.name.casefold())),
    "name": SortKey(lambda each: each.name.casefold()),
    "role": SortKey(lambda each: (list(Role).index(each.role), each.name.casefold())),
    "sign_in": SortKey(lambda each: each.last_signed_in_at, is_descending=True),
}

blueprint = Screens("staff", __name__, url_prefix="/clinic/staff")


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show who may sign in and which API tokens there are."""
    store = current_services().store
    now = pages.now()
    tokens = list_tokens(store)
    staff, sorting = sort_rows(list_all_staff(store), _SORTS)
    return render_template(
        "owner/staff.html",
        staff=staff,
        sorting=sorting,
        tokens=[each for each in tokens if each.state(now) == "active"],
        ended=[(each, each.state(now)) for each in tokens if each.state(now) != "active"],
        refusal=refusal,
        now=now,
        protected=with_second_factor(store),
        form=TokenForm.shown_beside_others(refusal),
    )


@blueprint.get("/list.<ending>")
def save(ending: str) -> Response:
    """Return who may sign in, or once could, as a file."""
    store = current_services().store
    staff, _sorting = sort_rows(list_all_staff(store), _SORTS)
    return file_answer(sheet_of(_("Staff"), _sheet(with_second_factor(store)), staff), ending)


def _sheet(protected: Collection[str]) -> Columns[StaffView]:
    zone = pages.clinic().zone
    return {
        "Name": lambda each: each.name,
        "E-mail": lambda each: each.email,
        "Role": lambda each: each.role.value,
        "State": lambda each: each.state,
        "Last sign-in": lambda each: (
            each.last_signed_in_at.astimezone(zone).date() if each.last_signed_in_at else None
        ),
        "Second factor": lambda each: "on" if each.id in protected else "off",
    }


@blueprint.post("/<staff_id>/deactivation", refused=show)
def deactivate(staff_id: str) -> ResponseReturnValue:
    """End a person's access and their open sessions."""
    person = deactivate_staff(current_services().store, current_act(), staff_id)
    return redirect_to(
        "staff.show", _("{person} is deactivated and signed out everywhere.", person=person.name)
    )


@blueprint.post("/<staff_id>/reactivation", refused=show)
def reactivate(staff_id: str) -> ResponseReturnValue:
    """Let a person sign in again."""
    person = reactivate_staff(current_services().store, current_act(), staff_id)
    if person.state == "invited":
        return redirect_to(
            "staff.show",
            _(
                "{person} is active again. Make a new invitation so that they can choose a password.",
                person=person.name,
            ),
        )
    return redirect_to(
        "staff.show", _("{person} can sign in again, with the same password as before.", person=person.name)
    )


@blueprint.post("/tokens", fresh=FRESH_FOR, refused=show)
def add_token() -> ResponseReturnValue:
    """Create a token and show it, this once."""
    form, act = TokenForm.sent(), current_act()
    token = create_token(
        current_services().store,
        act,
        name=form.token_name.data,
        role=Role(form.token_role.data),
        expires_at=act.now + timedelta(days=form.days) if form.days else None,
    )
    return render_template("owner/token.html", token=token, name=form.token_name.data)


@blueprint.post("/tokens/<token_id>/revocation", refused=show)
def revoke(token_id: str) -> ResponseReturnValue:
    token = revoke_token(current_services().store, current_act(), token_id)
    return redirect_to(
        "staff.show", _("The token “{token}” is revoked. Programs that use it are refused.", token=token.name)
    )
