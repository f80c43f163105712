"""Disputes: a client's bank questions a payment. The courses of its sale are flagged; a person decides
about them. Nothing is closed automatically, and the sessions remain usable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.attention import open_item, settle_row
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import LOST, UNDER_WAY, question_mark
from plugin.courses.base.words import clinic_money, day_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.basis import close_course
from plugin.errors import InvalidField
from plugin.store.tables import Attention, Course, Dispute
from plugin.wording import N_, _

DISPUTE = "dispute"
# Set by us, so that it differs from a person's decision.
_SETTLED = {
    "WON": N_("The bank decided for the clinic"),
    "INQUIRY_CLOSED": N_("The bank closed its inquiry"),
}


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A dispute as Square reports it; the order is that of its payment."""

    square_dispute_id: str
    state: str
    amount: Money
    reason: str
    due_at: datetime | None
    square_payment_id: str | None
    square_order_id: str | None
    version: int | None
    updated_at: datetime


def save_dispute(work: Work, record: DisputeRecord) -> str:
    """Store a dispute unless a later state is known, and open or resolve its one item; return the outcome."""
    locked = select(Dispute).where(Dispute.square_dispute_id == record.square_dispute_id).with_for_update()
    row = work.session.scalar(locked.execution_options(populate_existing=True))
    if row is not None and _is_older(record, row):
        return _("Later word of this dispute is known.")
    if row is None:
        row = Dispute(square_dispute_id=record.square_dispute_id)
        work.session.add(row)
    row.state, row.reason, row.due_at = record.state, record.reason, record.due_at
    row.amount, row.currency = record.amount.amount, record.amount.currency
    row.square_payment_id = record.square_payment_id or row.square_payment_id
    row.square_order_id = record.square_order_id or row.square_order_id
    row.version, row.updated_at, row.seen_at = record.version, record.updated_at, work.now
    work.session.flush()
    return _ask_in(work, row)


def _is_older(record: DisputeRecord, row: Dispute) -> bool:
    if record.version is not None and row.version is not None:
        return record.version < row.version
    return record.updated_at < row.updated_at


def _ask_in(work: Work, dispute: Dispute) -> str:
    courses = _courses_in(work.session, dispute)
    if not courses:
        return _("The disputed sale opened no course.")
    mark = question_mark(dispute.square_dispute_id)
    item = work.session.scalar(select(Attention).where(Attention.dedupe == mark).with_for_update())
    open_ids = [course.id for course in courses if course.closed_as is None]
    if dispute.state in _SETTLED or not open_ids:
        if item is not None:
            settle_row(item, work.act, _SETTLED.get(dispute.state, _("The courses of the sale were closed")))
        return _("Nothing is left to decide about the dispute.")
    summary, details = _summary(work.session, dispute), _details(dispute, open_ids)
    if item is None:
        order_id = dispute.square_order_id
        open_item(work, kind=DISPUTE, dedupe=mark, summary=summary, details=details, square_order_id=order_id)
        return _("The courses of the sale are flagged; a person decides.")
    # A decision made while the bank was reviewing is asked for again once the money is lost.
    if item.resolved_at is not None and dispute.state in LOST and item.details["state"] not in LOST:
        item.resolved_at = item.resolved_by = item.resolution = None
    item.summary, item.details = summary, details
    return _("The item about the dispute shows its current state.")


def _courses_in(session: Session, dispute: Dispute) -> Sequence[Course]:
    if dispute.square_order_id is None:
        return ()
    rows = select(Course).where(Course.square_order_id == dispute.square_order_id).order_by(Course.id)
    return list(session.scalars(rows))


def _summary(session: Session, dispute: Dispute) -> str:
    if dispute.state in LOST:
        if dispute.state == "LOST":
            return _(
                "The dispute over {money} was lost: the bank took the money back.",
                money=_money(session, dispute),
            )
        return _(
            "The dispute over {money} was accepted: the bank took the money back.",
            money=_money(session, dispute),
        )
    said = _("A client’s bank disputes a payment of {money}.", money=_money(session, dispute))
    if dispute.state not in UNDER_WAY:
        return _("{said} Square calls its state {state}.", said=said, state=dispute.state)
    if dispute.state in ("PROCESSING", "INQUIRY_PROCESSING"):
        return _("{said} The bank looks at the clinic’s answer.", said=said)
    return _("{said} Answer it in Square{until}.", said=said, until=_until(session, dispute))


def _until(session: Session, dispute: Dispute) -> str:
    clinic = clinic_in(session)
    return (
        _(" until {day}", day=day_text(day_at(dispute.due_at, clinic.zone), clinic)) if dispute.due_at else ""
    )


def _money(session: Session, dispute: Dispute) -> str:
    return clinic_money(session, Money(dispute.amount, dispute.currency))


def _details(dispute: Dispute, course_ids: Sequence[str]) -> dict[str, Any]:
    is_lost = dispute.state in LOST
    many = len(course_ids) > 1
    closing = _("Close the courses") if many else _("Close the course")
    waiting = _("Keep all sessions until the bank has decided. The course shows a warning meanwhile.")
    return {
        "course_ids": list(course_ids),
        "state": dispute.state,
        "proposal": _("{closing}: what is left was not paid for.", closing=closing) if is_lost else waiting,
        "proposed_decision": "close_course" if is_lost else "keep_sessions",
        "proposed_course_id": None if many else course_ids[0],
    }


def close_disputed(work: Work, item: Attention, *, course_id: str | None, reason: str) -> bool:
    """Close one of the sale's courses, or all of them; False while another one is still open."""
    asked: list[str] = item.details["course_ids"]
    if course_id is not None and course_id not in asked:
        raise InvalidField(_("Choose which of the sale’s courses it is."), field="course_id")
    for each in asked if course_id is None else [course_id]:
        close_course(work, each, closed_by=f"{item.dedupe}:{each}", reason=reason)
    still_open = select(Course.id).where(Course.id.in_(asked), Course.closed_as.is_(None)).limit(1)
    return work.session.scalar(still_open) is None


def save_disputed(work: Work, item: Attention, *, reason: str) -> bool:
    """Leave the courses unchanged, and record that in their history."""
    for course_id in item.details["course_ids"]:
        add_history(work, course_id, "dispute", _("Disputed payment: all sessions kept"), reason=reason)
    return True
