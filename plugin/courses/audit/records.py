"""Rows that only the program changes, each with its hash; papers handed out; triggers; and all that was sealed."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.fingerprint import KeptHead, Sealed, seal_fingerprint
from plugin.courses.base.sealing import ENTRY, HISTORY, KEPT, RECORDS, kept_fingerprint
from plugin.courses.documents.series import wrong_documents
from plugin.store.ledger import Entry, LedgerSeal, SealedRow
from plugin.store.prepared import Prepared
from plugin.store.recorded import RECORDED, record_fingerprint
from plugin.store.tables import Client, Course, Handout
from plugin.store.totals import TRIGGER
from plugin.store.triggers import ERASED, guard_names


@dataclass(frozen=True, slots=True)
class Finding:
    """One error found: which check, which row, and what it means."""

    check: str
    row: str
    sentence: str


_AT_ONCE = 2000
_CALLED = {
    "course": "The course",
    "allowance": "The allowance",
    "staff": "The member of the staff",
    "api_token": "The API token",
    "passkey": "The passkey",
    HISTORY: "The line of the history",
    "handout": "The paper that was handed out",
    "document": "The document",
    "document_file": "The file of the document",
    "agreement_signature": "The signed agreement",
}


@cache
def _recorded(kind: str) -> Select[*tuple[Any, ...]]:
    model: Any = RECORDS[kind]
    columns = (getattr(model, name) for name in RECORDED[kind])
    query = select(*columns, model.record_version, model.record_sha256).order_by(model.id)
    return query.execution_options(yield_per=_AT_ONCE)


def records(session: Session) -> Iterator[Finding]:
    """Check that nobody but the program wrote a course, an allowance, a sign-in or a token."""
    for kind in RECORDS:
        for row in session.connection().execute(_recorded(kind)):
            values = dict(zip(RECORDED[kind], row, strict=False))
            if row.record_sha256 is None:
                yield Finding("record", row.id, f"{_CALLED[kind]} was not written by Coursekeeper.")
            elif row.record_sha256 != record_fingerprint(kind, row.record_version, values):
                yield Finding("record", row.id, f"{_CALLED[kind]} was changed, and not by Coursekeeper.")


_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def guards(session: Session) -> Iterator[Finding]:
    """Check that the database still refuses to change or delete what is written once."""
    engine = session.get_bind().dialect.name
    there = set(session.connection().exec_driver_sql(_THERE[engine]).scalars())
    for name in sorted({*guard_names(engine), TRIGGER} - there):
        yield Finding(
            "trigger", name, "This trigger is gone: the database no longer refuses what it refused."
        )


@cache
def _written_handouts() -> Prepared:
    return Prepared(
        select(Handout.id, Handout.content, Handout.content_sha256, Client.erased_at)
        .outerjoin(Course, Course.id == Handout.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )


def handouts(session: Session) -> Iterator[Finding]:
    """Check that what was handed out is unchanged, or was blanked together with the client's identity."""
    for handout_id, content, written, erased_at in _written_handouts().all(session.connection(), {}):
        if content == ERASED and erased_at is not None:
            continue
        if hashlib.sha256(content.encode()).hexdigest() != written:
            yield Finding("document", handout_id, "The kept content of a paper is not what was handed out.")


def documents(session: Session) -> Iterator[Finding]:
    """Check that invoices, credit notes and vouchers are what was issued, numbered without a gap."""
    for check, row, sentence in wrong_documents(session):
        yield Finding(check, row, sentence)


_SEALS_AT_ONCE = 2000


def seals(session: Session) -> Iterator[Finding]:
    """Check that the seals are a chain without a gap over the rows they were made of."""
    # Closed also where no seal is left to read them for.
    with session.connection().execute(_in_order()) as rows:
        yield from _chain(session, groupby(rows, key=attrgetter("seal")))


@cache
def _in_order() -> Select[*tuple[Any, ...]]:
    columns = (SealedRow.kind, SealedRow.row_id, SealedRow.version, SealedRow.sha256, SealedRow.seal)
    return select(*columns).order_by(SealedRow.seal).execution_options(yield_per=_SEALS_AT_ONCE)


def _chain(session: Session, sealed: Iterator[tuple[int, Iterator[Any]]]) -> Iterator[Finding]:
    of_seal: tuple[int, list[Sealed]] = (0, [])
    previous, number = "", 0
    for row in session.scalars(select(LedgerSeal).order_by(LedgerSeal.number)).all():
        if row.number != number + 1:
            yield Finding("seal", str(number + 1), f"Seal {number + 1} is gone.")
        while of_seal[0] < row.number and (found := next(sealed, None)) is not None:
            of_seal = found[0], [each[:4] for each in found[1]]
        its = of_seal[1] if of_seal[0] == row.number else []
        again = seal_fingerprint(row.previous, row.number, row.sealed_at, its)
        if row.previous != previous and row.number == number + 1:
            yield Finding("seal", str(row.number), f"Seal {row.number} does not follow from the one before.")
        elif row.sha256 != again:
            yield Finding("seal", str(row.number), f"Seal {row.number} is not over what was sealed with it.")
        previous, number = row.sha256, row.number


def sealed_rows(session: Session) -> Iterator[Finding]:
    """Check that what was sealed is there and as it was; the first that was sealed comes first."""
    found = [*_entries(session), *_records(session), *_kept(session)]
    for _seal, finding in sorted(found, key=lambda each: (each[0], each[1].row)):
        yield finding


