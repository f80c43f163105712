"""The gift voucher in Simplified Chinese."""

from __future__ import annotations

from invoices.words.phrases import VoucherPhrases

VOUCHER = VoucherPhrases(
    gift_voucher="礼品券",
)
