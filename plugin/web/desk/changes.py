"""Changing a sold course: each act with its roles, form and notice, and a page; answered with the client’s page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act, Role
from plugin.core.terms import NoShowOffer
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.base.words import day_text, sessions_text
from plugin.courses.changes.adjust import (
    adjust_course,
    allow_ahead,
    give_goodwill,
    undo_write_off,
    write_off_course,
)
from plugin.courses.changes.expiry import extend_course, freeze_course, thaw_course
from plugin.courses.changes.frame import Changed
from plugin.courses.changes.gifts import end_share, gift_of_course, give_course, share_course, take_gift_back
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.clients.clients import read_client
from plugin.courses.visits.no_shows import missed_offer, settle_missed
from plugin.courses.visits.use import use_session
from plugin.courses.visits.visit_plan import read_plan
from plugin.errors import NotFound
from plugin.store import Store
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, DESK, Screens, allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_to
from plugin.web.course_words import course_said
from plugin.web.desk import clients, courses
from plugin.web.desk.forms import (
    AdjustmentForm,
    EarlyUseForm,
    EndShareForm,
    ExtensionForm,
    FirstExpirationForm,
    FreezeForm,
    GiftForm,
    MissedForm,
    ShareForm,
    TransferForm,
    UnforcedForm,
    VisitForm,
    transfer_form_of,
)
from plugin.web.forms import Form, ReasonForm
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import N_, _

OWNER: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseAction:
    """One change of a course. Without a `title` it has no page: one tap does it.

    `verb` is the button of its page; `has_person`: a client is chosen first; `form_of` returns the form for a
    course that has one of its own.
    """

    name: str
    path: str
    roles: tuple[Role, ...]
    form: type[Form]
    do: Callable[[Store, Act, str, Any], Changed]
    said: Callable[[CourseView], Notice]
    title: str = ""
    verb: str = ""
    has_person: bool = False
    form_of: Callable[[CourseView], type[Form]] | None = None

    def form_for(self, course: CourseView) -> type[Form]:
        return self.form_of(course) if self.form_of else self.form


def _said_expiration(course: CourseView) -> Notice:
    if course.expires_on is None:
        return Notice(_("The package does not expire now."))
    return Notice(_("The package expires on {day} now.", day=day_text(course.expires_on, pages.clinic())))


def _said_adjusted(course: CourseView) -> Notice:
    return Notice(_("Adjusted. {left}", left=_left(course)))


def _said_missed(course: CourseView) -> Notice:
    return Notice(_("Recorded in the history. {left}", left=_left(course)))


def _left(course: CourseView) -> str:
    return f"{course_said(course, pages.clinic())}."


def _said_transfer(course: CourseView) -> Notice:
    said = _(
        "Transferred. {client_name} has {sessions} left.",
        client_name=course.client_name,
        sessions=sessions_text(course.left),
    )
    address = url_for("clients.show", client_id=course.client_id)
    return Notice(said, link=address, link_text=_("Show {client_name}", client_name=course.client_name))


def _said_gift(course: CourseView) -> Notice:
    name = course.waiting_gift.recipient_name if course.waiting_gift else ""
    address = url_for("changes.give", course_id=course.id)
    return Notice(
        _("This package is a gift for {name} now.", name=name), link=address, link_text=_("Show the voucher")
    )


COURSE_ACTIONS: list[CourseAction] = []
Do = Callable[[Store, Act, str, Any], Changed]


def _action(
    name: str,
    roles: tuple[Role, ...],
    form: type[Form],
    said: str | Callable[[CourseView], Notice],
    *,
    path: str = "",
    **more: Any,
) -> Callable[[Do], Do]:
    """Make an action of what carries it out; `said`: what is said afterwards, `path`: by default its name."""
    saying = (lambda _course: Notice(said)) if isinstance(said, str) else said

    def add(do: Do) -> Do:
        COURSE_ACTIONS.append(CourseAction(name, path or name, roles, form, do, saying, **more))
        return do

    return add


@_action(
    "missed", AT_THE_DESK, MissedForm, _said_missed, title=N_("Record no-show"), verb=N_("Record no-show")
)
def _missed(store: Store, act: Act, course_id: str, form: MissedForm) -> Changed:
    return settle_missed(store, act, course_id, form.wish(), known_charges=form.known)


@_action(
    "extend",
    OWNER,
    ExtensionForm,
    _said_expiration,
    path="extension",
    title=N_("Extend this package"),
    verb=N_("Save expiration date"),
    form_of=lambda course: ExtensionForm if course.expires_on else FirstExpirationForm,
)
def _extend(store: Store, act: Act, course_id: str, form: FirstExpirationForm) -> Changed:
    return extend_course(store, act, course_id, form.wish())


@_action("freeze", OWNER, FreezeForm, N_("Frozen."), title=N_("Freeze this package"), verb=N_("Freeze"))
def _freeze(store: Store, act: Act, course_id: str, form: FreezeForm) -> Changed:
    cancels = form.appointments.data == "cancel"
    return freeze_course(store, act, course_id, form.reason.data, cancels_appointments=cancels)


@_action("thaw", DESK, UnforcedForm, N_("Unfrozen. Sessions can be used again."))
def _unfreeze(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return thaw_course(store, act, course_id, form.reason.data)


@_action(
    "share",
    DESK,
    ShareForm,
    N_("Shared."),
    path="shares",
    title=N_("Share this package"),
    verb=N_("Share"),
    has_person=True,
)
def _share(store: Store, act: Act, course_id: str, form: ShareForm) -> Changed:
    return share_course(store, act, course_id, form.wish())


@_action("end_share", DESK, EndShareForm, N_("No longer shared with them."), path="shares/end")
def _end_share(store: Store, act: Act, course_id: str, form: EndShareForm) -> Changed:
    return end_share(store, act, course_id, form.share_id.data, reason=form.reason.data)


@_action(
    "give", DESK, GiftForm, _said_gift, path="gift", title=N_("Gift this package"), verb=N_("Create voucher")
)
def _give(store: Store, act: Act, course_id: str, form: GiftForm) -> Changed:
    return give_course(store, act, course_id, form.wish())


@_action("take_gift_back", DESK, UnforcedForm, N_("The gift is canceled."), path="gift/end")
def _cancel_gift(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return take_gift_back(store, act, course_id, form.reason.data)


@_action(
    "transfer",
    OWNER,
    TransferForm,
    _said_transfer,
    title=N_("Transfer remaining sessions"),
    verb=N_("Transfer sessions"),
    has_person=True,
    form_of=transfer_form_of,
)
def _transfer(store: Store, act: Act, course_id: str, form: TransferForm) -> Changed:
    wish = Transfer(form.client_id.data, form.reason.data, parts=form.parts)
    return transfer_course(store, act, course_id, wish)


@_action(
    "adjust",
    OWNER,
    AdjustmentForm,
    _said_adjusted,
    path="adjustment",
    title=N_("Adjust balance"),
    verb=N_("Adjust balance"),
)
def _adjust(store: Store, act: Act, course_id: str, form: AdjustmentForm) -> Changed:
    return adjust_course(store, act, course_id, form.wish())


@_action("goodwill", OWNER, Form, _said_adjusted)
def _goodwill(store: Store, act: Act, course_id: str, _form: Form) -> Changed:
    return give_goodwill(store, act, course_id)


@_action(
    "allow",
    OWNER,
    EarlyUseForm,
    N_("Unlocked."),
    path="ahead",
    title=N_("Unlock unpaid sessions"),
    verb=N_("Unlock sessions"),
)
def _allow(store: Store, act: Act, course_id: str, form: EarlyUseForm) -> Changed:
    chosen = form.allowance_id.data or None
    return allow_ahead(
        store, act, course_id, form.sessions.number, reason=form.reason.data, allowance_id=chosen
    )


@_action(
    "write_off",
    OWNER,
    ReasonForm,
    N_("Written off."),
    path="write-off",
    title=N_("Write off balance"),
    verb=N_("Write off"),
)
def _write_off(store: Store, act: Act, course_id: str, form: ReasonForm) -> Changed:
    return write_off_course(store, act, course_id, form.reason.data)


@_action("undo_write_off", OWNER, UnforcedForm, N_("The write-off is undone."), path="write-off/end")
def _undo_write_off(store: Store, act: Act, course_id: str, form: UnforcedForm) -> Changed:
    return undo_write_off(store, act, course_id, form.reason.data or _("Undone by the owner"))


blueprint = Screens("changes", __name__)


def _register(action: CourseAction) -> None:
    def answer(course_id: str) -> ResponseReturnValue:
        if request.method == "GET":
            return page(action, course_id)
        before = courses.course(course_id)
        form = action.form_for(before).sent()
        changed = action.do(current_services().store, current_act(), course_id, form)
        flash_notice(action.said(changed.course))
        return _back(before)

    def shown_again(course_id: str, refusal: Refusal) -> ResponseReturnValue:
        if not action.title:
            return courses.page_of_course(course_id, refusal)
        return courses.form_or_course(course_id, refusal, lambda: page(action, course_id, refusal))

    view = refused_shows(shown_again)(allow(*action.roles)(answer))
    methods = ["GET", "POST"] if action.title else ["POST"]
    blueprint.add_url_rule(f"/courses/<course_id>/{action.path}", action.name, view, methods=methods)


def page(action: CourseAction, course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Return the page of a change, with the chosen client or the matches of the search."""
    course = courses.course(course_id)
    chosen = refusal.typed.get("client_id", "") if refusal else request.args.get("to", "")
    is_searched = action.has_person and bool(request.args.get("q", "").strip())
    matches = clients.found(clients.SHOWN_WHILE_TYPING) if is_searched else None
    if is_fragment() and refusal is None:
        return render_template("desk/_people.html", action=action, course=course, matches=matches)
    offer = missed_offer(current_services().store, course_id) if action.name == "missed" else None
    plan = (
        read_plan(current_services().store, course_id, now=pages.now()) if action.name == "freeze" else None
    )
    form = _form(action, course, refusal, offer)
    if plan and plan.appointments:
        form.ask_appointments()
    return render_template(
        "desk/change.html",
        action=action,
        course=course,
        plan=plan,
        form=form,
        charges=refusal if refusal and refusal.charges else None,
        to=_person(chosen) if action.has_person else None,
        matches=matches,
        offer=offer,
        gift=_gift(course_id) if action.name == "give" and course.waiting_gift else None,
    )


