"""The phrases of the owner's month."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MonthPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    owners_month: str
