"""Erase a client's personal data on the owner's request; every entry and sum is unchanged.

Open sales, refunds and questions are settled first: money must not be received for a person without a name.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, String, cast, delete, or_, select, true, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.money import Money
from plugin.core.text import folded
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import courses_in
from plugin.courses.base.sealing import HISTORY
from plugin.courses.base.suppression import NO_BODY, remember_erased_in
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import client_in, living_client_in
from plugin.courses.clients.profile_notes import CUSTOMER
from plugin.courses.clients.wallet_passes import withdraw_in
from plugin.courses.documents.files import DOCUMENT_JOBS
from plugin.courses.documents.sale_record import without_reasons
from plugin.courses.handouts.batches import delete_all_batches_in
from plugin.courses.privacy.subject import SubjectData, Words, subject_data_in
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.agreements import Agreement, AgreementSignature
from plugin.store.base import DELETED, DROPPED, EMPTIED, ERASED_TEXT, NAMED, Base, columns_marked, rows_of
from plugin.store.bulk import ImportBatch
from plugin.store.changes import Gift
from plugin.store.documents import SaleRecord
from plugin.store.ledger import Course, Entry, History, Operation, SealedRow
from plugin.store.listing import ListedClient
from plugin.store.people import Client
from plugin.store.queues import Attention, Inbox, Outbox, SquareRefund
from plugin.store.selling import Checkout, DeskRefund
from plugin.store.square_side import ProfileNote, SquarePerson
from plugin.store.tables import models
from plugin.store.triggers import ERASED
from plugin.wording import N_, _, joined

ERASED_CLIENT = N_("Erased client")
_NO_DIGEST = "0" * 64


def anonymize_in(session: Session, act: Act, subject: SubjectData) -> None:
    """Remove everything that identifies this client."""
    delete_all_batches_in(session, act.now)
    _clients(session, act, subject)
    _sales(session, subject)
    _agreements(session, subject)
    for model in models().values():
        _their_rows(session, model, subject)
    _directory(session, subject)
    _attention(session, subject)
    _messages(session, subject)
    _jobs(session, act, subject)
    _operations(session, subject)
    _texts(session, subject)
    session.flush()
    # Without its salt nobody can try out words against the digest that stays.
    erased = update(Entry).where(Entry.reason == ERASED, Entry.reason_salt.not_in(("", ERASED)))
    session.execute(erased.values(reason_salt=ERASED))
    blank = select(History.id).where(or_(History.text == ERASED, History.reason == ERASED))
    sealed = update(SealedRow).where(SealedRow.kind == HISTORY, SealedRow.salt != ERASED)
    session.execute(sealed.where(SealedRow.row_id.in_(blank)).values(salt=ERASED))


def _their_rows(session: Session, model: type[Base], subject: SubjectData) -> None:
    theirs = rows_of(model, subject)
    if theirs is None:
        return
    if columns_marked(model, DELETED):
        session.execute(delete(model).where(theirs))
        return
    if emptied := columns_marked(model, EMPTIED, DROPPED):
        session.execute(update(model).where(theirs).values({each.key: _empty(each) for each in emptied}))
    for column in columns_marked(model, ERASED_TEXT):
        # One by one: the triggers of the ledger refuse a change that erases nothing.
        has_text = getattr(model, column.key).not_in(("", ERASED))
        session.execute(update(model).where(theirs, has_text).values({column.key: ERASED}))


def _empty(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    return "" if column.type.python_type is str else {}


def _clients(session: Session, act: Act, subject: SubjectData) -> None:
    blank = {
        "name": ERASED_CLIENT,
        "sounds_like": "",
        "postal_address": "",
        "name_folded": "",
        "search_text": "",
        "phone": None,
        "email": None,
        "language": "en",
        "wants_mail": False,
        "large_print": False,
        "mail_problem": "",
    }
    session.execute(
        update(Client)
        .where(Client.id.in_(subject.client_ids), Client.erased_at.is_(None))
        .values(**blank, erased_at=act.now, erased_by=act.actor.name)
    )
    # No follow-up of theirs any more.
    session.execute(delete(ListedClient).where(ListedClient.client_id.in_(subject.client_ids)))


def _sales(session: Session, subject: SubjectData) -> None:
    theirs = SaleRecord.square_order_id.in_(subject.order_ids)
    for record in session.scalars(select(SaleRecord).where(theirs)):
        record.content = without_reasons(record.content)
    given, received = Gift.giver_id.in_(subject.client_ids), Gift.recipient_id.in_(subject.client_ids)
    session.execute(update(Gift).where(given).values(giver_name=ERASED_CLIENT))
    session.execute(update(Gift).where(received).values(recipient_name=ERASED_CLIENT))


def _agreements(session: Session, subject: SubjectData) -> None:
    """Delete agreements that nobody signed. A signed one is a contract, kept like an invoice."""
    signed = select(AgreementSignature.agreement_id)
    session.execute(
        delete(Agreement).where(Agreement.client_id.in_(subject.client_ids), Agreement.id.not_in(signed))
    )


def _directory(session: Session, subject: SubjectData) -> None:
    """Delete the profiles with their name or contact: a person may be in Square's directory twice."""
    same: list[ColumnElement[bool]] = [
        SquarePerson.name_folded.in_(subject.own_words.names),
        SquarePerson.email.in_(subject.own_words.addresses),
    ]
    same += [SquarePerson.search_text.contains(number) for number in subject.own_words.numbers]
    session.execute(delete(SquarePerson).where(or_(*same)))


