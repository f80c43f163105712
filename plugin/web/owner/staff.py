"""Staff and API tokens, for the owner: who has access, inviting, changing, and ending it at once."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from invoices.pages.qr import qr_code
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.core.text import NAME_LENGTH
from plugin.courses.accounts import second_factors, sign_ins, staff_edits
from plugin.courses.accounts.api_tokens import create_token, list_tokens, revoke_token
from plugin.courses.accounts.staff import (
    StaffView,
    deactivate_staff,
    has_second_factor,
    list_all_staff,
    reactivate_staff,
    read_staff,
    with_second_factor,
)
from plugin.courses.accounts.staff_edits import LICENSE_LENGTH, NewPerson, StaffDetails, edit_staff
from plugin.courses.base.sheet import Columns, sheet_of
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.forms import Choice, Email, Form, Hidden, Text
from plugin.web.refusals import InvalidForm, Refusal
from plugin.web.tables import SortKey, file_answer, sort_rows
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
        "Last sign-in": lambda each: day_at(each.last_signed_in_at, zone) if each.last_signed_in_at else None,
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


members = Screens("members", __name__, url_prefix="/clinic/staff")


@members.get("/new")
def new(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form to invite a person."""
    return render_template("owner/staff_new.html", **invitation_form(refusal))


@members.post("/new", fresh=FRESH_FOR, refused=new)
def create() -> ResponseReturnValue:
    """Invite a person, by e-mail or by a link that is shown once."""
    member, by_mail = invite_by_form()
    return redirect_after_post(url_for("staff.show")) if by_mail else _link_page(member)


