"""Acts on many courses at once: chosen and previewed first, then carried out by the worker, course by course.

A preview keeps which courses were chosen and what would become of each; it changes none of them. What was previewed is
what is done: a course that has changed since is refused, and said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.core.batches import batched
from plugin.core.status import CLOSED
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.keyset import Order
from plugin.courses.base.outbox import Job, enqueue
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.changes.expiry import FURTHEST_DAYS, Extension, move_last_day
from plugin.courses.changes.frame import checked_reason
from plugin.courses.documents.paper_emails import send_paper
from plugin.courses.lists.course_list import CourseFilter, course_ids_of
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.prepared import Prepared
from plugin.store.tables import BulkAct, BulkItem, Client, Course, Outbox
from plugin.wording import N_, _

BULK = "bulk_act"
EXTEND, EMAIL = "extend", "email"
MOST_COURSES = 10_000
REFUSED_SHOWN = 200
PREVIEW_KEPT_FOR = timedelta(days=1)
UNDER_WAY = ("running", "undoing")
_NO_ACT = N_("There is no such bulk change. Choose the courses again.")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BulkRefusal:
    """A course that is not changed, or not changed back, and why."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    why: str


@dataclass(frozen=True, slots=True)
class BulkView:
    """An act and how far it is.

    `counts`: courses by the state of their item; `first_end`, `last_end`: the earliest and the latest new last day.
    """

    id: str
    kind: str
    days: int | None
    reason: str
    state: str
    by: str
    created_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]
    refused: tuple[BulkRefusal, ...]
    first_end: date | None
    last_end: date | None

    @property
    def total(self) -> int:
        """Return how many courses were chosen."""
        return sum(self.counts.values())

    @property
    def to_do(self) -> int:
        """Return how many courses are to be changed, or to be changed back."""
        return self.counts.get("done" if self.state == "undoing" else "chosen", 0)

    @property
    def done(self) -> int:
        """Return how many courses were changed."""
        return sum(self.counts.get(each, 0) for each in ("done", "undone", "kept"))

    @property
    def progress(self) -> tuple[int, int]:
        """Return how many of how many courses are finished."""
        if self.state == "undoing":
            return self.done - self.to_do, self.done
        known_before = self.total - self.to_do
        return known_before, self.total

    @property
    def is_under_way(self) -> bool:
        """Return whether the worker is at it, or will be."""
        return self.state in UNDER_WAY

    @property
    def can_be_undone(self) -> bool:
        """Return whether courses were changed that can be changed back."""
        return self.kind == EXTEND and not self.is_under_way and self.counts.get("done", 0) > 0


def preview_extension(
    store: Store, act: Act, wanted: CourseFilter, order: Order, *, days: int, reason: str
) -> str:
    """Keep the courses that meet the filter, to extend by so many days, and return the act's id.

    Raises InvalidField for no course, too many, no reason, or a number of days that is not from 1 to 3660.
    """
    require(act.actor)
    checked = checked_reason(reason)
    if not 1 <= days <= FURTHEST_DAYS:
        raise InvalidField(
            _("Extend by 1 to {furthest_days} days.", furthest_days=f"{FURTHEST_DAYS:,}"), field="days"
        )
    return _preview(store, act, wanted, order, kind=EXTEND, days=days, reason=checked)


def preview_email(store: Store, act: Act, wanted: CourseFilter, order: Order) -> str:
    """Keep the courses that meet the filter, to e-mail their summaries, and return the act's id."""
    require(act.actor)
    return _preview(store, act, wanted, order, kind=EMAIL, days=None, reason="")


@in_transaction
def _preview(
    work: Work, wanted: CourseFilter, order: Order, *, kind: str, days: int | None, reason: str
) -> str:
    def keep() -> str:
        today = local_date_in(work.session, work.now)
        ids = course_ids_of(work.session, wanted, order, today, MOST_COURSES + 1)
        _check_number(ids)
        by = {"by": work.act.actor.name, "staff_id": work.act.actor.staff_id}
        row = BulkAct(id=work.new_id(), kind=kind, days=days, reason=reason, created_at=work.now, **by)
        work.add(row)
        for some in batched(enumerate(ids), _AT_ONCE):
            _add_items(work, row, some, today)
        return row.id

    # The same form again is the same act, whatever was sold since.
    request = {"kind": kind, "days": days, "reason": reason, "wanted": repr(wanted)}
    return str(work.once("bulk", request, lambda: {"bulk_id": keep()}).answer["bulk_id"])


def _check_number(ids: Sequence[str]) -> None:
    if not ids:
        raise InvalidField(_("Choose at least one course."), field="course")
    if len(ids) > MOST_COURSES:
        said = _(
            "These are more than {most_courses} courses, the most that are changed at once.",
            most_courses=f"{MOST_COURSES:,}",
        )
        raise InvalidField(_("{said} Filter for fewer.", said=said), field="course")


