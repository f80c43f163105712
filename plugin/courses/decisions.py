"""Answering what waits in Attention: one decision, one transaction, with who, when and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.attention import decisions_of, view_of
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.inbox import try_again_in
from plugin.courses.base.outbox import enqueue_in
from plugin.courses.base.views import AttentionView, ClientView
from plugin.courses.base.words import sessions_text
from plugin.courses.base.work import Work, transact
from plugin.courses.catalog.links import PUBLISH, take_from_square_in
from plugin.courses.clients.clients import client_in, living_client_in, new_client_in
from plugin.courses.clients.merge import held_in, merge_in
from plugin.courses.clients.unmerge import keep_together_in, split_in
from plugin.courses.exchange.complete import exchange_now_in
from plugin.courses.refunds import canceled_invoice, disputes
from plugin.courses.refunds.closing import close_course_in
from plugin.courses.refunds.failed_refund import reopen_in
from plugin.courses.refunds.refund_question import TIP, keep_as_tip_in, take_sessions_in
from plugin.courses.sales.assign import assign_in, ownerless_in, settle_unassigned_in
from plugin.courses.sales.book import reopen_foreign_sale_in
from plugin.courses.sales.linking import ignore_item_in, link_and_open_in
from plugin.courses.sales.sales import sale_from_json
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.store.queues import Attention


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided. Which fields count depends on the item's kind; `reason` always does."""

    reason: str
    client_id: str | None = None
    course_id: str | None = None
    sessions: int | None = None
    amount: int | None = None
    decision: str | None = None
    package_id: str | None = None


def resolve(store: Store, act: Act, item_id: str, resolution: Resolution) -> AttentionView:
    """Carry out a decision; raises Refused for an item that was resolved, InvalidField for what is missing.

    The same act again gives the first answer.
    """
    require(act.actor, Role.DESK)
    reason = required(resolution.reason, field="reason", called="The reason", most=REASON_LENGTH)
    wish = replace(resolution, reason=reason)

    def do(work: Work) -> AttentionView:
        item = _locked_item(work, item_id)

        def settle() -> dict[str, Any]:
            _settle_in(work, item, wish)
            return {"item_id": item_id}

        work.once("resolve", {"item_id": item_id, **_asked(wish)}, settle)
        return view_of(item)

    return transact(store, act, do)


def assign_to_new_client(
    store: Store,
    act: Act,
    item_id: str,
    contact: Mapping[str, str | None],
    *,
    course_id: str | None,
    reason: str,
) -> tuple[AttentionView, ClientView]:
    """Create a client and assign a sale to them, or one of its courses: both or neither.

    `contact`: name, phone, email and language as typed. Raises InvalidField or Refused. The same act again gives the
    first answer.
    """
    require(act.actor, Role.DESK)
    request = {"item_id": item_id, "course_id": course_id, "reason": reason, **contact}

    def do(work: Work) -> tuple[AttentionView, ClientView]:
        item = _locked_item(work, item_id)

        def assign() -> dict[str, Any]:
            client_id = new_client_in(work, **contact).id
            _settle_in(work, item, Resolution(reason, client_id=client_id, course_id=course_id))
            return {"item_id": item_id, "client_id": client_id}

        client_id = work.once("assign_to_new_client", request, assign).answer["client_id"]
        return view_of(item), client_in(work.session, client_id)

    return transact(store, act, do)


def _locked_item(work: Work, item_id: str) -> Attention:
    item = work.session.scalar(select(Attention).where(Attention.id == item_id).with_for_update())
    if item is None:
        raise NotFound("There is no such attention item.")
    return item


def _settle_in(work: Work, item: Attention, wish: Resolution) -> None:
    if item.resolved_at is not None:
        raise Refused("This item was resolved already.", code="already_resolved")
    if _carry_out(work, item, wish):
        item.resolved_at, item.resolved_by = work.now, work.act.actor.name
        item.resolution = {**_kept(wish), "answer": _answer(work.session, item, wish)}


def _carry_out(work: Work, item: Attention, wish: Resolution) -> bool:
    """Do what was decided; False while a part of the question is still open."""
    decision = _decision(item, wish)
    decisions = _BY_KIND.get(item.kind, _DECISIONS)
    return decisions[decision](work, item, wish)


def _decision(item: Attention, wish: Resolution) -> str:
    allowed = decisions_of(item)
    decision = wish.decision or (allowed[0] if len(allowed) == 1 else None)
    if decision not in allowed:
        choices = ", ".join(allowed)
        raise InvalidField(f"For this item the decision is one of: {choices}.", field="decision")
    return decision


