"""Using a session and undoing it: one tap each, answered with the client's page."""

from collections.abc import Callable, Mapping

from flask.typing import ResponseReturnValue

from plugin.core.course import AllowanceState
from plugin.courses.base.read import read_course
from plugin.courses.base.views import CourseView, EntryView, Reversed, Used
from plugin.courses.visits.reverse import UNDONE_AT_THE_DESK, reverse
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice
from plugin.web.course_words import allowance_said
from plugin.web.desk import clients
from plugin.web.desk.forms import UndoForm, UseForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

blueprint = Screens("courses", __name__)


def course(course_id: str) -> CourseView:
    """Return the course in its current state; raises NotFound."""
    return read_course(current_services().store, course_id, today=pages.today())


def page_of_course(course_id: str, refusal: Refusal) -> ResponseReturnValue:
    """Return the page of the course's client, and show why the act was refused."""
    return clients.refused(refusal.typed.get("guest_id") or course(course_id).client_id, refusal)


def form_or_course(
    course_id: str, refusal: Refusal, form: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """Return a refused form again, or the course's page where the course, not a field, is the reason."""
    if refusal.field is None and not refusal.charges:
        return page_of_course(course_id, refusal)
    try:
        return form()
    except Refused as error:
        return page_of_course(course_id, Refusal.of(error, refusal.typed))


def form_again(form: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Return what shows the form of a course, or the course's page, after a refusal; see `form_or_course`."""

    def again(course_id: str, refusal: Refusal, **ids: str) -> ResponseReturnValue:
        return form_or_course(course_id, refusal, lambda: form(course_id, refusal=refusal, **ids))

    return again


@blueprint.post("/courses/<course_id>/uses", roles=AT_THE_DESK, refused=page_of_course)
def use(course_id: str) -> ResponseReturnValue:
    form = UseForm.sent()
    # A client with whom the course is shared: the visit is theirs, and the response is their page.
    guest_id = form.guest_id.data or None
    wish = UseSession(course_id=course_id, allowance_id=form.allowance_id.data or None, client_id=guest_id)
    services = current_services()
    used = use_session(
        services.store,
        current_act(),
        wish,
        known_charges=form.known,
        has_mail=services.mail.is_ready,
        needs_check=services.settings.use_needs_check,
    )
    shown = guest_id or used.client_id

    def say(read: Mapping[str, CourseView]) -> None:
        said = said_of_use(used, read.get(course_id) or course(course_id))
        flash_notice(Notice(said, undo_entry_id=used.entry.id, client_id=shown))

    return clients.after_deed(shown, say)


@blueprint.post("/entries/<entry_id>/reversal", roles=AT_THE_DESK, refused=clients.page_again)
def undo(entry_id: str) -> ResponseReturnValue:
    """Undo a used session; without a reason, the desk's default."""
    form = UndoForm.sent()
    reason = form.reason.data or UNDONE_AT_THE_DESK
    undone = reverse(current_services().store, current_act(), entry_id, reason)

    def say(read: Mapping[str, CourseView]) -> None:
        of = read.get(undone.course_id) or course(undone.course_id)
        flash_notice(Notice(_given_back(undone, of)))

    return clients.after_deed(form.client_id.data or undone.client_id, say)


def said_of_use(used: Used, of: CourseView) -> str:
    """Return what was used and what is left, with a warning where its payment is disputed."""
    allowance = of.allowance(used.entry.allowance_id)
    said = _(
        "{name} {session_number} used. {left}",
        name=_name(allowance),
        session_number=used.session_number,
        left=_left(of, allowance),
    )
    if of.dispute is None:
        return said
    if of.dispute.is_lost:
        return _("{said} The bank reversed a payment for this course.", said=said)
    return _("{said} A payment for this course is disputed.", said=said)


def said_of_link(used: Used, of: CourseView) -> str:
    """Return which session an appointment was checked in with."""
    name = _name(of.allowance(used.entry.allowance_id)).lower()
    return _(
        "Linked to {name} {session_number} of {granted}. Nothing more was charged.",
        name=name,
        session_number=used.session_number,
        granted=used.granted,
    )


def _given_back(undone: Reversed, of: CourseView) -> str:
    allowance = of.allowance(undone.entry.allowance_id)
    return _("{name} restored. {left}", name=_name(allowance), left=_left(of, allowance))


def left_after(course_id: str, entry: EntryView) -> str:
    of = course(course_id)
    return _left(of, of.allowance(entry.allowance_id))


def _left(of: CourseView, allowance: AllowanceState) -> str:
    return f"{allowance_said(of, allowance, pages.clinic())}."


def _name(allowance: AllowanceState) -> str:
    return {"touch_up": _("Touch-up"), "add_on": _("Add-on")}.get(allowance.kind, _("Session"))
