"""One member of the staff, for the owner: inviting, changing, links to set a password, and sessions."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from invoices.pages.qr import qr_code
from plugin.core.acts import Role
from plugin.courses.accounts import second_factors, sign_ins, staff_edits
from plugin.courses.accounts.staff import StaffView, has_second_factor, read_staff
from plugin.courses.accounts.staff_edits import edit_staff
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.owner.staff import BY_LINK, BY_MAIL, HowForm, InviteForm, PersonForm
from plugin.web.refusals import InvalidForm, Refusal
from plugin.web.translations import _

blueprint = Screens("members", __name__, url_prefix="/clinic/staff")


@blueprint.get("/new")
def new(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form to invite a person."""
    return render_template("owner/staff_new.html", **invitation_form(refusal))


@blueprint.post("/new", fresh=FRESH_FOR, refused=new)
def create() -> ResponseReturnValue:
    """Invite a person, by e-mail or by a link that is shown once."""
    member, by_mail = invite_by_form()
    return redirect_after_post(url_for("staff.show")) if by_mail else _link_page(member)


@blueprint.get("/<staff_id>")
def show(staff_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
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


@blueprint.post("/<staff_id>", fresh=FRESH_FOR, refused=show)
def save(staff_id: str) -> ResponseReturnValue:
    form = PersonForm.sent()
    if form.email.data is None and staff_id != current_user.staff_id:
        raise InvalidForm({"email": _("The e-mail address is missing.")})
    member = edit_staff(current_services().store, current_act(), staff_id, form.details())
    flash_notice(Notice(_("{member} is saved.", member=member.name)))
    if member.id == current_user.staff_id and member.role is not Role.OWNER:
        # This page is an owner's alone.
        return redirect_to("today.show")
    return redirect_to("members.show", staff_id=staff_id)


@blueprint.post("/<staff_id>/invitation", fresh=FRESH_FOR, refused=show)
def renew(staff_id: str) -> ResponseReturnValue:
    """Make a new invitation; the earlier link ends."""
    by_mail = _is_by_mail(HowForm.sent().how.data)
    store, act = current_services().store, current_act()
    member = staff_edits.invite_again(store, act, staff_id, by_mail=by_mail, base_url=_base_of_links())
    return _sent(member) if by_mail else _link_page(member)


@blueprint.post("/<staff_id>/withdrawal", refused=show)
def end_invitation(staff_id: str) -> ResponseReturnValue:
    member = staff_edits.withdraw(current_services().store, current_act(), staff_id)
    return redirect_to(
        "staff.show",
        _("The invitation of {member} is withdrawn. Its link no longer works.", member=member.name),
    )


@blueprint.post("/<staff_id>/reset-link", fresh=FRESH_FOR, refused=show)
def reset(staff_id: str) -> ResponseReturnValue:
    """Send or show a link to choose a new password."""
    store = current_services().store
    if _is_by_mail(HowForm.sent().how.data):
        return _sent(staff_edits.send_reset_link(store, current_act(), staff_id, base_url=_base_of_links()))
    return _link_page(staff_edits.person_to_reset(store, current_act(), staff_id))


@blueprint.post("/<staff_id>/sign-outs", refused=show)
def sign_out_everywhere(staff_id: str) -> ResponseReturnValue:
    """Sign a person out in every browser."""
    store = current_services().store
    sign_ins.end_others(store, current_act(), staff_id)
    return redirect_to(
        "members.show",
        _("{member} is signed out everywhere.", member=read_staff(store, staff_id).name),
        staff_id=staff_id,
    )


@blueprint.post("/<staff_id>/sign-outs/<sign_in_id>", refused=show)
def sign_out(staff_id: str, sign_in_id: str) -> ResponseReturnValue:
    store = current_services().store
    sign_ins.end_one(store, current_act(), staff_id, sign_in_id)
    return redirect_to(
        "members.show",
        _("{member} is signed out there.", member=read_staff(store, staff_id).name),
        staff_id=staff_id,
    )


@blueprint.post("/<staff_id>/second-step", fresh=FRESH_FOR, refused=show)
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
    return redirect_to("members.show", said, staff_id=staff_id)


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
        "members.show", _("The e-mail to {email} is on its way.", email=member.email), staff_id=member.id
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