def _add_items(work: Work, act: BulkAct, placed: Sequence[tuple[int, str]], today: date) -> None:
    columns = select(Course.id, Course.client_id, Course.expires_on, Course.closed_as, Client)
    rows = work.session.execute(
        columns.outerjoin(Client, Client.id == Course.client_id).where(
            Course.id.in_([course_id for _position, course_id in placed])
        )
    )
    by_id = {row.id: row for row in rows}
    items = []
    for position, course_id in placed:
        row = by_id[course_id]
        after = None
        if act.kind == EXTEND and row.expires_on is not None:
            after = row.expires_on + timedelta(min(act.days or 0, (date.max - row.expires_on).days))
        why = _why_not_extended(row, after, today) if act.kind == EXTEND else _why_not_mailed(row.Client)
        items.append(
            {
                "id": work.new_id(),
                "bulk_id": act.id,
                "position": position,
                "course_id": course_id,
                "state": "refused" if why else "chosen",
                "why": why,
                "before": row.expires_on if act.kind == EXTEND else None,
                "after": None if why else after,
            }
        )
    work.session.connection().execute(insert(BulkItem), items)


def _why_not_extended(row: Any, after: date | None, today: date) -> str:
    if row.closed_as is not None:
        return _("This course was {closed_as}.", closed_as=CLOSED[row.closed_as])
    if after is None:
        return _("It has no expiration.")
    if after < today:
        return _("It would still be expired.")
    return _("That is more than ten years from now.") if after > today + timedelta(FURTHEST_DAYS) else ""


def _why_not_mailed(client: Client | None) -> str:
    """Return why a client gets no e-mail that they did not ask for, "" where they do."""
    if client is None:
        return _("It has no client yet.")
    if client.erased_at is not None:
        return _("Their data was erased.")
    if not client.wants_mail:
        return _("They unsubscribed from e-mails.")
    if not client.email:
        return _("They have no e-mail address.")
    return _("The last e-mail to their address bounced.") if client.mail_problem else ""


@allowed()
def start_bulk(work: Work, bulk_id: str) -> None:
    """Carry out a previewed act; one that was started before is left as it is. Raises NotFound, Refused."""
    row = bulk_for_change(work.session, bulk_id)
    if row.state != "preview":
        return
    if not _counts(work.session, row.id).get("chosen"):
        raise Refused(_("None of these courses can be changed. Choose others."), code="none_left")
    row.state, row.started_at = "running", work.now
    work.session.flush()
    enqueue(work, BULK, row.id)


@allowed()
def cancel_bulk(work: Work, bulk_id: str) -> None:
    """Discard a preview, or stop an act that is being carried out: what was changed so far stays changed."""
    row = bulk_for_change(work.session, bulk_id)
    if row.state in ("preview", "running"):
        row.state, row.ended_at = "canceled", work.now


@allowed()
def undo_bulk(work: Work, bulk_id: str) -> None:
    """Change back what an extension changed, but for courses that were changed again since. Raises Refused."""
    row = bulk_for_change(work.session, bulk_id)
    if row.state in ("undoing", "undone"):
        return
    if row.kind != EXTEND or row.state in ("preview", "running"):
        raise Refused(_("There is nothing to undo yet."), code="not_yet")
    if not _counts(work.session, row.id).get("done"):
        raise Refused(_("There is nothing to undo."), code="none_left")
    row.state, row.ended_at = "undoing", None
    work.session.flush()
    enqueue(work, BULK, row.id)


def read_bulk(store: Store, bulk_id: str) -> BulkView:
    """Return the act; raises NotFound."""
    with store.reading() as session:
        row = require_row(session, BulkAct, bulk_id, _NO_ACT)
        return _view(session, row)


def recent_bulk_acts(store: Store, now: datetime) -> tuple[BulkView, ...]:
    """Return the acts of the last week that were started, newest first, at most five."""
    with store.reading() as session:
        found = _RECENT.all(session.connection(), {"since": now - timedelta(days=7)})
        return tuple(_view(session, row, refused_shown=0) for row in found)


_RECENT = Prepared(
    select(BulkAct.__table__)
    .where(
        BulkAct.state.in_(("running", "done", "undoing", "undone", "failed")),
        BulkAct.created_at > bindparam("since", type_=UtcTime()),
    )
    .order_by(BulkAct.created_at.desc(), BulkAct.id.desc())
    .limit(5)
)


def bulk_for_change(session: Session, bulk_id: str) -> BulkAct:
    """Return the act, locked for this transaction; raises NotFound."""
    return require_row(session, BulkAct, bulk_id, _NO_ACT, is_locked=True)


def drop_old_previews(store: Store, now: datetime) -> int:
    """Delete previews that were not carried out within a day; return how many."""
    old = select(BulkAct.id).where(BulkAct.state == "preview", BulkAct.created_at < now - PREVIEW_KEPT_FOR)
    with store.reading() as session:
        if session.scalar(old.limit(1)) is None:
            return 0
    with store.writing() as session:
        # Chosen under a lock: one that is being started is not deleted under its worker.
        ids = list(session.scalars(old.limit(20).with_for_update()))
        session.execute(delete(BulkItem).where(BulkItem.bulk_id.in_(ids)))
        session.execute(delete(BulkAct).where(BulkAct.id.in_(ids)))
    return len(ids)


