"""Limits of a paper's content: names and notes are shortened, long histories cut to their last visits.

Terms, guidance, money and dates are never shortened silently: content that is too much is refused.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from invoices import papers
from invoices.pages import sums
from invoices.pages.text import clean, clean_name, clean_piece, length
from invoices.papers import CourseAgreement, PaperRefused

CLAUSE_CAP = 600
CLAUSES_CAP = 12
SENTENCES_CAP = 12
PATH_CAP = 16_000
_PATH = re.compile("(?:M[0-9]{1,3} [0-9]{1,3}(?:L[0-9]{1,3} [0-9]{1,3})+)+")
_SHA256 = re.compile("[0-9a-f]{64}")


def check_agreement(paper: CourseAgreement) -> CourseAgreement:
    """Return the agreement; raises PaperRefused for too much text, or a signature that is none."""
    clauses = (*paper.before, *paper.after)
    is_long = any(length(said) > CLAUSE_CAP for each in clauses for said in each.sentences)
    is_many = len(clauses) > CLAUSES_CAP or any(len(each.sentences) > SENTENCES_CAP for each in clauses)
    if is_long or is_many:
        raise PaperRefused(
            "An agreement holds {most} subjects of sentences up to {characters} characters.",
            most=CLAUSES_CAP,
            characters=CLAUSE_CAP,
        )
    if len(paper.contents) > CLAUSES_CAP:
        raise PaperRefused("An agreement holds {most} treatments; this package has more.", most=CLAUSES_CAP)
    signed = paper.signature
    if signed is None:
        return paper
    if not _SHA256.fullmatch(signed.shown_sha256):
        raise PaperRefused("A signature names the agreement that it is for.")
    if (signed.way == "drawn") != bool(signed.path) or (signed.path and not is_path(signed.path)):
        raise PaperRefused("A drawn signature is a path of lines.")
    return paper


def is_path(path: str) -> bool:
    """Return whether this is a drawn signature: lines between whole numbers, and not too many."""
    return len(path) <= PATH_CAP and _PATH.fullmatch(path) is not None


T = TypeVar("T")

NAME_CAP = 120
NOTE_CAP = 200
MESSAGE_CAP = 500
CONCERN_CAP = 300
TERM_CAP = 400
GUIDANCE_CAP = 8_000
LINES_CAP = 200
PIECES_CAP = 1_000
VISITS_SHOWN = 60
SESSIONS_CAP = 120
STAMPS_CAP = 240
ROWS_CAP = 12
URL_CAP = 500
MOST_MONEY = 10**13
MOST_COUNTED = 99_999

_CAPS = {
    "description": sums.DESCRIPTION_CAP,
    "detail": sums.DETAIL_CAP,
    "reason": sums.REASON_CAP,
    "focus": NOTE_CAP,
    "suggested_interval": NOTE_CAP,
    "message": MESSAGE_CAP,
    "terms": TERM_CAP,
    "text": GUIDANCE_CAP,
    "thing": NOTE_CAP,
    "cells": NOTE_CAP,
    "sentences": CLAUSE_CAP,
    "refund": CLAUSE_CAP,
    "concern": CONCERN_CAP,
    "rhythm": CONCERN_CAP,
}
# Papers that begin with the client's name.
_OF_CLIENT = (
    papers.CourseSummary,
    papers.AftercareSheet,
    papers.CourseAgreement,
    papers.CourseQuote,
    papers.WelcomeSheet,
    papers.VisitPlanner,
)
_EXACT = {
    "balance_url",
    "calendar_url",
    "pay_url",
    "receipt_url",
    "url",
    "map_url",
    "language",
    "time_zone",
    "currency",
    "style",
    "accent",
    "sha256",
    "shown_sha256",
    "country",
    "form",
    "path",
}
_PEOPLE = {"client_name", "giver_name", "recipient_name", "practitioner"}
_CURRENCY = re.compile("[A-Z]{3}")
_GIFT_SESSIONS, _GIFT_MONTHS = range(1, 1_000), range(1, 121)
_CODE = re.compile("[0-9A-Z]{4,32}")


def fit(paper: papers.Paper) -> papers.Paper:
    """Return the paper ready for layout. Raises PaperRefused with what to change."""
    amounts = list(_amounts(paper))
    if any(abs(money.amount) > MOST_MONEY or not _CURRENCY.fullmatch(money.currency) for money in amounts):
        raise papers.PaperRefused(
            "An amount of money needs a currency of three capital letters and a sane size."
        )
    # What a client still has to pay, on the owner's list, may be in another currency.
    summed = replace(paper, follow_ups=()) if isinstance(paper, papers.OwnersMonth) else paper
    if len({money.currency for money in _amounts(summed)}) > 1:
        raise papers.PaperRefused("All amounts of a paper are in one currency.")
    checked = _CHECKS[type(paper)](paper)
    _check_clinic(checked.clinic)
    fitted: papers.Paper = _fit_fields(checked)
    if not fitted.clinic.name:
        raise papers.PaperRefused("A paper needs the clinic’s name.")
    if isinstance(fitted, papers.Invoice | papers.CreditNote):
        sums.check_electronic(fitted)
    if isinstance(fitted, _OF_CLIENT) and not fitted.client_name:
        raise papers.PaperRefused("A paper needs the client’s name.")
    if isinstance(fitted, papers.AftercareSheet) and not _says_when_to_call(fitted.text):
        raise papers.PaperRefused("The aftercare text needs a part that says when to call the clinic.")
    return fitted


def _says_when_to_call(text: papers.AftercareText) -> bool:
    parts = (section.blocks for section in text.sections if section.role == "call_us")
    return any(run.text.strip() for blocks in parts for b in blocks for item in b.items for run in item)


def _fit_fields(value: T, name: str = "") -> T:
    if isinstance(value, str):
        cut = clean_piece if name == "text" else clean_name if name in _PEOPLE else clean
        return cut(value, _CAPS.get(name, NAME_CAP))  # type: ignore[return-value]  # T is str here
    if isinstance(value, int) and name != "amount" and not 0 <= value <= MOST_COUNTED:
        raise papers.PaperRefused("{name} must be a number from 0 to {most}.", name=name, most=MOST_COUNTED)
    if isinstance(value, tuple):
        return tuple(_fit_fields(item, name) for item in value)  # type: ignore[return-value]  # T is a tuple
    if is_dataclass(value) and not isinstance(value, type):
        fitted: dict[str, Any] = {
            field.name: _fit_fields(getattr(value, field.name), _called(value, field.name))
            for field in fields(value)
            if field.name not in _EXACT | sums.SIGNED.get(type(value), frozenset())
        }
        return replace(value, **fitted)
    return value


def _called(holder: object, name: str) -> str:
    """The names of a clinic and of a tax are no person's."""
    return (
        "client_name"
        if name == "name" and isinstance(holder, papers.Party | papers.CallRow | papers.AgreementSignature)
        else name
    )


