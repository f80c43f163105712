"""Late acts: what the desk tapped while the server was away, sent one by one when it answers again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.exceptions import HTTPException

from plugin.core.acts import Act
from plugin.courses.base.views import CourseView, Used
from plugin.courses.visits.booked_visits import use_booking
from plugin.courses.visits.late import (
    Late,
    Postponed,
    about_note,
    about_use,
    about_written_note,
    carry_out,
    describe_late,
)
from plugin.courses.visits.note_views import NotePlace, NoteView
from plugin.courses.visits.notes import save_note
from plugin.courses.visits.use import UseSession, use_session
from plugin.courses.visits.visits import VisitDetails
from plugin.errors import InvalidField
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import current_act
from plugin.web.desk import courses
from plugin.web.desk.forms import ArrivalForm, UseForm, VisitDetailsForm
from plugin.web.desk.notes import DeskNoteForm, NoteForm
from plugin.web.forms import Form, Hidden
from plugin.web.limits import limit_views, page_limiter
from plugin.web.translations import _

# The taps of a long outage take some minutes; a program that sends nonsense gets no further.
OFTEN = "60 per minute"
_LONGEST = timedelta(days=366)

blueprint = Screens("late", __name__)


class LateForm(Form):
    """What is sent beside the fields of the form that was tapped.

    `late_address`: where that form goes; `late_by`: the staff id of who tapped; `late_ago`: milliseconds before
    now; `late_before`: the fields of the form as the page showed them, as JSON.
    """

    late_address = Hidden()
    late_by = Hidden()
    late_ago = Hidden()
    late_before = Hidden()

    @property
    def late(self) -> Late:
        """Return who tapped, and how long ago; raises InvalidField."""
        try:
            ago = timedelta(milliseconds=int(self.late_ago.data))
        except (ValueError, OverflowError):
            raise InvalidField(_("When it was tapped is not readable."), field="late_ago") from None
        return Late(self.late_by.data[:40], min(ago, _LONGEST))

    @property
    def before(self) -> Mapping[str, str]:
        """Return the fields as the page showed them; raises InvalidField."""
        try:
            fields = json.loads(self.late_before.data or "{}")
            return {str(name): str(value) for name, value in fields.items()}
        except (ValueError, AttributeError, RecursionError):
            raise InvalidField(_("What the page showed is not readable."), field="late_before") from None


def set_up(app: Flask) -> None:
    """Limit how often a person may send."""
    often = page_limiter(app).limit(OFTEN, key_func=lambda: f"late:{current_user.get_id()}")
    limit_views(app, ("late.receive",), often)


@blueprint.post("/late-acts", roles=AT_THE_DESK)
def receive() -> dict[str, Any]:
    """Carry out one late act; what can't be done any more waits under Attention. The same key is done once."""
    form = LateForm.sent()
    endpoint, arguments = _form_at(form.late_address.data)
    return _KINDS[endpoint](current_act(), form, **arguments)


def _form_at(address: str) -> tuple[str, Mapping[str, Any]]:
    """Return the endpoint of a form that may come late, and its arguments; raises InvalidField."""
    adapter = current_app.create_url_adapter(request)
    try:
        assert adapter is not None
        endpoint, arguments = adapter.match(address.removeprefix(request.script_root), method="POST")
    except HTTPException:
        endpoint, arguments = "", {}
    if endpoint not in _KINDS:
        raise InvalidField(_("This kind of form can’t be sent later."), field="late_address")
    return str(endpoint), arguments


def _use(act: Act, form: LateForm, course_id: str) -> dict[str, Any]:
    sent = UseForm.sent()
    wish = UseSession(
        course_id=course_id,
        allowance_id=sent.allowance_id.data or None,
        client_id=sent.guest_id.data or None,
    )
    store, has_mail = current_services().store, current_services().mail.is_ready

    def use(at: Act) -> Used:
        return use_session(store, at, wish, known_charges=sent.known, has_mail=has_mail)

    return _used(carry_out(store, act, form.late, about_use(store, asdict(wish)), use), wish.client_id)


def _use_booking(act: Act, form: LateForm, booking_id: str) -> dict[str, Any]:
    chosen = ArrivalForm.sent().chosen
    store, has_mail = current_services().store, current_services().mail.is_ready
    wish = {"course_id": chosen["course_id"], "allowance_id": chosen["allowance_id"]}

    def use(at: Act) -> Used:
        return use_booking(store, at, booking_id, **chosen, has_mail=has_mail)

    return _used(carry_out(store, act, form.late, about_use(store, wish, booking_id), use))


def _describe(act: Act, form: LateForm, visit_id: str) -> dict[str, Any]:
    sent = VisitDetailsForm.sent()
    store = current_services().store
    details = VisitDetails.typed(sent.practitioner_id.data, sent.focus.data, sent.note.data)
    shown = form.before
    before = VisitDetails.typed(shown.get("practitioner_id"), shown.get("focus", ""), shown.get("note", ""))

    def describe(at: Act) -> CourseView:
        return describe_late(store, at, visit_id, details, before)

    done = carry_out(store, act, form.late, about_note(store, visit_id, details), describe)
    if isinstance(done, Postponed):
        return _postponed(done)
    return _done(_("{client_name}: visit details saved.", client_name=done.client_name), done.client_id)


def _save_note_of_visit(act: Act, form: LateForm, client_id: str, visit_id: str) -> dict[str, Any]:
    return _save_note(act, form, NotePlace(client_id, visit_id=visit_id))


def _save_note_of_day(act: Act, form: LateForm, client_id: str, day: str) -> dict[str, Any]:
    try:
        return _save_note(act, form, NotePlace(client_id, on_day=date.fromisoformat(day)))
    except ValueError:
        raise InvalidField(_("There is no such day."), field="late_address") from None


def _save_note(act: Act, form: LateForm, place: NotePlace) -> dict[str, Any]:
    # By what was filled in, not by who sends it: nothing of it may be dropped unseen.
    sent = (NoteForm if "points" in request.form else DeskNoteForm).sent()
    content, seen, store = sent.content, sent.seen_version, current_services().store

    def save(at: Act) -> NoteView:
        return save_note(store, at, place, content, seen_version=seen)

    done = carry_out(store, act, form.late, about_written_note(store, place, content), save)
    if isinstance(done, Postponed):
        return _postponed(done)
    return _done(_("{client_name}: note saved.", client_name=done.client_name), done.owner_id)


def _used(done: Used | Postponed, guest_id: str | None = None) -> dict[str, Any]:
    if isinstance(done, Postponed):
        return _postponed(done)
    of = courses.course(done.course_id)
    return _done(f"{of.client_name}: {courses.said_of_use(done, of)}", guest_id or of.client_id)


def _done(said: str, client_id: str | None) -> dict[str, Any]:
    address = url_for("clients.show", client_id=client_id) if client_id else url_for("today.show")
    return {"said": said, "is_saved": True, "address": address}


def _postponed(done: Postponed) -> dict[str, Any]:
    address = f"{url_for('attention.show')}#item-{done.item_id}"
    return {
        "said": _("{said} It waits under Attention.", said=done.said),
        "is_saved": False,
        "address": address,
    }


# The forms that may come late.
_KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "courses.use": _use,
    "arrivals.use": _use_booking,
    "visits.describe": _describe,
    "notes.save_of_visit": _save_note_of_visit,
    "notes.save_of_day": _save_note_of_day,
}
