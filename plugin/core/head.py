"""The head of the clinic's ledger as text: the number of its newest seal, and that seal's hash."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.core.fingerprint import fingerprint

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
