"""The owner's month in Simplified Chinese."""

from __future__ import annotations

from invoices.words.phrases import MonthPhrases

MONTH = MonthPhrases(
    owners_month="月报",
)
