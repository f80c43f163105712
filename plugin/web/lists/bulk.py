"""Acts on the ticked courses, or on all that match: extend, print, e-mail. Previewed, carried out, undone."""

from dataclasses import replace

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.courses.base.attention import count_open
from plugin.courses.handouts.batches import MOST_PAPERS, PDF, start_batch
from plugin.courses.handouts.selection import CALLED, Choice
from plugin.courses.lists.bulk import (
    BulkView,
    cancel_bulk,
    preview_email,
    preview_extension,
    read_bulk,
    start_bulk,
    undo_bulk,
)
from plugin.courses.lists.course_list import CourseFilter, count_courses, owners_of
from plugin.courses.lists.listing import renew_some
from plugin.courses.page_versions import PageVersion, version_of_count
from plugin.errors import NotFound
from plugin.web import current_services, live, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.forms import Form, Hidden, Several, count_field, reason_field
from plugin.web.lists.courses import VIEW, CourseFilterForm, asked_order, chosen_filter, offered
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

ACTS = ("extend", "print", "email")

blueprint = Screens("bulk", __name__)


class ExtendManyForm(Form):
    """By how many days, and why."""

    days = count_field(N_("Extend by, days"), N_("The number of days"), required=True, maxlength=4)
    reason = reason_field()


class PrintManyForm(Form):
    """Which papers, and as what."""

    paper = Several()
    form = Hidden()


@blueprint.get("/courses/<what>")
def choose(what: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Ask what is to be done with the chosen courses, and say how many they are."""
    if what not in ACTS:
        raise NotFound(_("There is no such page."))
    services = current_services()
    renew_some(services.store, services.clock())
    form = ExtendManyForm.shown(refusal, days=30)
    chosen = CourseFilterForm(request.values)
    wanted = chosen_filter(offered(chosen)) if chosen.is_everything or chosen.course_ids else None
    count = count_courses(services.store, wanted, pages.now()) if wanted is not None else 0
    return render_template(
        "lists/bulk_new.html",
        what=what,
        form=form,
        refusal=refusal,
        count=count,
        kept=_kept(chosen),
        papers=CALLED,
        most=MOST_PAPERS,
        has_mail=services.mail.is_ready,
    )


def _choose_again(refusal: Refusal) -> ResponseReturnValue:
    return choose(request.path.rsplit("/", 1)[-1], refusal)


@blueprint.post("/courses/extend", refused=_choose_again)
def extend() -> ResponseReturnValue:
    """Preview the extension of the chosen courses."""
    form = ExtendManyForm.sent()
    bulk_id = preview_extension(
        current_services().store,
        current_act(),
        _chosen(),
        asked_order(),
        days=form.days.number,
        reason=form.reason.data,
    )
    return redirect_to("bulk.show", bulk_id=bulk_id)


@blueprint.post("/courses/email", refused=_choose_again)
def email() -> ResponseReturnValue:
    """Preview the e-mails with the summaries of the chosen courses."""
    bulk_id = preview_email(current_services().store, current_act(), _chosen(), asked_order())
    return redirect_to("bulk.show", bulk_id=bulk_id)


@blueprint.post("/courses/print", refused=_choose_again)
def print_papers() -> ResponseReturnValue:
    """Start a batch of the papers of the chosen courses."""
    services, form = current_services(), PrintManyForm.sent()
    owners = owners_of(services.store, _chosen(), asked_order(), pages.now(), MOST_PAPERS + 1)
    choice = Choice(
        tuple(sorted(set(owners.values()))), tuple(form.paper.data or ()), course_ids=tuple(sorted(owners))
    )
    batch_id = start_batch(services.store, current_act(), choice, form.form.data or PDF)
    return redirect_to("batches.show_batch", batch_id=batch_id)


@blueprint.get("/courses/bulk/<bulk_id>")
def show(bulk_id: str) -> ResponseReturnValue:
    """Show a preview, the progress, or what became of the courses."""
    address = url_for("bulk.news", bulk_id=bulk_id)
    view = read_bulk(current_services().store, bulk_id)
    return live.screen("lists/bulk.html", "lists/_bulk.html", address, _version(view), lambda: {"act": view})


@blueprint.get("/courses/bulk/<bulk_id>/live")
def news(bulk_id: str) -> ResponseReturnValue:
    """Return the changed part of the page."""
    view = read_bulk(current_services().store, bulk_id)
    return live.news("lists/_bulk.html", _version(view), lambda: {"act": view})


@blueprint.post("/courses/bulk/<bulk_id>/<step>")
def take(bulk_id: str, step: str) -> ResponseReturnValue:
    """Carry out what was previewed, cancel it, or undo what was done."""
    steps = {"start": start_bulk, "cancel": cancel_bulk, "undo": undo_bulk}
    if step not in steps:
        raise NotFound(_("There is no such step."))
    steps[step](current_services().store, current_act(), bulk_id)
    if step == "cancel":
        flash_notice(Notice(_("Canceled. What was not changed yet stays as it is.")))
    return redirect_to("bulk.show", bulk_id=bulk_id)


def _chosen() -> CourseFilter:
    """Return the chosen courses; raises InvalidForm for an invalid filter."""
    services = current_services()
    renew_some(services.store, services.clock())
    form = offered(CourseFilterForm(request.form))
    if not form.is_everything:
        # No tick at all is no choice, not all courses.
        return CourseFilter(course_ids=tuple(dict.fromkeys(form.course_ids)))
    return replace(chosen_filter(form), course_ids=None)


def _kept(form: CourseFilterForm) -> list[tuple[str, str]]:
    """Return what says which courses are chosen, as hidden fields."""
    names = (*VIEW, "everything")
    values = [(name, request.values.get(name, "")) for name in names]
    return [
        *((name, value) for name, value in values if value),
        *(("course", one) for one in form.course_ids),
    ]


def _version(view: BulkView) -> PageVersion:
    services = current_services()
    version = version_of_count(services.store, services.clock())
    counts = "".join(f"{state}{count}" for state, count in sorted(view.counts.items()))
    return PageVersion(f"{version.mark}{view.state}{counts}", count_open(services.store))
