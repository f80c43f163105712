"""A client's profile in Square's directory: pending changes, the balance that it should show, the text last written.

Makes no network call.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.course import CourseState
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.course_extras import CLIENT_IDS
from plugin.courses.base.outbox import PROFILE, enqueue, profile_changed
from plugin.courses.base.state import prepared_states, states_of
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, allowed
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Clinic, Course, Outbox, ProfileNote, SquareCustomer
from plugin.wording import N_, _

# Square accepts 1,000 characters in such a field; this many are stored of what was written.
LONGEST = 500
NOTHING_LEFT = N_("No sessions left")
# A sync that did not run for a while still finds the courses that expired meanwhile.
_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of one treatment in one course, and what prevents its use; `due` in words, "" for none."""

    treatment: str
    left: int
    granted: int
    expires_on: date | None
    locked: int = 0
    due: str = ""
    on_hold_since: date | None = None
    is_expired: bool = False
    waits_for: str = ""


def wanted_text(store: Store, client_id: str, *, today: date) -> str | None:
    """Return the text for the client's profile; None if nothing belongs there."""
    with store.reading() as session:
        if not _is_on(session) or not _has_course(session, client_id):
            return None
        return _texts(session, [client_id], today)[client_id]


def written_note(store: Store, client_id: str) -> tuple[str, str] | None:
    """Return what was written last, and on which profile."""
    with store.reading() as session:
        note = session.get(ProfileNote, client_id)
        return (note.written, note.square_customer_id) if note else None


def save_note_in(session: Session, act: Act, client_id: str, text: str, square_customer_id: str) -> None:
    """Record what was written."""
    note = session.get(ProfileNote, client_id)
    if note is None:
        note = ProfileNote(client_id=client_id)
        session.add(note)
    note.written, note.square_customer_id, note.written_at = text, square_customer_id, act.now


def drop_note_in(session: Session, client_id: str) -> None:
    """Delete the record of what was written: it is no longer there."""
    note = session.get(ProfileNote, client_id)
    if note is not None:
        session.delete(note)


@allowed()
def show_balances(work: Work, *, is_shown: bool) -> None:
    """Show every client's balance on their Square profile from now on, or remove it there."""
    clinic = work.session.get(Clinic, 1)
    if clinic is None:
        raise Refused(_("Name the clinic first."), code="no_clinic")
    clinic.has_square_notes = is_shown
    enqueue_all(work)


def enqueue_all(work: Work) -> None:
    """Enqueue a check of every client's profile; a correct text is not written again."""
    for client_id in work.session.scalars(select(SquareCustomer.client_id).distinct()).all():
        enqueue(work, PROFILE, client_id)


def enqueue_ended(work: Work) -> int:
    """Enqueue profiles whose courses expired lately, since no event reports it; return how many."""
    today = local_date_in(work.session, work.now)
    ended = select(Course.client_id).where(
        Course.client_id.is_not(None),
        Course.closed_as.is_(None),
        Course.expires_on < today,
        Course.expires_on >= today - _LOOK_BACK,
    )
    # Written since the course expired: it is up to date.
    rows = work.session.execute(
        select(ProfileNote.client_id, ProfileNote.written).where(ProfileNote.client_id.in_(ended))
    ).all()
    wanted = _texts(work.session, [client_id for client_id, _other in rows], today)
    stale = [client_id for client_id, text in rows if wanted[client_id] != text]
    for client_id in stale:
        profile_changed(work, client_id)
    return len(stale)


def _is_on(session: Session) -> bool:
    clinic = session.get(Clinic, 1)
    return clinic is None or clinic.has_square_notes


def _has_course(session: Session, client_id: str) -> bool:
    return session.scalar(select(Course.id).where(Course.client_id == client_id).limit(1)) is not None


def _texts(session: Session, client_ids: Sequence[str], today: date) -> dict[str, str]:
    clinic = clinic_in(session)
    courses: defaultdict[str, list[CourseState]] = defaultdict(list)
    for state, row in states_of(session, _STATES, {"client_ids": list(client_ids)}, today=today):
        courses[row.client_id].append(state)
    return {
        client_id: profile_text(
            [part for state in _by_use(courses[client_id]) for part in _parts(state, clinic)]
        )
        for client_id in client_ids
    }


def _by_use(states: Iterable[CourseState]) -> list[CourseState]:
    """Sort what can be used before what can't."""
    return sorted(states, key=lambda each: not each.is_live)


def _parts(state: CourseState, clinic: ClinicView) -> list[Part]:
    gift = state.waiting_gift
    due = money_text(state.due, clinic)
    return [
        Part(
            each.treatment,
            each.left,
            each.granted,
            state.expires_on,
            each.locked,
            due if state.due.amount else "",
            state.on_hold_since,
            state.expired_on is not None,
            gift.recipient_name if gift else "",
        )
        for each in state.allowances
        if each.kind in ("main", "touch_up")
    ]


