"""Blanking all that tells who somebody was. Entries, sums and days stay; what is written once keeps all but its words.

Issued documents stay whole: tax law asks for them (GDPR art. 17(3)(b)), and the table refuses any change.

Every column that may name a client is listed here: a test goes through all tables and asks for the others' reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, or_, select, true, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.clients.client_profile import CUSTOMER
from plugin.courses.documents.sale_record import without_reasons
from plugin.courses.handouts.batches import delete_all_batches_in
from plugin.courses.privacy.subject import SubjectData, Words
from plugin.courses.privacy.suppression import NO_BODY
from plugin.store.changes import AllowedAhead, Gift
from plugin.store.documents import SaleRecord
from plugin.store.imports import ImportBatch
from plugin.store.ledger import Entry, History, Operation, Visit
from plugin.store.papers import PrivatePage, VisitLetter
from plugin.store.people import Client, ClientMerge, SquareCustomer
from plugin.store.queues import Attention, Handout, Inbox, Outbox, Paper, Sweep
from plugin.store.selling import Checkout, DeskRefund
from plugin.store.square_side import Booking, ProfileNote, SquarePerson
from plugin.store.triggers import ERASED

NAME = "Erased client"
_NO_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class _Kept:
    """Columns of one table in which somebody may be named, wherever the row belongs."""

    table: Any
    columns: tuple[str, ...]


_IN_FILES = _Kept(ImportBatch, ("problem", "found", "wrong", "shape", "undone_because"))
# The program's own sentences hold whole names only.
_BY_THE_PROGRAM = (_Kept(History, ("text",)), _Kept(Gift, ("giver_name", "recipient_name")))
# Looked through for whoever is erased, beside all that is theirs by its ids.
_ELSEWHERE = (
    _Kept(Entry, ("reason",)),
    _Kept(History, ("text", "reason")),
    _Kept(Handout, ("content",)),
    _Kept(Visit, ("focus", "note")),
    _Kept(AllowedAhead, ("reason",)),
    _Kept(DeskRefund, ("reason", "problem")),
    _Kept(Gift, ("giver_name", "recipient_name", "message")),
    _Kept(Checkout, ("problem", "notice", "tender", "mail_to")),
    _Kept(Booking, ("customer_name",)),
    _Kept(VisitLetter, ("mail_to", "said")),
    _Kept(Outbox, ("outcome", "payload")),
    _Kept(Inbox, ("outcome",)),
    _Kept(Attention, ("summary", "details", "resolution")),
    _Kept(Operation, ("answer",)),
    _IN_FILES,
    _Kept(Sweep, ("found", "error")),
    # A line of retail is called what somebody typed at the till.
    _Kept(SaleRecord, ("content",)),
)


def anonymize_in(session: Session, act: Act, traces: SubjectData) -> None:
    """Blank everything that tells who this was."""
    _clients(session, act, traces)
    _in_square(session, traces)
    _sales(session, traces)
    _visits(session, traces)
    _written_once(session, traces)
    _papers(session, act, traces)
    _questions(session, traces)
    _messages(session, traces)
    _owed(session, act, traces)
    _operations(session, traces)
    _look_through(session, _IN_FILES, traces.words, ImportBatch.id.in_(traces.batch_ids))
    for kept in _BY_THE_PROGRAM:
        _look_through(session, kept, traces.own_words, true())
    for kept in _ELSEWHERE:
        _look_through(session, kept, traces.own_words.in_typed_text(), true())
    session.flush()


def _clients(session: Session, act: Act, traces: SubjectData) -> None:
    blank = {
        "name": NAME,
        "name_folded": "",
        "search_text": "",
        "phone": None,
        "email": None,
        "language": "en",
        "wants_mail": False,
        "mail_problem": "",
    }
    session.execute(
        update(Client)
        .where(Client.id.in_(traces.client_ids), Client.erased_at.is_(None))
        .values(**blank, erased_at=act.now, erased_by=act.actor.name)
    )
    theirs = or_(ClientMerge.from_id.in_(traces.client_ids), ClientMerge.into_id.in_(traces.client_ids))
    session.execute(update(ClientMerge).where(theirs).values(moved={}))


def _in_square(session: Session, traces: SubjectData) -> None:
    theirs = traces.square_ids
    session.execute(delete(SquareCustomer).where(SquareCustomer.square_customer_id.in_(theirs)))
    session.execute(delete(SquarePerson).where(SquarePerson.square_customer_id.in_(theirs)))
    session.execute(delete(ProfileNote).where(ProfileNote.client_id.in_(traces.client_ids)))
    session.execute(
        update(Booking)
        .where(or_(Booking.square_customer_id.in_(theirs), Booking.course_id.in_(traces.course_ids)))
        .values(customer_name="", square_customer_id=None)
    )
    # Somebody may stand in Square's directory twice.
    same: list[ColumnElement[bool]] = [
        SquarePerson.name_folded.in_(traces.own_words.names),
        SquarePerson.email.in_(traces.own_words.addresses),
    ]
    same += [SquarePerson.search_text.contains(number) for number in traces.own_words.numbers]
    session.execute(delete(SquarePerson).where(or_(*same)))


def _sales(session: Session, traces: SubjectData) -> None:
    blank = {
        "mail_to": None,
        "url": None,
        "square_customer_id": None,
        "problem": "",
        "notice": "",
        "tender": "",
    }
    session.execute(update(Checkout).where(Checkout.id.in_(traces.checkout_ids)).values(**blank))
    session.execute(
        update(DeskRefund).where(DeskRefund.id.in_(traces.refund_ids)).values(reason=ERASED, problem="")
    )
    session.execute(
        update(AllowedAhead).where(AllowedAhead.allowance_id.in_(traces.allowance_ids)).values(reason=ERASED)
    )
    theirs = SaleRecord.square_order_id.in_(traces.order_ids)
    for record in session.scalars(select(SaleRecord).where(theirs)):
        record.content = without_reasons(record.content)
    given, received = Gift.giver_id.in_(traces.client_ids), Gift.recipient_id.in_(traces.client_ids)
    session.execute(update(Gift).where(given).values(giver_name=NAME, message=""))
    session.execute(update(Gift).where(received).values(recipient_name=NAME, message=""))


def _visits(session: Session, traces: SubjectData) -> None:
    session.execute(update(Visit).where(Visit.id.in_(traces.visit_ids)).values(focus="", note=""))


def _written_once(session: Session, traces: SubjectData) -> None:
    """Blank what people have typed about their courses; what the program wrote, where it names them."""
    mine = Entry.allowance_id.in_(traces.allowance_ids)
    session.execute(update(Entry).where(mine, Entry.reason.not_in(("", ERASED))).values(reason=ERASED))
    ours = History.course_id.in_(traces.course_ids)
    session.execute(update(History).where(ours, History.reason.not_in(("", ERASED))).values(reason=ERASED))
    among = History.course_id.in_((*traces.course_ids, *traces.other_course_ids))
    _look_through(session, _Kept(History, ("text", "reason")), traces.words, among)
    theirs = Handout.course_id.in_(traces.course_ids)
    session.execute(update(Handout).where(theirs, Handout.content != ERASED).values(content=ERASED))


def _papers(session: Session, act: Act, traces: SubjectData) -> None:
    session.execute(delete(Paper).where(Paper.course_id.in_(traces.course_ids)))
    delete_all_batches_in(session, act.now)
    session.execute(delete(PrivatePage).where(PrivatePage.client_id.in_(traces.client_ids)))
    letters = VisitLetter.id.in_(traces.letter_ids)
    session.execute(update(VisitLetter).where(letters).values(mail_to="", said=""))


def _questions(session: Session, traces: SubjectData) -> None:
    """Of what was asked about them, keep that it was asked and when."""
    ids = {*traces.course_ids, *traces.client_ids, *traces.square_ids, *traces.order_ids}
    for row in session.scalars(select(Attention)):
        if _names_one(row.details, ids) or row.square_order_id in ids:
            row.summary = _without(row.summary, traces.words)
            row.details = _scrubbed(row.details, traces.words)
            row.resolution = _scrubbed(row.resolution, traces.words)
        if traces.words.are_in(row.dedupe):
            row.dedupe = f"{row.id}:erased"


def _names_one(details: dict[str, Any], ids: set[str]) -> bool:
    return any(one in ids for one in _strings(details))


def _messages(session: Session, traces: SubjectData) -> None:
    """Blank what Square told of them; that it told, when and of which kind stays."""
    words = traces.own_words.in_typed_text()
    for row in session.scalars(select(Inbox).where(words.might_be_in(Inbox.body))):
        if words.are_in(_decoded(row.body)):
            row.body = NO_BODY
    for row in session.scalars(select(Inbox).where(words.might_be_in(Inbox.event_id))):
        if any(one in row.event_id for one in traces.square_ids):
            row.event_id = f"erased:{row.id}"


def _decoded(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _owed(session: Session, act: Act, traces: SubjectData) -> None:
    theirs = Outbox.subject.in_(traces.subjects)
    session.execute(update(Outbox).where(theirs, Outbox.state != "pending").values(outcome=""))
    # Done now, it would put somebody without a name into Square's directory.
    session.execute(
        update(Outbox)
        .where(theirs, Outbox.kind == CUSTOMER, Outbox.state == "pending")
        .values(state="done", outcome="Their data was erased.", done_at=act.now)
    )


def _operations(session: Session, traces: SubjectData) -> None:
    """A digest of a name and a phone number can be guessed: what was asked about them is no longer compared."""
    for client_id in traces.client_ids:
        about = cast(Operation.answer, String).contains(client_id)
        session.execute(update(Operation).where(about).values(request_sha256=_NO_DIGEST))


def _look_through(session: Session, kept: _Kept, words: Words, where: ColumnElement[bool]) -> None:
    hint = or_(*(words.might_be_in(getattr(kept.table, name)) for name in kept.columns))
    for row in session.scalars(select(kept.table).where(where, hint)):
        for name in kept.columns:
            value = getattr(row, name)
            clean = _scrubbed(value, words)
            if clean != value:
                setattr(row, name, clean)
        # Told apart line by line: the guard lets nothing else change with the words.
        session.flush()


def _scrubbed(value: Any, words: Words) -> Any:
    """Return the value with each text that names them replaced by the mark."""
    if isinstance(value, str):
        return _without(value, words)
    if isinstance(value, dict):
        return {_without(name, words): _scrubbed(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_scrubbed(one, words) for one in value]
    return value


def _without(text: str, words: Words) -> str:
    return ERASED if words.are_in(text) else text


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
