"""Invoice and credit note in Spanish."""

from __future__ import annotations

from invoices.words.phrases import AccountPhrases

ACCOUNT = AccountPhrases(
    invoice="Factura",
    credit_note="Factura rectificativa",
)
