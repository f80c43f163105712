"""Use a session: one key, one entry; the database refuses an overdraw in any race."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.course import AllowanceState, CourseState
from plugin.core.ledger import Change, used
from plugin.core.moments import day_at
from plugin.core.text import optional
from plugin.courses.base.chain import EntryRow, Line, add_history, append
from plugin.courses.base.clinic import clinic_in, noon_of
from plugin.courses.base.course_extras import shares_and_origins_in
from plugin.courses.base.events import CourseChanged, VisitRecorded, publish
from plugin.courses.base.read import entry_in, entry_view
from plugin.courses.base.state import numbered_states
from plugin.courses.base.views import EarlierEntry, Used
from plugin.courses.base.words import clinic_money, day_text, moment_text, sold_later
from plugin.courses.base.work import Work, allowed, answer_in, digest, keep_answer
from plugin.courses.changes.expiry import follow_first_use
from plugin.courses.checks.answers import refuse_unchecked_in
from plugin.courses.clients.clients import living_client_in
from plugin.courses.visits.in_hand import CourseInHand, course_in_hand
from plugin.courses.visits.note_views import draft_in, note_use_in
from plugin.courses.visits.same_day import ask_in, confirmed, earlier_entries_in
from plugin.errors import InvalidField, NoneLeft, NotFound, Refused
from plugin.store.database import write
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.tables import Course, Staff, Visit
from plugin.wording import _, joined

MOST_AT_ONCE = 20


@dataclass(frozen=True)
class UseSession:
    """What to use. Without an allowance: the main treatment first, then touch-ups that are open.

    `visited_on` is the clinic's day, today by default; `client_id` is who attended.
    """

    course_id: str
    allowance_id: str | None = None
    sessions: int = 1
    visited_on: date | None = None
    client_id: str | None = None
    practitioner_id: str | None = None
    focus: str = ""
    note: str = ""


@allowed(Role.DESK, Role.PRACTITIONER)
def use_session(
    work: Work,
    wish: UseSession,
    *,
    known_charges: int = 0,
    has_mail: bool = False,
    needs_check: bool = False,
) -> Used:
    """Use sessions of a course; raises NoneLeft, Refused (with the rule in words), InvalidField or NotFound.

    The same act again returns the first result and changes nothing; its key for another request raises
    KeyReused. `known_charges`: how many charges for that client, treatment and day the desk knows; if there
    are more, it is asked. `has_mail`: e-mail can be sent, so one is due to the client concerned. `needs_check`:
    a use of today waits until the client has answered the check before the treatment.
    """
    hand = course_in_hand(work.session, wish.course_id, work.now, work.act.key)
    asked = digest("use", vars(wish) | confirmed(known_charges))
    if (first := answer_in(hand.answered, asked)) is not None:
        numbers = first.get("session_number"), first.get("earlier", ())
        return used_answer(work.session, first["entry_id"], *numbers, is_repeat=True, state=hand.state)
    charged = record_use(
        work, wish, hand, known_charges=known_charges, has_mail=has_mail, needs_check=needs_check
    )
    # Both change with what is undone or entered since; the same key returns the first result.
    earlier = [(each.entry_id, each.session_number) for each in charged.earlier]
    answer = {"entry_id": charged.entry.id, "session_number": charged.number, "earlier": earlier}
    keep_answer(work.session, work.act, asked, answer)
    return _answer(charged, hand)


@dataclass(frozen=True, slots=True)
class Charged:
    """A new use: its entry, its session number, the course after it, and the earlier charges of that day."""

    entry: EntryRow
    number: int
    course: CourseState
    earlier: tuple[EarlierEntry, ...]


def record_use(
    work: Work,
    wish: UseSession,
    hand: CourseInHand,
    *,
    known_charges: int,
    has_mail: bool,
    needs_check: bool,
) -> Charged:
    """Use sessions within the caller's transaction."""
    today = hand.state.today
    tapped_on = day_at(work.act.happened_at, hand.zone)
    visited_on = wish.visited_on or tapped_on
    _check_day(work.session, hand, visited_on)
    _may_be_used(hand.state, visited_on)
    client_id = _who_came(work.session, hand, wish.client_id, visited_on)
    allowance = _allowance(work.session, hand.state, wish.allowance_id, wish.sessions)
    if needs_check and visited_on == today and allowance.kind != "add_on":
        refuse_unchecked_in(work.session, client_id, today)
    # A note written before waits for this use; one saved in the same moment joins when it is next saved.
    waits = hand.has_draft and allowance.kind != "add_on"
    draft = draft_in(work.session, client_id, visited_on) if waits else None
    practitioner_id = _practitioner(work.session, work.act, wish.practitioner_id)
    typed = {
        "focus": optional(wish.focus, field="focus", called=_("The focus")),
        "note": optional(wish.note, field="note", called=_("The note")),
    }
    visit_id = work.new_id()
    visit = {
        "id": visit_id,
        "client_id": client_id,
        "course_id": hand.id,
        "visited_on": visited_on,
        "practitioner_id": practitioner_id or (draft.practitioner_id if draft else None),
        "created_at": work.now,
    }
    change = used(hand.heads[allowance.id], wish.sessions, unpaid=allowance.unpaid.amount)
    earlier = _earlier(work, hand, allowance, client_id, visited_on, known_charges)
    write(work.session, _NEW_VISIT, visit)
    note_use_in(work, visit_id, draft, **typed)
    if has_mail:
        owner_id = hand.client_id or client_id
        publish(work, VisitRecorded(visit_id, hand.id, client_id, owner_id, visited_on, today))
    happened_at = work.act.happened_at if visited_on == tapped_on else noon_of(visited_on, hand.zone)
    line = Line(f"use:{work.act.key}", happened_at, visit_id=visit_id)
    entry, number, after = _write(work, hand, (allowance.id, change), line, visited_on)
    if work.act.tapped_by is not None:
        said = _(
            "Session tapped offline by {tapped_by} at {moment_text}",
            tapped_by=work.act.tapped_by.name,
            moment_text=moment_text(happened_at, clinic_in(work.session)),
        )
        add_history(work, hand.id, "late", said)
    return Charged(entry, number, after, earlier)


