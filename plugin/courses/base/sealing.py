"""Sealing: the hashes of all that was written since the last seal, under one hash over the last seal's.

Nothing is sealed while something is written, so that no row is common to all writers: the worker seals every few
seconds, and each backup before it is made (docs/decisions/0023-seals-and-anchors.md).
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.fingerprint import LedgerHead, fingerprint, seal_fingerprint
from plugin.courses.base.work import reading
from plugin.store import Store
from plugin.store.agreements import AgreementSignature
from plugin.store.base import Base
from plugin.store.documents import Document, DocumentFile
from plugin.store.ledger import Allowance, Course, Entry, History, LedgerSeal, SealedRow
from plugin.store.people import ApiToken, Passkey, Staff
from plugin.store.queues import Handout
from plugin.store.recorded import Recorded
from plugin.store.tables import METADATA
from plugin.store.triggers import ERASED

ENTRY, HISTORY = "entry", "history"
# A seal is written in one transaction, in which the desk waits.
MOST_ROWS = 2000
_OVERLAP = timedelta(hours=1)
RECORDS: dict[str, type[Recorded]] = {
    "course": Course,
    "allowance": Allowance,
    "staff": Staff,
    "api_token": ApiToken,
    "passkey": Passkey,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows that are written once: what their hash covers, and whether that is text which can be erased."""

    model: type[Base]
    fields: tuple[str, ...]
    is_erasable: bool = False

    @property
    def id(self) -> Any:
        """Return the column that names a row."""
        (column,) = self.model.__mapper__.primary_key
        return column


KEPT: dict[str, Kept] = {
    HISTORY: Kept(History, ("course_id", "kind", "text", "at", "by", "source", "reason"), is_erasable=True),
    "handout": Kept(Handout, ("course_id", "kind", "language", "content_sha256", "handed_at", "by")),
    "document": Kept(
        Document,
        (
            *("kind", "place", "number", "subject", "refers_to", "square_order_id", "client_id", "language"),
            *("total", "currency", "content_sha256", "issued_at", "by"),
        ),
    ),
    "document_file": Kept(DocumentFile, ("sha256", "drawn_at")),
    "agreement_signature": Kept(
        AgreementSignature, ("client_id", "way", "shown_sha256", "signed_at", "pdf_sha256")
    ),
}


def newest_seal(session: Session) -> LedgerSeal | None:
    """Return the newest seal; None before the first."""
    return session.scalar(select(LedgerSeal).order_by(LedgerSeal.number.desc()).limit(1))


def head_in(session: Session) -> LedgerHead | None:
    """Return the head of the clinic's ledger; None before the first seal."""
    last = newest_seal(session)
    return LedgerHead(last.number, last.sha256) if last is not None else None


ledger_head = reading(head_in)


def seal(store: Store, now: datetime, *, is_quick: bool = False) -> LedgerHead | None:
    """Seal what was written since the last seal; return the head. `is_quick`: entries of the last hour alone.

    Where another process seals at the same time, the rest is left to it.
    """
    with store.reading() as session:
        newest = newest_seal(session)
        last = LedgerHead(newest.number, newest.sha256) if newest is not None else None
        new = _new_rows(session, newest.sealed_at - _OVERLAP if is_quick and newest is not None else None)
        for some in batched(new, MOST_ROWS):
            last = store.transact(partial(_write, now=now, last=last, rows=tuple(some)))
            if last is None:
                break
    return ledger_head(store)


def mark_restored_in(session: Session, now: datetime) -> None:
    """Write a seal over nothing, which says that a backup was restored here."""
    last = newest_seal(session)
    number, previous = (last.number + 1, last.sha256) if last is not None else (1, "")
    sha256 = seal_fingerprint(previous, number, now, ())
    new = LedgerSeal(number=number, previous=previous, sha256=sha256, rows=0, sealed_at=now, restored_at=now)
    session.add(new)


New = tuple[str, str, int, str, str]


def _write(
    session: Session, *, now: datetime, last: LedgerHead | None, rows: tuple[New, ...]
) -> LedgerHead | None:
    """Write a seal after the last one; None where that is not the last any more."""
    if head_in(session) != last:
        return None
    number, previous = (last.number + 1, last.sha256) if last else (1, "")
    sha256 = seal_fingerprint(previous, number, now, [each[:4] for each in rows])
    session.add(LedgerSeal(number=number, previous=previous, sha256=sha256, rows=len(rows), sealed_at=now))
    session.flush()
    rows = tuple(_without_salt_of_erased(session, rows))
    names = ("kind", "row_id", "version", "sha256", "salt")
    session.connection().execute(
        insert(METADATA.tables[SealedRow.__tablename__]),
        [dict(zip(names, each, strict=True), seal=number) for each in rows],
    )
    return LedgerHead(number, sha256)


def _without_salt_of_erased(session: Session, rows: tuple[New, ...]) -> Iterator[New]:
    """Yield the rows without the salt of a text that was erased since it was read: erasure found no salt to take."""
    read = {row_id: (sha256, salt) for kind, row_id, _version, sha256, salt in rows if kind == HISTORY}
    fields = (getattr(History, name) for name in KEPT[HISTORY].fields)
    # Locked, so that an erasure from now on waits until their salts are there.
    query = select(History.id, *fields).where(History.id.in_(read)).with_for_update(read=True)
    now = session.execute(query) if read else ()
    erased = {row[0] for row in now if kept_fingerprint(read[row[0]][1], row) != read[row[0]][0]}
    for row in rows:
        yield (*row[:4], ERASED) if row[0] == HISTORY and row[1] in erased else row


def _new_rows(session: Session, since: datetime | None) -> Iterator[New]:
    query = select(literal(ENTRY), Entry.id, literal(1), func.coalesce(Entry.sha256, ""))
    query = query.where(~_is_sealed(ENTRY, Entry.id, 1))
    yield from _read(session, query if since is None else query.where(Entry.written_at >= since))
    if since is not None:
        return
    for kind, record in RECORDS.items():
        yield from _read(session, _new_records(kind, record))
    for kind, kept in KEPT.items():
        for row in session.execute(_new_kept(kind, kept).execution_options(yield_per=MOST_ROWS)):
            salt = secrets.token_hex(8) if kept.is_erasable else ""
            yield kind, row[0], 1, kept_fingerprint(salt, row), salt


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[New]:
    for kind, row_id, version, sha256 in session.execute(query.execution_options(yield_per=MOST_ROWS)):
        yield kind, row_id, version, sha256, ""


def kept_fingerprint(salt: str, row: Sequence[Any]) -> str:
    """Return the hash of a row that is written once: its id and the fields of its kind."""
    return fingerprint((salt, *row))


def _is_sealed(kind: str, row_id: Any, version: Any) -> Any:
    same = (SealedRow.kind == kind, SealedRow.row_id == row_id, SealedRow.version == version)
    return exists().where(*same)


def _new_records(kind: str, model: Any) -> Select[*tuple[Any, ...]]:
    columns = (model.id, model.record_version, func.coalesce(model.record_sha256, ""))
    return select(literal(kind), *columns).where(~_is_sealed(kind, model.id, model.record_version))


def _new_kept(kind: str, kept: Kept) -> Select[*tuple[Any, ...]]:
    fields = (getattr(kept.model, name) for name in kept.fields)
    return select(kept.id, *fields).where(~_is_sealed(kind, kept.id, 1))
