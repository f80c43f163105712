"""Whether two names, of items or of treatments, mean the same. Pure; compares folded words."""

import re
from difflib import SequenceMatcher

from plugin.core.text import folded

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