def charge_in(
    work: Work,
    course_id: str,
    allowance_id: str | None,
    *,
    client_id: str,
    happened_at: datetime,
    reason: str,
    known_charges: int,
) -> Charged:
    """Charge one session for a visit the client missed: an entry without a visit."""
    hand = course_in_hand(work.session, course_id, work.now)
    missed_on = day_at(happened_at, hand.zone)
    _may_be_used(hand.state, missed_on)
    allowance = _allowance(work.session, hand.state, allowance_id, 1)
    change = used(hand.heads[allowance.id], 1, unpaid=allowance.unpaid.amount)
    earlier = _earlier(work, hand, allowance, client_id, missed_on, known_charges)
    line = Line(f"no-show:{work.act.key}", happened_at, reason=reason)
    entry, number, after = _write(work, hand, (allowance.id, change), line, missed_on)
    return Charged(entry, number, after, earlier)


_NEW_VISIT = prepared_insert(Visit)


def _earlier(
    work: Work,
    hand: CourseInHand,
    allowance: AllowanceState,
    client_id: str,
    day: date,
    known_charges: int,
) -> tuple[EarlierEntry, ...]:
    if hand.is_first_charge(client_id, day):
        return ()
    return ask_in(work, hand.state, allowance, client_id, day, known_charges=known_charges)


def _write(
    work: Work, hand: CourseInHand, use: tuple[str, Change], line: Line, used_on: date
) -> tuple[EntryRow, int, CourseState]:
    """Write the entry; return it, its session number and the course after it."""
    allowance_id, change = use
    entry = append(work, allowance_id, hand.heads[allowance_id], change, line)
    if hand.is_after_all_uses(used_on):
        after = hand.state.after_use(allowance_id, -change.sessions, -change.value)
        number = after.used_with(allowance_id)
        if hand.state.is_unused:
            _follow_first_use(work, hand.id, None, used_on)
    else:
        after = numbered_states(work.session, [hand.id], today=hand.state.today)[hand.id]
        number = after.number_of(entry.id) or 0
        _follow_first_use(work, hand.id, after.without_use(entry.id).first_used_on, after.first_used_on)
    publish(work, CourseChanged(hand.id))
    return entry, number, after


def _follow_first_use(work: Work, course_id: str, before: date | None, after: date | None) -> None:
    if before != after:
        course = _TERMS.first(work.session.connection(), {"course_id": course_id})
        follow_first_use(work, course, before, after)


_TERMS = Prepared(
    select(Course.id, Course.terms, Course.expires_on).where(Course.id == bindparam("course_id"))
)


def _may_be_used(course: CourseState, day: date) -> None:
    if code := course.why_closed(day):
        raise Refused(_refusal(course, code), code=code)


def _refusal(course: CourseState, code: str) -> str:
    if course.waiting_gift is not None:
        said = _(
            "This course waits as a gift for {recipient_name}.",
            recipient_name=course.waiting_gift.recipient_name,
        )
        return _("{said} Redeem its voucher, or cancel the gift.", said=said)
    return {
        "unassigned": _("No one owns this course yet. Assign it to a client first."),
        "refunded": _("This course was refunded; it has no sessions to use."),
        "transferred": _("This course was transferred; look for it with the other client."),
        "expired": _("This course has expired. The owner can extend it."),
        "frozen": _("This course is frozen. Unfreeze it first."),
    }[code]


def _check_day(session: Session, hand: CourseInHand, day: date) -> None:
    today = hand.state.today
    if day > today:
        said = _("A visit can’t be in the future. Choose today or an earlier day.")
        raise InvalidField(said, field="visited_on")
    sold_on = day_at(hand.sold_at, hand.zone)
    if day < sold_on:
        raise InvalidField(sold_later(sold_on, clinic_in(session)), field="visited_on")
    may_be_before = hand.has_relations and day < today
    origin = shares_and_origins_in(session, [hand.id])[1].get(hand.id) if may_be_before else None
    moved_on = day_at(origin.transferred_at, hand.zone) if origin is not None else None
    if moved_on is not None and day < moved_on:
        said = _(
            "These sessions were transferred on {day}. Choose that day or a later one.",
            day=day_text(moved_on, clinic_in(session)),
        )
        raise InvalidField(said, field="visited_on")


