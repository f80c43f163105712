"""Text as people typed it, made safe to lay out: nothing invisible, nothing endless, long words breakable.

Layout time grows with the square of some texts (unbroken words, piled marks), so nothing reaches it uncut.
"""

import re
import unicodedata

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
    return _without_piled_marks(text)


def _shortened(text: str, cap: int) -> str:
    return text if len(text) <= cap else text[: cap - 1].rstrip() + "…"


def _without_piled_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MARKS_PER_LETTER:
            kept.append(character)
    return "".join(kept)


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
