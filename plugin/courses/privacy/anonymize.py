"""Remove everything that identifies a client.

Entries, sums and days are kept; the ledger loses only its texts. What happens to each column is marked on the
tables (`plugin.store.personal`); the exceptions are here. Issued documents are kept whole: tax law requires
it (GDPR art. 17(3)(b)), and the table refuses any change.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, String, cast, delete, or_, select, true, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.sealing import HISTORY
from plugin.courses.base.suppression import NO_BODY
from plugin.courses.clients.profile_notes import CUSTOMER
from plugin.courses.documents.sale_record import without_reasons
from plugin.courses.handouts.batches import delete_all_batches_in
from plugin.courses.privacy.subject import SubjectData, Words
from plugin.store.agreements import Agreement, AgreementSignature
from plugin.store.base import Base
from plugin.store.bulk import ImportBatch
from plugin.store.changes import Gift
from plugin.store.documents import SaleRecord
from plugin.store.ledger import Entry, History, Operation, SealedRow
from plugin.store.listing import ListedClient
from plugin.store.people import Client
from plugin.store.personal import DELETED, DROPPED, EMPTIED, ERASED_TEXT, NAMED, columns_marked, rows_of
from plugin.store.queues import Attention, Inbox, Outbox
from plugin.store.square_side import SquarePerson
from plugin.store.tables import models
from plugin.store.triggers import ERASED
from plugin.wording import N_, _

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
