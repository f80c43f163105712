"""Hashes that a stranger can compute again, SHA-256 over a JSON array, of ledger rows and of the head (docs/ledger.md).

Pure. What is personal or may be erased is never hashed here.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    raise TypeError(f"a hash can’t cover {type(value).__name__}")


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=_plain)


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of a text; one with bytes that are no UTF-8, as a request may hold, has one, too."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# What is kept outside, wherever it stands in a text: "ledger:812:9f3ac2…"; eight digits are enough.
_WRITTEN = re.compile(r"\bledger:([1-9][0-9]{0,8}):([0-9a-f]{8,64})\b")


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """One seal, as far as it was kept: at least the first eight digits of its hash."""

    number: int
    sha256: str

    def __str__(self) -> str:
        """Return the head as it is kept outside."""
        return f"ledger:{self.number}:{self.sha256}"

    @property
    def short(self) -> str:
        """Return the head as people compare it."""
        return f"{self.number}:{self.sha256[:8]}"

    def is_of(self, sha256: str) -> bool:
        """Return whether a seal of this number with this hash is the one that was kept."""
        return sha256.startswith(self.sha256)


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head that was kept outside, where, and when as far as that is known."""

    head: LedgerHead
    where: str
    at: datetime | None


def heads_in(text: str) -> Iterator[LedgerHead]:
    """Yield every head that stands in a text."""
    for number, sha256 in _WRITTEN.findall(text):
        yield LedgerHead(int(number), sha256)


# A sealed row: its kind, its id, its version and its hash.
Sealed = tuple[str, str, int, str]


def seal_fingerprint(previous: str, number: int, sealed_at: datetime, rows: Sequence[Sealed]) -> str:
    """Return the hash of a seal over the hash of the seal before it ("" for the first) and its sorted rows."""
    return fingerprint((previous, number, sealed_at, sorted(rows)))