def _assign(work: Work, item: Attention, wish: Resolution) -> bool:
    if wish.client_id is None:
        raise InvalidField("Say whose sale it was.", field="client_id")
    course_ids = ownerless_in(work.session, item.square_order_id or "")
    if wish.course_id is not None:
        course_ids = [_one_of(item, wish)]
    assign_in(work, course_ids, wish.client_id, reason=wish.reason)
    settle_unassigned_in(work.session, work.act, item.square_order_id or "", {})
    return item.resolved_at is not None


def _one_of(item: Attention, wish: Resolution) -> str:
    course_ids: list[str] = item.details["course_ids"]
    if wish.course_id is None and len(course_ids) == 1:
        return course_ids[0]
    if wish.course_id not in course_ids:
        raise InvalidField("Say which of the sale's courses it is.", field="course_id")
    return wish.course_id


def _close(work: Work, item: Attention, wish: Resolution) -> bool:
    closed_by = f"refund:{item.square_refund_id}:{_one_of(item, wish)}"
    close_course_in(work, _one_of(item, wish), closed_by=closed_by, reason=wish.reason)
    return True


def _take(work: Work, item: Attention, wish: Resolution) -> bool:
    if not wish.sessions or wish.sessions < 1:
        raise InvalidField("Say how many sessions leave.", field="sessions")
    return _shrink(work, item, wish, wish.sessions)


def _keep(work: Work, item: Attention, wish: Resolution) -> bool:
    return _shrink(work, item, wish, 0)


def _shrink(work: Work, item: Attention, wish: Resolution, sessions: int) -> bool:
    amount = item.details["amount"] if wish.amount is None else wish.amount
    if amount > item.details["amount"]:
        raise InvalidField("No more leaves than was refunded.", field="amount")
    take_sessions_in(
        work,
        _one_of(item, wish),
        sessions,
        amount,
        square_refund_id=item.square_refund_id or "",
        reason=wish.reason,
    )
    return True


def _tip(work: Work, item: Attention, wish: Resolution) -> bool:
    keep_as_tip_in(work, item, reason=wish.reason)
    return True


def _open_courses(work: Work, item: Attention, _wish: Resolution) -> bool:
    reopen_foreign_sale_in(work, sale_from_json(item.details["sale"]))
    return True


def _try_again(work: Work, item: Attention, _wish: Resolution) -> bool:
    try_again_in(work.session, item.details["inbox_id"], work.now)
    # Should it fail again, that is a new question.
    item.dedupe = f"{item.id}:tried-again"
    return True


def _publish_again(work: Work, item: Attention, _wish: Resolution) -> bool:
    enqueue_in(work, PUBLISH, item.details["package_id"])
    return True


def _take_price(work: Work, item: Attention, _wish: Resolution) -> bool:
    take_from_square_in(work.session, item.details["square_variation_id"])
    return True


def _split(work: Work, item: Attention, wish: Resolution) -> bool:
    split_in(work, item.details, reason=wish.reason)
    return True


def _reopen(work: Work, item: Attention, wish: Resolution) -> bool:
    course = course_for_change(work.session, _one_of(item, wish))
    # The question stays as it is, answered: the same return told again must not close the course anew.
    dedupe = item.dedupe
    reopen_in(work, course, text="Open again, as decided under Attention", reason=wish.reason)
    item.dedupe = dedupe
    return True


def _leave(work: Work, item: Attention, wish: Resolution) -> bool:
    add_history(work, _one_of(item, wish), "kept", _LEFT[item.kind], reason=wish.reason)
    return True


def _keep_together(work: Work, item: Attention, _wish: Resolution) -> bool:
    keep_together_in(work, item.details)
    return True


def _link_and_open(work: Work, item: Attention, wish: Resolution) -> bool:
    link_and_open_in(work, item, wish.package_id, reason=wish.reason)
    return True


def _ignore_item(work: Work, item: Attention, _wish: Resolution) -> bool:
    ignore_item_in(work.session, work.act, item)
    return True


def _merge_clients(work: Work, item: Attention, _wish: Resolution) -> bool:
    before_id, new_id = (living_client_in(work.session, each).id for each in item.details["client_ids"])
    merge_in(work, *held_in(work.session, new_id, before_id))
    return True


def _exchange_now(work: Work, item: Attention, _wish: Resolution) -> bool:
    exchange_now_in(work, item.details)
    return True


def _dismiss(_work: Work, _item: Attention, _wish: Resolution) -> bool:
    return True


def _close_disputed(work: Work, item: Attention, wish: Resolution) -> bool:
    return disputes.close_disputed_in(work, item, course_id=wish.course_id, reason=wish.reason)


