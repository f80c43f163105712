"""Limits of a paper's content: names and notes are shortened, long histories cut to their last visits.

Terms, guidance, money and dates are never shortened silently: content that is too much is refused.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

from invoices.pages.agreement_check import CLAUSE_CAP, check_agreement
from invoices.pages.cleantext import clean, clean_name, clean_piece, length
from invoices.pages.sums import (
    DESCRIPTION_CAP,
    DETAIL_CAP,
    REASON_CAP,
    SIGNED,
    check_credit_note,
    check_electronic,
    check_invoice,
    check_month,
    check_prepaid,
    check_receipt,
    check_statement,
)
from invoices.pages.year import check_year
from invoices.papers import (
    AccountStatement,
    AftercareSheet,
    AftercareText,
    AgreementSignature,
    CallRow,
    Clinic,
    CourseAgreement,
    CourseQuote,
    CourseSummary,
    CreditNote,
    GiftVoucher,
    Guide,
    Invoice,
    Money,
    NextVisit,
    OwnersMonth,
    PageSize,
    Paper,
    PaperRefused,
    Party,
    PrepaidBalance,
    Receipt,
    ShopPoster,
    VisitPlanner,
    VoucherForm,
    VoucherLetter,
    WelcomeSheet,
    YearEnd,
)

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
    "description": DESCRIPTION_CAP,
    "detail": DETAIL_CAP,
    "reason": REASON_CAP,
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
_OF_CLIENT = (CourseSummary, AftercareSheet, CourseAgreement, CourseQuote, WelcomeSheet, VisitPlanner)
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


def fit(paper: Paper) -> Paper:
    """Return the paper ready for layout. Raises PaperRefused with what to change."""
    _check_money(paper)
    checked = _CHECKS[type(paper)](paper)
    _check_clinic(checked.clinic)
    fitted: Paper = _fit_fields(checked)
    if not fitted.clinic.name:
        raise PaperRefused("A paper needs the clinic’s name.")
    if isinstance(fitted, Invoice | CreditNote):
        check_electronic(fitted)
    if isinstance(fitted, _OF_CLIENT) and not fitted.client_name:
        raise PaperRefused("A paper needs the client’s name.")
    if isinstance(fitted, AftercareSheet) and not _says_when_to_call(fitted.text):
        raise PaperRefused("The aftercare text needs a part that says when to call the clinic.")
    return fitted


def _says_when_to_call(text: AftercareText) -> bool:
    parts = (section.blocks for section in text.sections if section.role == "call_us")
    return any(run.text.strip() for blocks in parts for b in blocks for item in b.items for run in item)


def _last_visits(paper: CourseSummary) -> CourseSummary:
    listed = paper.visits[-VISITS_SHOWN:]
    earlier = paper.earlier_visits + len(paper.visits) - len(listed)
    return replace(paper, visits=listed, earlier_visits=earlier)


def _fit_fields(value: T, name: str = "") -> T:
    if isinstance(value, str):
        cut = clean_piece if name == "text" else clean_name if name in _PEOPLE else clean
        return cut(value, _CAPS.get(name, NAME_CAP))  # type: ignore[return-value]  # T is str here
    if isinstance(value, int) and name != "amount" and not 0 <= value <= MOST_COUNTED:
        raise PaperRefused(f"{name} must be a number from 0 to {MOST_COUNTED}.")
    if isinstance(value, tuple):
        return tuple(_fit_fields(item, name) for item in value)  # type: ignore[return-value]  # T is a tuple
    if is_dataclass(value) and not isinstance(value, type):
        return _fit_each(value)
    return value


def _fit_each(value: T) -> T:
    fitted: dict[str, Any] = {
        field.name: _fit_fields(getattr(value, field.name), _called(value, field.name))
        for field in fields(value)  # type: ignore[arg-type]  # the caller saw a dataclass
        if field.name not in _EXACT | SIGNED.get(type(value), frozenset())
    }
    return replace(value, **fitted)  # type: ignore[type-var]


def _called(holder: object, name: str) -> str:
    """The names of a clinic and of a tax are no person's."""
    return (
        "client_name" if name == "name" and isinstance(holder, Party | CallRow | AgreementSignature) else name
    )


