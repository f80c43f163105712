"""The gift voucher in Spanish."""

from __future__ import annotations

from invoices.words.phrases import VoucherPhrases

VOUCHER = VoucherPhrases(
    gift_voucher="Vale de regalo",
)
