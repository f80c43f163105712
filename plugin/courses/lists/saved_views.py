"""Saved views: the filters and the order of a list under a name, one's own or shared in the clinic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select

from plugin.core.acts import Actor, Role, require
from plugin.core.text import required
from plugin.courses.base.work import Work, in_transaction, require_row
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.listing import SavedView
from plugin.store.prepared import Prepared
from plugin.wording import N_, _

NAME_LENGTH, MOST_SAVED_VIEWS = 60, 30
_NO_VIEW = N_("There is no such saved view.")


@dataclass(frozen=True, slots=True)
class ViewOfList:
    """A saved view; `may_change`: whether who asked may rename and delete it."""

    id: str
    name: str
    query: Mapping[str, str]
    is_shared: bool
    by: str
    may_change: bool


def views_of(store: Store, actor: Actor, listing: str) -> tuple[ViewOfList, ...]:
    """Return the shared views of a list and the person's own, by name."""
    return tuple(
        ViewOfList(row.id, row.name, row.query, row.staff_id is None, row.by, _may_change(row, actor))
        for row in store.rows(_SEEN, {"listing": listing, "staff_id": actor.staff_id})
    )


_SEEN = Prepared(
    select(SavedView.__table__)
    .where(
        SavedView.listing == bindparam("listing"),
        or_(SavedView.staff_id.is_(None), SavedView.staff_id == bindparam("staff_id")),
    )
    .order_by(func.lower(SavedView.name), SavedView.id)
)


@in_transaction
def save_view(work: Work, listing: str, name: str, query: Mapping[str, str], *, is_shared: bool) -> str:
    """Save a view and return its id; raises InvalidField. Only the owner shares one."""
    require(work.act.actor, *(() if is_shared else (Role.DESK, Role.PRACTITIONER)))
    checked = _checked(name)

    def add() -> str:
        staff_id = None if is_shared else work.act.actor.staff_id
        _refuse_taken(work, listing, staff_id, checked)
        row = SavedView(
            id=work.new_id(),
            listing=listing,
            name=checked,
            query=dict(query),
            staff_id=staff_id,
            created_at=work.now,
            by=work.act.actor.name,
        )
        work.add(row)
        return row.id

    request = {"listing": listing, "name": checked, "query": dict(query), "is_shared": is_shared}
    return str(work.once("save_view", request, lambda: {"view_id": add()}).answer["view_id"])


@in_transaction
def rename_view(work: Work, view_id: str, name: str) -> str:
    """Rename a view and return its list; raises InvalidField, NotFound."""
    checked = _checked(name)
    row = _changeable(work, view_id)
    if row.name != checked:
        _refuse_taken(work, row.listing, row.staff_id, checked)
        row.name = checked
    return row.listing


@in_transaction
def delete_view(work: Work, view_id: str) -> str:
    """Delete a view and return its list; raises NotFound."""
    row = _changeable(work, view_id)
    work.session.delete(row)
    return row.listing


def _checked(name: str) -> str:
    return required(name, field="view_name", called=_("The name"), most=NAME_LENGTH)


def _changeable(work: Work, view_id: str) -> SavedView:
    row = require_row(work.session, SavedView, view_id, _NO_VIEW, is_locked=True)
    # Whether another person has such a view is theirs to know.
    if not _may_change(row, work.act.actor):
        raise NotFound(_NO_VIEW)
    return row


def _may_change(row: SavedView | Row[Any], actor: Actor) -> bool:
    return actor.role is Role.OWNER if row.staff_id is None else row.staff_id == actor.staff_id


def _refuse_taken(work: Work, listing: str, staff_id: str | None, name: str) -> None:
    theirs = SavedView.staff_id.is_(None) if staff_id is None else SavedView.staff_id == staff_id
    names = work.session.scalars(select(SavedView.name).where(SavedView.listing == listing, theirs)).all()
    if name.casefold() in [each.casefold() for each in names]:
        raise InvalidField(_("A saved view has this name. Choose another one."), field="view_name")
    if len(names) >= MOST_SAVED_VIEWS:
        raise Refused(
            _("There are {most} saved views. Delete one first.", most=MOST_SAVED_VIEWS), code="too_many"
        )