def _check_summary(paper: CourseSummary) -> CourseSummary:
    if len(paper.allowances) > ROWS_CAP:
        raise PaperRefused(f"A course summary holds {ROWS_CAP} treatments; this course has more.")
    if any(max(len(a.stamps), a.granted) > SESSIONS_CAP for a in paper.allowances):
        raise PaperRefused(f"A punch card holds {SESSIONS_CAP} sessions; this course has more.")
    if sum(len(a.stamps) for a in paper.allowances) > STAMPS_CAP:
        raise PaperRefused(f"A course summary holds {STAMPS_CAP} sessions in all; this course has more.")
    if not 0 <= paper.sessions_left <= paper.sessions_total <= SESSIONS_CAP:
        raise PaperRefused("The sessions left must be at least none and at most all of them.")
    _check_terms(paper.terms, "A course summary")
    _check_url(paper.balance_url)
    _check_next(paper.next_visit)
    return _last_visits(paper)


def _check_terms(terms: tuple[str, ...], called: str) -> None:
    if len(terms) > ROWS_CAP or any(length(term) > TERM_CAP for term in terms):
        raise PaperRefused(
            f"{called} holds {ROWS_CAP} terms of {TERM_CAP} characters; shorten the package’s terms."
        )


def _check_money(paper: Paper) -> None:
    amounts = list(_amounts(paper))
    if any(abs(money.amount) > MOST_MONEY or not _CURRENCY.fullmatch(money.currency) for money in amounts):
        raise PaperRefused("An amount of money needs a currency of three capital letters and a sane size.")
    # What a client still has to pay, on the owner's list, may be in another currency.
    summed = replace(paper, follow_ups=()) if isinstance(paper, OwnersMonth) else paper
    if len({money.currency for money in _amounts(summed)}) > 1:
        raise PaperRefused("All amounts of a paper are in one currency.")


def _amounts(value: object) -> Iterator[Money]:
    if isinstance(value, Money):
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
        raise PaperRefused(f"The private page needs a web address of at most {URL_CAP} characters.")


def _check_statement(paper: AccountStatement) -> AccountStatement:
    for each in paper.pay_pages:
        _check_url(each.url)
    return check_statement(paper)


def _check_receipt(paper: Receipt) -> Receipt:
    if paper.receipt_url:
        _check_url(paper.receipt_url)
    return check_receipt(paper)


def _check_sheet(paper: AftercareSheet) -> AftercareSheet:
    _check_guidance(paper.text)
    if not 0 <= (paper.session_number or 0) <= (paper.sessions_total or SESSIONS_CAP) <= SESSIONS_CAP:
        raise PaperRefused("The number of this session can’t be higher than the sessions of the course.")
    _check_next(paper.next_visit)
    return paper


def _check_planner(paper: VisitPlanner) -> VisitPlanner:
    if len(paper.visits) > VISITS_SHOWN:
        raise PaperRefused(f"A visit planner holds {VISITS_SHOWN} visits.")
    if any(each.at.tzinfo is None for each in paper.visits):
        raise PaperRefused("A visit needs a time with its time zone.")
    _check_url(paper.calendar_url)
    _check_url(paper.arrival.map_url or None)
    return paper


def _check_letter(paper: VoucherLetter) -> VoucherLetter:
    if not clean(paper.billed_to.name, 4) or not clean(paper.recipient_name, 4):
        raise PaperRefused("A voucher’s letter needs the names of giver and receiver.")
    if len(paper.billed_to.address_lines) > ROWS_CAP:
        raise PaperRefused(f"An address may have {ROWS_CAP} lines.")
    return paper


def _check_poster(paper: ShopPoster) -> ShopPoster:
    _check_url(paper.url)
    return paper


def _check_welcome(paper: WelcomeSheet) -> WelcomeSheet:
    _check_guidance(AftercareText(title="", sections=paper.sections))
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise PaperRefused(f"A welcome sheet holds 1 to {ROWS_CAP} treatments.")
    _check_terms(paper.terms, "A welcome sheet")
    _check_url(paper.balance_url)
    _check_url(paper.arrival.map_url or None)
    _check_next(paper.next_visit)
    return paper


def _check_quote(paper: CourseQuote) -> CourseQuote:
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise PaperRefused(f"A quote holds 1 to {ROWS_CAP} treatments.")
    if max(length(paper.concern), length(paper.rhythm)) > CONCERN_CAP or length(paper.refund) > CLAUSE_CAP:
        raise PaperRefused(
            f"A quote holds {CONCERN_CAP} characters of a client’s words, {CLAUSE_CAP} on refunds."
        )
    _check_terms(paper.terms, "A quote")
    if paper.pay_url:
        _check_url(paper.pay_url)
    return paper


