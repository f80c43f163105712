"""The phrases of the gift voucher."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VoucherPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    gift_voucher: str
