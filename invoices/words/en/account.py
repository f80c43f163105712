"""Invoice and credit note in English."""

from __future__ import annotations

from invoices.words.phrases import AccountPhrases

ACCOUNT = AccountPhrases(
    invoice="Invoice",
    credit_note="Credit note",
)