def _attention(session: Session, subject: SubjectData) -> None:
    """Keep only the existence and the time of the items about them."""
    ids = {*subject.course_ids, *subject.client_ids, *subject.square_ids, *subject.order_ids}
    for row in session.scalars(select(Attention)):
        if ids.intersection(_strings(row.details)) or row.square_order_id in ids:
            for name in ("summary", "details", "resolution"):
                setattr(row, name, _scrubbed(getattr(row, name), subject.words))
        if subject.words.are_in(row.dedupe):
            row.dedupe = f"{row.id}:erased"


def _messages(session: Session, subject: SubjectData) -> None:
    """Delete Square's messages about them; their existence, time and kind are kept."""
    words = subject.own_words.in_typed_text()
    for row in session.scalars(select(Inbox).where(words.might_be_in(Inbox.body))):
        if words.are_in(_decoded(row.body)):
            row.body = NO_BODY
    for row in session.scalars(select(Inbox).where(words.might_be_in(Inbox.event_id))):
        if any(one in row.event_id for one in subject.square_ids):
            row.event_id = f"erased:{row.id}"


def _decoded(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _jobs(session: Session, act: Act, subject: SubjectData) -> None:
    theirs = Outbox.subject.in_(subject.job_subjects)
    session.execute(update(Outbox).where(theirs, Outbox.state != "pending").values(outcome=""))
    # Done now, it would create a person without a name in Square's directory.
    session.execute(
        update(Outbox)
        .where(theirs, Outbox.kind == CUSTOMER, Outbox.state == "pending")
        .values(state="done", outcome=_("Their data was erased."), done_at=act.now)
    )


def _operations(session: Session, subject: SubjectData) -> None:
    """Delete the digests of requests about them: a digest of a name and a phone number can be guessed."""
    for client_id in subject.client_ids:
        about = cast(Operation.answer, String).contains(client_id)
        session.execute(update(Operation).where(about).values(request_sha256=_NO_DIGEST))


def _texts(session: Session, subject: SubjectData) -> None:
    """Erase every text that names them, in any row."""
    courses = History.course_id.in_((*subject.course_ids, *subject.other_course_ids))
    _search(session, History, ("text", "reason"), subject.words, courses)
    files = ImportBatch.id.in_(subject.batch_ids)
    _search(session, ImportBatch, _searched(ImportBatch), subject.words, files)
    # Sentences of the program contain whole names only, so one word may be searched for.
    _search(session, History, ("text",), subject.own_words, true())
    _search(session, Gift, ("giver_name", "recipient_name"), subject.own_words, true())
    for model in models().values():
        if columns := _searched(model):
            _search(session, model, columns, subject.own_words.in_typed_text(), true())


def _searched(model: type[Base]) -> tuple[str, ...]:
    return tuple(column.key for column in columns_marked(model, EMPTIED, ERASED_TEXT, NAMED))


def _search(
    session: Session, model: type[Base], columns: tuple[str, ...], words: Words, where: ColumnElement[bool]
) -> None:
    hint = or_(*(words.might_be_in(getattr(model, name)) for name in columns))
    for row in session.scalars(select(model).where(where, hint)):
        for name in columns:
            value = getattr(row, name)
            clean = _scrubbed(value, words)
            if clean != value:
                setattr(row, name, clean)
        # Row by row: the triggers allow no other change together with the words.
        session.flush()


def _scrubbed(value: Any, words: Words) -> Any:
    """Return the value with each text that names them replaced by the mark."""
    if isinstance(value, str):
        return ERASED if words.are_in(value) else value
    if isinstance(value, dict):
        return {_scrubbed(name, words): _scrubbed(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_scrubbed(one, words) for one in value]
    return value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    nested: Iterable[Any] = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for one in nested:
        yield from _strings(one)


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
        add_history(work, course_id, "erased", _("The client’s personal data was erased"))
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
