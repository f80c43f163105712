"""Checks of an aftercare text: does it fit a sheet, does it name each step; a sample client to preview papers."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

from invoices import papers
from invoices.aftercare import GENERAL, odd_rows, read_text, starting_text
from invoices.pages.fit import fit
from invoices.papers import AftercareSheet, PaperRefused
from plugin.courses.base.words import paper_refusal
from plugin.errors import InvalidField
from plugin.wording import N_, _

CLIENT = N_("Margaret Osei")
TREATMENT = N_("Facial acupuncture, 60 min")
_PRACTITIONER = N_("A. Kim")
_SESSIONS, _USED = 12, 5
_PRICE = 198000
_FIRST = date(2026, 10, 6)
_DAYS = tuple(_FIRST + timedelta(days=7 * number) for number in range(_USED))
_NEXT = papers.NextVisit(
    at=datetime(2026, 11, 10, 18, 30, tzinfo=UTC), treatment=TREATMENT, practitioner=_PRACTITIONER
)


def example_sheet(text: papers.AftercareText, language: str) -> papers.AftercareSheet:
    """Return the aftercare sheet of the sample client's last visit with this text."""
    return papers.AftercareSheet(
        clinic=papers.Clinic(name="Clinic"),
        client_name=CLIENT,
        visited_on=_DAYS[-1],
        treatment=TREATMENT,
        text=text,
        language=language,
        session_number=_USED,
        sessions_total=_SESSIONS,
        practitioner=_PRACTITIONER,
        next_visit=_NEXT,
    )


def example_summary(clinic: papers.Clinic, *, language: str, currency: str) -> papers.CourseSummary:
    """Return the summary of the sample client's course under this letterhead."""
    left = _SESSIONS - _USED
    card = papers.stamps(granted=_SESSIONS, used_on=_DAYS, left=left)
    return papers.CourseSummary(
        clinic=clinic,
        client_name=CLIENT,
        issued_on=_DAYS[-1],
        package_name=_("Facial acupuncture, course of {sessions}", sessions=_SESSIONS),
        sessions_left=left,
        sessions_total=_SESSIONS,
        sessions_used=_USED,
        sold_on=_FIRST,
        paid=papers.Money(_PRICE, currency),
        language=language,
        allowances=(
            papers.Allowance(treatment=TREATMENT, granted=_SESSIONS, used=_USED, left=left, stamps=card),
        ),
        visits=tuple(
            papers.SummaryVisit(
                on=day, treatment=TREATMENT, session_number=number, practitioner=_PRACTITIONER
            )
            for number, day in enumerate(_DAYS, start=1)
        ),
        next_visit=_NEXT,
    )


_NOBODY_TYPES = ("Cc", "Cs", "Cn", "Co")


def checked_markdown(markdown: str, language: str) -> str:
    """Return the text as it is stored. Raises InvalidField with the reason of the paper that can't be made of it."""
    cleaned = clean_markdown(markdown)
    sheet_with(cleaned, language)
    return cleaned


def sheet_with(markdown: str, language: str) -> AftercareSheet:
    """Return a sample client's sheet with the text, which alone decides if it is too long. Raises InvalidField."""
    try:
        sheet = example_sheet(read_text(markdown), language)
        fit(sheet)
    except PaperRefused as error:
        raise InvalidField(paper_refusal(error).message, field="markdown") from None
    return sheet


def missing_step(markdown: str, language: str) -> str:
    """Return the step of help that a text lacks between calling the clinic and an ambulance, "" if it has it.

    Texts written before there was one still work, and may send a client with a fever to 911.
    """
    try:
        roles = {section.role for section in read_text(markdown).sections}
    except PaperRefused:
        return ""
    if "see_doctor" in roles or "get_help" not in roles:
        return ""
    sections = starting_text(GENERAL, language).sections
    heading = next(section.heading for section in sections if section.role == "see_doctor")
    return _(
        "It has no part “## {heading}”. Infection, fever and bleeding that does not stop belong there, and"
        " emergencies alone under 911.",
        heading=heading,
    )


def odd_row(markdown: str) -> str:
    """Return a sentence on the first line with bars that is no row of the table, "" without one."""
    try:
        odd = odd_rows(markdown)
    except PaperRefused:
        return ""
    if not odd:
        return ""
    return _(
        "“{line}” is printed as it stands: a row of the table has one or three entries after its name, and"
        " belongs in no part on help.",
        line=odd[0][:60],
    )


def clean_markdown(markdown: str) -> str:
    """Return the text in composed form, with our line endings, without characters that no keyboard types."""
    composed = unicodedata.normalize("NFC", markdown).replace("\t", "    ")
    kept = ("".join(ch for ch in line if _keeps(ch)).rstrip() for line in composed.splitlines())
    return "\n".join(kept).strip() + "\n"


def _keeps(ch: str) -> bool:
    return unicodedata.category(ch) not in _NOBODY_TYPES


# Stems of words, as people promise in the languages spoken here; anywhere in a sentence.
_PROMISES = {
    "en": (
        "guarantee",
        "younger",
        "wrinkle-free",
        "lasting result",
        "permanent",
        "cure",
        "will lift",
        "will improve",
        "will remove",
        "will disappear",
        "you will see",
        "you’ll see",
        "boosts collagen",
        "anti-ag",
        "risk-free",
        "no side effect",
    ),
    "es": (
        "garanti",
        "rejuvenec",
        "más joven",
        "sin arrugas",
        "resultados duraderos",
        "permanente",
        "cura ",
        "mejorará",
        "eliminará",
        "desaparecer",
        "verá resultado",
        "estimula el colágeno",
        "antiedad",
        "sin riesgo",
        "sin efectos secundarios",
    ),
    "zh": (
        "保证",
        "保證",
        "年轻",
        "永久",
        "根治",
        "治愈",
        "一定会",
        "必定",
        "消除皱纹",
        "无副作用",
        "抗衰老",
        "立竿见影",
    ),
}
_ENDS = re.compile(r"(?<=[.!?。！？])\s*|\n")
_MARKS = re.compile(r"^[\s#*\-]+|[*]+")


def claims_in(markdown: str) -> tuple[str, ...]:
    """Return the sentences that seem to promise a result, in any of our languages."""
    words = [word for each in _PROMISES.values() for word in each]
    sentences = (_MARKS.sub("", each).strip() for each in _ENDS.split(markdown))
    return tuple(each for each in sentences if _promises(each, words))


def _promises(sentence: str, words: list[str]) -> bool:
    said = sentence.casefold().replace("’", "'")
    return any(_begins_a_word(said, word) for word in words)


def _begins_a_word(said: str, word: str) -> bool:
    at = said.find(word)
    # Chinese has no spaces, so any position matches.
    return at >= 0 and (not word.isascii() or at == 0 or not said[at - 1].isalpha())
