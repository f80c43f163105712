"""Late acts: tapped while the server was away, sent when it answers again (docs/offline.md).

What can't be done any more becomes an attention item, so that no tap vanishes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, require
from plugin.courses.accounts.staff import NO_SUCH_PERSON, staff_view
from plugin.courses.base.attention import open_item
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.read import summaries_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import moment_text
from plugin.courses.base.work import Work, in_transaction, require_row
from plugin.courses.catalog.visit_options import options_in
from plugin.courses.visits.booked_visits import NextSession, next_session
from plugin.courses.visits.note_views import NO_VISIT, NoteContent, NotePlace
from plugin.courses.visits.visits import VisitDetails, describe_in, details_in
from plugin.errors import CoursekeeperError, InvalidField, NoneLeft, Refused
from plugin.store import Store
from plugin.store.tables import Attention, Booking, Client, Course, Staff, Visit
from plugin.wording import N_, _

LATE_USE, LATE_NOTE = "late_use", "late_note"
# Whoever tapped longer ago may not remember; a device whose clock jumped would date a visit wrongly.
LONGEST_AGO = timedelta(days=7)
_WHAT = {LATE_USE: N_("A session"), LATE_NOTE: N_("A visit note")}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Late:
    """Who tapped (a staff id), and how long before the request was sent, by the clock of that device."""

    by: str
    ago: timedelta


@dataclass(frozen=True, slots=True)
class Postponed:
    """A late act that waits for a person's decision, and why."""

    item_id: str
    said: str


@dataclass(frozen=True, slots=True)
class About:
    """What a late act is about; `details` has what its decisions need to carry it out."""

    kind: str
    course_id: str | None
    client_id: str | None
    details: dict[str, Any]
    proposal: str = ""


def about_use(store: Store, wish: dict[str, Any], booking_id: str = "") -> About:
    """Return what a late use is about. `wish`: the fields of `UseSession` that were sent."""
    with store.reading() as session:
        if booking_id and not wish["course_id"]:
            booking = session.get(Booking, booking_id)
            wish = wish | {"course_id": booking.course_id if booking else None}
        course = session.get(Course, wish["course_id"]) if wish["course_id"] else None
        client_id = wish.get("client_id") or (course.client_id if course else None)
        known = _known_client(session, client_id)
        return About(LATE_USE, course.id if course else None, known, {"use": wish})


def about_written_note(store: Store, place: NotePlace, content: NoteContent) -> About:
    """Return what a late note of a visit, or of a client's day, is about."""
    with store.reading() as session:
        visit = session.get(Visit, place.visit_id) if place.visit_id else None
        names = [each.name for each in options_in(session) if each.id in content.option_ids]
        # Points and observations are for those who treat alone: the item keeps them, and shows that there are some.
        more = [_("(with points or observations)")] if content.points or content.observations else []
        said = " · ".join([*names, *filter(None, (content.focus, content.note)), *more])
        kept = {"place": _json(place), "written": asdict(content)}
        client_id = _known_client(session, place.client_id)
        return About(LATE_NOTE, visit.course_id if visit else None, client_id, kept, said)


def _known_client(session: Session, client_id: str | None) -> str | None:
    return client_id if client_id and session.get(Client, client_id) else None


def _json(place: NotePlace) -> dict[str, str | None]:
    return {**asdict(place), "on_day": place.on_day.isoformat() if place.on_day else None}


def carry_out(store: Store, act: Act, late: Late, about: About, do: Callable[[Act], T]) -> T | Postponed:
    """Do what was tapped, at the time of the tap; what is refused becomes an attention item, once.

    Whoever sends it acts; the desk may send what another person tapped, which is recorded. Raises NotAllowed,
    or InvalidField for a tapper who does not exist. Another error leaves the act with the device.
    """
    opened = _opened(store, act)
    if opened is not None:
        return opened
    act = _as_tapped(store, act, late)
    is_known = about.course_id is not None or about.client_id is not None
    if is_known and late.ago > LONGEST_AGO:
        error: CoursekeeperError = Refused(
            _("It was tapped more than {days} days before.", days=LONGEST_AGO.days)
        )
        return _postpone(store, act, about, error)
    try:
        return do(act)
    except (Refused, InvalidField) as refusal:
        if not is_known:
            raise
        return _postpone(store, act, about, refusal)


