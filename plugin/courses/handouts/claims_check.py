"""Sentences that promise a result. The owner is told of them, and decides: an aftercare text promises nothing."""

from __future__ import annotations

import re

# Beginnings of words, as people promise in the languages spoken here; wherever they stand in a sentence.
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
        "you'll see",
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
    """Return the sentences that seem to promise a result, in whatever language of ours they are written."""
    words = [word for each in _PROMISES.values() for word in each]
    sentences = (_MARKS.sub("", each).strip() for each in _ENDS.split(markdown))
    return tuple(each for each in sentences if _promises(each, words))


def _promises(sentence: str, words: list[str]) -> bool:
    said = sentence.casefold().replace("’", "'")
    return any(_begins_a_word(said, word) for word in words)


def _begins_a_word(said: str, word: str) -> bool:
    at = said.find(word)
    # Chinese writes no spaces, so any place will do there.
    return at >= 0 and (not word.isascii() or at == 0 or not said[at - 1].isalpha())