def profile_text(parts: Sequence[Part]) -> str:
    """Return "Facial acupuncture: 7 of 12 left, until 2027-03-01; …", as many courses as fit."""
    said = [_said(part) for part in parts if part.left]
    if not said:
        return NOTHING_LEFT
    whole = "; ".join(said)
    fits = len(said)
    while len(whole) > LONGEST:
        fits -= 1
        whole = "; ".join([*said[:fits], _("and {n} more", n=len(said) - fits)])
    return whole


def _said(part: Part) -> str:
    # "Facial acupuncture, 60 min": the duration is of no use on a profile.
    name = part.treatment.split(",")[0].strip() or part.treatment
    return f"{name}: {_standing(part)}"


def _standing(part: Part) -> str:
    if part.waits_for:
        return _("not usable, waits as a gift for {waits_for}", waits_for=part.waits_for)
    if part.is_expired:
        return _("{left} not used, expired {expires_on}", left=part.left, expires_on=part.expires_on)
    if part.on_hold_since:
        return _(
            "{left} of {granted} left, on hold since {on_hold_since}",
            left=part.left,
            granted=part.granted,
            on_hold_since=part.on_hold_since,
        )
    until = _(", until {expires_on}", expires_on=part.expires_on) if part.expires_on else ""
    if part.locked:
        paid = _(" until {due} is paid", due=part.due) if part.due else ""
        return _(
            "{left} usable now, {locked} locked{paid}{until}",
            left=part.left - part.locked,
            locked=part.locked,
            paid=paid,
            until=until,
        )
    return _("{left} of {granted} left{until}", left=part.left, granted=part.granted, until=until)


# The client's profile in Square's directory: created, or updated with what staff have typed.
CUSTOMER = "customer"

Standing = Literal["linked", "waits", "failed", "deleted", "absent"]


@dataclass(frozen=True, slots=True)
class ProfileStatus:
    """The status of a client in Square's directory.

    `says` is Square's last answer if a change is pending or failed.
    """

    standing: Standing
    says: str = ""


def enqueue_customer(work: Work, client_id: str, *fields: str) -> None:
    """Enqueue the client's creation in Square's directory, or an update of `fields` (name, phone, email)."""
    waiting = work.session.scalar(
        _jobs_of(client_id).where(Outbox.state == "pending", Outbox.attempts == 0).with_for_update()
    )
    if waiting is not None:
        both = {*waiting.payload.get("fields", ()), *fields}
        waiting.payload = {"fields": sorted(both)}
        return
    enqueue(work, CUSTOMER, client_id, payload={"fields": sorted(fields)})


def fields_on_their_way_in(session: Session, client_id: str) -> set[str]:
    """Return which of the client's fields were typed here and not sent yet: Square's values are older."""
    rows = session.scalars(_jobs_of(client_id).order_by(Outbox.id)).all()
    # What Square refused counts as typed here until a newer change is sent.
    kept = [row for row in rows if row.state == "pending" or (row is rows[-1] and row.state == "failed")]
    return {name for row in kept for name in row.payload.get("fields", ())}


def profile_status(store: Store, client_id: str) -> ProfileStatus:
    """Return the client's status in Square's directory."""
    ((state, outcome, links, deleted),) = store.rows(_STATUS, {"client_id": client_id})
    if state == "pending":
        return ProfileStatus("waits", outcome)
    if state == "failed":
        return ProfileStatus("failed", outcome)
    if not links:
        return ProfileStatus("absent")
    return ProfileStatus("deleted" if links == deleted else "linked")


def _last_job(column: Any) -> ScalarSelect[Any]:
    newest = select(column).where(Outbox.kind == CUSTOMER, Outbox.subject == bindparam("client_id"))
    return newest.order_by(Outbox.id.desc()).limit(1).scalar_subquery()


def _links(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    current = (SquareCustomer.client_id == bindparam("client_id"), SquareCustomer.is_current.is_(True))
    return select(func.count()).select_from(SquareCustomer).where(*current, *conditions).scalar_subquery()


# In the order of use: what expires first, then the oldest.
_STATES = prepared_states(
    select(Course.id).where(Course.client_id.in_(CLIENT_IDS), Course.closed_as.is_(None)),
    order_by=(Course.expires_on.is_(None), Course.expires_on, Course.sold_at),
)
_STATUS = Prepared(
    select(
        _last_job(Outbox.state),
        _last_job(Outbox.outcome),
        _links(),
        _links(SquareCustomer.is_deleted.is_(True)),
    )
)


def _jobs_of(client_id: str) -> Select[Outbox]:
    return select(Outbox).where(Outbox.kind == CUSTOMER, Outbox.subject == client_id)
