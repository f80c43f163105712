"""The short steps of the set-up: second step, printer, team; and the way from one step to the next."""

from flask import Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.setup import DONE, SKIPPED, hide_checklist, mark_step, read_setup
from plugin.courses.accounts.staff import list_staff
from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.drafts import draft_summary
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_after_post, redirect_to
from plugin.web.files import pdf_answer
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.members import invitation_form, invite_by_form, link_of
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import STEPS, frame_of, next_address, note_done, step_address

blueprint = Screens("first_steps", __name__, url_prefix="/first-steps")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Lead to the first step that is neither done nor left for later."""
    setup = read_setup(current_services().store)
    passed = setup.steps if setup else {}
    step = next((name for name in STEPS if name not in passed), None)
    return redirect(step_address(step) if step else url_for("today.show"), code=303)


@blueprint.post("/<step>/skip")
def skip(step: str) -> ResponseReturnValue:
    if step not in STEPS:
        abort(404)
    mark_step(current_services().store, current_act(), step, SKIPPED)
    return redirect_after_post(next_address(step))


@blueprint.post("/checklist/hide")
def hide() -> ResponseReturnValue:
    hide_checklist(current_services().store, current_act())
    return redirect_to("today.show")


paper = Screens("setup_paper", __name__, url_prefix="/first-steps/paper")


@paper.get("", endpoint="show")
def show_paper() -> ResponseReturnValue:
    let_page_hold_frame()
    return render_template("setup/paper.html", **frame_of("paper"))


@paper.get("/test.pdf")
def pdf() -> Response:
    """Return the paper as it is printed; opening it does the step."""
    services = current_services()
    made = drawn(services.store, services.render, draft_summary(pages.clinic()))
    note_done("paper")
    return pdf_answer(made)


staff = Screens("setup_staff", __name__, url_prefix="/first-steps/staff")


@staff.get("", endpoint="show")
def show_staff(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form, and who is there already."""
    return render_template(
        "setup/staff.html",
        **frame_of("staff"),
        **invitation_form(refusal),
        staff=list_staff(current_services().store),
    )


@staff.post("", fresh=FRESH_FOR, refused=show_staff)
def create() -> ResponseReturnValue:
    member, by_mail = invite_by_form()
    mark_step(current_services().store, current_act(), "staff", DONE)
    if not by_mail:
        return render_template("setup/staff_link.html", **frame_of("staff"), **link_of(member))
    return redirect_to("setup_staff.show")


protect = Screens("setup_protect", __name__, url_prefix="/first-steps/protect")


@protect.get("", endpoint="show")
def show_protect() -> ResponseReturnValue:
    """Say why, and lead to the pages that set it up; once it is, the step is done."""
    is_protected = current_user.signed.has_second_factor
    if is_protected:
        note_done("protect")
    return render_template(
        "setup/protect.html",
        **frame_of("protect"),
        is_protected=is_protected,
        has_password=bool(current_user.password),
    )
