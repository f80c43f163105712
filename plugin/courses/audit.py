"""Audit the ledger: does it still add up? Queries the stored rows and trusts nothing the program derives.

The queries are built once: that takes longer than running them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.core.ledger import Kind
from plugin.courses.documents.checks import wrong_documents
from plugin.courses.reports.total_checks import wrong_totals
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry, Operation, Visit
from plugin.store.people import Client
from plugin.store.queues import Handout
from plugin.store.triggers import ERASED


@dataclass(frozen=True, slots=True)
class Finding:
    """One error found: which check, which row, and what it means."""

    check: str
    row: str
    sentence: str


def audit(store: Store) -> tuple[Finding, ...]:
    """Return every error in the ledger and the documents; nothing if all is right."""
    with store.reading() as session:
        return audit_in(session)


def audit_in_parts(store: Store) -> tuple[Finding, ...]:
    """Return every error, each check in a transaction of its own: while it runs, the desk goes on.

    No transaction stays open for long, so that SQLite can clear its log in between.
    """
    found: list[Finding] = []
    for check in _CHECKS:
        with store.reading() as session:
            found += check(session)
    return tuple(found)


def audit_in(session: Session) -> tuple[Finding, ...]:
    """Return every error as seen by this session."""
    return tuple(finding for check in _CHECKS for finding in check(session))


@cache
def _broken_chains() -> Select[*tuple[Any, ...]]:
    before = aliased(Entry)
    return (
        select(Entry.id, Entry.allowance_id, Entry.seq)
        .outerjoin(before, (before.allowance_id == Entry.allowance_id) & (before.seq == Entry.seq - 1))
        .where(
            or_(
                Entry.sessions_before != func.coalesce(before.sessions_after, 0),
                Entry.value_before != func.coalesce(before.value_after, 0),
                Entry.granted_before != func.coalesce(before.granted_after, 0),
                Entry.sessions_after != Entry.sessions_before + Entry.sessions_delta,
                Entry.value_after != Entry.value_before + Entry.value_delta,
                (Entry.seq > 1) & before.id.is_(None),
            )
        )
    )


def _chains(session: Session) -> Iterator[Finding]:
    """Check that each entry starts where the one before it ended, and adds up."""
    for entry_id, allowance_id, seq in session.execute(_broken_chains()):
        yield Finding(
            "chain", entry_id, f"Entry {seq} of allowance {allowance_id} does not follow from the one before."
        )


@cache
def _out_of_bounds() -> Select[*tuple[Any, ...]]:
    return select(Entry.id, Entry.sessions_after, Entry.granted_after).where(
        or_(Entry.sessions_after < 0, Entry.sessions_after > Entry.granted_after, Entry.value_after < 0)
    )


def _bounds(session: Session) -> Iterator[Finding]:
    """Check that nothing is overdrawn and nothing exceeds what was granted."""
    for entry_id, left, granted in session.execute(_out_of_bounds()):
        yield Finding("bounds", entry_id, f"The entry leaves {left} of {granted} sessions.")


@cache
def _wrong_balances() -> Select[*tuple[Any, ...]]:
    heads = (
        select(Entry.allowance_id, func.max(Entry.seq).label("seq"), func.count().label("lines"))
        .group_by(Entry.allowance_id)
        .subquery()
    )
    totals = (
        select(
            Entry.allowance_id,
            func.sum(Entry.sessions_delta).label("sessions"),
            func.sum(Entry.value_delta).label("value"),
        )
        .group_by(Entry.allowance_id)
        .subquery()
    )
    return (
        select(Allowance.id, heads.c.lines)
        .outerjoin(heads, heads.c.allowance_id == Allowance.id)
        .outerjoin(totals, totals.c.allowance_id == Allowance.id)
        .outerjoin(Entry, (Entry.allowance_id == Allowance.id) & (Entry.seq == heads.c.seq))
        .where(
            or_(
                heads.c.lines.is_(None),
                heads.c.lines != heads.c.seq,
                totals.c.sessions != Entry.sessions_after,
                totals.c.value != Entry.value_after,
            )
        )
    )


def _sums(session: Session) -> Iterator[Finding]:
    """Check that the balance equals the sum of the ledger."""
    for allowance_id, lines in session.execute(_wrong_balances()):
        said = "has no entry" if lines is None else "does not equal the sum of its entries"
        yield Finding("balance", allowance_id, f"The balance {said}.")


@cache
def _unequal_reversals() -> Select[*tuple[Any, ...]]:
    undone = aliased(Entry)
    return (
        select(Entry.id)
        .join(undone, undone.id == Entry.reverses)
        .where(
            or_(
                Entry.sessions_delta != -undone.sessions_delta,
                Entry.value_delta != -undone.value_delta,
                Entry.allowance_id != undone.allowance_id,
            )
        )
    )


def _reversals(session: Session) -> Iterator[Finding]:
    """Check that a reversing entry undoes its entry exactly."""
    for entry_id in session.scalars(_unequal_reversals()):
        yield Finding("reversal", entry_id, "The reversing entry does not undo its entry exactly.")


@cache
def _impossible_kinds() -> Select[*tuple[Any, ...]]:
    takes = Entry.kind.in_([kind.value for kind in _TAKING])
    grows = Entry.kind.in_([kind.value for kind in _GRANTING])
    return select(Entry.id, Entry.kind).where(
        or_(
            Entry.kind.not_in([kind.value for kind in Kind]),
            takes & ((Entry.sessions_delta > 0) | (Entry.value_delta > 0)),
            (Entry.kind == Kind.PAID.value) & ((Entry.sessions_delta != 0) | (Entry.value_delta < 0)),
            (Entry.kind == Kind.SOLD.value)
            & (Entry.sessions_delta != Entry.granted_after - Entry.granted_before),
            ~grows & (Entry.granted_after != Entry.granted_before),
            (Entry.kind == Kind.REVERSED.value) != Entry.reverses.is_not(None),
        )
    )


def _kinds(session: Session) -> Iterator[Finding]:
    """Check that each kind of entry moves sessions, money and grants only as allowed."""
    for entry_id, kind in session.execute(_impossible_kinds()):
        yield Finding("kind", entry_id, f"An entry of the kind {kind} can't do what it does.")


_TAKING = (Kind.USED, Kind.REFUNDED, Kind.EXPIRED, Kind.WRITTEN_OFF, Kind.TRANSFERRED_OUT)
_GRANTING = (Kind.SOLD, Kind.ADJUSTED, Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT, Kind.REVERSED)


@cache
def _visits_without_entry() -> Select[*tuple[Any, ...]]:
    return select(Visit.id).outerjoin(Entry, Entry.visit_id == Visit.id).where(Entry.id.is_(None))


def _lost_entries(session: Session) -> Iterator[Finding]:
    """Check that no entry was lost: a chain truncated at its end is consistent, but entries are missing."""
    for visit_id in session.scalars(_visits_without_entry()):
        yield Finding("visit", visit_id, "The visit used no session: its entry is gone.")
    kept = set(session.scalars(select(Entry.id)))
    for key, answer in session.execute(select(Operation.key, Operation.answer)):
        entry_id = answer.get("entry_id")
        if entry_id is not None and entry_id not in kept:
            yield Finding("operation", key, f"The entry {entry_id} was answered, and is gone.")


@cache
def _closed_with_something_left() -> Select[*tuple[Any, ...]]:
    newest = (
        select(Entry.allowance_id, func.max(Entry.seq).label("seq")).group_by(Entry.allowance_id).subquery()
    )
    return (
        select(Course.id, func.sum(Entry.sessions_after))
        .join(Allowance, Allowance.course_id == Course.id)
        .join(newest, newest.c.allowance_id == Allowance.id)
        .join(Entry, (Entry.allowance_id == newest.c.allowance_id) & (Entry.seq == newest.c.seq))
        .where(Course.closed_as.is_not(None))
        .group_by(Course.id)
        .having(func.sum(Entry.sessions_after + Entry.value_after) > 0)
    )


def _closed_courses(session: Session) -> Iterator[Finding]:
    """Check that a closed course has nothing left."""
    for course_id, left in session.execute(_closed_with_something_left()):
        yield Finding("closed", course_id, f"The course is closed, yet {left} sessions are left.")


@cache
def _wrong_prices() -> Select[*tuple[Any, ...]]:
    return (
        select(Course.id, Course.price, func.coalesce(func.sum(Allowance.price), 0))
        .outerjoin(Allowance, Allowance.course_id == Course.id)
        .group_by(Course.id, Course.price)
        .having(func.coalesce(func.sum(Allowance.price), -1) != Course.price)
    )


def _prices(session: Session) -> Iterator[Finding]:
    """Check that the parts of a course's price add up to it."""
    for course_id, price, parts in session.execute(_wrong_prices()):
        yield Finding("price", course_id, f"The parts add up to {parts}, the price is {price} (minor units).")


