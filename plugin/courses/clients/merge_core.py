"""Move everything of one client to another, for a merge in Square or by staff; and customers Square has separated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.outbox import profile_changed
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import add_client, living_client_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.duplicates import settle_duplicates_in
from plugin.courses.clients.square_links import contact_of_buyer, link_in, living_links_in
from plugin.store.changes import CourseShare, Gift
from plugin.store.clinical import CheckAnswer, OwnRating, RatedConcern, VisitNote
from plugin.store.documents import ClientLetter, LetterChoice
from plugin.store.ledger import Course, Visit
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.store.selling import Checkout
from plugin.wording import _

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


def ask_about_unmerged(work: Work, client_id: str, buyer: Buyer, sold_to_them: Sequence[str]) -> bool:
    """Ask whether a client who was merged with another is to be separated again.

    Return False if the client themselves was separated: then the other one is to leave.
    """
    client = living_client_in(work.session, client_id)
    details = {
        "client_id": client.id,
        "square_customer_id": buyer.square_customer_id,
        "name": buyer.name,
        "phone": buyer.phone,
        "email": buyer.email,
    }
    if _is_themselves(work.session, client, buyer):
        keep_together(work, details)
        return False
    all_ids = list(
        work.session.scalars(select(Course.id).where(Course.client_id == client.id).order_by(Course.id))
    )
    theirs = [course_id for course_id in all_ids if course_id in set(sold_to_them)]
    others = living_links_in(work.session, client.id, besides=buyer.square_customer_id)
    open_item(
        work,
        kind="unmerged_customer",
        dedupe=f"unmerged:{buyer.square_customer_id}:{others[0] if others else ''}",
        summary=_summary(client, buyer),
        details={
            **details,
            "course_ids": all_ids,
            "split_ids": theirs,
            "proposal": _proposal(work.session, client, buyer, theirs, len(all_ids)),
        },
    )
    return True


def split_client(work: Work, details: dict[str, Any], *, reason: str) -> Client:
    """Make the separated customer a client of their own again, with the courses sold to them."""
    from_client = living_client_in(work.session, details["client_id"])
    to = _client_again(work, from_client, details)
    _link_living(work, details["square_customer_id"], to.id)
    for course_id in details["split_ids"]:
        course = course_for_change(work.session, course_id)
        if course.client_id != from_client.id:
            continue
        theirs = update(Visit).where(Visit.course_id == course.id, Visit.client_id == from_client.id)
        work.session.execute(theirs.values(client_id=to.id))
        text = _(
            "Clients separated in Square: {to} is no longer {from_client}",
            to=to.name,
            from_client=from_client.name,
        )
        hand_over(work, course, to, text, reason=reason)
    profile_changed(work, from_client.id)
    profile_changed(work, to.id)
    return to


def keep_together(work: Work, details: dict[str, Any]) -> Client:
    """Keep both Square customers one client here: what either buys is theirs."""
    client = living_client_in(work.session, details["client_id"])
    square_customer_id = details["square_customer_id"]
    link = _link_living(work, square_customer_id, client.id)
    link.is_current = not living_links_in(work.session, client.id, besides=square_customer_id)
    profile_changed(work, client.id)
    return client


def _is_themselves(session: Session, client: Client, buyer: Buyer) -> bool:
    contact = contact_of_buyer(session, buyer)
    same = ("name_folded", "phone", "email")
    is_alike = all(getattr(contact, name) == getattr(client, name) for name in same)
    return is_alike and (contact.phone is not None or contact.email is not None)


def _summary(client: Client, buyer: Buyer) -> str:
    who = _("{value} from {client}", value=buyer.name or _("a customer"), client=client.name)
    if buyer.name == client.name:
        who = _("two customers called {client}", client=client.name)
    return _("Square has separated {who}. Here they are one client.", who=who)


def _proposal(session: Session, client: Client, buyer: Buyer, theirs: Sequence[str], many: int) -> str:
    who = buyer.name or _("them")
    if not theirs:
        return _(
            "None of the courses was sold to {who} as Square tells it; all stay with {client}.",
            who=who,
            client=client.name,
        )
    names = session.scalars(select(Course.package_name).where(Course.id.in_(theirs)).order_by(Course.id))
    rest = (
        _("the rest stays with {client}", client=client.name)
        if many > len(theirs)
        else _("nothing stays with {client}", client=client.name)
    )
    return _("Sold to {who}: {names}; {rest}.", who=who, names=", ".join(names), rest=rest)


def _client_again(work: Work, from_client: Client, details: dict[str, Any]) -> Client:
    buyer = Buyer(details["square_customer_id"], details["name"], details["phone"], details["email"])
    contact = contact_of_buyer(work.session, buyer)
    before = work.session.scalar(
        select(Client)
        .where(Client.merged_into == from_client.id, Client.name_folded == contact.name_folded)
        .order_by(Client.id)
        .limit(1)
    )
    if before is not None:
        # The page of the client they were until the merge redirects to them again.
        before.merged_into = None
        return before
    return work.session.get_one(Client, add_client(work, replace(contact, language=from_client.language)))


def _link_living(work: Work, square_customer_id: str, client_id: str) -> SquareCustomer:
    link = link_in(work.session, work.act, square_customer_id, client_id, is_current=True)
    link.is_deleted = False
    return link
