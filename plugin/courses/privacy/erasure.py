"""Erase a client's personal data on the owner's request; every entry and sum is unchanged.

Open sales, refunds and questions are settled first: money must not be received for a person without a name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import courses_in
from plugin.courses.base.suppression import remember_erased_in
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import client_in, living_client_in
from plugin.courses.clients.wallet_passes import withdraw_in
from plugin.courses.documents.files import DOCUMENT_JOBS
from plugin.courses.privacy.anonymize import anonymize_in
from plugin.courses.privacy.subject import SubjectData, subject_data_in
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.changes import Gift
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.store.queues import Attention, Inbox, Outbox, SquareRefund
from plugin.store.selling import Checkout, DeskRefund
from plugin.store.square_side import ProfileNote
from plugin.wording import _, joined

# Overwrites deleted data in the database's file; removes the balance from their Square profile.
COMPACT = "compact"
LEAVE_PROFILE = "leave_profile"


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Sessions left in a course, which the client would give up."""

    course_id: str
    package_name: str
    sessions: int
    value: Money


@dataclass(frozen=True, slots=True)
class ErasureView:
    """What prevents the erasure, in sentences, and what the client would give up by it."""

    client: ClientView
    hindrances: tuple[str, ...]
    left_over: tuple[LeftOver, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """The owner's request: the name typed to confirm it, and whether giving up sessions left is confirmed."""

    client_id: str
    typed_name: str
    gives_up: bool = False


def preview_erasure(store: Store, act: Act, client_id: str) -> ErasureView:
    """Return what prevents erasing a client; raises NotFound."""
    require(act.actor)
    with store.reading() as session:
        client = client_in(session, client_id)
        return _view(session, act, client, subject_data_in(session, client.id))


@allowed()
def erase_client(work: Work, wish: Erasure) -> bool:
    """Erase a client's personal data; False if that was done before.

    Raises Refused while something is in progress, InvalidField for another name, NotFound.
    """
    client = _locked(work.session, wish.client_id)
    if client.erased_at is not None:
        return False

    def erase() -> dict[str, Any]:
        subject = subject_data_in(work.session, client.id)
        _may_be_erased(work.session, work.act, client, subject, wish)
        _erase(work, subject)
        return {"erased": client.id}

    # Nothing that was typed is stored, not even as a digest.
    return not work.once("erase", {"client_id": wish.client_id}, erase).is_repeat


def _locked(session: Session, client_id: str) -> Client:
    living = living_client_in(session, client_id)
    locked = select(Client).where(Client.id == living.id).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).one()


def _may_be_erased(session: Session, act: Act, client: Client, subject: SubjectData, wish: Erasure) -> None:
    if folded(wish.typed_name) != folded(client.name):
        raise InvalidField(_("Type the name as shown here: {client}.", client=client.name), field="name")
    view = _view(session, act, client_in(session, client.id), subject)
    if view.hindrances:
        raise Refused(joined(view.hindrances), code="under_way")
    if view.left_over and not wish.gives_up:
        said = _("Sessions are left. Refund or write them off first, or say that the client forfeits them.")
        raise InvalidField(said, field="gives_up")


def _erase(work: Work, subject: SubjectData) -> None:
    notes = work.session.scalars(
        select(ProfileNote).where(ProfileNote.client_id.in_(subject.client_ids))
    ).all()
    leaving = [(note.client_id, note.square_customer_id) for note in notes]
    remember_erased_in(work.session, work.act, subject.square_ids)
    withdraw_in(work, subject.client_ids)
    anonymize_in(work.session, work.act, subject)
    for client_id, square_customer_id in leaving:
        # The one place that still names them, until Square is updated; then it is cleared as well.
        payload = {"square_customer_id": square_customer_id}
        enqueue(work, LEAVE_PROFILE, client_id, payload=payload)
    for course_id in subject.course_ids:
        add_history(work, course_id, "erased", "The client’s personal data was erased")
    record_in(work, Did.CLIENT_ERASED, client_id=subject.client_ids[0])
    enqueue(work, COMPACT, "database")
    work.session.flush()


def _view(session: Session, act: Act, client: ClientView, subject: SubjectData) -> ErasureView:
    today = local_date_in(session, act.now)
    rows = list(session.scalars(select(Course).where(Course.id.in_(subject.course_ids)).order_by(Course.id)))
    courses = courses_in(session, rows, today=today)
    left_over = tuple(
        LeftOver(
            course.id, course.package_name, sum(each.left for each in course.allowances), course.value_left
        )
        for course in courses
        if course.closed_at is None and any(each.left for each in course.allowances)
    )
    hindrances = (*_money_to_come(session, courses), *_under_way(session, subject))
    return ErasureView(client, hindrances, left_over)


def _money_to_come(session: Session, courses: list[CourseView]) -> Iterator[str]:
    clinic = clinic_in(session)
    for course in courses:
        if course.closed_at is None and course.due.amount:
            rest = money_text(course.due, clinic)
            yield _(
                "{rest} is still due for {package_name}. Collect it or refund the course first.",
                rest=rest,
                package_name=course.package_name,
            )


def _under_way(session: Session, subject: SubjectData) -> Iterator[str]:
    if _any(session, Checkout.id, Checkout.id.in_(subject.checkout_ids), Checkout.ended_at.is_(None)):
        yield _("A sale to them is pending. Wait until it is paid, or cancel it.")
    if _any(session, DeskRefund.id, DeskRefund.id.in_(subject.refund_ids), DeskRefund.ended_at.is_(None)):
        yield _("A refund to them is pending. Wait until Square has completed it.")
    if _any(session, Gift.id, Gift.waiting.in_(subject.course_ids)):
        yield _("A gift from this client waits to be redeemed. Cancel it first.")
    if _is_asked_about(session, subject):
        yield _("A question about them waits under Attention. Answer it first.")
    if _is_being_issued(session, subject):
        yield _("A document for this client is being issued. Try again in a minute.")
    if _is_on_its_way(session, subject):
        yield _("An event of Square about this client is being processed. Try again in a minute.")


def _any(session: Session, column: object, *where: object) -> bool:
    return session.scalar(select(column).where(*where).limit(1)) is not None  # type: ignore[call-overload]


def _is_asked_about(session: Session, subject: SubjectData) -> bool:
    waiting = session.scalars(select(Attention).where(Attention.resolved_at.is_(None)))
    return any(subject.is_asked_about_in(item) for item in waiting)


def _is_being_issued(session: Session, subject: SubjectData) -> bool:
    # A pending invoice would lose its client.
    refunds = select(SquareRefund.square_refund_id).where(SquareRefund.square_order_id.in_(subject.order_ids))
    theirs = or_(Outbox.subject.in_(subject.order_ids), Outbox.subject.in_(refunds))
    return _any(session, Outbox.id, Outbox.state == "pending", Outbox.kind.in_(DOCUMENT_JOBS), theirs)


def _is_on_its_way(session: Session, subject: SubjectData) -> bool:
    waiting = session.scalars(select(Inbox.body).where(Inbox.state == "pending"))
    theirs = (*subject.square_ids, *subject.order_ids)
    return any(one in body for body in waiting for one in theirs)
