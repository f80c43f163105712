"""Text typed by people, cleaned for storage and search and within bounds; and whether two names mean the same."""

import re
import unicodedata
from difflib import SequenceMatcher

from plugin.errors import InvalidField
from plugin.wording import _

# Characters that Unicode does not decompose but English keyboards type plain: "lukasz" finds "Łukasz".
_ONE_STROKE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})

# Degrees and titles do not identify a person; Jr. and III do.
_TITLE = re.compile("mr|mrs|ms|miss|mx|dr|prof|md|do|dds|dmd|dc|phd|rn|np|pa|pt|lac|lmt|esq|mba|sra|srta")
_GENERATION = re.compile("jr|sr|ii|iii|iv")

NAME_LENGTH = 120
NOTE_LENGTH = 500
REASON_LENGTH = 300


# Letters and signs by category that are invisible: Hangul fillers and the blank Braille pattern.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"


def clean(value: str) -> str:
    """Return the text in composed form, white space collapsed, control and direction characters removed.

    A text with no visible character, such as joiners alone, becomes "".
    """
    text = unicodedata.normalize("NFC", value)
    # What Python calls printable has no character to remove, and no white space but spaces.
    if not text.isprintable():
        text = "".join(" " if ch.isspace() else ch for ch in text if _keeps(ch))
    text = " ".join(text.split())
    return text if any(_is_seen(ch) for ch in text) else ""


def _is_seen(ch: str) -> bool:
    return unicodedata.category(ch)[0] in "LNPS" and ch not in _BLANK


def _keeps(ch: str) -> bool:
    if ch in "\u200c\u200d":  # joiners carry meaning in Persian, Hindi and emoji
        return True
    return ch.isspace() or unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def required(value: str | None, *, field: str, called: str, most: int = NAME_LENGTH) -> str:
    """Return the cleaned text; raises InvalidField when it is empty or longer than `most` characters."""
    text = optional(value, field=field, called=called, most=most)
    if not text:
        raise InvalidField(_("{called} is missing.", called=called), field=field)
    return text


def optional(value: str | None, *, field: str, called: str, most: int = NOTE_LENGTH) -> str:
    """Return the cleaned text, "" for none; raises InvalidField when it is longer than `most` characters."""
    text = clean(value or "")
    if len(text) > most:
        raise InvalidField(
            _("{called} has {n} characters, at most {most} fit.", called=called, n=len(text), most=most),
            field=field,
        )
    return text


def paragraphs(value: str | None, *, field: str, called: str, most: int) -> str:
    """Return a text of several lines, each cleaned; raises InvalidField when it is longer than `most` characters."""
    text = "\n".join(clean(line) for line in (value or "").splitlines()).strip("\n")
    if len(text) > most:
        raise InvalidField(
            _("{called} has {n} characters, at most {most} fit.", called=called, n=len(text), most=most),
            field=field,
        )
    return text


def folded(value: str) -> str:
    """Return the text as search compares it: without accents and case, so that "ines" finds "Inês"."""
    # Most names have nothing to take apart.
    plain = value if value.isascii() else _without_accents(value)
    return " ".join(plain.casefold().translate(_ONE_STROKE).split())


def _without_accents(value: str) -> str:
    return "".join(ch for ch in unicodedata.normalize("NFKD", value) if not unicodedata.combining(ch))


def digits(value: str) -> str:
    """Return only the decimal digits of a phone number or a search, in ASCII."""
    return "".join(str(unicodedata.decimal(ch)) for ch in value if ch.isdecimal())


def in_fours(code: str) -> str:
    """Return a code as it is read aloud and typed, in groups of four: 7KQM-X3FD-92HT."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def plain_code(typed: str) -> str:
    """Return a code in capitals, however it was typed: without dashes and spaces."""
    return "".join(ch for ch in typed.upper() if ch.isalnum())


def full_name(given: str, family: str) -> str:
    """Return a person's name in the order of its script: Chinese, Japanese and Korean family name first."""
    first, last = clean(given), clean(family)
    if first and last and all(_is_east_asian(ch) for ch in first + last if not ch.isspace()):
        return last + first
    return f"{first} {last}".strip()


def name_parts(name: str) -> tuple[str, str]:
    """Return given and family name such that `full_name` joins them as they were.

    The first word is the given name. A name written family first stays in one piece.
    """
    whole = clean(name)
    given, _other, family = whole.partition(" ")
    return (given, family) if full_name(given, family) == whole else (whole, "")


def spoken_name(text: str) -> str:
    """Return the name in spoken order: “Kim, Grace” and “Kim, Grace, MD” begin with the last name."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    suffixes = [part for part in parts[1:] if _is_suffix(part)]
    names = [part for part in parts if part not in suffixes]
    return ", ".join([full_name(names[1], names[0]), *suffixes]) if len(names) == 2 else text


def name_key(name: str) -> str:
    """Return what all spellings of one person's name have in common: no order, titles or single initials."""
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", folded(name).replace(".", ""))
    telling = [word for word in words if not _TITLE.fullmatch(word) and (len(word) > 1 or not word.isascii())]
    return " ".join(sorted(telling or words))


def _is_suffix(part: str) -> bool:
    bare = folded(part).replace(".", "").replace(" ", "")
    return bool(_TITLE.fullmatch(bare) or _GENERATION.fullmatch(bare))


def _is_east_asian(ch: str) -> bool:
    return unicodedata.name(ch, "").startswith(("CJK ", "HANGUL ", "HIRAGANA ", "KATAKANA "))


_WORD = re.compile(r"[^\W_]+")
# What Square, and sellers, call a variation without a name of its own.
_NOTHING_OF_ITS_OWN = frozenset({"", "regular", "normal", "standard", "default", "custom amount"})
_SMALL = frozenset({"a", "an", "and", "for", "of", "the", "with", "x"})
# Half of the words of the shorter name; or, in scripts without spaces, most of its characters in their order.
_SHARED_WORDS = 0.5
_SHARED_LETTERS = 0.6


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name as they are compared: without case, accents and punctuation."""
    return tuple(_WORD.findall(folded(name)))


def says_something(name: str) -> bool:
    """Return whether a name describes what is sold: "Regular" and "" do not."""
    return " ".join(words_of(name)) not in _NOTHING_OF_ITS_OWN


def is_same_name(first: str, second: str) -> bool:
    """Return whether two names have the same words in the same order; an empty name matches nothing."""
    words = words_of(first)
    return bool(words) and words == words_of(second)


def resembles(first: str, second: str) -> bool:
    """Return whether two names share most of their words."""
    ours, theirs = _telling(first), _telling(second)
    if not ours or not theirs:
        return False
    if len(ours & theirs) / min(len(ours), len(theirs)) >= _SHARED_WORDS:
        return True
    return SequenceMatcher(None, folded(first), folded(second)).ratio() >= _SHARED_LETTERS


def _telling(name: str) -> set[str]:
    # "facials" and "facial" are one word.
    return {word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words_of(name)} - _SMALL
