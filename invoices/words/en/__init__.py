"""English."""

from __future__ import annotations

from invoices.words.en.account import ACCOUNT
from invoices.words.en.course import PHRASES
from invoices.words.en.month import MONTH
from invoices.words.en.voucher import VOUCHER
from invoices.words.phrases import Spoken

SPOKEN = Spoken(PHRASES, ACCOUNT, VOUCHER, MONTH)