def _who_came(session: Session, hand: CourseInHand, client_id: str | None, day: date) -> str:
    owner = hand.client_id or ""
    came = owner if client_id is None else living_client_in(session, client_id).id
    if came == owner:
        return owner
    shares = shares_and_origins_in(session, [hand.id])[0].get(hand.id, ())
    share = next((each for each in shares if each.client_id == came), None)
    if share is None:
        raise Refused(_("This course belongs to another client."), code="not_theirs")
    if not share.holds_on(day):
        said = _(
            "This course was shared with {client_name} for visits until an earlier day.",
            client_name=share.client_name,
        )
        raise Refused(said, code="not_theirs")
    return came


def _allowance(
    session: Session, course: CourseState, allowance_id: str | None, sessions: int
) -> AllowanceState:
    if not 1 <= sessions <= MOST_AT_ONCE:
        raise InvalidField(
            _("Use 1 to {most_at_once} sessions at once.", most_at_once=MOST_AT_ONCE), field="sessions"
        )
    wanted = allowance_id or _proposed(course)
    chosen = next((each for each in course.allowances if each.id == wanted), None)
    if chosen is None:
        raise NotFound(_("That course has no such allowance."))
    _is_paid_for(session, course, chosen, sessions)
    if not chosen.is_open and chosen.left > 0:
        said = _(
            "{treatment} opens with session {usable_from_session} of the course.",
            treatment=chosen.treatment,
            usable_from_session=chosen.usable_from_session,
        )
        raise Refused(said, code="not_open_yet")
    return chosen


def _is_paid_for(session: Session, course: CourseState, chosen: AllowanceState, sessions: int) -> None:
    if sessions <= chosen.left - chosen.locked or sessions > chosen.left:
        return
    come = clinic_money(session, course.missing_for(chosen, sessions))
    then = _("The next can be used once {come} more is paid.", come=come)
    if course.facts.due_ended_on is not None:
        then = _("The invoice was canceled. Decide what happens to the others under Attention.")
    if chosen.paid_for == chosen.unlocked:
        said = _("{n} of {granted} sessions are paid for.", n=chosen.unlocked, granted=chosen.granted)
    else:
        said = _("{n} of {granted} sessions may be used so far.", n=chosen.unlocked, granted=chosen.granted)
    raise Refused(joined((said, then)), code="not_paid_for")


def _proposed(course: CourseState) -> str:
    """Return the allowance to use where the desk chose none: main treatments first, then open touch-ups."""
    usable = [each for each in course.allowances if each.is_usable]
    if not usable:
        raise NoneLeft(_("No session is left. Sell a new course, or choose another one."))
    return next((each for each in usable if each.kind == "main"), usable[0]).id


def _practitioner(session: Session, act: Act, practitioner_id: str | None) -> str | None:
    if practitioner_id is None:
        who = act.tapped_by or act.actor
        return who.staff_id if who.role is Role.PRACTITIONER else None
    if session.scalar(select(Staff.id).where(Staff.id == practitioner_id)) is None:
        raise InvalidField(_("There is no such practitioner."), field="practitioner_id")
    return practitioner_id


def _answer(charged: Charged, hand: CourseInHand) -> Used:
    """Return the result of a new use, without further queries."""
    entry = charged.entry
    allowance = next(each for each in charged.course.parts if each.id == entry.allowance_id)
    return Used(
        entry=entry_view(
            entry, allowance.treatment, hand.state.facts.currency, session_number=charged.number
        ),
        sessions_left=entry.sessions_after,
        course_id=hand.id,
        client_id=hand.client_id or "",
        session_number=charged.number,
        granted=allowance.totals.granted,
        is_repeat=False,
        earlier=charged.earlier,
    )


def used_answer(
    session: Session,
    entry_id: str,
    number: int | None = None,
    earlier: Iterable[tuple[str, int | None]] = (),
    *,
    is_repeat: bool,
    state: CourseState | None = None,
) -> Used:
    """Return the result of a use that is in the ledger.

    `number`: the session number first returned, else the current one; `earlier`: the earlier charges of that
    day at that time, each with the number it had; `state`: its course on any day, where it was read already.
    """
    entry, course = entry_in(session, entry_id)
    if state is None or number is None:
        # What is asked of it does not depend on the day.
        state = numbered_states(session, [course.id], today=entry.happened_at.date())[course.id]
        number = number or state.number_of(entry_id)
    return Used(
        entry=replace(entry, session_number=number),
        sessions_left=entry.sessions_after,
        course_id=course.id,
        client_id=course.client_id or "",
        session_number=number or 0,
        granted=state.allowance(entry.allowance_id).granted,
        is_repeat=is_repeat,
        earlier=earlier_entries_in(session, earlier),
    )