def _keep_disputed(work: Work, item: Attention, wish: Resolution) -> bool:
    return disputes.save_disputed_in(work, item, reason=wish.reason)


def _keep_paid(work: Work, item: Attention, wish: Resolution) -> bool:
    course_id = canceled_invoice.course_asked_about(item)
    canceled_invoice.keep_paid_sessions_in(work, course_id, wish.sessions, reason=wish.reason)
    return True


def _refund_paid(work: Work, item: Attention, wish: Resolution) -> bool:
    course_id = canceled_invoice.course_asked_about(item)
    canceled_invoice.refund_paid_in(work, course_id, wish.amount, reason=wish.reason)
    return True


def _leave_open(work: Work, item: Attention, wish: Resolution) -> bool:
    course_id = canceled_invoice.course_asked_about(item)
    canceled_invoice.leave_open_in(work, course_id, reason=wish.reason)
    return True


Decision = Callable[[Work, Attention, Resolution], bool]
_LEFT = {
    "refunded_used_course": "Given back after it had been used, as meant",
    "changed_sale": "Left as it was booked; its sale was changed in Square",
}
_DISPUTE_DECISIONS: dict[str, Decision] = {"close_course": _close_disputed, "keep_sessions": _keep_disputed}
_CANCELED_DECISIONS: dict[str, Decision] = {
    canceled_invoice.KEEP: _keep_paid,
    canceled_invoice.REFUND: _refund_paid,
    canceled_invoice.LEAVE: _leave_open,
}
_BY_KIND = {disputes.KIND: _DISPUTE_DECISIONS, canceled_invoice.KIND: _CANCELED_DECISIONS}
_DECISIONS: dict[str, Decision] = {
    "assign": _assign,
    "close_course": _close,
    "take_sessions": _take,
    "keep_sessions": _keep,
    TIP: _tip,
    "open_courses": _open_courses,
    "try_again": _try_again,
    "publish_again": _publish_again,
    "take_price": _take_price,
    "split": _split,
    "keep_together": _keep_together,
    "keep_closed": _leave,
    "leave_course": _leave,
    "reopen": _reopen,
    "exchange_now": _exchange_now,
    "link_and_open": _link_and_open,
    "ignore_item": _ignore_item,
    "merge_clients": _merge_clients,
    "not_duplicate": _dismiss,
    "dismiss": _dismiss,
}


def _answer(session: Session, item: Attention, wish: Resolution) -> str:
    """Return what was decided, as the list of what is taken care of says it."""
    decision = _decision(item, wish)
    if decision == "assign":
        return f"Assigned to {_owners(session, item)}"
    if decision == "take_sessions":
        return f"{sessions_text(wish.sessions or 0)} removed"
    if decision == "dismiss":
        return f"Dismissed: {wish.reason}"
    if item.kind == canceled_invoice.KIND and decision == canceled_invoice.KEEP:
        return "Kept the sessions that are paid for"
    return _ANSWERS[decision]


_ANSWERS = {
    "close_course": "Package canceled",
    "keep_sessions": "Kept all sessions",
    TIP: "It was the tip; kept all sessions",
    "open_courses": "Course opened",
    "try_again": "Tried again",
    "publish_again": "Square updated",
    "take_price": "Square’s price used",
    "split": "A client of their own again",
    "keep_together": "Kept as one client",
    "exchange_now": "Exchanged what is left",
    canceled_invoice.REFUND: "Refund started",
    canceled_invoice.LEAVE: "Left open",
    "link_and_open": "Linked, course opened",
    "ignore_item": "Not a package",
    "merge_clients": "Clients merged",
    "not_duplicate": "Not a duplicate",
    "keep_closed": "Stays closed",
    "leave_course": "Left as it was",
    "reopen": "Course opened again",
}


def _owners(session: Session, item: Attention) -> str:
    """Return who has the sale's courses now: two sisters may have shared it."""
    rows = session.scalars(
        select(Client.name)
        .join(Course, Course.client_id == Client.id)
        .where(Course.id.in_(item.details["course_ids"]))
        .order_by(Course.id)
    )
    names = list(dict.fromkeys(rows))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _asked(wish: Resolution) -> dict[str, Any]:
    # A field that came later must not make another request of what was asked before it was there.
    fields = asdict(wish)
    return fields if wish.package_id is not None else {k: v for k, v in fields.items() if k != "package_id"}


def _kept(wish: Resolution) -> dict[str, Any]:
    return {name: value for name, value in asdict(wish).items() if value is not None}
