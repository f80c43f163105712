"""The owner's month in English."""

from __future__ import annotations

from invoices.words.phrases import MonthPhrases

MONTH = MonthPhrases(
    owners_month="The month",
)