def _check_summary(paper: papers.CourseSummary) -> papers.CourseSummary:
    if len(paper.allowances) > ROWS_CAP:
        raise papers.PaperRefused(
            "A course summary holds {most} treatments; this course has more.", most=ROWS_CAP
        )
    if any(max(len(a.stamps), a.granted) > SESSIONS_CAP for a in paper.allowances):
        raise papers.PaperRefused(
            "A punch card holds {most} sessions; this course has more.", most=SESSIONS_CAP
        )
    if sum(len(a.stamps) for a in paper.allowances) > STAMPS_CAP:
        raise papers.PaperRefused(
            "A course summary holds {most} sessions in all; this course has more.", most=STAMPS_CAP
        )
    if not 0 <= paper.sessions_left <= paper.sessions_total <= SESSIONS_CAP:
        raise papers.PaperRefused("The sessions left must be at least none and at most all of them.")
    _check_terms(paper.terms)
    _check_url(paper.balance_url)
    _check_next(paper.next_visit)
    listed = paper.visits[-VISITS_SHOWN:]
    earlier = paper.earlier_visits + len(paper.visits) - len(listed)
    return replace(paper, visits=listed, earlier_visits=earlier)


def _check_terms(terms: tuple[str, ...]) -> None:
    if len(terms) > ROWS_CAP or any(length(term) > TERM_CAP for term in terms):
        raise papers.PaperRefused(
            "A paper holds {most} terms of {characters} characters; shorten the package’s terms.",
            most=ROWS_CAP,
            characters=TERM_CAP,
        )


