"""Every fixed phrase of the papers, named once, by kind of paper; each language fills in all of them."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words.phrases.account import AccountPhrases
from invoices.words.phrases.course import Phrases
from invoices.words.phrases.month import MonthPhrases
from invoices.words.phrases.plural import Plural
from invoices.words.phrases.voucher import VoucherPhrases

__all__ = ["AccountPhrases", "MonthPhrases", "Phrases", "Plural", "Spoken", "VoucherPhrases"]


@dataclass(frozen=True)
class Spoken:
    """A language: the phrases of every paper in it."""

    course: Phrases
    account: AccountPhrases
    voucher: VoucherPhrases
    month: MonthPhrases
