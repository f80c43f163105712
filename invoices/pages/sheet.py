"""The aftercare sheet in words: this visit's place in the course, and the text laid out by urgency.

The numbers that call an ambulance are as the countries' authorities publish them; 112 is the one of every member of
the European Union (Directive (EU) 2018/1972, article 109). A country that is not listed gets none: a wrong one would
be worse.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.punchcard import Card, progress_card
from invoices.pages.text import hours_line
from invoices.papers import AftercareSheet, AftercareText, Block, Section, SectionRole, TimeRow

_BY_NUMBER = {
    "000": "AU",
    "111": "NZ",
    "112": "AD AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IN IS IT LI LT LU LV MC MT NL PL PT RO SE SI SK TR ZA",
    "113": "NO",
    "119": "JP KR TW",
    "120": "CN",
    "911": "AS CA DO EC GU MX PA PH PR US VI",
    "995": "SG",
    "999": "GB HK MO MY",
}
_NUMBERS = {country: number for number, countries in _BY_NUMBER.items() for country in countries.split()}


def emergency_number(country: str) -> str:
    """Return the number for a country of two letters (ISO 3166), "" where it is not known."""
    return _NUMBERS.get(country.upper(), "")


DOTS_UP_TO = 24
# In the order in which they are read; a text may lack all but the first.
_STEPS: tuple[SectionRole, ...] = ("call_us", "see_doctor", "get_help")
# Of the same text, for the welcome sheet alone.
OF_WELCOME: tuple[SectionRole, ...] = ("runs", "before")
# Words of a cell that are drawn with a mark as well, in every language: a clinic may hand out a text in another one.
_YES = frozenset({"yes", "fine", "ok", "sí", "si", "bien", "可以", "可", "是"})
_NO = frozenset({"no", "not yet", "todavía no", "aún no", "不可", "不行", "不", "否"})


@dataclass(frozen=True)
class Cell:
    """A cell of the table: its words, the mark beside them, and how many columns it spans."""

    words: str
    mark: Literal["yes", "no", ""]
    columns: int


@dataclass(frozen=True)
class Step:
    """One of the steps of help, from a call to us to an ambulance; `role` is its urgency in the layout.

    The introduction of a list is beside it, under the heading.
    """

    role: SectionRole
    heading: str
    beside: tuple[Block, ...]
    blocks: tuple[Block, ...]
    phone: str
    hours: str


@dataclass(frozen=True)
class SheetPage:
    """The parts of the text by urgency; `pair`: the two steps that stand side by side."""

    lead: tuple[Section, ...]
    middle: tuple[Section, ...]
    pair: tuple[Step, ...]
    steps: tuple[Step, ...]


def sheet_page(paper: AftercareSheet, language: Language) -> SheetPage:
    """Return the whole sheet. What to do tonight leads; without such a part the first hours do."""
    sections = tuple(part for part in paper.text.sections if part.role not in OF_WELCOME)
    lead = _of(sections, "tonight") or _of(sections, "first_hours")
    urgent = tuple(section for role in _STEPS for section in _of(sections, role))
    steps = tuple(_steps(urgent, paper, language))
    pair = tuple(step for step in steps if step.role != "get_help")
    if [step.role for step in pair] != ["call_us", "see_doctor"]:
        pair = ()
    return SheetPage(
        lead=lead,
        middle=tuple(section for section in sections if section not in lead + urgent),
        pair=pair,
        steps=tuple(step for step in steps if step not in pair),
    )


def cells(row: TimeRow) -> tuple[Cell, ...]:
    """Return the cells of a row; a single one spans the three columns."""
    return tuple(Cell(words, _mark(words), 4 - len(row.cells)) for words in row.cells)


def _mark(words: str) -> Literal["yes", "no", ""]:
    said = words.casefold().rstrip(".。")
    return "yes" if said in _YES else "no" if said in _NO else ""


def review_text(text: AftercareText, language: Language) -> str:
    """Return who reviewed the text. A client need not know that nobody has: the owner is reminded instead."""
    if not text.reviewed:
        return language.gettext("General guidance")
    if not text.reviewed_by or not text.reviewed_on:
        return ""
    return language.gettext(
        "Reviewed by {name}, {month}, version {n}",
        name=text.reviewed_by,
        month=language.short_month(text.reviewed_on),
        n=text.version,
    )


def _steps(urgent: tuple[Section, ...], paper: AftercareSheet, language: Language) -> Iterator[Step]:
    """The clinic's phone number is in the last part on when to call, the country's in the one on getting help."""
    hours = hours_line(paper.phone_hours, language)
    last = {section.role: section for section in urgent}
    for section in urgent:
        lists = tuple(block for block in section.blocks if block.kind == "list")
        others = tuple(block for block in section.blocks if block.kind != "list")
        yield Step(
            role=section.role,
            heading=section.heading,
            beside=others if lists else (),
            blocks=lists or others,
            phone=_phone(section, paper) if section is last.get(section.role) else "",
            hours=language.gettext("We answer {hours}", hours=hours)
            if hours and section is last.get("call_us")
            else "",
        )


def _phone(section: Section, paper: AftercareSheet) -> str:
    numbers = {"call_us": paper.clinic.phone, "get_help": emergency_number(paper.clinic.country)}
    return numbers.get(section.role, "").replace(" ", NO_BREAK_SPACE)


def halves(block: Block) -> tuple[Block, ...]:
    """Split a list into two columns, the longer one first; a paragraph stays whole."""
    if block.kind != "list" or len(block.items) < 2:
        return (block,)
    middle = (len(block.items) + 1) // 2
    return Block("list", block.items[:middle]), Block("list", block.items[middle:])


def _of(sections: tuple[Section, ...], role: SectionRole) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.role == role)


def session_text(paper: AftercareSheet, language: Language) -> str:
    is_touch_up = paper.kind == "touch_up"
    if paper.sessions_total is None:
        phrase = language.gettext("Touch-up {n}") if is_touch_up else language.gettext("Session {n}")
        return phrase.format(n=paper.session_number)
    phrase = (
        language.gettext("Touch-up {n} of {total}")
        if is_touch_up
        else language.gettext("Session {n} of {total}")
    )
    return phrase.format(n=paper.session_number, total=paper.sessions_total)


def progress_of(paper: AftercareSheet, language: Language) -> Card | None:
    if paper.kind != "main" or not paper.session_number or not paper.sessions_total:
        return None
    if paper.sessions_total > DOTS_UP_TO:
        return None
    return progress_card(paper.session_number, paper.sessions_total, language)
