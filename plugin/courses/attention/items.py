"""Attention items: read, and resolved by one decision in one transaction, with who, when and why."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, bindparam, select

from plugin.core.acts import Role, require
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.attention import clients, operation, sales, visits
from plugin.courses.attention.kind import AttentionKind, Resolution
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.views import AttentionView, ClientView, Page, from_row
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.clients import client_in, new_client
from plugin.courses.clients.contacts import TypedContact
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.queues import Attention
from plugin.wording import N_, _

NO_ITEM = N_("There is no such attention item.")


def list_attention(
    store: Store, *, limit: int = 50, cursor: str | None = None, resolved: bool = False
) -> Page[AttentionView]:
    """Return the open items, newest first; with `resolved`, the resolved ones."""
    asked = {"limit": limit + 1} | ({} if cursor is None else {"cursor": cursor})
    rows = store.rows(_LISTS[resolved, cursor is not None], asked)
    return Page.of([view_of(row) for row in rows], limit, lambda item: item.id)


def _newest_first(*conditions: ColumnElement[bool]) -> Prepared:
    newest = select(Attention.__table__).where(*conditions).order_by(Attention.id.desc())
    return Prepared(newest.limit(bindparam("limit", type_=Integer)))


_IS_RESOLVED = {True: Attention.resolved_at.is_not(None), False: Attention.resolved_at.is_(None)}
_IS_AFTER = {True: (Attention.id < bindparam("cursor"),), False: ()}
# By whether the items are resolved, and whether the page is a later one.
_LISTS = {
    (resolved, later): _newest_first(_IS_RESOLVED[resolved], *_IS_AFTER[later])
    for resolved in (True, False)
    for later in (True, False)
}


def read_item(store: Store, item_id: str) -> AttentionView:
    """Return the item; raises NotFound."""
    with store.reading() as session:
        return view_of(require_row(session, Attention, item_id, NO_ITEM))


def view_of(row: Attention | Row[Any]) -> AttentionView:
    return from_row(
        AttentionView,
        row,
        proposal=row.details.get("proposal"),
        course_ids=tuple(row.details.get("course_ids", ())),
        client_ids=tuple(row.details.get("client_ids", ())),
        proposed_package_id=row.details.get("proposed_package_id"),
        decisions=decisions_of(row),
        proposed_decision=row.details.get("proposed_decision"),
        proposed_sessions=row.details.get("proposed_sessions"),
        proposed_course_id=row.details.get("proposed_course_id"),
        answer=_answer(row),
        free_times=tuple(map(datetime.fromisoformat, row.details.get("free_times", ()))),
    )


def _answer(row: Attention | Row[Any]) -> str | None:
    if row.resolved_at is None:
        return None
    kept = row.resolution or {}
    # An item closed automatically has no sentence of its own; the reason states what happened.
    answer: str | None = kept.get("answer") or kept.get("reason")
    return answer


# To add a kind, declare it in its subject's module and open it where it occurs.
KINDS = {each.kind: each for part in (sales, clients, visits, operation) for each in part.KINDS}


def kind_of(kind: str) -> AttentionKind:
    """Return the kind of an item; one unknown to this version can be dismissed."""
    return KINDS.get(kind) or AttentionKind(kind, kind)


def decisions_of(row: Attention | Row[Any]) -> tuple[str, ...]:
    return kind_of(row.kind).names(row.details)


@allowed(Role.DESK)
def resolve(work: Work, item_id: str, resolution: Resolution) -> AttentionView:
    """Carry out a decision; raises Refused for a resolved item, InvalidField for what is missing.

    The same act again returns the first answer.
    """
    reason = required(resolution.reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
    wish = replace(resolution, reason=reason)
    item = _locked_item(work, item_id)

    def settle() -> dict[str, Any]:
        _settle(work, item, wish)
        return {"item_id": item_id}

    work.once("resolve", {"item_id": item_id, **_asked(wish)}, settle)
    return view_of(item)


@allowed(Role.DESK)
def assign_to_new_client(
    work: Work,
    item_id: str,
    contact: TypedContact,
    *,
    course_id: str | None,
    reason: str,
) -> tuple[AttentionView, ClientView]:
    """Create a client and assign a sale to them, or one of its courses: both or neither.

    Raises InvalidField or Refused. The same act again returns the first answer.
    """
    request = {"item_id": item_id, "course_id": course_id, "reason": reason, **contact}
    item = _locked_item(work, item_id)

    def assign() -> dict[str, Any]:
        client_id = new_client(work, **contact).id
        _settle(work, item, Resolution(reason, client_id=client_id, course_id=course_id))
        return {"item_id": item_id, "client_id": client_id}

    client_id = work.once("assign_to_new_client", request, assign).answer["client_id"]
    return view_of(item), client_in(work.session, client_id)


def _locked_item(work: Work, item_id: str) -> Attention:
    return require_row(work.session, Attention, item_id, NO_ITEM, is_locked=True)


def _settle(work: Work, item: Attention, wish: Resolution) -> None:
    if item.resolved_at is not None:
        raise Refused(_("This item was resolved already."), code="already_resolved")
    allowed = decisions_of(item)
    name = wish.decision or (allowed[0] if len(allowed) == 1 else None)
    if name not in allowed:
        choices = ", ".join(allowed)
        raise InvalidField(
            _("For this item the decision is one of: {choices}.", choices=choices), field="decision"
        )
    decision = kind_of(item.kind).decision(name)
    require(work.act.actor, decision.role)
    if decision.run(work, item, wish) is False:
        return
    answer = decision.answer if isinstance(decision.answer, str) else decision.answer(work, item, wish)
    item.resolved_at, item.resolved_by = work.now, work.act.actor.name
    item.resolution = {**_kept(wish), "answer": answer}
    record_in(
        work,
        Did.ITEM_RESOLVED,
        name=kind_of(item.kind).title,
        subject_id=item.id,
        after=str(answer),
        reason=wish.reason,
        client_id=wish.client_id,
    )


def _asked(wish: Resolution) -> dict[str, Any]:
    # A field added later must not change the digest of earlier requests.
    fields = asdict(wish)
    return fields if wish.package_id is not None else {k: v for k, v in fields.items() if k != "package_id"}


def _kept(wish: Resolution) -> dict[str, Any]:
    return {name: value for name, value in asdict(wish).items() if value is not None}
