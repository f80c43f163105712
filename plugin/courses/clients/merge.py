"""Merge two clients who are one person, and undo it where that was a mistake.

The ids of what moved are kept, so that the undo gives each client what was theirs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.outbox import PROFILE, enqueue, profile_changed
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.clients import index_client, living_client_in, view_of
from plugin.courses.clients.merge_core import MOVED, hand_over, join_clients
from plugin.courses.clients.profile_notes import enqueue_customer
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Client, ClientMerge, CourseShare, ProfileNote, SquareCustomer, Visit
from plugin.wording import _

_FILLED_IN = ("phone", "email")


@dataclass(frozen=True, slots=True)
class Merged:
    """Who remains, and the merge that can be undone; None if they had been joined by Square."""

    client_id: str
    merge_id: str | None
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge made here.

    `can_undo` is False once it was undone, or the remaining client was merged into another.
    """

    id: str
    from_id: str
    from_name: str
    into_id: str
    at: datetime
    by: str
    undone_at: datetime | None
    can_undo: bool


@allowed(Role.DESK)
def merge_clients(work: Work, from_id: str, into_id: str) -> Merged:
    """Merge two clients: all of the first becomes the second's, whose name is kept.

    Raises Refused or NotFound. A phone or e-mail that the remaining client lacks is copied. If they are
    merged already, the result states it.
    """
    gone, keeper = lock_both(work.session, from_id, into_id)
    was_one = False

    def merge() -> dict[str, Any]:
        nonlocal was_one
        merged = merge_rows(work, gone, keeper)
        was_one = merged.is_repeat
        return {"client_id": merged.client_id, "merge_id": merged.merge_id}

    done = work.once("merge", {"from_id": from_id, "into_id": into_id}, merge)
    return Merged(**done.answer, is_repeat=done.is_repeat or was_one)


def merge_rows(work: Work, gone: Client, keeper: Client) -> Merged:
    """Merge two clients within the caller's transaction; both rows are locked. Raises Refused."""
    if living_client_in(work.session, gone.id).id == living_client_in(work.session, keeper.id).id:
        return _one_already(work.session, gone, keeper)
    _refuse_merge(gone, keeper)
    return Merged(keeper.id, _merge(work, gone, keeper).id, is_repeat=False)


@allowed(Role.DESK)
def undo_merge(work: Work, merge_id: str) -> str:
    """Undo a merge: give each client what was theirs; return the one that had been merged away.

    What was added since belongs to the remaining client. Raises Refused or NotFound.
    """
    row = require_row(work.session, ClientMerge, merge_id, _("There is no such merge."))
    gone, keeper = lock_both(work.session, row.from_id, row.into_id)
    work.session.refresh(row)

    def undo() -> dict[str, Any]:
        if row.undone_at is None:
            _refuse_undo(row, gone, keeper)
            _undo(work, row, gone, keeper)
            record_in(
                work,
                Did.MERGE_UNDONE,
                name=keeper.name,
                after=gone.name,
                client_id=keeper.id,
                subject_id=gone.id,
            )
        return {"client_id": gone.id}

    work.once("take_merge_apart", {"merge_id": merge_id}, undo)
    return gone.id


def merges_of(store: Store, client_id: str) -> tuple[MergeView, ...]:
    """Return the merges made here into this client, newest first."""
    rows = (
        select(ClientMerge, Client)
        .join(Client, Client.id == ClientMerge.from_id)
        .where(ClientMerge.into_id == client_id)
        .order_by(ClientMerge.id.desc())
    )
    with store.reading() as session:
        keeper = session.get(Client, client_id)
        return tuple(_view(row, gone, keeper) for row, gone in session.execute(rows) if keeper)


def lock_both(session: Session, first_id: str, second_id: str) -> tuple[Client, Client]:
    """Return two clients, locked in one order regardless of the order given; raises NotFound."""
    rows = select(Client).where(Client.id.in_((first_id, second_id))).order_by(Client.id).with_for_update()
    found = {row.id: row for row in session.scalars(rows.execution_options(populate_existing=True))}
    if first_id not in found or second_id not in found:
        raise NotFound(_("There is no such client."))
    return found[first_id], found[second_id]


def _one_already(session: Session, gone: Client, keeper: Client) -> Merged:
    if gone.id == keeper.id:
        raise Refused(_("That is one client, not two. Choose another one."), code="same_client")
    last = (
        select(ClientMerge.id)
        .where(ClientMerge.from_id == gone.id, ClientMerge.undone_at.is_(None))
        .order_by(ClientMerge.id.desc())
    )
    stays = living_client_in(session, keeper.id).id
    return Merged(stays, session.scalar(last.limit(1)), is_repeat=True)


