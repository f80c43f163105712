"""The note and the details of a visit, before, during or after it; two who write at once lose nothing."""

from datetime import date

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act
from plugin.courses.base.clinic import local_date
from plugin.courses.checks.answers import CheckView, check_of, talk_over
from plugin.courses.visits.my_day import past_visits_of
from plugin.courses.visits.note_views import NotePlace, NoteView, may_read_points, read_note
from plugin.courses.visits.notes import NOTE_CHANGED, save_note
from plugin.courses.visits.visits import describe_visit
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, TREATS, Screens
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice, redirect_after_post
from plugin.web.desk import clients
from plugin.web.desk.forms import VisitDetailsForm
from plugin.web.desk.note_form import DeskNoteForm, NoteForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

MY_DAY = "my-day"

blueprint = Screens("notes", __name__)


@blueprint.get("/clients/<client_id>/visits/<visit_id>/note", roles=AT_THE_DESK)
def of_visit(client_id: str, visit_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    return _page(NotePlace(client_id, visit_id=visit_id), refusal)


@blueprint.post("/clients/<client_id>/visits/<visit_id>/note", roles=AT_THE_DESK, refused=of_visit)
def save_of_visit(client_id: str, visit_id: str) -> ResponseReturnValue:
    return _save(NotePlace(client_id, visit_id=visit_id))


@blueprint.get("/clients/<client_id>/notes/<day>", roles=AT_THE_DESK)
def of_day(client_id: str, day: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the note of a client's day as a form; once a session is used, it is that of the visit."""
    return _page(NotePlace(client_id, on_day=_day(day)), refusal)


@blueprint.post("/clients/<client_id>/notes/<day>", roles=AT_THE_DESK, refused=of_day)
def save_of_day(client_id: str, day: str) -> ResponseReturnValue:
    return _save(NotePlace(client_id, on_day=_day(day)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def _page(place: NotePlace, refusal: Refusal | None) -> ResponseReturnValue:
    act = act_without_form()
    store = current_services().store
    note = read_note(store, act, place)
    form = _form(note, refusal)
    return render_template(
        "desk/note.html",
        note=note,
        check=_check(act, note),
        form=form,
        address=_address(place, note),
        theirs=note if refusal is not None and refusal.field == NOTE_CHANGED else None,
        past=past_visits_of(store, act, note.client_id, before=note.day),
        back=_back(note, form.back.data),
    )


def _check(act: Act, note: NoteView) -> CheckView | None:
    """Return what the client answered before the treatment of today, for whoever writes about it."""
    services = current_services()
    is_today = note.day == local_date(pages.clinic(), act.now)
    is_on = services.settings.treatment_check and is_today
    return check_of(services.store, act, note.client_id) if is_on else None


def _save(place: NotePlace) -> ResponseReturnValue:
    act = current_act()
    form = _form_type().sent()
    saved = save_note(current_services().store, act, place, form.content, seen_version=form.seen_version)
    joined = "" if not saved.is_draft else _(" It joins the session once one is used that day.")
    flash_notice(Notice(_("Note saved.{joined}", joined=joined)))
    return redirect_after_post(_back(saved, form.back.data))


def _form_type() -> type[DeskNoteForm]:
    return NoteForm if may_read_points(act_without_form().actor) else DeskNoteForm


def _form(note: NoteView, refusal: Refusal | None) -> DeskNoteForm:
    """Return the form of a note, as it was sent where it was refused.

    After a conflict, saving again replaces the newest version knowingly.
    """
    form = _form_type().shown_note(note, refusal, back=request.args.get("back", ""))
    form.practitioner_id.choices = clients.practitioner_choices(
        note.content.practitioner_id, note.practitioner
    )
    if refusal is not None and refusal.field == NOTE_CHANGED:
        form.version.data = str(note.version)
    return form


def _address(place: NotePlace, note: NoteView) -> str:
    if place.visit_id is not None:
        return url_for("notes.save_of_visit", client_id=place.client_id, visit_id=place.visit_id)
    return url_for("notes.save_of_day", client_id=place.client_id, day=note.day.isoformat())


def _back(note: NoteView, from_page: str) -> str:
    """Return the page that the note was opened from: My day, or the client's."""
    if from_page == MY_DAY:
        return url_for("my_day.show", _anchor=f"d-{note.client_id}")
    return url_for("clients.show", client_id=note.owner_id)


_FIELDS = ("practitioner_id", "focus", "note", NOTE_CHANGED)

visits = Screens("visits", __name__)


def _page_again(visit_id: str, refusal: Refusal) -> ResponseReturnValue:
    client_id = refusal.typed.get("client_id", "")
    if refusal.field not in _FIELDS:
        return clients.refused(client_id, refusal)
    return clients.page(client_id, refused_details=refusal, refused_visit=visit_id)


@visits.post("/visits/<visit_id>/details", roles=AT_THE_DESK, refused=_page_again)
def describe(visit_id: str) -> ResponseReturnValue:
    form = VisitDetailsForm.sent()
    course = describe_visit(
        current_services().store,
        current_act(),
        visit_id,
        practitioner_id=form.practitioner_id.data or None,
        focus=form.focus.data,
        note=form.note.data,
        seen_version=form.version.number,
    )
    flash_notice(Notice(_("Visit details saved.")))
    return clients.after_deed(course.client_id)


checks = Screens("checks", __name__)


@checks.post("/clients/<client_id>/check", roles=TREATS)
def talk(client_id: str) -> ResponseReturnValue:
    talk_over(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("Noted. A session can be used.")))
    is_my_day = (request.referrer or "").split("?")[0].endswith(url_for("my_day.show"))
    address = url_for("my_day.show") if is_my_day else url_for("clients.show", client_id=client_id)
    return redirect_after_post(address)
