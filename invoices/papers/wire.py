"""A paper as canonical JSON, the form in which it is kept, hashed and sent to be drawn."""

from __future__ import annotations

import hashlib
import json

from invoices.papers.account import AccountStatement, CreditNote, Invoice
from invoices.papers.course import AftercareSheet, CourseSummary
from invoices.papers.month import OwnersMonth
from invoices.papers.plain import from_plain, to_plain
from invoices.papers.shared import PaperRefused
from invoices.papers.voucher import GiftVoucher

Paper = CourseSummary | AftercareSheet | Invoice | CreditNote | AccountStatement | GiftVoucher | OwnersMonth

_KINDS: dict[str, type[Paper]] = {
    "course_summary": CourseSummary,
    "aftercare_sheet": AftercareSheet,
    "invoice": Invoice,
    "credit_note": CreditNote,
    "account_statement": AccountStatement,
    "gift_voucher": GiftVoucher,
    "owners_month": OwnersMonth,
}


def kind_of(paper: Paper) -> str:
    """Name the paper as its JSON does, such as course_summary."""
    return next(kind for kind, made in _KINDS.items() if isinstance(paper, made))


def to_json(paper: Paper) -> str:
    """Write the paper as canonical JSON: sorted keys, no spaces, ASCII only."""
    content = {"kind": kind_of(paper), "paper": to_plain(paper)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Paper:
    """Read what `to_json` wrote. Raises PaperRefused if it is not a paper."""
    try:
        content = json.loads(text)
        return from_plain(_KINDS[content["kind"]], content["paper"])
    except (KeyError, TypeError, ValueError) as error:
        raise PaperRefused(f"This is not the content of a paper: {error}.") from error


def content_sha256(paper: Paper) -> str:
    """Hash the canonical JSON: the same content has the same name for ever."""
    return hashlib.sha256(to_json(paper).encode("ascii")).hexdigest()