@members.get("/<staff_id>")
def show_member(staff_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show a person: what is known of them, their access and where they are signed in."""
    services, now = current_services(), pages.now()
    member = read_staff(services.store, staff_id)
    form = PersonForm.shown_beside_others(refusal, of=member)
    expires = member.invitation_expires_at
    return render_template(
        "owner/staff_person.html",
        member=member,
        has_second_step=has_second_factor(services.store, staff_id),
        is_self=member.id == current_user.staff_id,
        form=form,
        refusal=refusal,
        sign_ins=sign_ins.list_sign_ins(services.store, staff_id, now),
        can_mail=services.mail.is_ready,
        now=now,
        is_expired=expires is not None and expires <= now,
    )


@members.post("/<staff_id>", fresh=FRESH_FOR, refused=show_member)
def save_member(staff_id: str) -> ResponseReturnValue:
    form = PersonForm.sent()
    if form.email.data is None and staff_id != current_user.staff_id:
        raise InvalidForm({"email": _("The e-mail address is missing.")})
    member = edit_staff(current_services().store, current_act(), staff_id, form.details())
    flash_notice(Notice(_("{member} is saved.", member=member.name)))
    if member.id == current_user.staff_id and member.role is not Role.OWNER:
        # This page is an owner's alone.
        return redirect_to("today.show")
    return redirect_to("members.show_member", staff_id=staff_id)


@members.post("/<staff_id>/invitation", fresh=FRESH_FOR, refused=show_member)
def renew(staff_id: str) -> ResponseReturnValue:
    """Make a new invitation; the earlier link ends."""
    by_mail = _is_by_mail(HowForm.sent().how.data)
    store, act = current_services().store, current_act()
    member = staff_edits.invite_again(store, act, staff_id, by_mail=by_mail, base_url=_base_of_links())
    return _sent(member) if by_mail else _link_page(member)


@members.post("/<staff_id>/withdrawal", refused=show_member)
def end_invitation(staff_id: str) -> ResponseReturnValue:
    member = staff_edits.withdraw(current_services().store, current_act(), staff_id)
    return redirect_to(
        "staff.show",
        _("The invitation of {member} is withdrawn. Its link no longer works.", member=member.name),
    )


@members.post("/<staff_id>/reset-link", fresh=FRESH_FOR, refused=show_member)
def reset(staff_id: str) -> ResponseReturnValue:
    """Send or show a link to choose a new password."""
    store = current_services().store
    if _is_by_mail(HowForm.sent().how.data):
        return _sent(staff_edits.send_reset_link(store, current_act(), staff_id, base_url=_base_of_links()))
    return _link_page(staff_edits.person_to_reset(store, current_act(), staff_id))


@members.post("/<staff_id>/sign-outs", refused=show_member)
def sign_out_everywhere(staff_id: str) -> ResponseReturnValue:
    """Sign a person out in every browser."""
    store = current_services().store
    sign_ins.end_others(store, current_act(), staff_id)
    return redirect_to(
        "members.show_member",
        _("{member} is signed out everywhere.", member=read_staff(store, staff_id).name),
        staff_id=staff_id,
    )


@members.post("/<staff_id>/sign-outs/<sign_in_id>", refused=show_member)
def sign_out(staff_id: str, sign_in_id: str) -> ResponseReturnValue:
    store = current_services().store
    sign_ins.end_one(store, current_act(), staff_id, sign_in_id)
    return redirect_to(
        "members.show_member",
        _("{member} is signed out there.", member=read_staff(store, staff_id).name),
        staff_id=staff_id,
    )


@members.post("/<staff_id>/second-step", fresh=FRESH_FOR, refused=show_member)
def reset_second_step(staff_id: str) -> ResponseReturnValue:
    """Remove the second step of a person who has lost it."""
    store = current_services().store
    member = second_factors.reset_second_step(store, current_act(), staff_id)
    if member.password_hash:
        said = _(
            "The second step of {member} is removed. The password alone signs in now.", member=member.name
        )
    else:
        said = _(
            "The second step of {member} is removed. Send a reset link: there is no password.",
            member=member.name,
        )
    return redirect_to("members.show_member", said, staff_id=staff_id)


def invitation_form(refusal: Refusal | None) -> dict[str, Any]:
    """Return what a page needs of the form to invite a person."""
    can_mail = current_services().mail.is_ready
    return {
        "form": InviteForm.shown(refusal, how=BY_MAIL if can_mail else BY_LINK),
        "can_mail": can_mail,
    }


def invite_by_form() -> tuple[StaffView, bool]:
    """Invite the person of the form; return them, and whether the link was sent by e-mail."""
    form = InviteForm.sent()
    by_mail = _is_by_mail(form.how.data)
    store, act = current_services().store, current_act()
    member = staff_edits.invite(store, act, form.person(), by_mail=by_mail, base_url=_base_of_links())
    if by_mail:
        flash_notice(
            Notice(
                _(
                    "{member} is invited. The e-mail to {email} is on its way.",
                    member=member.name,
                    email=member.email,
                )
            )
        )
    return member, by_mail


def _is_by_mail(how: str) -> bool:
    """Return whether a link is sent by e-mail; raises Refused where mail is not set up."""
    if how == BY_MAIL and not current_services().mail.is_ready:
        raise Refused(_("E-mail is not set up. Show the link instead."), code="no_mail")
    return how == BY_MAIL


def _sent(member: StaffView) -> ResponseReturnValue:
    return redirect_to(
        "members.show_member",
        _("The e-mail to {email} is on its way.", email=member.email),
        staff_id=member.id,
    )


def _link_page(member: StaffView) -> ResponseReturnValue:
    return render_template("owner/staff_link.html", **link_of(member))


def link_of(member: StaffView) -> dict[str, Any]:
    """Return what a page shows of a new link for this person."""
    settings, now, base_url = current_services().settings, pages.now(), _base_of_links()
    return {
        "member": member,
        "code": qr_code(staff_edits.link_address(settings, member, now, base_url=base_url)),
        "expires_at": staff_edits.expires_at(member, now),
        "is_loopback": staff_edits.is_loopback(base_url),
    }


def _base_of_links() -> str:
    """Return what a link for staff begins with."""
    # Until PUBLIC_URL names an address that others reach, the one the owner's browser uses is a better guess.
    public_url = current_services().settings.public_url
    return request.url_root if staff_edits.is_loopback(public_url) else public_url
