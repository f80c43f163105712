"""Audit the ledger: does it still add up? Queries the stored rows and trusts nothing the program derives."""

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from plugin.courses.audit import ledger
from plugin.courses.audit.records import Finding, documents, guards, handouts, records, sealed_rows, seals
from plugin.courses.base.work import reading
from plugin.store import Store

__all__ = ["Finding", "audit", "audit_in", "audit_in_parts"]


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
    """Return every error in the ledger and the documents; nothing if all is right."""
    return tuple(finding for check in _CHECKS for finding in check(session))


audit = reading(audit_in)


_CHECKS: tuple[Callable[[Session], Iterator[Finding]], ...] = (
    guards,
    ledger.entries,
    ledger.empty_allowances,
    ledger.lost_entries,
    ledger.closed_courses,
    ledger.prices,
    records,
    seals,
    sealed_rows,
    handouts,
    documents,
    ledger.totals,
    ledger.client_digits,
)
