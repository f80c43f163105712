"""What a gift voucher can hold, and the code in the form a scanner reads."""

from __future__ import annotations

import re
from dataclasses import replace

from invoices.pages.cleantext import clean, length
from invoices.papers import GiftVoucher, PaperRefused

MESSAGE_CAP = 500
CONTENTS_CAP = 12
TERMS_CAP = 12
TERM_LENGTH = 400
_SESSIONS = range(1, 1_000)
_MONTHS = range(1, 121)
_CODE = re.compile("[0-9A-Z]{4,32}")


def fit_voucher(paper: GiftVoucher) -> GiftVoucher:
    """Return the voucher with its code in one piece. Raises PaperRefused, saying what to change."""
    code = paper.code[:80].replace("-", "").replace(" ", "").upper()
    if not _CODE.fullmatch(code):
        raise PaperRefused("A voucher's code has 4 to 32 letters and digits, and no others.")
    _check_names(paper)
    if not 1 <= len(paper.contents) <= CONTENTS_CAP:
        raise PaperRefused(f"A gift holds 1 to {CONTENTS_CAP} treatments.")
    if any(each.sessions not in _SESSIONS for each in paper.contents):
        raise PaperRefused("A gift holds 1 to 999 sessions of each treatment.")
    if paper.months_from_first_visit is not None and paper.months_from_first_visit not in _MONTHS:
        raise PaperRefused("A gift ends 1 to 120 months after the first visit, on a day, or never.")
    if len(paper.terms) > TERMS_CAP or any(length(term) > TERM_LENGTH for term in paper.terms):
        raise PaperRefused(
            f"A gift voucher holds {TERMS_CAP} terms of {TERM_LENGTH} characters; shorten the package's terms."
        )
    return replace(paper, code=code)


def _check_names(paper: GiftVoucher) -> None:
    for text, called in (
        (paper.recipient_name, "the name of whom it is for"),
        (paper.giver_name, "the giver's name"),
        (paper.package_name, "the package's name"),
    ):
        if not clean(text, 4):
            raise PaperRefused(f"A gift voucher needs {called}.")
