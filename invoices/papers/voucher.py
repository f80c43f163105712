"""A course given away: what the giver hands over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from invoices.papers.shared import Clinic


@dataclass(frozen=True)
class GiftContent:
    """So many sessions of one treatment in the gift."""

    treatment: str
    sessions: int


@dataclass(frozen=True, kw_only=True)
class GiftVoucher:
    """`code` redeems it, typed or scanned. `good_until`: the last day, None for no end. No price stands on it."""

    clinic: Clinic
    package_name: str
    contents: tuple[GiftContent, ...]
    giver_name: str
    recipient_name: str
    code: str
    issued_on: date
    message: str = ""
    good_until: date | None = None
    terms: tuple[str, ...] = ()
    language: str = "en"
