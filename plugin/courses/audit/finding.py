"""What an audit reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One error found: which check, which row, and what it means."""

    check: str
    row: str
    sentence: str