def _refuse_merge(gone: Client, keeper: Client) -> None:
    for client in (gone, keeper):
        if client.erased_at is not None:
            raise Refused(_("The data of one of them was deleted, so it can’t be merged."), code="erased")
        if client.merged_into is not None:
            said = _("One of them was merged with another client meanwhile. Compare both again.")
            raise Refused(said, code="merged")


def _merge(work: Work, gone: Client, keeper: Client) -> ClientMerge:
    text = _("Two clients made one: {gone} is now {keeper}", gone=gone.name, keeper=keeper.name)
    filled_in = _fill_in(gone, keeper)
    moved = join_clients(work, gone, keeper, text)
    row = ClientMerge(
        id=work.new_id(),
        from_id=gone.id,
        into_id=keeper.id,
        moved={**moved, "fields": filled_in},
        at=work.now,
        by=work.act.actor.name,
    )
    work.add(row)
    record_in(
        work, Did.CLIENTS_MERGED, name=keeper.name, before=gone.name, client_id=keeper.id, subject_id=gone.id
    )
    if work.session.get(ProfileNote, gone.id) is not None:
        # Their own profile remains in Square, and must no longer show a balance.
        enqueue(work, PROFILE, gone.id)
    profile_changed(work, keeper.id)
    if filled_in and view_of(work.session, keeper).square_customer_id is not None:
        enqueue_customer(work, keeper.id, *filled_in)
    return row


def _fill_in(gone: Client, keeper: Client) -> list[str]:
    lacks = [name for name in _FILLED_IN if not getattr(keeper, name) and getattr(gone, name)]
    for name in lacks:
        setattr(keeper, name, getattr(gone, name))
    if "email" in lacks:
        keeper.mail_problem = gone.mail_problem
    index_client(keeper)
    return lacks


def _refuse_undo(row: ClientMerge, gone: Client, keeper: Client) -> None:
    if gone.erased_at is not None or keeper.erased_at is not None or not row.moved:
        raise Refused(_("Their data was deleted since, so the merge can’t be undone."), code="erased")
    if gone.merged_into != row.into_id or keeper.merged_into is not None:
        said = _("They were merged with another client since. Undo that merge first.")
        raise Refused(said, code="merged")


def _undo(work: Work, row: ClientMerge, gone: Client, keeper: Client) -> None:
    moved = row.moved
    gone.merged_into = None
    for name in moved["fields"]:
        if getattr(keeper, name) == getattr(gone, name):
            setattr(keeper, name, None)
    index_client(keeper)
    _move_back(work.session, moved, gone, keeper)
    row.undone_at, row.undone_by = work.now, work.act.actor.name
    work.session.flush()
    for course_id in moved["courses"]:
        _course_back(work, row, course_id, gone, keeper)
    for client in (gone, keeper):
        profile_changed(work, client.id)


def _move_back(session: Session, moved: dict[str, Any], gone: Client, keeper: Client) -> None:
    for name, (table, column) in {**MOVED, "shares": (CourseShare, "client_id")}.items():
        # A merge of an earlier version moved fewer tables.
        still = (table.id.in_(moved.get(name, ())), getattr(table, column) == keeper.id)
        session.execute(update(table).where(*still).values({column: gone.id}))
    session.execute(
        update(CourseShare)
        .where(CourseShare.id.in_(moved["ended_shares"]))
        .values(ended_at=None, ended_by="")
    )
    rows = select(SquareCustomer).where(
        SquareCustomer.square_customer_id.in_(moved["profiles"]), SquareCustomer.client_id == keeper.id
    )
    for profile in session.scalars(rows):
        profile.client_id = gone.id
        profile.is_current = profile.square_customer_id in moved["current"]
    session.flush()


def _course_back(work: Work, row: ClientMerge, course_id: str, gone: Client, keeper: Client) -> None:
    course = course_for_change(work.session, course_id)
    if course.client_id != keeper.id:
        return
    since = (Visit.course_id == course_id, Visit.client_id == keeper.id, Visit.created_at >= row.at)
    work.session.execute(update(Visit).where(*since).values(client_id=gone.id))
    hand_over(
        work, course, gone, _("Two clients again: {gone} is not {keeper}", gone=gone.name, keeper=keeper.name)
    )


def _view(row: ClientMerge, gone: Client, keeper: Client) -> MergeView:
    is_standing = row.undone_at is None and gone.merged_into == keeper.id and keeper.merged_into is None
    can_undo = is_standing and bool(row.moved)
    return from_row(MergeView, row, from_name=gone.name, can_undo=can_undo)
