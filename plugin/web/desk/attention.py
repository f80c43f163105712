"""Attention: each question with what we propose, the one tap that answers it, and a search for whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.acts import Act, Role
from plugin.core.money import Money
from plugin.courses.base.attention import list_attention, read_item
from plugin.courses.base.clinic import local_date
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, ClientView, CourseView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import read_client
from plugin.courses.decisions import Resolution, assign_to_new_client, resolve
from plugin.courses.page_versions import PageVersion, version_of_count, version_of_desk
from plugin.courses.refunds.canceled_invoice import KEEP, KIND, PaidPart, paid_part
from plugin.web import current_services, live, pages
from plugin.web.access import allow
from plugin.web.actions import Notice, current_act, flash_notice, is_fragment, redirect_after_post
from plugin.web.desk import clients
from plugin.web.desk.forms import ClientForm, DecisionForm
from plugin.web.refusals import Refusal, refused_shows

OPEN_SHOWN = 50
RESOLVED_SHOWN = 20

blueprint = Blueprint("attention", __name__)


@dataclass(frozen=True, slots=True)
class Question:
    """An item with the courses it is about; of a sale without a client, those that still wait for one."""

    item: AttentionView
    courses: tuple[CourseView, ...]
    # What can be decided about a canceled invoice, as it stands now.
    part: PaidPart | None = None

    @property
    def proposed(self) -> CourseView | None:
        """Return the course our proposal is about, while it can still be carried out."""
        item = self.item
        course = next((each for each in self.courses if each.id == item.proposed_course_id), None)
        if course is None or course.closed_at is not None or course.left < (item.proposed_sessions or 0):
            return None
        return course

    @property
    def kinds(self) -> tuple[tuple[CourseView, int], ...]:
        """Return one course of each kind with how many there are of it: between equal ones nobody must choose."""
        alike: dict[tuple[str, Money], list[CourseView]] = {}
        for course in self.courses:
            alike.setdefault((course.package_name, course.gross_paid), []).append(course)
        return tuple((courses[0], len(courses)) for courses in alike.values())


@blueprint.get("/attention")
@allow(Role.DESK)
def show() -> ResponseReturnValue:
    """Show what waits for a person, and what was decided last."""
    return page()


@blueprint.get("/attention/live")
@allow(Role.DESK)
def news() -> ResponseReturnValue:
    """Answer what is new on the page."""
    return live.news("desk/_attention.html", _version(), lambda: _context(None, ""))


@blueprint.get("/attention/count")
@allow(Role.DESK, Role.PRACTITIONER)
def count() -> ResponseReturnValue:
    """Answer only how many questions are open, for pages that have no living part."""
    return live.nothing(version_of_count(current_services().store, pages.now()))


@blueprint.get("/attention/<item_id>/clients")
@allow(Role.DESK)
def candidates(item_id: str) -> ResponseReturnValue:
    """Answer the clients an item could be assigned to, as they are typed."""
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
        lambda: _context(None, "") | {"searched_item": item_id, "matches": found, "only": only},
    )


def page(refusal: Refusal | None = None, item_id: str = "") -> ResponseReturnValue:
    """Answer the page; a refused form is filled in again, a refusal that has no place there is told."""
    version, context = _version(), _context(refusal, item_id)
    is_here = any(question.item.id == item_id for question in context["questions"])
    if refusal is not None and (refusal.field is None or not is_here):
        flash_notice(Notice(refusal.message, is_bad=True))
        context = _context(None, "")
    return live.screen(
        "desk/attention.html", "desk/_attention.html", url_for("attention.news"), version, lambda: context
    )


@blueprint.post("/attention/<item_id>/resolution")
@allow(Role.DESK)
@refused_shows(page)
def settle(item_id: str) -> ResponseReturnValue:
    """Carry out what the person decided."""
    form = DecisionForm.sent()
    usual = _REASONS.get(form.decision.data, "Decided at the desk")
    return _settled(current_act(), item_id, form.wish(usual))


@blueprint.post("/attention/<item_id>/client")
@allow(Role.DESK)
@refused_shows(page)
def settle_with_new_client(item_id: str) -> ResponseReturnValue:
    """Create a client and assign the sale to them."""
    form = ClientForm.sent()
    item, client = assign_to_new_client(
        current_services().store,
        current_act(),
        item_id,
        form.contact,
        course_id=form.course_id.data or None,
        reason="Assigned at the desk",
    )
    return _answered(_assigned(item, client))


def _settled(act: Act, item_id: str, wish: Resolution) -> ResponseReturnValue:
    return _answered(_said(wish, resolve(current_services().store, act, item_id, wish)))


def _answered(notice: Notice) -> ResponseReturnValue:
    flash_notice(notice)
    return (
        page() if live.is_shown(url_for("attention.news")) else redirect_after_post(url_for("attention.show"))
    )


def _said(wish: Resolution, item: AttentionView) -> Notice:
    if item.kind == "dispute" and wish.decision == "keep_sessions":
        return Notice("All sessions stay. The decision is noted in the history.")
    if item.kind == KIND and wish.decision == KEEP:
        return Notice("The sessions that are paid for are kept. The others were removed.")
    if wish.client_id is None:
        return Notice(_DONE.get(wish.decision or "", "Resolved."))
    return _assigned(item, read_client(current_services().store, wish.client_id))


def _assigned(item: AttentionView, client: ClientView) -> Notice:
    address = url_for("clients.show", client_id=client.id)
    rest = "" if item.resolved_at else " The rest of that sale is still unassigned."
    return Notice(f"Assigned to {client.name}.{rest}", link=address, link_text="Open the client")


# What stands for the reason where nobody typed one.
_REASONS = {
    "dismiss": "Nothing to do",
    "keep_closed": "Meant so",
    "leave_course": "Only the ticket was tidied up",
    "refund": "The invoice was canceled",
    "leave_open": "The invoice was canceled",
    "link_and_open": "Sold as this package",
    "ignore_item": "Not a package",
    "merge_clients": "The same person",
    "not_duplicate": "Two people",
}


_DONE = {
    "close_course": "The package is canceled. Its sessions were removed.",
    "take_sessions": "The sessions were removed.",
    "tip_only": "All sessions stay. The tip is noted in the history.",
    "refund": "The refund is under way.",
    "leave_open": "The package stays open. Nothing more is due.",
    "keep_sessions": "All sessions stay. The refund is noted in the history.",
    "open_courses": "The course is open.",
    "try_again": "It is being tried again.",
    "publish_again": "The package is being updated in Square.",
    "take_price": "The package has Square's price now.",
    "split": "They are two clients now.",
    "keep_together": "They stay one client.",
    "keep_closed": "The course stays closed.",
    "leave_course": "The course stays as it was booked.",
    "reopen": "The course is open again, with all it had left.",
    "link_and_open": "The course is open.",
    "ignore_item": "This item is ignored from now on.",
    "merge_clients": "The clients are merged.",
    "not_duplicate": "They stay two clients.",
    "dismiss": "Dismissed.",
}


def _version() -> PageVersion:
    return version_of_desk(current_services().store, pages.now())


def _context(refusal: Refusal | None, item_id: str) -> dict[str, Any]:
    store = current_services().store
    waiting = list_attention(store, limit=OPEN_SHOWN)
    return {
        "questions": [Question(item, _courses(item), _part(item)) for item in waiting.rows],
        "packages": list_packages(store, limit=200).rows if _names_a_package(waiting.rows) else (),
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
    if item.kind != KIND:
        return None
    return paid_part(
        current_services().store, item.course_ids[0], today=local_date(pages.clinic(), pages.now())
    )


def _names_a_package(items: Iterable[AttentionView]) -> bool:
    return any(item.proposed_package_id is not None for item in items)


def _courses(item: AttentionView) -> tuple[CourseView, ...]:
    today = local_date(pages.clinic(), pages.now())
    courses = (read_course(current_services().store, each, today=today) for each in item.course_ids)
    is_wanted = "assign" in item.decisions
    return tuple(each for each in courses if not (is_wanted and each.client_id))
