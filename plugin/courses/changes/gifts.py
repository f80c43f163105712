"""Whose a course is: a gift that awaits the client its code is redeemed for, and clients who share one."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.moments import day_at
from plugin.core.status import CLOSED, Status
from plugin.core.text import NOTE_LENGTH, REASON_LENGTH, in_fours, optional, plain_code, required
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import IS_SHARED_TODAY
from plugin.courses.base.events import CourseGiven, publish
from plugin.courses.base.read import course_in, courses_in
from plugin.courses.base.views import CourseView, from_row
from plugin.courses.base.words import day_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes import frame
from plugin.courses.clients.clients import living_client_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Course, CourseShare, Gift
from plugin.wording import N_, _

# Without characters easily confused: 0 and O, 1 and I and L, U and V.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12


def new_code() -> str:
    """Return an unguessable code: one of 30 to the power of 12."""
    return "".join(secrets.choice(LETTERS) for _other in range(LENGTH))


def written_code(code: str) -> str:
    """Return the code as printed on the voucher, in groups of four."""
    return in_fours(code)


def typed_code(typed: str) -> str:
    """Return the code that was typed, ignoring case and dashes; raises InvalidField for no code."""
    plain = plain_code(typed)
    if not plain:
        raise InvalidField(_("The voucher’s code is missing."), field="code")
    if len(plain) != LENGTH or any(ch not in LETTERS for ch in plain):
        said = _(
            "A voucher’s code has 12 letters and digits, such as 7KQM-X3FD-92HT; no O, I, L or U, no 0 or 1."
        )
        raise InvalidField(said, field="code")
    return plain


_UNKNOWN = N_("No voucher has that code. Look at it again, letter by letter.")


@dataclass(frozen=True, slots=True)
class NewGift:
    """The recipient, and the voucher's message."""

    recipient_name: str
    message: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GiftView:
    """What a voucher shows; `contents` are (sessions, treatment). It shows if redeemed or canceled."""

    id: str
    course_id: str
    code: str
    package_name: str
    contents: tuple[tuple[int, str], ...]
    giver_id: str
    giver_name: str
    recipient_name: str
    message: str
    given_at: datetime
    expires_on: date | None
    redeemed_at: datetime | None
    taken_back_at: datetime | None

    @property
    def written_code(self) -> str:
        """Return the code in groups of four."""
        return written_code(self.code)