def _counts(session: Session, bulk_id: str) -> dict[str, int]:
    rows = select(BulkItem.state, func.count()).where(BulkItem.bulk_id == bulk_id).group_by(BulkItem.state)
    return dict(session.execute(rows).all())


def _view(session: Session, row: BulkAct | Row[Any], *, refused_shown: int = REFUSED_SHOWN) -> BulkView:
    ends = session.execute(
        select(func.min(BulkItem.after), func.max(BulkItem.after)).where(BulkItem.bulk_id == row.id)
    ).one()
    return from_row(
        BulkView,
        row,
        counts=_counts(session, row.id),
        refused=_refused(session, row.id, refused_shown) if refused_shown else (),
        first_end=ends[0],
        last_end=ends[1],
    )


def _refused(session: Session, bulk_id: str, most: int) -> tuple[BulkRefusal, ...]:
    rows = (
        select(BulkItem.course_id, Course.client_id, Client.name, Course.package_name, BulkItem.why)
        .join(Course, Course.id == BulkItem.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
        .where(BulkItem.bulk_id == bulk_id, BulkItem.state.in_(("refused", "kept")))
        .order_by(BulkItem.position)
        .limit(most)
    )
    return tuple(
        BulkRefusal(course_id, client_id, name or "", package, why)
        for course_id, client_id, name, package, why in session.execute(rows)
    )


BULK_LEASE_S = 120
AT_ONCE = 25
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some courses to do next, and what to do with them."""

    kind: str
    is_undo: bool
    reason: str
    actor: Actor
    items: tuple[Any, ...]


def run_bulk(store: Store, clock: Clock, job: Job, *, has_mail: bool) -> str | None:
    """Carry out what is left of an act; return the outcome, None if another worker will report it."""
    while True:
        part = store.transact(lambda session: _next_part(session, clock(), job))
        if part is None:
            return None
        if not part.items:
            return _("All courses are done.")
        for item in part.items:
            state, why = _do(store, clock(), job.subject, part, item, has_mail=has_mail)
            _note(store, item.id, state, why)


def fail_bulk(store: Store, job: Job, now: datetime) -> None:
    """Record that the work failed permanently: what was changed stays changed, and can be undone."""

    def work(session: Session) -> None:
        row = bulk_for_change(session, job.subject)
        if row.state in ("running", "undoing"):
            row.state, row.ended_at = "failed", now

    store.transact(work)


def _next_part(session: Session, now: datetime, job: Job) -> _Part | None:
    """Return the next courses and extend the lease; end the act where none is left."""
    row = bulk_for_change(session, job.subject)
    outbox = session.get_one(Outbox, job.id)
    if outbox.attempts != job.attempts:
        return None
    outbox.due_at = now + timedelta(seconds=BULK_LEASE_S)
    is_undo = row.state == "undoing"
    actor = Actor(row.by, Role.OWNER, Source.DESK, row.staff_id)
    items: tuple[Any, ...] = ()
    if row.state in ("running", "undoing"):
        columns = (BulkItem.id, BulkItem.position, BulkItem.course_id, BulkItem.before, BulkItem.after)
        left = select(*columns).where(
            BulkItem.bulk_id == row.id, BulkItem.state == ("done" if is_undo else "chosen")
        )
        items = tuple(session.execute(left.order_by(BulkItem.position).limit(AT_ONCE)))
        if not items:
            row.state, row.ended_at = "undone" if is_undo else "done", now
    return _Part(row.kind, is_undo, row.reason, actor, items)


def _do(
    store: Store, now: datetime, bulk_id: str, part: _Part, item: Any, *, has_mail: bool
) -> tuple[str, str]:
    """Change one course, or change it back; return the state of its item, and why it was refused."""
    act = Act(part.actor, now, f"{bulk_id}:{item.position}{':undo' if part.is_undo else ''}")
    try:
        if part.kind == EMAIL:
            # They may have unsubscribed since the preview.
            send_paper(store, act, "summary", item.course_id, has_mail=has_mail, is_asked_for=False)
        elif part.is_undo:
            wish = Extension(item.before, _("Undone: {reason}", reason=part.reason)[:300], is_shortening=True)
            move_last_day(store, act, item.course_id, item.after, wish)
        else:
            move_last_day(store, act, item.course_id, item.before, Extension(item.after, part.reason))
    except (Refused, InvalidField, NotFound) as error:
        return ("kept" if part.is_undo else "refused"), error.message
    return ("undone" if part.is_undo else "done"), ""


def _note(store: Store, item_id: str, state: str, why: str) -> None:
    def work(session: Session) -> None:
        item = session.get_one(BulkItem, item_id)
        item.state, item.why = state, why[:400]

    store.transact(work)