@cache
def _written_handouts() -> Select[*tuple[Any, ...]]:
    return (
        select(Handout.id, Handout.content, Handout.content_sha256, Client.erased_at)
        .outerjoin(Course, Course.id == Handout.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )


def _handouts(session: Session) -> Iterator[Finding]:
    """Check that what was handed out is unchanged, or was blanked together with the client's identity."""
    for handout_id, content, written, erased_at in session.execute(_written_handouts()):
        if content == ERASED and erased_at is not None:
            continue
        if hashlib.sha256(content.encode()).hexdigest() != written:
            yield Finding("document", handout_id, "The kept content of a paper is not what was handed out.")


def _documents(session: Session) -> Iterator[Finding]:
    """Check that invoices, credit notes and vouchers are what was issued, numbered without a gap."""
    for check, row, sentence in wrong_documents(session):
        yield Finding(check, row, sentence)


def _totals(session: Session) -> Iterator[Finding]:
    """Check that the totals which the reports read are the sums of the entries in them."""
    for check, row in wrong_totals(session):
        yield Finding(
            check, row, "The total is not the sum of its entries. Run: coursekeeper db totals --again"
        )


_CHECKS: tuple[Callable[[Session], Iterator[Finding]], ...] = (
    _chains,
    _bounds,
    _sums,
    _reversals,
    _kinds,
    _lost_entries,
    _closed_courses,
    _prices,
    _handouts,
    _documents,
    _totals,
)
