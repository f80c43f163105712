"""Text on papers: made safe to lay out, where lines break, hours and visits in words, links, the language of a name."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from itertools import groupby
from urllib.parse import quote

import phonenumbers
from babel.dates import format_time, get_day_names
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from invoices.language import NO_BREAK_SPACE, Language
from invoices.papers import Clinic, NextVisit, OpenHours

_LONGEST = 40
# November 28, 2026 · 28 de noviembre de 2026
_DATE = re.compile(r"[A-Z][a-z]+[ \u00a0]\d{1,2},[ \u00a0]\d{4}|\d{1,2} de [a-z]+ de[ \u00a0]\d{4}")
# (310) 555-0100 · +1 310-555-0100, in text and in no tag; a link is tagged as such only without a box of its own
_PHONE = re.compile(r"(?:\+\d{1,3}[ \u00a0-])?\(?\d{3}\)?[ \u00a0-]\d{3}-\d{4}(?=[^<>]*<(?!/a>))")
# No box of its own: where a line is full to the last space before one, WeasyPrint 70 ends it at its first space.
_TOUCH_UP = re.compile(r"(\b\w{1,5} )?\b([Tt]ouch-)(?=ups?\b[^<>]*<(?!/title>))")
_WORD_JOINER = "\u2060"
_BETWEEN_CHARACTERS = re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
_LAST_UNIT = re.compile(r"(?<=\d) (?=(?:h|min)</)")
_LAST_WORD = re.compile(r"(?<=[^<>]{16}) (?=[^\s<>]{1,9}</(?:p|li|h1|h2|td|th)>)")
# A box that does not break, as its neighbors may break anywhere.
_LAST_CHARACTERS = re.compile(
    r"(?<=[^<>]{12})([\u3400-\u9fff]{2,3}[\u3002\uff01\uff1a\uff1f]?)(?=</(?:p|li|h1|h2|td|th)>)"
)


def whole(text: str) -> str:
    """Return a short piece, such as a line of an address, so that no line ends inside it."""
    return text.replace(" ", NO_BREAK_SPACE) if len(text) <= _LONGEST else text


def unbroken(text: str) -> str:
    """Return `whole` of a text that does not break between Chinese characters either."""
    return _BETWEEN_CHARACTERS.sub(_WORD_JOINER, whole(text))


def with_full_lines(page: str) -> str:
    """Return the HTML with dates and phone numbers in one piece, and two words at least on the last line of a text."""
    page = _PHONE.sub(r'<span class="whole">\g<0></span>', page)
    page = _TOUCH_UP.sub(lambda found: whole(found[1] or "") + found[2] + _WORD_JOINER, page)
    dated = _LAST_UNIT.sub(NO_BREAK_SPACE, _DATE.sub(lambda found: whole(found[0]), page))
    return _LAST_CHARACTERS.sub(r'<span class="whole">\1</span>', _LAST_WORD.sub(NO_BREAK_SPACE, dated))


_HOUR = 60


def hours_line(hours: Iterable[OpenHours], language: Language) -> str:
    """Return such as "Mon–Fri 9:00 AM–6:00 PM, Sat 10:00 AM–2:00 PM"; "" without any."""
    spans = groupby(hours, key=lambda each: (each.first_day, each.last_day))
    return language.with_comma(*(_days(days, list(of), language) for days, of in spans))


def _days(days: tuple[int, int], hours: list[OpenHours], language: Language) -> str:
    names = get_day_names("abbreviated", locale=language.locale)
    span = "–".join(str(names[day]) for day in dict.fromkeys(days))
    times = "/".join(f"{_clock(each.opens, language)}–{_clock(each.closes, language)}" for each in hours)
    return f"{span} {times}"


def _clock(minute: int, language: Language) -> str:
    at = time(minute // _HOUR % 24, minute % _HOUR)
    return format_time(at, "short", locale=language.locale).replace("\u202f", "\u00a0")


def when_line(visit: NextVisit, clinic: Clinic, language: Language) -> str:
    """Return a visit in one line: "Tuesday, November 3, 10:30 AM with A. Kim (Touch-up, 45 min)"."""
    day = language.full_day(language.local_day(visit.at, clinic.time_zone))
    time = language.time_of_day(visit.at, clinic.time_zone)
    if visit.practitioner:
        time = language.gettext("{time} with {practitioner}", time=time, practitioner=visit.practitioner)
    when = language.with_comma(day, time)
    if not visit.treatment:
        return when
    return language.gettext("{when} ({treatment})", when=when, treatment=whole(visit.treatment))


_WEB_ADDRESS = re.compile(r"(https?://)?[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(:\d+)?(/[!-~]*)?", re.IGNORECASE)
_SHORT_NUMBER = 4
_MAIL_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


@dataclass(frozen=True)
class Way:
    """One way: the text on the paper, where it leads ("" for nowhere), and that in words."""

    text: str
    address: str = ""
    title: str = ""


def ways_to_reach(clinic: Clinic, language: Language) -> tuple[Way, ...]:
    """Return phone, e-mail and website, those that there are."""
    return tuple(_ways(clinic, language))


def phone_way(phone: str, country: str, language: Language) -> Way:
    """Return the way to call a number that is written as in its country."""
    if phone.isascii() and phone.isdecimal() and len(phone) <= _SHORT_NUMBER:
        # An emergency number has no country.
        return Way(phone, f"tel:{phone}", language.gettext("Call {phone}", phone=phone))
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return Way(phone)
    address = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)
    return Way(phone, address, language.gettext("Call {phone}", phone=phone))


def _ways(clinic: Clinic, language: Language) -> Iterator[Way]:
    if clinic.phone:
        yield phone_way(clinic.phone, clinic.country, language)
    if clinic.email:
        email = clinic.email.replace("\u200b", "")
        address = f"mailto:{quote(email, safe='@')}" if _MAIL_ADDRESS.fullmatch(email) else ""
        yield Way(clinic.email, address, language.gettext("Write to {email}", email=email))
    if clinic.website:
        site = clinic.website.replace("\u200b", "")
        address = "" if not _WEB_ADDRESS.fullmatch(site) else site if "://" in site else f"https://{site}"
        yield Way(clinic.website, address, language.gettext("Open {website}", website=site))


_ALL_LATIN = re.compile("[\u0000-\u036f\u1e00-\u1eff\u2000-\u2e7f]*")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2}")
_WITHOUT_LATIN = {"zh", "ja", "ko"}
# First match: Japanese and Korean names may have Chinese characters, Chinese ones neither kana nor hangul.
# Of the languages that share a script the most spoken one: its voice reads the others, an English one reads none.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318f\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("km", re.compile("[\u1780-\u17ff]")),
)


def language_of_letters(text: str) -> str:
    """Return a language tag; "" for Latin letters, which too many languages share."""
    if _ALL_LATIN.fullmatch(text):
        return ""
    return next((tag for tag, letters in _SCRIPTS if letters.search(text)), "")


def language_of_piece(text: str, around: str) -> str:
    """Return the tag of a text inside one of the language `around`, which is itself where nothing tells another.

    A name inside a sentence does not turn the sentence into another language.
    """
    own = around.split("-")[0]
    if _ALL_LATIN.fullmatch(text):
        return "en" if own in _WITHOUT_LATIN and _LATIN_WORD.search(text) else around
    tag = language_of_letters(text)
    return around if not tag or tag == own or _LATIN_WORD.search(text) else tag


@pass_context
def lang(context: Context, text: str) -> Markup:
    """Write the `lang` attribute of an element that contains `text`, where it is not the paper's own language."""
    tag = language_of_letters(text)
    if not tag or context["tag"].split("-")[0] == tag:
        return Markup("")
    return Markup(' lang="{}"').format(tag)


