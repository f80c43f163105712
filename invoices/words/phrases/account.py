"""The phrases of invoice and credit note."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AccountPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    invoice: str
    credit_note: str