@allowed(Role.DESK)
def give_course(
    work: Work, course_id: str, new: NewGift, *, make_code: Callable[[], str] = new_code
) -> frame.Changed:
    """Make a gift of a course that is paid and unused; until its code is redeemed it can't be used.

    Raises Refused, InvalidField or NotFound.
    """
    name = required(new.recipient_name, field="recipient_name", called=_("The recipient’s name"))
    message = optional(new.message, field="message", called=_("The message"), most=NOTE_LENGTH)

    def do(change: frame.CourseChange) -> None:
        _may_be_given(change)
        gift_id = work.new_id()
        change.session.add(
            Gift(
                id=gift_id,
                course_id=course_id,
                code=make_code(),
                giver_id=change.view.client_id,
                giver_name=change.view.client_name,
                recipient_name=name,
                message=message,
                given_at=work.now,
                by=work.act.actor.name,
            )
        )
        reason = optional(new.reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
        add_history(change, course_id, "given", _("Made a gift for {name}", name=name), reason=reason)
        publish(change, CourseGiven(gift_id))

    return frame.change_course(work, course_id, do, what="give", request=asdict(new))


@allowed(Role.DESK)
def take_gift_back(work: Work, course_id: str, reason: str = "") -> frame.Changed:
    """Cancel a gift that was not redeemed: its code becomes void. Raises Refused or NotFound."""
    said = optional(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)

    def do(change: frame.CourseChange) -> None:
        row = change.session.scalar(select(Gift).where(Gift.waiting == course_id))
        if row is None:
            raise Refused(_("This course is not a gift that waits to be redeemed."), code="no_gift")
        row.taken_back_at, row.taken_back_by = work.now, work.act.actor.name
        text = _("Gift for {recipient_name} canceled", recipient_name=row.recipient_name)
        add_history(change, course_id, "gift_back", text, reason=said)

    return frame.change_course(work, course_id, do, what="take_gift_back", request={"reason": said})


@allowed(Role.DESK)
def redeem_gift(work: Work, code: str, client_id: str) -> frame.Changed:
    """Make this client the owner of the code's course; of two desks that try at once, one succeeds.

    Raises InvalidField where no voucher has that code, Refused for one that was redeemed or canceled.
    """
    plain = typed_code(code)
    course_id = work.session.scalar(select(Gift.course_id).where(Gift.code == plain))
    if course_id is None:
        raise InvalidField(_UNKNOWN, field="code")

    def do(change: frame.CourseChange) -> None:
        row = change.session.scalars(select(Gift).where(Gift.code == plain)).one()
        _refuse_spent(change.session, row, change.view)
        client = living_client_in(change.session, client_id)
        row.redeemed_at, row.redeemed_by, row.recipient_id = work.now, work.act.actor.name, client.id
        change.row.client_id = client.id
        _end_shares(change, work.act)
        text = _(
            "Voucher of {giver_name} redeemed by {client}", giver_name=row.giver_name, client=client.name
        )
        add_history(change, change.row.id, "redeemed", text)

    return frame.change_course(
        work, course_id, do, what="redeem", request={"code": plain, "client_id": client_id}
    )


def check_voucher(store: Store, code: str, *, today: date) -> GiftView:
    """Return the gift of a redeemable code; raises InvalidField, or Refused for a used or void one."""
    plain = typed_code(code)
    with store.reading() as session:
        row = session.scalar(select(Gift).where(Gift.code == plain))
        if row is None:
            raise InvalidField(_UNKNOWN, field="code")
        course = _course(session, row, today)
        _refuse_spent(session, row, course)
        return _view(row, course)


def find_gift(store: Store, code: str, *, today: date) -> GiftView | None:
    """Return the gift with this code, also a redeemed or canceled one; None where it is the code of none."""
    try:
        plain = typed_code(code)
    except InvalidField:
        return None
    return _one(store, Gift.code == plain, today)


def read_gift(store: Store, gift_id: str, *, today: date) -> GiftView:
    """Return the gift; raises NotFound."""
    gift = _one(store, Gift.id == gift_id, today)
    if gift is None:
        raise NotFound(_("There is no such voucher."))
    return gift


def gift_of_course(store: Store, course_id: str, *, today: date) -> GiftView | None:
    """Return the latest gift made of the course, with all that its voucher shows; None for none."""
    with store.reading() as session:
        latest = select(Gift).where(Gift.course_id == course_id).order_by(Gift.id.desc()).limit(1)
        row = session.scalar(latest)
        return _view(row, _course(session, row, today)) if row is not None else None


def _one(store: Store, which: ColumnElement[bool], today: date) -> GiftView | None:
    with store.reading() as session:
        row = session.scalar(select(Gift).where(which))
        return _view(row, _course(session, row, today)) if row is not None else None


def _may_be_given(change: frame.CourseChange) -> None:
    course = change.view
    frame.refuse_closed(course)
    frame.refuse_ownerless(course)
    frame.refuse_waiting_gift(course)
    if course.is_part_paid:
        raise Refused(_("This course is not paid in full. Give it once it is."), code="part_paid")
    if not course.is_untouched:
        said = _("Sessions of this course were used. Transfer the remaining sessions instead.")
        raise Refused(said, code="used")
    refusal = {
        Status.EXPIRED: _("This course has expired. Extend it first."),
        Status.FROZEN: _("This course is frozen. Unfreeze it first."),
        Status.FINISHED: _("No session of this course is left to give."),
    }.get(course.status)
    if refusal is not None:
        raise Refused(refusal, code=course.status.value)


def _refuse_spent(session: Session, row: Gift, course: CourseView) -> None:
    clinic = clinic_in(session)
    if row.redeemed_at is not None:
        day = day_text(day_at(row.redeemed_at, clinic.zone), clinic)
        raise Refused(_("This voucher was redeemed on {day}.", day=day), code="redeemed")
    if row.taken_back_at is not None:
        raise Refused(
            _("The gift from {giver_name} was canceled.", giver_name=row.giver_name), code="taken_back"
        )
    if course.status in (Status.REFUNDED, Status.TRANSFERRED):
        raise Refused(
            _("The course of this voucher was {status}.", status=CLOSED[course.status]),
            code=course.status.value,
        )


def _end_shares(change: frame.CourseChange, act: Act) -> None:
    """End all shares of the course: they are not part of a gift."""
    standing = select(CourseShare).where(
        CourseShare.course_id == change.row.id, CourseShare.ended_at.is_(None)
    )
    for share in change.session.scalars(standing):
        share.ended_at, share.ended_by = act.now, act.actor.name


def _course(session: Session, row: Gift, today: date) -> CourseView:
    return course_in(session, session.get_one(Course, row.course_id), today=today)


def _view(row: Gift, course: CourseView) -> GiftView:
    contents = tuple((each.granted, each.treatment) for each in course.allowances)
    return from_row(
        GiftView, row, package_name=course.package_name, contents=contents, expires_on=course.expires_on
    )


MOST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Share:
    """With whom, and until which day; None: until it is ended."""

    client_id: str
    until: date | None = None
    reason: str = ""


@allowed(Role.DESK)
def share_course(work: Work, course_id: str, wish: Share) -> frame.Changed:
    """Let another client use the course too; raises Refused, InvalidField or NotFound."""
    reason = optional(wish.reason, field="reason", called=_("The reason"), most=REASON_LENGTH)

    def do(change: frame.CourseChange) -> None:
        client = living_client_in(change.session, wish.client_id)
        _may_be_shared(change, client.id, client.name, wish.until)
        row = CourseShare(
            id=work.new_id(),
            course_id=course_id,
            client_id=client.id,
            until=wish.until,
            shared_at=work.now,
            by=work.act.actor.name,
        )
        change.session.add(row)
        said = _("Shared with {client}", client=client.name)
        if wish.until:
            day = day_text(wish.until, clinic_in(change.session))
            said = _("Shared with {client} until {day}", client=client.name, day=day)
        add_history(change, course_id, "shared", said, reason=reason)

    return frame.change_course(work, course_id, do, what="share", request=asdict(wish))


@allowed(Role.DESK)
def end_share(work: Work, course_id: str, share_id: str, *, reason: str = "") -> frame.Changed:
    """End a share; sessions already used remain used. Raises Refused where it has ended, or NotFound."""
    said = optional(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)

    def do(change: frame.CourseChange) -> None:
        row = change.session.get(CourseShare, share_id)
        if row is None or row.course_id != course_id:
            raise NotFound(_("That course has no such share."))
        if row.ended_at is not None:
            raise Refused(_("That share has ended already."), code="not_shared")
        row.ended_at, row.ended_by = work.now, work.act.actor.name
        name = living_client_in(change.session, row.client_id).name
        text = _("No longer shared with {name}", name=name)
        add_history(change, course_id, "share_ended", text, reason=said)

    return frame.change_course(
        work, course_id, do, what="end_share", request={"share_id": share_id, "reason": said}
    )


def _may_be_shared(change: frame.CourseChange, client_id: str, name: str, until: date | None) -> None:
    course = change.view
    frame.refuse_closed(course)
    frame.refuse_ownerless(course)
    frame.refuse_waiting_gift(course)
    if client_id == course.client_id:
        raise Refused(_("This course is {name}’s own.", name=name), code="already_theirs")
    if course.share_of(client_id) is not None:
        raise Refused(_("This course is shared with {name} already.", name=name), code="already_shared")
    if len(course.shares) >= MOST_PEOPLE:
        raise Refused(
            _("A course is shared with {most_people} people at most.", most_people=MOST_PEOPLE),
            code="too_many",
        )
    if until is not None and until < change.today:
        raise InvalidField(_("That day is past. Choose today or later."), field="until")


def shared_with(store: Store, client_id: str, *, today: date) -> tuple[CourseView, ...]:
    """Return the courses of others that this client may use today, the oldest first."""
    with store.reading() as session:
        ids = shared_in(session, [client_id], today=today)
        rows = select(Course).where(Course.id.in_(ids)).order_by(Course.sold_at, Course.id)
        return tuple(courses_in(session, session.scalars(rows).all(), today=today)) if ids else ()


def shared_in(session: Session, client_ids: Sequence[str], *, today: date) -> list[str]:
    """Return the ids of the courses of others that one of these clients may use today."""
    rows = _SHARED.all(session.connection(), {"client_ids": client_ids, "today": today})
    return [row.id for row in rows]


_SHARED = Prepared(select(Course.id).where(IS_SHARED_TODAY))
