"""Hashes of ledger rows that a stranger can compute again: SHA-256 over a JSON array (docs/ledger.md).

Pure. What is personal or may be erased is never hashed here.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime

# What an entry's hash covers, in this order, after the hash of the entry before it. Of the reason, which can be
# erased, only a salted digest, whose salt is erased with it.
ENTRY_FIELDS = (
    *("id", "allowance_id", "seq", "kind", "sessions_before", "sessions_delta", "sessions_after"),
    *("value_before", "value_delta", "value_after", "granted_before", "granted_after"),
    *("happened_at", "written_at", "by", "staff_id", "source", "reverses", "visit_id", "idempotency_key"),
    "reason_sha256",
)


def fingerprint(values: Iterable[object]) -> str:
    """Return the SHA-256, in hexadecimal, of the values as a JSON array.

    JSON as Python writes it with the separators "," and ":", sorted keys and all but ASCII escaped; times as
    `time_text`, days as YYYY-MM-DD.
    """
    return hashlib.sha256(_ENCODER.encode(list(values)).encode()).hexdigest()


def entry_fingerprint(previous: str, fields: Iterable[object]) -> str:
    """Return an entry's hash: over the hash of the entry before it in its chain ("" for none) and ENTRY_FIELDS."""
    return fingerprint((previous, *fields))


def reason_fingerprint(salt: str, reason: str) -> str:
    """Return the digest that stands for a reason; "" for no reason."""
    return fingerprint((salt, reason)) if reason else ""


def time_text(at: datetime) -> str:
    """Return a time as it is hashed: UTC to the microsecond, such as 2026-03-01 17:30:00.000000."""
    in_utc = at.astimezone(UTC) if at.tzinfo else at
    return in_utc.replace(tzinfo=None).isoformat(" ", "microseconds")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a hash can't cover {type(value).__name__}")


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=_plain)
