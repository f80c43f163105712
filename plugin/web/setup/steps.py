"""The short steps of the set-up (second step, printer, team), the way between steps, and the checklist."""

from dataclasses import dataclass

from flask import Flask, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.backups.folder import last_copy_at
from plugin.core.acts import Role
from plugin.courses.accounts.setup import DONE, SKIPPED, SetupView, hide_checklist, mark_step, read_setup
from plugin.courses.accounts.staff import list_staff
from plugin.courses.catalog.packages import is_any_published
from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.drafts import draft_summary
from plugin.courses.handouts.texts import count_to_review, list_texts
from plugin.courses.square_health import read_connection
from plugin.services import Services
from plugin.square.connection.status import is_connected
from plugin.store import Store
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.account.demanded import is_demanded
from plugin.web.actions import current_act, redirect_after_post, redirect_to
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.staff import invitation_form, invite_by_form, link_of
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import STEPS, frame_of, next_address, note_done, step_address
from plugin.web.tables import pdf_answer
from plugin.web.translations import _

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


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """Something a clinic does once, whether it is done, and where."""

    title: str
    is_done: bool
    address: str


def set_up(app: Flask) -> None:
    """Let Today ask for the checklist."""
    app.jinja_env.globals.update(checklist=checklist, setup_goes_on=setup_goes_on)


def setup_goes_on() -> str:
    """Return where the owner goes on with the set-up, "" where it is through or another page is demanded first."""
    if not current_user.is_authenticated or current_user.role != Role.OWNER or is_demanded():
        return ""
    setup = read_setup(current_services().store)
    if setup is None or setup.hidden_at is not None or all(step in setup.steps for step in STEPS):
        return ""
    return url_for("first_steps.show")


def checklist() -> list[ChecklistItem]:
    """Return the items for the owner, none once all are done, hidden, or the clinic was not set up in the browser."""
    services = current_services()
    if not current_user.is_authenticated or current_user.role != Role.OWNER:
        return []
    setup = read_setup(services.store)
    if setup is None or setup.closed_at is None or setup.hidden_at is not None:
        return []
    items = _items(services, setup)
    return [] if all(each.is_done for each in items) else items


def _items(services: Services, setup: SetupView) -> list[ChecklistItem]:
    is_in = is_connected(services) and not read_connection(services.store).problem
    return [
        ChecklistItem(_("Enter your clinic"), setup.steps.get("clinic") == DONE, step_address("clinic")),
        ChecklistItem(_("Connect Square"), is_in, step_address("square")),
        ChecklistItem(_("Publish a package"), is_any_published(services.store), step_address("packages")),
        ChecklistItem(_("Set up e-mail"), services.mail.is_ready, step_address("mail")),
        ChecklistItem(_("Print a test page"), setup.steps.get("paper") == DONE, step_address("paper")),
        ChecklistItem(
            _("Review the aftercare texts"), _are_texts_reviewed(services.store), url_for("texts.show")
        ),
        ChecklistItem(_("Make a backup"), _has_backup(services), url_for("backups.show")),
        ChecklistItem(
            _("Protect your sign-in"), current_user.signed.has_second_factor, step_address("protect")
        ),
        ChecklistItem(_("Invite your team"), len(list_staff(services.store)) > 1, step_address("staff")),
    ]


def _are_texts_reviewed(store: Store) -> bool:
    # Before there is a package there is no treatment, and nothing that could have been reviewed.
    return not count_to_review(store) and bool(list_texts(store))


def _has_backup(services: Services) -> bool:
    try:
        return last_copy_at(services.settings) is not None
    except OSError:
        # A folder that can't be read has an alarm of its own.
        return False