def _form(
    action: CourseAction, course: CourseView, refusal: Refusal | None, offer: NoShowOffer | None
) -> Form:
    day = pages.today()
    usual: dict[str, Any] = {
        "expires_on": course.expires_on,
        "missed_on": day,
        "decision": offer and offer.proposed,
    }
    return _with_treatments(action.form_for(course).shown(refusal, **usual), course)


def _with_treatments(form: Form, course: CourseView) -> Form:
    if "allowance_id" in form:
        form["allowance_id"].choices = [
            (each.id, _("{treatment}, {left} left", treatment=each.treatment, left=each.left))
            for each in course.allowances
        ]
    return form


def _gift(course_id: str) -> object:
    today = pages.today()
    return gift_of_course(current_services().store, course_id, today=today)


def _person(client_id: str) -> ClientView | None:
    if not client_id:
        return None
    try:
        return read_client(current_services().store, client_id)
    except NotFound:
        return None


def _back(course: CourseView) -> ResponseReturnValue:
    if course.client_id is None:
        return redirect_to("today.show")
    return redirect_to("clients.show", client_id=course.client_id)


for _each in COURSE_ACTIONS:
    _register(_each)


@blueprint.get("/courses/<course_id>/visits", roles=AT_THE_DESK)
def visit(course_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form for a visit of another day, of another person, or with several sessions."""
    course = courses.course(course_id)
    today = pages.today()
    form = VisitForm.shown(refusal, visited_on=today, practitioner_id=clients.own_practitioner_id())
    form.practitioner_id.choices = clients.practitioner_choices()
    form.client_id.choices = [
        ("", course.client_name or ""),
        *((each.client_id, each.client_name) for each in course.shares),
    ]
    return render_template(
        "desk/visit.html",
        course=course,
        form=_with_treatments(form, course),
        charges=refusal if refusal and refusal.charges else None,
        today=today,
    )


@blueprint.post("/courses/<course_id>/visits", roles=AT_THE_DESK, refused=courses.form_again(visit))
def enter_visit(course_id: str) -> ResponseReturnValue:
    form = VisitForm.sent()
    services = current_services()
    used = use_session(
        services.store,
        current_act(),
        form.wish(course_id),
        known_charges=form.known,
        has_mail=services.mail.is_ready,
    )
    course = courses.course(course_id)
    flash_notice(
        Notice(courses.said_of_use(used, course), undo_entry_id=used.entry.id, client_id=used.client_id)
    )
    return _back(course)