@in_transaction
def describe_late(work: Work, visit_id: str, details: VisitDetails, before: VisitDetails) -> CourseView:
    """Record the details of a visit once; raises Refused where others than those `before` stand there now."""
    here = details_in(work, visit_id)
    view: CourseView | None = None

    def write() -> dict[str, Any]:
        nonlocal view
        if here not in (before, details):
            raise Refused(_("The visit’s details were changed by someone else meanwhile."), code="changed")
        view = describe_in(work, visit_id, details)
        return {"visit_id": visit_id}

    work.once("describe_late", {"visit_id": visit_id, **asdict(details)}, write)
    return view or describe_in(work, visit_id, here)


def tapper_in(session: Session, act: Act, staff_id: str) -> Actor | None:
    """Return who tapped, None where it was the actor; raises InvalidField for nobody's id."""
    if staff_id == act.actor.staff_id:
        return None
    row = session.get(Staff, staff_id)
    if row is None:
        raise InvalidField(NO_SUCH_PERSON, field="late_by")
    return staff_view(row).actor


def about_note(store: Store, visit_id: str, details: VisitDetails) -> About:
    with store.reading() as session:
        visit = require_row(session, Visit, visit_id, NO_VISIT)
        said = " · ".join(each for each in (details.focus, details.note) if each)
        kept = {"visit_id": visit_id, "note": asdict(details)}
        return About(LATE_NOTE, visit.course_id, visit.client_id, kept, said)


def _as_tapped(store: Store, act: Act, late: Late) -> Act:
    with store.reading() as session:
        tapper = tapper_in(session, act, late.by)
    if tapper is not None:
        require(act.actor, Role.DESK)
    # A device whose clock was set back meanwhile tells a time in the future.
    ago = min(max(late.ago, timedelta()), timedelta(days=366))
    return replace(act, tapped_at=act.now - ago, tapped_by=tapper)


def _opened(store: Store, act: Act) -> Postponed | None:
    """Return the item that this act, sent before, has become."""
    with store.reading() as session:
        item = session.scalar(select(Attention).where(Attention.dedupe == _mark(act)))
        return Postponed(item.id, item.details["said"]) if item is not None else None


@in_transaction
def _postpone(work: Work, about: About, refusal: CoursekeeperError) -> Postponed:
    by = (work.act.tapped_by or work.act.actor).name
    client = work.session.get(Client, about.client_id) if about.client_id else None
    at = moment_text(work.act.happened_at, clinic_in(work.session))
    of = _(" for {client}", client=client.name) if client else ""
    # What a form says of a change is for who still sees that form.
    reason = _("Someone else changed it meanwhile.") if refusal.code == "changed" else refusal.message
    summary = _(
        "{what}{of}, entered offline by {by} at {at}, is not saved. {reason}",
        what=_WHAT[about.kind],
        of=of,
        by=by,
        at=at,
        reason=reason,
    )
    asked = {
        **about.details,
        "course_ids": [about.course_id] if about.course_id else [],
        "client_ids": [about.client_id] if about.client_id else [],
        "tapped_at": work.act.happened_at.isoformat(),
        "tapped_by": (work.act.tapped_by or work.act.actor).staff_id,
        "said": reason,
        "proposal": about.proposal or None,
        "decisions": _decisions(work, about, refusal.code),
    }
    if about.kind == LATE_NOTE:
        item_id = open_item(work, kind=LATE_NOTE, dedupe=_mark(work.act), summary=summary, details=asked)
    else:
        item_id = open_item(work, kind=LATE_USE, dedupe=_mark(work.act), summary=summary, details=asked)
    return Postponed(item_id, reason)


def _decisions(work: Work, about: About, code: str) -> list[str] | None:
    """Return the decisions that fit the refusal, None for those that its kind always has."""
    if code in _DECISIONS:
        return _DECISIONS[code]
    if about.kind != LATE_USE or about.client_id is None:
        return None
    # Where nothing is left, another package may be sold before this is decided.
    is_offered = code == NoneLeft.code or other_course_in(work, about.client_id, but=about.course_id)
    return ["other_course", "record_visit", "not_charged"] if is_offered else None


def other_course_in(work: Work, client_id: str, *, but: str | None) -> NextSession | None:
    """Return the next usable session of the client's other courses (docs/rules.md, rule 6)."""
    of_client = select(Course.id).where(Course.client_id == client_id, Course.id != but)
    today = local_date_in(work.session, work.now)
    found = next_session(summaries_in(work.session, work.session.scalars(of_client).all(), today=today), "")
    return found if found is not None and found.is_usable else None


_DECISIONS = {
    "already_used_today": ["same_visit", "charge_again"],
    "key_reused": ["not_charged"],
    "undone": ["dismiss"],
}


def _mark(act: Act) -> str:
    return f"late:{act.key}"
