"""Attention items: each with our proposal, the tap that accepts it, and a search for the client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.attention.items import assign_to_new_client, kind_of, list_attention, read_item, resolve
from plugin.courses.attention.kind import ASSIGNED, USUAL_REASON, AttentionKind
from plugin.courses.base.read import read_courses
from plugin.courses.base.views import AttentionView, ClientView, CourseView
from plugin.courses.catalog.packages import package_choices
from plugin.courses.clients.clients import read_client
from plugin.courses.page_versions import PageVersion, version_of_count, version_of_desk
from plugin.courses.refunds.canceled_invoice import CANCELED_PART_PAID, PaidPart, paid_part
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, DESK, Screens
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_after_post
from plugin.web.desk import clients
from plugin.web.desk.forms import ClientForm, DecisionForm
from plugin.web.refusals import Refusal
from plugin.web.translations import _

OPEN_SHOWN = 50
RESOLVED_SHOWN = 20

blueprint = Screens("attention", __name__)


@dataclass(frozen=True, slots=True)
class Question:
    """An item with the courses it is about; of a sale without a client, those still to be assigned."""

    item: AttentionView
    courses: tuple[CourseView, ...]
    # What can be decided about a canceled invoice, in its current state.
    part: PaidPart | None = None

    @property
    def kind(self) -> AttentionKind:
        """Return the kind of the item, with its decisions and their labels."""
        return kind_of(self.item.kind)

    @property
    def proposed(self) -> CourseView | None:
        """Return the course our proposal is about, while the proposal can still be carried out."""
        item = self.item
        course = next((each for each in self.courses if each.id == item.proposed_course_id), None)
        if course is None or course.closed_at is not None or course.left < (item.proposed_sessions or 0):
            return None
        return course

    @property
    def kinds(self) -> tuple[tuple[CourseView, int], ...]:
        """Return one course of each kind with the number of that kind, so that no one chooses between equals."""
        alike: dict[tuple[str, Money], list[CourseView]] = {}
        for course in self.courses:
            alike.setdefault((course.package_name, course.gross_paid), []).append(course)
        return tuple((courses[0], len(courses)) for courses in alike.values())


@blueprint.get("/attention", roles=DESK)
def show() -> ResponseReturnValue:
    """Show the open items, and the ones resolved last."""
    return page()


@blueprint.get("/attention/count", roles=AT_THE_DESK)
def count() -> ResponseReturnValue:
    """Return only the number of open items, for pages without a live part."""
    return live.nothing(version_of_count(current_services().store, pages.now()))


@blueprint.get("/attention/<item_id>/clients", roles=DESK)
def candidates(item_id: str) -> ResponseReturnValue:
    """Return the clients an item could be assigned to, while typing."""
    item = read_item(current_services().store, item_id)
    found = clients.found(clients.SHOWN_WHILE_TYPING) if request.args.get("q", "").strip() else None
    wanted = request.args.get("course_id", "")
    only = wanted if wanted in item.course_ids else ""
    if is_fragment():
        return render_template("desk/_candidates.html", item=item, matches=found, only=only)
    return live.screen(
        "desk/attention.html",
        "desk/_attention.html",
        url_for("attention.news"),
        _version(),
        lambda: _context() | {"searched_item": item_id, "matches": found, "only": only},
    )


def page(refusal: Refusal | None = None, item_id: str = "") -> ResponseReturnValue:
    """Return the page; a refused form is filled in again, any other refusal is shown as a notice."""
    version = _version()
    with current_services().store.one_moment():
        context = _context(refusal, item_id)
    is_here = any(question.item.id == item_id for question in context["questions"])
    if refusal is not None and (refusal.field is None or not is_here):
        flash_notice(Notice(refusal.message, is_bad=True))
        context = _context()
    return live.screen(
        "desk/attention.html", "desk/_attention.html", url_for("attention.news"), version, lambda: context
    )


@blueprint.post("/attention/<item_id>/resolution", roles=DESK, refused=page)
def settle(item_id: str) -> ResponseReturnValue:
    """Carry out the person's decision."""
    form = DecisionForm.sent()
    return _settled(current_act(), item_id, form)


@blueprint.post("/attention/<item_id>/client", roles=DESK, refused=page)
def settle_with_new_client(item_id: str) -> ResponseReturnValue:
    """Create a client and assign the sale to them."""
    form = ClientForm.sent()
    item, client = assign_to_new_client(
        current_services().store,
        current_act(),
        item_id,
        form.contact,
        course_id=form.course_id.data or None,
        reason=ASSIGNED,
    )
    return _answered(_assigned(item, client))


def _settled(act: Act, item_id: str, form: DecisionForm) -> ResponseReturnValue:
    store = current_services().store
    item = read_item(store, item_id)
    decision = next(
        (each for each in kind_of(item.kind).all_decisions if each.name == form.decision.data), None
    )
    wish = form.wish(decision.reason if decision else USUAL_REASON)
    item = resolve(store, act, item_id, wish)
    if wish.client_id is not None:
        return _answered(_assigned(item, read_client(store, wish.client_id)))
    return _answered(Notice(decision.done if decision else _("Resolved.")))


def _answered(notice: Notice) -> ResponseReturnValue:
    flash_notice(notice)
    return (
        page() if live.is_shown(url_for("attention.news")) else redirect_after_post(url_for("attention.show"))
    )


def _assigned(item: AttentionView, client: ClientView) -> Notice:
    address = url_for("clients.show", client_id=client.id)
    rest = "" if item.resolved_at else _(" The rest of that sale is still unassigned.")
    return Notice(
        _("Assigned to {client}.{rest}", client=client.name, rest=rest),
        link=address,
        link_text=_("Open the client"),
    )


def _version() -> PageVersion:
    return version_of_desk(current_services().store, pages.now())


def _context(refusal: Refusal | None = None, item_id: str = "") -> dict[str, Any]:
    store = current_services().store
    waiting = list_attention(store, limit=OPEN_SHOWN)
    ids = {course_id for item in waiting.rows for course_id in item.course_ids}
    courses = read_courses(store, ids, today=pages.today())
    return {
        "questions": [Question(item, _courses(item, courses), _part(item)) for item in waiting.rows],
        "packages": package_choices(store) if _names_a_package(waiting.rows) else (),
        "has_more": waiting.cursor is not None,
        "resolved": list_attention(store, limit=RESOLVED_SHOWN, resolved=True).rows,
        "form_for": partial(_form_for, refusal, item_id),
        "decision_form": DecisionForm.shown(refusal),
        "refused_item": item_id if refusal else "",
        "searched_item": None,
        "matches": None,
        "only": "",
    }


def _form_for(refusal: Refusal | None, refused_item: str, item_id: str) -> ClientForm:
    """Return the form for a new client of an item, as it was sent where it was refused."""
    return ClientForm.shown(refusal if item_id == refused_item else None, suffix=f"-{item_id}")


def _part(item: AttentionView) -> PaidPart | None:
    if item.kind != CANCELED_PART_PAID:
        return None
    return paid_part(current_services().store, item.course_ids[0], today=pages.today())


def _names_a_package(items: Iterable[AttentionView]) -> bool:
    return any(item.proposed_package_id is not None for item in items)


def _courses(item: AttentionView, courses: Mapping[str, CourseView]) -> tuple[CourseView, ...]:
    found = (courses[each] for each in item.course_ids)
    is_wanted = "assign" in item.decisions
    return tuple(each for each in found if not (is_wanted and each.client_id))


live.add_news(blueprint, "/attention/live", "desk/_attention.html", _version, _context, roles=DESK)
