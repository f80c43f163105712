"""Every paper that is looked at, by a name that says what it shows: built once for each process, by the use cases.

The names are known without building any: tests are named by them. Drawn files are kept as well.
"""

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from invoices.papers import (
    AftercareSheet,
    CourseSummary,
    GiftVoucher,
    OwnersMonth,
    PageSize,
    Paper,
    SheetForm,
    content_sha256,
    from_json,
    to_json,
)
from invoices.press.render import NO_ASSETS, render
from plugin.courses.handouts.cache import guide_paper
from plugin.store import Store
from plugin.store.creation import upgrade
from tests.once import made_once
from tests.papers import accounts, agreements, gifts, months, quotes, receipts, sheets, summaries
from tests.papers.accounts import WORDS, package_in
from tests.papers.clinic import LINDENHOF, PaperClinic
from tests.papers.logo import assets, with_logo

SIZES: tuple[PageSize, ...] = ("letter", "a4")
# The paper of each kind that the tests of all kinds take.
KINDS = (
    "summary",
    "aftercare-facial",
    "invoice",
    "credit-note",
    "statement",
    "receipt",
    "voucher",
    "month",
    "welcome",
    "planner",
    "quote",
    "agreement",
    "prepaid",
)
Maker = Callable[[PaperClinic], Paper]

_SPANISH_FOCUS = ("Líneas finas, frente", "Mandíbula", "Mandíbula, hinchazón", "Ojeras", "Tono desigual")
_CHINESE_FOCUS = ("额头细纹", "下颌线", "下颌线、浮肿", "黑眼圈、下颌线", "肤色不均")
_SLUGS = {"facial": sheets.facial, "touch-up": sheets.touch_up, "led": sheets.led, "general": sheets.other}
_LANGUAGES = {"": "en", "-spanish": "es", "-chinese": "zh-Hans"}


def _in_language(clinic: PaperClinic, language: str, focus: tuple[str, ...]) -> Paper:
    course_id = clinic.sell(WORDS[language][4], package_in(clinic, language), language=language)
    clinic.come(course_id, 5, focus=focus)
    return clinic.summary(course_id)


def _sheet(clinic: PaperClinic, slug: str, language: str, form: SheetForm = "sheet") -> Paper:
    return sheets.sheet(clinic, _course_of(clinic, slug), language, form)


@cache
def _course_of(clinic: PaperClinic, slug: str) -> str:
    return _SLUGS[slug](clinic)


def _electronic(clinic: PaperClinic, *, is_taxed: bool) -> Paper:
    return clinic.invoice_of(accounts.electronic(clinic, is_taxed=is_taxed))


def _guide(clinic: PaperClinic, name: str, language: str = "en") -> Paper:
    return guide_paper(clinic.store, name, now=clinic.clock(), language=language)