_Found = Iterator[tuple[int, Finding]]


@cache
def _other_entries() -> Prepared:
    return Prepared(
        select(SealedRow.seal, SealedRow.row_id, Entry.seq, Entry.allowance_id)
        .outerjoin(Entry, Entry.id == SealedRow.row_id)
        .where(
            SealedRow.kind == ENTRY,
            or_(Entry.id.is_(None), func.coalesce(Entry.sha256, "") != SealedRow.sha256),
        )
    )


def _entries(session: Session) -> _Found:
    for seal, entry_id, seq, allowance_id in _other_entries().all(session.connection(), {}):
        said = (
            "The entry is gone; it was sealed."
            if seq is None
            else f"Entry {seq} of allowance {allowance_id} is not the one that was sealed: its chain was written again."
        )
        yield seal, Finding("sealed", entry_id, said)


@cache
def _other_records(kind: str) -> Prepared:
    newest = (
        select(SealedRow.kind, SealedRow.row_id, func.max(SealedRow.version).label("version"))
        .where(SealedRow.kind.in_(RECORDS))
        .group_by(SealedRow.kind, SealedRow.row_id)
        .subquery()
    )
    model: Any = RECORDS[kind]
    return Prepared(
        select(SealedRow.seal, SealedRow.row_id, model.id.label("there"))
        .join(
            newest,
            (newest.c.kind == SealedRow.kind)
            & (newest.c.row_id == SealedRow.row_id)
            & (newest.c.version == SealedRow.version),
        )
        .outerjoin(model, model.id == SealedRow.row_id)
        .where(
            SealedRow.kind == kind,
            or_(
                model.id.is_(None),
                model.record_version < SealedRow.version,
                (model.record_version == SealedRow.version)
                & (func.coalesce(model.record_sha256, "") != SealedRow.sha256),
            ),
        )
    )


def _records(session: Session) -> _Found:
    for kind in RECORDS:
        for seal, row_id, there in _other_records(kind).all(session.connection(), {}):
            if there is None and kind == "passkey":
                # Its owner may remove it.
                continue
            said = f"{_CALLED[kind]} is gone; it was sealed." if there is None else _ANOTHER[kind]
            yield seal, Finding("sealed", row_id, said)


_ANOTHER = {kind: f"{called} is not as it was sealed." for kind, called in _CALLED.items()}


def _kept(session: Session) -> _Found:
    for kind in KEPT:
        for sealed in session.connection().execute(_sealed_beside_kept(kind)):
            row = sealed[4:]
            if row[0] is None:
                yield (
                    sealed.seal,
                    Finding("sealed", sealed.row_id, f"{_CALLED[kind]} is gone; it was sealed."),
                )
            elif sealed.salt != ERASED and kept_fingerprint(sealed.salt, row) != sealed.sha256:
                yield sealed.seal, Finding("sealed", sealed.row_id, _ANOTHER[kind])


@cache
def _sealed_beside_kept(kind: str) -> Select[*tuple[Any, ...]]:
    kept = KEPT[kind]
    fields = (getattr(kept.model, name) for name in kept.fields)
    return (
        select(SealedRow.seal, SealedRow.row_id, SealedRow.sha256, SealedRow.salt, kept.id, *fields)
        .outerjoin(kept.model, kept.id == SealedRow.row_id)
        .where(SealedRow.kind == kind)
        .execution_options(yield_per=_SEALS_AT_ONCE)
    )


def against(session: Session, kept: Iterable[KeptHead]) -> Iterator[Finding]:
    """Check heads that were kept outside; the oldest that disagrees comes first, one for each seal.

    A backup that was restored ends with an earlier seal: heads kept before that of later seals are left out.
    """
    there = {row.number: row for row in session.scalars(select(LedgerSeal))}
    restored = [(row.number, row.restored_at) for row in there.values() if row.restored_at is not None]
    last_good, bad = 0, set[int]()
    for each in sorted(kept, key=lambda one: one.head.number):
        head, row = each.head, there.get(each.head.number)
        if row is not None and head.is_of(row.sha256):
            last_good = head.number
        elif head.number not in bad and not _was_before_a_restore(each, restored):
            bad.add(head.number)
            said = _of_anchor(
                each, row, max(there.values(), key=attrgetter("number"), default=None), last_good
            )
            yield Finding("anchor", str(head), said + _of_restore(each, restored))


_Restored = Sequence[tuple[int, datetime]]


def _was_before_a_restore(kept: KeptHead, restored: _Restored) -> bool:
    return any(kept.at is not None and kept.at < at and kept.head.number >= number for number, at in restored)


def _of_restore(kept: KeptHead, restored: _Restored) -> str:
    since = [at for number, at in restored if kept.head.number >= number]
    if kept.at is not None or not since:
        return ""
    return f" A backup was restored on {max(since):%Y-%m-%d %H:%M} UTC: a head from before it says nothing."


def _of_anchor(kept: KeptHead, row: LedgerSeal | None, newest: LedgerSeal | None, last_good: int) -> str:
    head = kept.head
    if row is None:
        end = (
            f"ends with seal {newest.number} of {newest.sealed_at:%Y-%m-%d %H:%M} UTC"
            if newest
            else "has no seal"
        )
        return f"The database {end}, but {kept.where} says {head.short}: what was written until then is gone."
    return (
        f"The ledger was {head.short} by {kept.where}, and is {row.number}:{row.sha256[:8]} now: something that was"
        f" sealed after seal {last_good} was written again."
    )