@pass_context
def named(context: Context, sentence: str) -> Markup:
    """Write a sentence with the `lang` of each word in it whose letters are of another language."""
    pieces = re.split("([^\u0000-\u036f\u1e00-\u1eff\u2000-\u2e7f]+)", sentence)
    return Markup("").join(
        Markup("<span{}>{}</span>").format(lang(context, piece), piece) if lang(context, piece) else piece
        for piece in pieces
    )


LONGEST_RUN = 30
MARKS_PER_LETTER = 4

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff]"
)
# Joiners and variation selectors are meaningful in Persian, Devanagari and emoji, but only one at a time.
_REPEATED_JOINERS = re.compile("([\u200c\u200d\ufe00-\ufe0f])[\u200c\u200d\ufe00-\ufe0f]+")
_SPACES = re.compile(r"\s+")
# Hebrew, Arabic and their kin. Between two of these marks a word retains its punctuation, also after a line's end.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_RIGHT_TO_LEFT_MARK = "\u200f"
_ADDED = ("\u200b", _RIGHT_TO_LEFT_MARK)
# Emoji in a name, with their joiners, colors and frames. No font here draws them like the letters beside them.
_PICTURE = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_PICTURES = re.compile(f"{_PICTURE}(?:[\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]|{_PICTURE})*")
# A number and its unit stay on one line.
_UNIT = re.compile(r"(?<=\d) (?=(?:min|h|ml|cl|l|mg|g|kg|mm|cm|oz|%)\b)")
_NO_BREAK_SPACE = "\u00a0"
# Between two of these any line may break already.
_IDEOGRAPH = re.compile("[\u2e80-\u2fdf\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def clean(text: str, cap: int) -> str:
    """Drop what can't be seen, shorten to `cap` characters, let long words break and keep right-to-left ones."""
    return _breakable(_UNIT.sub(_NO_BREAK_SPACE, _shortened(_visible(text, cap).strip(), cap)))


def clean_piece(text: str, cap: int) -> str:
    """Like `clean`, for a piece of a sentence: the spaces at its edges are preserved."""
    return _breakable(_shortened(_visible(text, cap), cap))


def clean_name(text: str, cap: int) -> str:
    """Like `clean`, for a person's name: emoji are removed, unless nothing else is there."""
    return clean(_PICTURES.sub(" ", text[: cap * 8]), cap) or clean(text, cap)


def length(text: str) -> int:
    """Count characters without those that cleaning inserts, so that cleaning twice is the same."""
    return len(text) - sum(text.count(added) for added in _ADDED)


def _visible(text: str, cap: int) -> str:
    # Eight times the cap bounds the work on a hostile text and leaves an honest one whole.
    text = unicodedata.normalize("NFC", text[: cap * 8])
    text = _REPEATED_JOINERS.sub(r"\1", _INVISIBLE.sub("", text))
    text = "".join(c for c in _SPACES.sub(" ", text) if unicodedata.category(c) not in {"Cc", "Cs"})
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MARKS_PER_LETTER:
            kept.append(character)
    return "".join(kept)


def _shortened(text: str, cap: int) -> str:
    return text if len(text) <= cap else text[: cap - 1].rstrip() + "…"


def _breakable(text: str) -> str:
    return " ".join(_marked(_with_breaks(word)) for word in text.split(" "))


def _marked(word: str) -> str:
    if not _RIGHT_TO_LEFT.search(word):
        return word
    return f"{_RIGHT_TO_LEFT_MARK}{word}{_RIGHT_TO_LEFT_MARK}"


def _with_breaks(word: str) -> str:
    if len(word) <= LONGEST_RUN:
        return word
    pieces: list[str] = []
    run = 0
    for character in word:
        if _IDEOGRAPH.match(character) or pieces[-1:] == ["-"]:
            run = 0
        if run >= LONGEST_RUN and unicodedata.category(character)[0] != "M":
            pieces.append("\u200b")
            run = 0
        pieces.append(character)
        run += 1
    return "".join(pieces)


def width_of(text: str) -> int:
    """Return the width in Latin letters: a Chinese character takes the room of two."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)