_JUNIPER: dict[str, Maker] = {
    "summary": partial(summaries.used, visits=5),
    "summary-0-of-12": partial(summaries.used, visits=0),
    "summary-12-of-12": partial(summaries.used, visits=12),
    "summary-finished": summaries.finished,
    "summary-part-paid": summaries.part_paid,
    "summary-part-paid-used": partial(summaries.part_paid, visits=2),
    "summary-on-hold": summaries.on_hold,
    "summary-expired": summaries.expired,
    "summary-expired-written-off": summaries.expired_written_off,
    "summary-written-off": summaries.written_off,
    "summary-refunded": summaries.refunded,
    "summary-transferred": summaries.transferred,
    "summary-received": partial(summaries.transferred, is_receiver=True),
    "summary-gift": partial(summaries.gift, is_redeemed=True),
    "summary-gift-waiting": partial(summaries.gift, is_redeemed=False),
    "summary-exchanged": partial(summaries.exchanged, is_new=False),
    "summary-exchanged-into": partial(summaries.exchanged, is_new=True),
    "summary-first-use": summaries.first_use,
    "summary-no-show": summaries.no_show,
    "summary-60-visits": partial(summaries.many, sessions=60),
    "summary-long-names": summaries.long_names,
    "summary-names": partial(
        summaries.names, client="Ελένη Иван 王陳 さくら", practitioners=summaries.EVERYWHERE
    ),
    "summary-scripts": partial(summaries.names, client="अनिता สมชาย", practitioners=summaries.SCRIPTS),
    "summary-spanish": partial(_in_language, language="es", focus=_SPANISH_FOCUS),
    "summary-chinese": partial(_in_language, language="zh-Hans", focus=_CHINESE_FOCUS),
    **{
        f"aftercare-{slug}{called}": partial(_sheet, slug=slug, language=language)
        for slug in _SLUGS
        for called, language in _LANGUAGES.items()
    },
    "aftercare-own": sheets.reviewed,
    "help-card": partial(_sheet, slug="facial", language="en", form="card"),
    "help-card-spanish": partial(_sheet, slug="facial", language="es", form="card"),
    "help-card-chinese": partial(_sheet, slug="facial", language="zh-Hans", form="card"),
    "planner": sheets.planned,
    "planner-spanish": partial(sheets.planned, language="es"),
    "planner-chinese": partial(sheets.planned, language="zh-Hans"),
    "next-visit": partial(sheets.planned, form="card"),
    "next-visit-spanish": partial(sheets.planned, language="es", form="card"),
    "next-visit-chinese": partial(sheets.planned, language="zh-Hans", form="card"),
    "welcome": sheets.welcome,
    "welcome-spanish": partial(sheets.welcome, language="es"),
    "welcome-chinese": partial(sheets.welcome, language="zh-Hans"),
    "invoice": accounts.invoice,
    "invoice-spanish": partial(accounts.invoice, language="es"),
    "invoice-chinese": partial(accounts.invoice, language="zh-Hans"),
    "invoice-part-paid": accounts.part_paid,
    "invoice-40-lines": accounts.many_lines,
    "invoice-long-names": accounts.long_names,
    "credit-note": accounts.unused_given_back,
    "credit-note-spanish": partial(accounts.forfeited, language="es"),
    "credit-note-chinese": partial(accounts.forfeited, language="zh-Hans"),
    "statement": partial(accounts.statement, is_paid=True),
    "statement-part-paid": partial(accounts.statement, is_paid=False),
    "statement-refunded": accounts.statement_refunded,
    "statement-all": accounts.statement_of_all,
    "statement-all-spanish": partial(accounts.statement_of_all, language="es"),
    "statement-all-chinese": partial(accounts.statement_of_all, language="zh-Hans"),
    "statement-spanish": partial(accounts.statement, is_paid=True, language="es"),
    "statement-chinese": partial(accounts.statement, is_paid=True, language="zh-Hans"),
    "prepaid": receipts.prepaid,
    "prepaid-spanish": partial(receipts.prepaid, language="es"),
    "prepaid-chinese": partial(receipts.prepaid, language="zh-Hans"),
    "receipt": receipts.deposit,
    "receipt-balance": receipts.balance,
    "receipt-whole": receipts.whole,
    "receipt-spanish": partial(receipts.deposit, language="es"),
    "receipt-chinese": partial(receipts.deposit, language="zh-Hans"),
    "voucher": gifts.voucher,
    "voucher-spanish": partial(gifts.voucher, language="es"),
    "voucher-chinese": partial(gifts.voucher, language="zh-Hans"),
    "voucher-long": gifts.long_voucher,
    "voucher-bare": gifts.bare_voucher,
    "voucher-window": gifts.window_voucher,
    "voucher-window-long": gifts.long_window_voucher,
    "voucher-letter": gifts.letter,
    "voucher-letter-spanish": partial(gifts.letter, language="es"),
    "voucher-letter-chinese": partial(gifts.letter, language="zh-Hans"),
    "poster": gifts.poster,
    "poster-spanish": partial(gifts.poster, language="es"),
    "poster-chinese": partial(gifts.poster, language="zh-Hans"),
    "agreement": agreements.shown,
    "agreement-spanish": partial(agreements.shown, language="es", terms=agreements.FORFEITED),
    "agreement-chinese": partial(agreements.shown, language="zh-Hans"),
    "agreement-signed": agreements.signed,
    "agreement-signed-typed": partial(agreements.signed, language="es", way="typed"),
    "quote": partial(quotes.quote, terms=agreements.FORFEITED),
    "quote-spanish": partial(quotes.quote, language="es", terms=agreements.FORFEITED),
    "quote-chinese": partial(quotes.quote, language="zh-Hans"),
    "quote-long-names": quotes.long_names,
    "summary-logo": with_logo(partial(summaries.used, visits=5)),
    "aftercare-logo": with_logo(partial(_sheet, slug="facial", language="en"), is_square=True),
    "voucher-logo": with_logo(gifts.logo_voucher),
    "guide-desk": partial(_guide, name="desk"),
    "guide-desk-spanish": partial(_guide, name="desk", language="es"),
    "guide-owner": partial(_guide, name="owner"),
    "guide-owner-spanish": partial(_guide, name="owner", language="es"),
}
_LINDENHOF: dict[str, Maker] = {
    "invoice-electronic": partial(_electronic, is_taxed=True),
    "invoice-untaxed": partial(_electronic, is_taxed=False),
    "credit-note-electronic": accounts.electronic_note,
}
_YEAR: dict[str, Maker] = {
    "month-running": partial(months.november, on=date(2026, 11, 22)),
    "month": months.november,
    "month-spanish": partial(months.november, language="es"),
    "month-chinese": partial(months.november, language="zh-Hans"),
    "year-end": months.year_sheet,
    "year-end-spanish": partial(months.year_sheet, language="es"),
    "year-end-chinese": partial(months.year_sheet, language="zh-Hans"),
    "month-closed": months.closed,
}
# The same papers for a window envelope, and in large print.
_WINDOW, _LARGE = {"has_address_window": True}, {"large_print": True}
_VARIANTS: dict[str, tuple[str, dict[str, bool]]] = {
    "invoice-window": ("invoice-electronic", _WINDOW),
    "voucher-letter-window": ("voucher-letter", _WINDOW),
    **{
        f"{name}-large": (name, _LARGE)
        for name in ("summary", "aftercare-facial", "invoice", "statement-all", "planner", "agreement")
    },
}
NAMES = (*_JUNIPER, *_LINDENHOF, *_YEAR, *_VARIANTS)


