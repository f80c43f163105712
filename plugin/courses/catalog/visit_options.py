"""The lists that visit notes are tapped from, kept by the owner: focus areas and add-ons."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.text import folded, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, reading, require_row
from plugin.courses.catalog.names import save_names_in, translations_in
from plugin.errors import InvalidField, Refused
from plugin.store.clinical import VisitOption
from plugin.wording import N_, _

NO_OPTION = N_("There is no such focus area or add-on.")
# More can't be tapped quickly on a phone.
MOST_ACTIVE = 40
OPTION_LENGTH = 60


class OptionKind(StrEnum):
    """What a note's option is."""

    FOCUS = "focus"
    ADD_ON = "add_on"


@dataclass(frozen=True, slots=True)
class OptionView:
    """A focus area or an add-on; a retired one can't be tapped any more."""

    id: str
    kind: OptionKind
    name: str
    is_retired: bool


def options_in(session: Session) -> tuple[OptionView, ...]:
    """Return both lists in the owner's order, retired ones included."""
    rows = session.scalars(select(VisitOption).order_by(VisitOption.position, VisitOption.id))
    return tuple(_view(row) for row in rows)


list_options = reading(options_in)


def _view(row: VisitOption) -> OptionView:
    return OptionView(row.id, OptionKind(row.kind), row.name, row.retired_at is not None)


@allowed()
def add_option(work: Work, kind: OptionKind, name: str) -> OptionView:
    """Add an option at the end of its list; raises InvalidField. One of that name that was retired is active again."""
    said = _name(name)

    def add() -> dict[str, Any]:
        return {"option_id": _added(work, kind, said).id}

    added = work.once("add_visit_option", {"kind": kind, "name": said}, add)
    return _view(work.session.get_one(VisitOption, added.answer["option_id"]))


def _added(work: Work, kind: OptionKind, name: str) -> VisitOption:
    of_kind = _locked(work.session, kind)
    same = _named(of_kind, name)
    if same is not None and same.retired_at is None:
        raise InvalidField(_("“{same}” is on the list already.", same=same.name), field="name")
    if sum(each.retired_at is None for each in of_kind) >= MOST_ACTIVE:
        raise InvalidField(
            _("The list holds {most_active}. Retire one first.", most_active=MOST_ACTIVE), field="name"
        )
    row = same or VisitOption(id=work.new_id(), kind=kind.value)
    row.name, row.retired_at = name, None
    row.position = max((each.position for each in of_kind), default=0) + 1
    work.add(row)
    _record(work, row, after="on the list")
    return row


def _record(work: Work, row: VisitOption, *, before: str = "", after: str) -> None:
    record_in(work, Did.VISIT_LIST_CHANGED, name=row.name, subject_id=row.id, before=before, after=after)


@allowed()
def rename_option(work: Work, option_id: str, name: str) -> OptionView:
    """Rename an option, on the visits that have it, too; raises InvalidField or NotFound."""
    said = _name(name)
    row = require_row(work.session, VisitOption, option_id, NO_OPTION, is_locked=True)
    same = _named(_locked(work.session, OptionKind(row.kind)), said)
    if same is not None and same is not row:
        if same.retired_at:
            why = _("“{same}” is retired; activate it instead.", same=same.name)
        else:
            why = _("“{same}” is on the list already.", same=same.name)
        raise InvalidField(why, field="name")
    # Papers are looked up by their content: those that show it are rendered again when next asked for.
    if row.name != said:
        before, row.name = row.name, said
        texts = translations_in(work.session, [before, said])
        if not texts[said]:
            # Visits of before have the new name, too: clients go on reading it in their language.
            save_names_in(work, said, texts[before])
        _record(work, row, before=before, after=said)
    return _view(row)


@allowed()
def retire_option(work: Work, option_id: str, *, is_retired: bool) -> OptionView:
    """Take an option off the list, or put it back; visits keep it. Raises Refused where the list is full."""
    row = require_row(work.session, VisitOption, option_id, NO_OPTION, is_locked=True)
    if (row.retired_at is not None) is not is_retired:
        of_kind = _locked(work.session, OptionKind(row.kind))
        if not is_retired and sum(each.retired_at is None for each in of_kind) >= MOST_ACTIVE:
            raise Refused(
                _("The list holds {most_active}. Retire another one first.", most_active=MOST_ACTIVE),
                code="list_full",
            )
        row.retired_at = work.now if is_retired else None
        _record(work, row, after="retired" if is_retired else "on the list")
    return _view(row)


@allowed()
def move_option(work: Work, option_id: str, *, is_up: bool) -> OptionView:
    """Move an option one place within its list; at the end of the list it stays. The same act again moves once."""
    row = require_row(work.session, VisitOption, option_id, NO_OPTION)

    def move() -> dict[str, Any]:
        _move(_locked(work.session, OptionKind(row.kind)), row, is_up=is_up)
        return {"option_id": option_id}

    work.once("move_visit_option", {"id": option_id, "up": is_up}, move)
    return _view(row)


def _move(of_kind: list[VisitOption], row: VisitOption, *, is_up: bool) -> None:
    active = [each for each in of_kind if each.retired_at is None or each is row]
    place = active.index(row)
    to = place + (-1 if is_up else 1)
    if 0 <= to < len(active):
        active[place], active[to] = active[to], active[place]
    retired = [each for each in of_kind if each not in active]
    for position, each in enumerate([*active, *retired]):
        each.position = position


def _locked(session: Session, kind: OptionKind) -> list[VisitOption]:
    """Return the whole list in its order, locked: two owners change it one after the other."""
    rows = select(VisitOption).where(VisitOption.kind == kind.value).with_for_update()
    in_order = rows.order_by(VisitOption.position, VisitOption.id)
    return list(session.scalars(in_order.execution_options(populate_existing=True)))


def _named(options: Collection[VisitOption], name: str) -> VisitOption | None:
    return next((each for each in options if folded(each.name) == folded(name)), None)


def _name(name: str) -> str:
    return required(name, field="name", called=_("The name"), most=OPTION_LENGTH)
