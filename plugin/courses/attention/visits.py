"""Attention items about visits: tapped or noted without a connection, and planned but not booked in Square."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from plugin.core.acts import Role
from plugin.courses.attention.kind import DISMISS, AttentionKind, Decision, Resolution
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import moment_text
from plugin.courses.base.work import Work
from plugin.courses.visits.in_hand import course_in_hand
from plugin.courses.visits.late import LATE_NOTE, LATE_USE, other_course_in, tapper_in
from plugin.courses.visits.note_views import NoteContent, NotePlace
from plugin.courses.visits.notes import replace_note_in
from plugin.courses.visits.plan_bookings import MOST_OFFERED, NOT_BOOKED, book_instead_in
from plugin.courses.visits.use import UseSession, record_use
from plugin.courses.visits.visits import VisitDetails, describe_in
from plugin.errors import NoneLeft
from plugin.store.queues import Attention
from plugin.wording import N_, _

# A person has seen the other charges of that day, and decided.
_ALL_KNOWN = 99


def _record(work: Work, item: Attention, _wish: Resolution) -> None:
    _use(work, item, _wished(item))


def _use(work: Work, item: Attention, wish: UseSession) -> None:
    """Record the visit at the time of the tap; raises as `use_session` does."""
    at = datetime.fromisoformat(item.details["tapped_at"])
    by = tapper_in(work.session, work.act, item.details["tapped_by"])
    then = Work(work.session, work.store, replace(work.act, tapped_at=at, tapped_by=by))
    hand = course_in_hand(work.session, wish.course_id, work.now)
    # The visit took place: it waits for no check.
    record_use(then, wish, hand, known_charges=_ALL_KNOWN, has_mail=False, needs_check=False)


def _wished(item: Attention) -> UseSession:
    sent: dict[str, Any] = item.details["use"]
    day = sent.get("visited_on")
    return UseSession(**sent | {"visited_on": date.fromisoformat(day) if day else None})


def _use_another(work: Work, item: Attention, _wish: Resolution) -> None:
    """Use the client's next course instead (docs/rules.md, rule 6)."""
    wish = _wished(item)
    found = other_course_in(work, item.details["client_ids"][0], but=wish.course_id)
    if found is None:
        raise NoneLeft(_("The client has no other package with a session left."))
    _use(
        work, item, replace(wish, course_id=found.course.id, allowance_id=found.allowance.id, client_id=None)
    )


def _do_not_charge(work: Work, item: Attention, wish: Resolution) -> None:
    at = moment_text(datetime.fromisoformat(item.details["tapped_at"]), clinic_in(work.session))
    for course_id in item.details["course_ids"]:
        add_history(
            work,
            course_id,
            "late",
            _("Session tapped offline at {time}: not charged", time=at),
            reason=wish.reason,
        )


def _use_note(work: Work, item: Attention, _wish: Resolution) -> None:
    written = item.details.get("written")
    if written is not None:
        place = item.details["place"]
        day = date.fromisoformat(place["on_day"]) if place["on_day"] else None
        content = NoteContent(**written | {"option_ids": tuple(written["option_ids"])})
        writer = tapper_in(work.session, work.act, item.details["tapped_by"]) or work.act.actor
        replace_note_in(work, NotePlace(**place | {"on_day": day}), content, writer)
    else:
        describe_in(work, item.details["visit_id"], VisitDetails(**item.details["note"]))
    _forget_words(item)


def _keep_note(_work: Work, item: Attention, _wish: Resolution) -> None:
    """Leave the visit's details as they are."""
    _forget_words(item)


def _forget_words(item: Attention) -> None:
    """Drop the note itself from a decided item: its words stand in the note, or are not wanted."""
    item.details = {name: value for name, value in item.details.items() if name not in ("note", "written")}


_NOT_CHARGED = Decision(
    "not_charged",
    N_("Don’t charge"),
    _do_not_charge,
    N_("Not charged"),
    N_("Nothing is charged."),
    look="quiet",
)


def _booking(number: int, label: str) -> Decision:
    """Return the decision to book a visit at one of the free times that its item offers."""

    def book(work: Work, item: Attention, _wish: Resolution) -> None:
        book_instead_in(work, item.details["visit_id"], _free_time(item, number))

    def answer(work: Work, item: Attention, _wish: Resolution) -> str:
        said = moment_text(_free_time(item, number), clinic_in(work.session))
        return _("Planned for {moment}", moment=said)

    done = N_("The visit is planned for this time, and is being booked in Square.")
    return Decision(f"book_{number}", label, book, answer, done, look="primary" if number == 1 else "quiet")


def _free_time(item: Attention, number: int) -> datetime:
    return datetime.fromisoformat(item.details["free_times"][number - 1])


_TIMES = (N_("Book the first free time"), N_("Book the second free time"), N_("Book the third free time"))


_BOOKINGS = tuple(_booking(number, label) for number, label in enumerate(_TIMES[:MOST_OFFERED], start=1))


KINDS = (
    AttentionKind(
        LATE_USE,
        N_("Sessions tapped offline that could not be used"),
        (
            Decision(
                "record_visit",
                N_("Record the visit"),
                _record,
                N_("Visit recorded"),
                N_("The visit is recorded."),
            ),
            _NOT_CHARGED,
        ),
        optional=(
            Decision(
                "other_course",
                N_("Use another package"),
                _use_another,
                N_("Another package was used"),
                N_("The visit is recorded on the client’s other package."),
            ),
            Decision(
                "same_visit",
                N_("Same visit, don’t charge"),
                _do_not_charge,
                N_("The same visit, not charged again"),
                N_("Nothing more is charged."),
            ),
            Decision(
                "charge_again",
                N_("Charge another session"),
                _record,
                N_("Another session charged"),
                N_("Another session is charged."),
                look="quiet",
            ),
        ),
        link="client",
    ),
    AttentionKind(
        LATE_NOTE,
        N_("Visit notes written offline that differ from what was saved meanwhile"),
        (
            Decision(
                "use_note",
                N_("Replace with this note"),
                _use_note,
                N_("The note written offline was saved"),
                N_("The note is saved."),
                role=Role.DESK,
            ),
            Decision(
                "keep_note",
                N_("Keep the saved note"),
                _keep_note,
                N_("The note saved before was kept"),
                N_("The saved note is kept."),
                look="quiet",
            ),
        ),
        optional=(replace(DISMISS, run=_keep_note),),
    ),
    AttentionKind(
        NOT_BOOKED, N_("Planned visits that are not booked in Square"), optional=_BOOKINGS, link="plan"
    ),
)
