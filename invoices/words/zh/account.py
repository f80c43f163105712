"""Invoice and credit note in Simplified Chinese."""

from __future__ import annotations

from invoices.words.phrases import AccountPhrases

ACCOUNT = AccountPhrases(
    invoice="账单",
    credit_note="退款单",
)