def _check_next(visit: NextVisit | None) -> None:
    if visit and visit.at.tzinfo is None:
        raise PaperRefused("The next visit needs a time with its time zone.")


def _check_guidance(text: AftercareText) -> None:
    said = sum(length(piece) for piece in pieces_of(text))
    if said > GUIDANCE_CAP:
        raise PaperRefused(f"An aftercare text may have {GUIDANCE_CAP} characters; this one has {said}.")
    for row in (row for section in text.sections for row in section.rows):
        if long := next((piece for piece in (row.thing, *row.cells) if length(piece) > NOTE_CAP), ""):
            raise PaperRefused(f"A cell of the table may have {NOTE_CAP} characters; shorten {long[:40]!r}.")
    lines = sum(1 + len(block.items) for section in text.sections for block in section.blocks)
    lines += sum(len(section.rows) for section in text.sections)
    if lines + len(text.sections) > LINES_CAP or sum(1 for _ in pieces_of(text)) > PIECES_CAP:
        raise PaperRefused(f"An aftercare text may have {LINES_CAP} lines; shorten it.")


def pieces_of(text: AftercareText) -> Iterator[str]:
    """Yield every heading and piece of a text."""
    for section in text.sections:
        yield section.heading
        for block in section.blocks:
            for item in block.items:
                yield from (run.text for run in item)
        for row in section.rows:
            yield from (row.thing, *row.cells)


def _check_clinic(clinic: Clinic) -> None:
    if len(clinic.address_lines) > ROWS_CAP:
        raise PaperRefused(f"The clinic’s address may have {ROWS_CAP} lines.")
    if clinic.page_size not in get_args(PageSize):
        raise PaperRefused("A paper is of size letter or a4.")
    try:
        ZoneInfo(clinic.time_zone[:NAME_CAP])
    except (LookupError, OSError, ValueError) as error:
        raise PaperRefused(f"{clinic.time_zone[:NAME_CAP]!r} is not a time zone.") from error


def _check_voucher(paper: GiftVoucher) -> GiftVoucher:
    """Return the voucher with its code in one piece, the form in which a scanner reads it."""
    code = paper.code[:80].replace("-", "").replace(" ", "").upper()
    if not _CODE.fullmatch(code):
        raise PaperRefused("A voucher’s code has 4 to 32 letters and digits, and no others.")
    _check_voucher_names(paper)
    if paper.form not in get_args(VoucherForm):
        raise PaperRefused("A gift voucher is folded, has pages or is for a window envelope.")
    if not 1 <= len(paper.contents) <= ROWS_CAP:
        raise PaperRefused(f"A gift holds 1 to {ROWS_CAP} treatments.")
    if any(each.sessions not in _GIFT_SESSIONS for each in paper.contents):
        raise PaperRefused("A gift holds 1 to 999 sessions of each treatment.")
    if paper.months_from_first_visit is not None and paper.months_from_first_visit not in _GIFT_MONTHS:
        raise PaperRefused("A gift ends 1 to 120 months after the first visit, on a day, or never.")
    _check_terms(paper.terms, "A gift voucher")
    return replace(paper, code=code)


def _check_voucher_names(paper: GiftVoucher) -> None:
    for text, called in (
        (paper.recipient_name, "the name of whom it is for"),
        (paper.giver_name, "the giver’s name"),
        (paper.package_name, "the package’s name"),
    ):
        if not clean(text, 4):
            raise PaperRefused(f"A gift voucher needs {called}.")


_CHECKS: dict[type[Paper], Callable[[Any], Any]] = {
    CourseSummary: _check_summary,
    AftercareSheet: _check_sheet,
    Invoice: check_invoice,
    CreditNote: check_credit_note,
    AccountStatement: _check_statement,
    Receipt: _check_receipt,
    PrepaidBalance: check_prepaid,
    GiftVoucher: _check_voucher,
    OwnersMonth: check_month,
    YearEnd: check_year,
    WelcomeSheet: _check_welcome,
    VisitPlanner: _check_planner,
    VoucherLetter: _check_letter,
    ShopPoster: _check_poster,
    # Our own text.
    Guide: lambda paper: paper,
    CourseAgreement: check_agreement,
    CourseQuote: _check_quote,
}
