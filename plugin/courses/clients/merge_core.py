"""Move everything of one client to another: the same for a merge in Square and one made by staff."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.work import Work
from plugin.courses.clients.duplicates import settle_duplicates_in
from plugin.store.changes import CourseShare, Gift
from plugin.store.clinical import CheckAnswer, OwnRating, RatedConcern, VisitNote
from plugin.store.documents import ClientLetter, LetterChoice
from plugin.store.ledger import Course, Visit
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.store.selling import Checkout

Moved = dict[str, Any]
# The rows that a merge moves, and their column that names the client.
MOVED: dict[str, tuple[Any, str]] = {
    "visits": (Visit, "client_id"),
    # Those of visits follow the visits.
    "notes": (VisitNote, "client_id"),
    "checks": (CheckAnswer, "client_id"),
    "concerns": (RatedConcern, "client_id"),
    "ratings": (OwnRating, "client_id"),
    "checkouts": (Checkout, "client_id"),
    "letters": (ClientLetter, "client_id"),
    "given": (Gift, "giver_id"),
    "received": (Gift, "recipient_id"),
    # Those merged into them before: their page redirects to the remaining client in one step.
    "clients": (Client, "merged_into"),
}


def join_clients(work: Work, gone: Client, keeper: Client, text: str) -> Moved:
    """Move all of `gone` to `keeper`, with `text` in each course's history; return the ids of what moved, by table."""
    _settle_checks(work, gone, keeper)
    _settle_concerns(work, gone, keeper)
    moved: Moved = {
        "courses": _courses(work, gone, keeper, text),
        **{name: _repoint(work.session, *MOVED[name], gone.id, keeper.id) for name in MOVED},
        **_shares(work.session, work.act, gone, keeper),
        **_profiles(work.session, gone, keeper),
    }
    gone.merged_into = keeper.id
    # An opt-out under either name is an opt-out.
    keeper.wants_mail = keeper.wants_mail and gone.wants_mail
    keeper.large_print = keeper.large_print or gone.large_print
    _declined(work.session, gone, keeper)
    settle_duplicates_in(work.session, work.act, gone.id, keeper.id)
    work.session.flush()
    return moved


def _settle_checks(work: Work, gone: Client, keeper: Client) -> None:
    """Let one answer stand of a day on which both answered: one that waits for who treats, else the later one."""
    rows = sorted(
        work.session.scalars(
            select(CheckAnswer).where(
                CheckAnswer.client_id.in_((gone.id, keeper.id)), CheckAnswer.replaced_at.is_(None)
            )
        ),
        key=lambda row: (row.answer == "ask" and row.talked_at is None, row.answered_at),
    )
    standing = {row.on_day: row.id for row in rows}
    for row in rows:
        if standing[row.on_day] != row.id:
            row.replaced_at = work.now
    # The index allows one standing answer per day, also while they are moved.
    work.session.flush()


def _settle_concerns(work: Work, gone: Client, keeper: Client) -> None:
    """End what `gone` rates where the keeper rates too: nobody rates more than three concerns, or one twice."""
    current = RatedConcern.ended_at.is_(None)
    theirs = select(RatedConcern.id).where(RatedConcern.client_id == keeper.id, current)
    if work.session.scalar(theirs.limit(1)) is not None:
        of_gone = RatedConcern.client_id == gone.id, current
        work.session.execute(update(RatedConcern).where(*of_gone).values(ended_at=work.now))


def _courses(work: Work, gone: Client, keeper: Client, text: str) -> list[str]:
    ids = list(work.session.scalars(select(Course.id).where(Course.client_id == gone.id).order_by(Course.id)))
    for course_id in ids:
        hand_over(work, course_for_change(work.session, course_id), keeper, text)
    return ids


def hand_over(work: Work, course: Course, to: Client, text: str, *, reason: str = "") -> None:
    """Transfer a course to another client, with `text` in its history."""
    course.client_id = to.id
    add_history(work, course.id, "merged", text, reason=reason)
    work.session.flush()
    publish(work, CourseChanged(course.id))


def _repoint(session: Session, table: Any, column: str, from_id: str, to_id: str) -> list[str]:
    key, points = table.id, getattr(table, column)
    ids = list(session.scalars(select(key).where(points == from_id).order_by(key)))
    session.execute(update(table).where(key.in_(ids)).values({column: to_id}))
    return ids


def _shares(session: Session, act: Act, gone: Client, keeper: Client) -> Moved:
    both = CourseShare.client_id.in_((gone.id, keeper.id)), CourseShare.ended_at.is_(None)
    rows = session.scalars(select(CourseShare).where(*both).order_by(CourseShare.id)).all()
    theirs = [share.id for share in rows if share.client_id == gone.id]
    pass_shares_in(session, act, gone.id, keeper.id)
    return {"shares": theirs, "ended_shares": [share.id for share in rows if share.ended_at is not None]}


def _profiles(session: Session, gone: Client, keeper: Client) -> Moved:
    """Link their Square profiles to the keeper, whose own existing one is still the current one."""
    has_own = session.scalar(
        select(SquareCustomer.square_customer_id)
        .where(SquareCustomer.client_id == keeper.id, *IS_LIVING_PROFILE)
        .limit(1)
    )
    rows = session.scalars(select(SquareCustomer).where(SquareCustomer.client_id == gone.id)).all()
    current = [row.square_customer_id for row in rows if row.is_current]
    for row in rows:
        row.client_id = keeper.id
        row.is_current = row.is_current and has_own is None
    session.flush()
    return {"profiles": [row.square_customer_id for row in rows], "current": current}


def _declined(session: Session, gone: Client, keeper: Client) -> None:
    for each in session.scalars(select(LetterChoice).where(LetterChoice.client_id == gone.id)):
        if session.get(LetterChoice, (keeper.id, each.kind)) is None:
            kept = LetterChoice(client_id=keeper.id, kind=each.kind, declined_at=each.declined_at, by=each.by)
            session.add(kept)


def pass_shares_in(session: Session, act: Act, from_id: str, to_id: str) -> None:
    """Give the keeper what was shared with either client; no one shares with themselves."""
    standing = select(CourseShare).where(
        CourseShare.client_id.in_((from_id, to_id)), CourseShare.ended_at.is_(None)
    )
    rows = sorted(session.scalars(standing), key=lambda row: (row.client_id != to_id, row.id))
    kept: set[str] = set()
    for row in rows:
        is_own = session.get_one(Course, row.course_id).client_id == to_id
        if is_own or row.course_id in kept:
            row.ended_at, row.ended_by = act.now, act.actor.name
        kept.add(row.course_id)
        row.client_id = to_id
    session.flush()
