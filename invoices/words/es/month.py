"""The owner's month in Spanish."""

from __future__ import annotations

from invoices.words.phrases import MonthPhrases

MONTH = MonthPhrases(
    owners_month="El mes",
)
