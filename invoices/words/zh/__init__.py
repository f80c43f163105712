"""Simplified Chinese."""

from __future__ import annotations

from invoices.words.phrases import Spoken
from invoices.words.zh.account import ACCOUNT
from invoices.words.zh.course import PHRASES
from invoices.words.zh.month import MONTH
from invoices.words.zh.voucher import VOUCHER

SPOKEN = Spoken(PHRASES, ACCOUNT, VOUCHER, MONTH)
