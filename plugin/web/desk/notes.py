"""The note and the details of a visit, before, during or after it; and the day of those who treat."""

from datetime import date
from typing import Any, Self

from flask import Response, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act
from plugin.core.moments import day_at
from plugin.core.text import NOTE_LENGTH
from plugin.courses.checks.answers import CheckView, check_of, talk_over
from plugin.courses.page_versions import PageVersion, version_of_today
from plugin.courses.visits.my_day import my_day, past_visits_of
from plugin.courses.visits.note_views import NoteContent, NotePlace, NoteView, may_read_points, read_note
from plugin.courses.visits.notes import NOTE_CHANGED, PRIVATE_LENGTH, save_note
from plugin.courses.visits.visits import describe_visit
from plugin.errors import InvalidField
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, TREATS, Screens
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice, redirect_after_post
from plugin.web.desk import clients
from plugin.web.desk.forms import VisitDetailsForm
from plugin.web.forms import Choice, Form, Hidden, Paragraph, Several, Text, count_field
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, N_n, _

# The usual intervals, one tap each; any other number of days is typed.
INTERVALS = (7, 14, 21, 28, 42, 56, 91)


class DeskNoteForm(Form):
    """What the front desk may read and write of a note. `version` is the one it was opened at."""

    practitioner_id = Choice(N_("Practitioner"))
    option = Several()
    focus = Text(
        N_("Other focus"),
        hint=N_("In your own words; printed on the papers."),
        maxlength=NOTE_LENGTH,
    )
    interval = Choice(
        N_("Next visit"),
        (
            ("", N_("As usual")),
            *(
                (
                    str(days),
                    N_n("{n} week", "{n} weeks", days // 7),
                )
                for days in INTERVALS
            ),
        ),
        said=N_("Choose one of the intervals."),
    )
    interval_days = count_field(N_("Or in so many days"), N_("The number of days"))
    note = Text(
        N_("Note for the clinic"),
        hint=N_("Everyone who signs in reads it. Not on papers."),
        maxlength=NOTE_LENGTH,
    )
    version = Hidden()
    back = Hidden()

    @classmethod
    def shown_note(cls, note: NoteView, refusal: Refusal | None, *, back: str = "") -> Self:
        """Return the form of a note, or as it was sent where it was refused."""
        return cls.shown(refusal, **cls._values(note), back=back)

    @classmethod
    def _values(cls, note: NoteView) -> dict[str, Any]:
        content = note.content
        is_usual = content.interval_days in INTERVALS
        return {
            "practitioner_id": content.practitioner_id or "",
            "option": list(content.option_ids),
            "focus": content.focus,
            "interval": str(content.interval_days) if is_usual else "",
            "interval_days": None if is_usual else content.interval_days,
            "note": content.note,
            "version": str(note.version),
        }

    @property
    def seen_version(self) -> int:
        """Return the version that was seen; raises InvalidField where the page did not send it."""
        if self.version.number is None:
            raise InvalidField(_("The version is missing."), field="version")
        return self.version.number

    @property
    def content(self) -> NoteContent:
        """Return what was written; a typed number of days counts before a tapped one."""
        return NoteContent(
            practitioner_id=self.practitioner_id.data or None,
            option_ids=tuple(self.option.data or ()),
            focus=self.focus.data,
            note=self.note.data,
            interval_days=self.interval_days.data
            or (int(self.interval.data) if self.interval.data else None),
            **self._private(),
        )

    def _private(self) -> dict[str, Any]:
        return {}


class NoteForm(DeskNoteForm):
    """All of a note, for those who treat."""

    points = Paragraph(N_("Points"), rows=3, maxlength=PRIVATE_LENGTH)
    observations = Paragraph(N_("Observations"), rows=4, maxlength=PRIVATE_LENGTH)

    @classmethod
    def _values(cls, note: NoteView) -> dict[str, Any]:
        private = {name: getattr(note.content, name) or "" for name in ("points", "observations")}
        return super()._values(note) | private

    def _private(self) -> dict[str, Any]:
        return {"points": self.points.data, "observations": self.observations.data}


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
    is_today = note.day == day_at(act.now, pages.clinic().zone)
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
        return url_for("my_day.show_my_day", _anchor=f"d-{note.client_id}")
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
    is_my_day = (request.referrer or "").split("?")[0].endswith(url_for("my_day.show_my_day"))
    address = url_for("my_day.show_my_day") if is_my_day else url_for("clients.show", client_id=client_id)
    return redirect_after_post(address)


days = Screens("my_day", __name__)


@days.get("/my-day", roles=TREATS)
def show_my_day() -> Response:
    """Show the day of the person who is signed in, or everybody's."""
    return live.screen("desk/my_day.html", "desk/_my_day.html", _address_of_day(), _version(), _chosen_day)


def _is_everyone() -> bool:
    return request.args.get("who") == "everyone"


def _address_of_day() -> str:
    return url_for("my_day.news", who="everyone") if _is_everyone() else url_for("my_day.news")


def _version() -> PageVersion:
    return version_of_today(current_services().store, pages.now())


def _chosen_day() -> dict[str, Any]:
    everyone = _is_everyone()
    services = current_services()
    is_checked = services.settings.treatment_check
    clients = my_day(services.store, act_without_form(), everyone=everyone, with_checks=is_checked)
    # The page shows notes of each of them: the access log lists it as opened.
    g.opened_clients = [each.client_id for each in clients if each.client_id]
    return {"clients": clients, "everyone": everyone, "is_checked": is_checked}


live.add_news(days, "/my-day/live", "desk/_my_day.html", _version, _chosen_day, roles=TREATS)
