"""Spanish."""

from __future__ import annotations

from invoices.words.es.account import ACCOUNT
from invoices.words.es.course import PHRASES
from invoices.words.es.month import MONTH
from invoices.words.es.voucher import VOUCHER
from invoices.words.phrases import Spoken

SPOKEN = Spoken(PHRASES, ACCOUNT, VOUCHER, MONTH)