def _amounts(value: object) -> Iterator[papers.Money]:
    if isinstance(value, papers.Money):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _amounts(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _amounts(getattr(value, field.name))


def _check_url(url: str | None) -> None:
    if url is None:
        return
    is_web_address = url.startswith(("https://", "http://")) and url.isascii() and url.isprintable()
    if not is_web_address or len(url) > URL_CAP:
        raise papers.PaperRefused(
            "The private page needs a web address of at most {most} characters.", most=URL_CAP
        )


def _check_statement(paper: papers.AccountStatement) -> papers.AccountStatement:
    for each in paper.pay_pages:
        _check_url(each.url)
    return sums.check_statement(paper)


def _check_receipt(paper: papers.Receipt) -> papers.Receipt:
    if paper.receipt_url:
        _check_url(paper.receipt_url)
    return sums.check_receipt(paper)


def _check_sheet(paper: papers.AftercareSheet) -> papers.AftercareSheet:
    _check_guidance(paper.text)
    if not 0 <= (paper.session_number or 0) <= (paper.sessions_total or SESSIONS_CAP) <= SESSIONS_CAP:
        raise papers.PaperRefused(
            "The number of this session can’t be higher than the sessions of the course."
        )
    _check_next(paper.next_visit)
    return paper


def _check_planner(paper: papers.VisitPlanner) -> papers.VisitPlanner:
    if len(paper.visits) > VISITS_SHOWN:
        raise papers.PaperRefused("A visit planner holds {most} visits.", most=VISITS_SHOWN)
    if any(each.at.tzinfo is None for each in paper.visits):
        raise papers.PaperRefused("A visit needs a time with its time zone.")
    _check_url(paper.calendar_url)
    _check_url(paper.arrival.map_url or None)
    return paper


def _check_letter(paper: papers.VoucherLetter) -> papers.VoucherLetter:
    if not clean(paper.billed_to.name, 4) or not clean(paper.recipient_name, 4):
        raise papers.PaperRefused("A voucher’s letter needs the names of giver and receiver.")
    if len(paper.billed_to.address_lines) > ROWS_CAP:
        raise papers.PaperRefused("An address may have {most} lines.", most=ROWS_CAP)
    return paper


def _check_poster(paper: papers.ShopPoster) -> papers.ShopPoster:
    _check_url(paper.url)
    return paper


def _check_welcome(paper: papers.WelcomeSheet) -> papers.WelcomeSheet:
    _check_guidance(papers.AftercareText(title="", sections=paper.sections))
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise papers.PaperRefused("A welcome sheet holds 1 to {most} treatments.", most=ROWS_CAP)
    _check_terms(paper.terms)
    _check_url(paper.balance_url)
    _check_url(paper.arrival.map_url or None)
    _check_next(paper.next_visit)
    return paper


def _check_quote(paper: papers.CourseQuote) -> papers.CourseQuote:
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise papers.PaperRefused("A quote holds 1 to {most} treatments.", most=ROWS_CAP)
    if max(length(paper.concern), length(paper.rhythm)) > CONCERN_CAP or length(paper.refund) > CLAUSE_CAP:
        raise papers.PaperRefused(
            "A quote holds {most} characters of a client’s words, {most_on_refunds} on refunds.",
            most=CONCERN_CAP,
            most_on_refunds=CLAUSE_CAP,
        )
    _check_terms(paper.terms)
    if paper.pay_url:
        _check_url(paper.pay_url)
    return paper


def _check_next(visit: papers.NextVisit | None) -> None:
    if visit and visit.at.tzinfo is None:
        raise papers.PaperRefused("The next visit needs a time with its time zone.")


def _check_guidance(text: papers.AftercareText) -> None:
    said = sum(length(piece) for piece in pieces_of(text))
    if said > GUIDANCE_CAP:
        raise papers.PaperRefused(
            "An aftercare text may have {most} characters; this one has {n}.", most=GUIDANCE_CAP, n=said
        )
    for row in (row for section in text.sections for row in section.rows):
        if long := next((piece for piece in (row.thing, *row.cells) if length(piece) > NOTE_CAP), ""):
            raise papers.PaperRefused(
                "A cell of the table may have {most} characters; shorten “{words}”.",
                most=NOTE_CAP,
                words=long[:40],
            )
    lines = sum(1 + len(block.items) for section in text.sections for block in section.blocks)
    lines += sum(len(section.rows) for section in text.sections)
    if lines + len(text.sections) > LINES_CAP or sum(1 for _ in pieces_of(text)) > PIECES_CAP:
        raise papers.PaperRefused("An aftercare text may have {most} lines; shorten it.", most=LINES_CAP)


def pieces_of(text: papers.AftercareText) -> Iterator[str]:
    """Yield every heading and piece of a text."""
    for section in text.sections:
        yield section.heading
        for block in section.blocks:
            for item in block.items:
                yield from (run.text for run in item)
        for row in section.rows:
            yield from (row.thing, *row.cells)


def _check_clinic(clinic: papers.Clinic) -> None:
    if len(clinic.address_lines) > ROWS_CAP:
        raise papers.PaperRefused("The clinic’s address may have {most} lines.", most=ROWS_CAP)
    if clinic.page_size not in get_args(papers.PageSize):
        raise papers.PaperRefused("A paper is of size letter or a4.")
    try:
        ZoneInfo(clinic.time_zone[:NAME_CAP])
    except (LookupError, OSError, ValueError) as error:
        raise papers.PaperRefused("“{name}” is not a time zone.", name=clinic.time_zone[:NAME_CAP]) from error


def _check_voucher(paper: papers.GiftVoucher) -> papers.GiftVoucher:
    """Return the voucher with its code in one piece, the form in which a scanner reads it."""
    code = paper.code[:80].replace("-", "").replace(" ", "").upper()
    if not _CODE.fullmatch(code):
        raise papers.PaperRefused("A voucher’s code has 4 to 32 letters and digits, and no others.")
    if not all(clean(name, 4) for name in (paper.recipient_name, paper.giver_name, paper.package_name)):
        raise papers.PaperRefused(
            "A gift voucher needs the names of its receiver, its giver and the package."
        )
    if paper.form not in get_args(papers.VoucherForm):
        raise papers.PaperRefused("A gift voucher is folded, has pages or is for a window envelope.")
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise papers.PaperRefused("A gift holds 1 to {most} treatments.", most=ROWS_CAP)
    if any(each.sessions not in _GIFT_SESSIONS for each in paper.contents):
        raise papers.PaperRefused("A gift holds 1 to 999 sessions of each treatment.")
    if paper.months_from_first_visit is not None and paper.months_from_first_visit not in _GIFT_MONTHS:
        raise papers.PaperRefused("A gift ends 1 to 120 months after the first visit, on a day, or never.")
    _check_terms(paper.terms)
    return replace(paper, code=code)


_CHECKS: dict[type[papers.Paper], Callable[[Any], Any]] = {
    papers.CourseSummary: _check_summary,
    papers.AftercareSheet: _check_sheet,
    papers.Invoice: sums.check_invoice,
    papers.CreditNote: sums.check_credit_note,
    papers.AccountStatement: _check_statement,
    papers.Receipt: _check_receipt,
    papers.PrepaidBalance: sums.check_prepaid,
    papers.GiftVoucher: _check_voucher,
    papers.OwnersMonth: sums.check_month,
    papers.YearEnd: sums.check_year,
    papers.WelcomeSheet: _check_welcome,
    papers.VisitPlanner: _check_planner,
    papers.VoucherLetter: _check_letter,
    papers.ShopPoster: _check_poster,
    # Our own text.
    papers.Guide: lambda paper: paper,
    papers.CourseAgreement: check_agreement,
    papers.CourseQuote: _check_quote,
}
