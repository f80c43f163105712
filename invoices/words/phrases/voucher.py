"""The phrases of the gift voucher."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases.plural import Plural


@dataclass(frozen=True, kw_only=True)
class VoucherPhrases:
    """Plain phrases, and plurals keyed by the language's own categories."""

    gift_voucher: str
    title: str
    gift_for: str
    gift_from: str
    sessions_of: Plural
    touch_ups_of: Plural
    rings_alt: Plural
    diamonds_alt: Plural
    code: str
    code_alt: str
    qr_alt: str
    good_until: str
    good_from_first_visit: Plural
    no_expiry: str
    given_on: str
    fold: str
    how_to: str
    step_book: str
    step_book_plain: str
    step_bring: str
    step_yours: str
    keep_safe: str
    terms: str
    ways: str