@dataclass
class Shared:
    """The folder in which all processes of a test run keep what one of them made; none outside of tests."""

    folder: Path | None = None

    def once(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return what was made under this name, making it where no process has."""
        if self.folder is None:
            return make()
        return made_once(self.folder / name, lambda path: path.write_bytes(make())).read_bytes()


SHARED = Shared()


@cache
def papers() -> Mapping[str, Paper]:
    """Return every paper, made by the use cases once for all processes of a run."""
    kept = SHARED.once(
        "papers.json", lambda: json.dumps({n: to_json(p) for n, p in _made().items()}).encode()
    )
    return {name: from_json(content) for name, content in json.loads(kept).items()}


def _made() -> dict[str, Paper]:
    """Make every paper; the clinics are gone afterwards, their papers are values."""
    made: dict[str, Paper] = {}
    # Every commit waits for a disk; where the machine has a folder in memory, none does.
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="papers-", dir=place) as folder:
        for number, (makers, letterhead) in enumerate(((_JUNIPER, {}), (_LINDENHOF, LINDENHOF), (_YEAR, {}))):
            url = f"sqlite:///{folder}/{number}.db"
            upgrade(url)
            with Store(url) as store:
                clinic = PaperClinic(store, letterhead)
                if makers is _YEAR:
                    months.year(clinic)
                made |= {name: maker(clinic) for name, maker in makers.items()}
    return made | {name: _on_sheet(made[of], **changed) for name, (of, changed) in _VARIANTS.items()}


def _on_sheet(found: Paper, **changed: Any) -> Paper:
    """Return the paper with its letterhead set so."""
    return replace(found, clinic=replace(found.clinic, **changed))


def paper(name: str, size: PageSize = "letter") -> Paper:
    """Return one of them, on paper of that size."""
    found = papers()[name]
    return replace(found, clinic=replace(found.clinic, page_size=size))


def pdf(name: str, size: PageSize = "letter") -> bytes:
    """Return its file, drawn once."""
    return drawn(paper(name, size))


def drawn(content: Paper) -> bytes:
    """Return the file of a paper, drawn once for all processes of a run; the renderer must have no complaint."""

    def draw() -> bytes:
        with no_complaints():
            return render(content, assets() if content.clinic.logo else NO_ASSETS)

    return SHARED.once(f"{content_sha256(content)}.pdf", draw)


@contextmanager
def no_complaints() -> Iterator[None]:
    """Fail where the renderer warns of something, such as a rule it does not know or a box that does not fit."""
    handler, logger = _Complaints(), logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    assert handler.said == []


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def summary(name: str = "summary") -> CourseSummary:
    """Return a course summary, to change a part of it."""
    found = papers()[name]
    assert isinstance(found, CourseSummary)
    return found


def sheet(name: str = "aftercare-facial") -> AftercareSheet:
    """Return an aftercare sheet, to change a part of it."""
    found = papers()[name]
    assert isinstance(found, AftercareSheet)
    return found


def voucher(name: str = "voucher") -> GiftVoucher:
    """Return a gift voucher, to change a part of it."""
    found = papers()[name]
    assert isinstance(found, GiftVoucher)
    return found


def month(name: str = "month") -> OwnersMonth:
    """Return an owner's month, to change a part of it."""
    found = papers()[name]
    assert isinstance(found, OwnersMonth)
    return found
