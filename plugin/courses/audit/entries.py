"""Every entry read once, chain by chain: it follows from the one before, adds up, and carries its hash."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from plugin.core.fingerprint import ENTRY_FIELDS, entry_fingerprint, reason_fingerprint
from plugin.core.ledger import Kind
from plugin.courses.audit.records import Finding
from plugin.store.base import UtcText
from plugin.store.ledger import Allowance, Entry
from plugin.store.prepared import Prepared
from plugin.store.triggers import ERASED

_AT_ONCE = 2000
_TAKING = (Kind.USED, Kind.REFUNDED, Kind.EXPIRED, Kind.WRITTEN_OFF, Kind.TRANSFERRED_OUT)
_KINDS = frozenset(kind.value for kind in Kind)
_GRANTING = (Kind.SOLD, Kind.ADJUSTED, Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT, Kind.REVERSED)


def entries(session: Session) -> Iterator[Finding]:
    """Check all chains in one pass; what is found is in the order in which the entries were written."""
    rows = session.connection().execute(_rows())
    found = [
        finding
        for _, chain in groupby(rows, key=attrgetter("allowance_id"))
        for finding in _wrong_in(list(chain))
    ]
    # Ids sort by creation.
    yield from sorted(found, key=attrgetter("row"))


@cache
def _rows() -> Select[*tuple[Any, ...]]:
    # Times as they are hashed: making them dates and texts again takes longer than the hash.
    columns = (getattr(Entry, name) for name in ENTRY_FIELDS)
    hashed = (UtcText(each).label(each.key) if each.key.endswith("_at") else each for each in columns)
    query = select(*hashed, Entry.sha256, Entry.reason, Entry.reason_salt)
    return query.order_by(Entry.allowance_id, Entry.seq).execution_options(yield_per=_AT_ONCE)


def _wrong_in(chain: Sequence[Row[Any]]) -> Iterator[Finding]:
    before: Row[Any] | None = None
    known: dict[str, tuple[int, int]] = {}
    for entry in chain:
        if not _follows(entry, before):
            yield Finding(
                "chain",
                entry.id,
                f"Entry {entry.seq} of allowance {entry.allowance_id} does not follow from the one before.",
            )
        if entry.sha256 != entry_fingerprint(
            before.sha256 or "" if before else "", entry[: len(ENTRY_FIELDS)]
        ):
            yield Finding("hash", entry.id, _of_hash(entry))
        if not _says_why(entry):
            yield Finding("hash", entry.id, f"The reason of entry {entry.seq} is not the one that was given.")
        if entry.sessions_after < 0 or entry.sessions_after > entry.granted_after or entry.value_after < 0:
            left = f"The entry leaves {entry.sessions_after} of {entry.granted_after} sessions."
            yield Finding("bounds", entry.id, left)
        if not _can_be(entry):
            yield Finding("kind", entry.id, f"An entry of the kind {entry.kind} can’t do what it does.")
        if entry.reverses and known.get(entry.reverses) != (-entry.sessions_delta, -entry.value_delta):
            yield Finding("reversal", entry.id, "The reversing entry does not undo its entry exactly.")
        known[entry.id] = entry.sessions_delta, entry.value_delta
        before = entry
    yield from _wrong_balance(chain)


def _follows(entry: Row[Any], before: Row[Any] | None) -> bool:
    """Return whether an entry starts where the one before it ended, and adds up."""
    start = (
        (before.seq + 1, before.sessions_after, before.value_after, before.granted_after)
        if before
        else (1, 0, 0, 0)
    )
    return (
        (entry.seq, entry.sessions_before, entry.value_before, entry.granted_before) == start
        and entry.sessions_after == entry.sessions_before + entry.sessions_delta
        and entry.value_after == entry.value_before + entry.value_delta
    )


def _says_why(entry: Row[Any]) -> bool:
    """Return whether the reason is the one of the hash, or was erased together with its salt."""
    if entry.reason == entry.reason_salt == ERASED:
        return bool(entry.reason_sha256)
    return bool(reason_fingerprint(entry.reason_salt, entry.reason) == entry.reason_sha256)


def _of_hash(entry: Row[Any]) -> str:
    if entry.sha256 is None:
        return f"Entry {entry.seq} has no hash: it was not written by Coursekeeper."
    return f"Entry {entry.seq} is not what was written: its hash is another."


def _can_be(entry: Row[Any]) -> bool:
    """Return whether an entry's kind moves sessions, money and grants as it does."""
    kind, sessions, value = entry.kind, entry.sessions_delta, entry.value_delta
    granted = entry.granted_after - entry.granted_before
    if kind not in _KINDS or (kind == Kind.REVERSED) != (entry.reverses is not None):
        return False
    if kind in _TAKING and (sessions > 0 or value > 0):
        return False
    if kind == Kind.PAID and (sessions or value < 0):
        return False
    return sessions == granted if kind == Kind.SOLD else kind in _GRANTING or not granted


def _wrong_balance(chain: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Check that the balance equals the sum of the ledger."""
    last = chain[-1]
    sums = len(chain), sum(each.sessions_delta for each in chain), sum(each.value_delta for each in chain)
    if sums != (last.seq, last.sessions_after, last.value_after):
        yield Finding("balance", last.allowance_id, "The balance does not equal the sum of its entries.")


def empty_allowances(session: Session) -> Iterator[Finding]:
    """Check that no chain is gone as a whole."""
    for (allowance_id,) in _without_entry().all(session.connection(), {}):
        yield Finding("balance", allowance_id, "The balance has no entry.")


@cache
def _without_entry() -> Prepared:
    some = select(Entry.id).where(Entry.allowance_id == Allowance.id).exists()
    return Prepared(select(Allowance.id).where(~some).order_by(Allowance.id))
