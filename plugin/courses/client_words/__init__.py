"""What is said to clients on their private page and in their letters, in the languages their papers speak."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words import Language, language_for
from plugin.courses.client_words import en, es, zh
from plugin.courses.client_words.phrases import ClientPhrases

_SPOKEN: dict[str, ClientPhrases] = {"en": en.PHRASES, "es": es.PHRASES, "zh": zh.PHRASES}


@dataclass(frozen=True, slots=True)
class ClientWords:
    """The phrases of one language, and its dates, numbers and plurals."""

    language: Language
    phrases: ClientPhrases

    @property
    def tag(self) -> str:
        """Return the language as a page says it in `lang`."""
        return self.language.tag


def client_words(tag: str) -> ClientWords:
    """Return what is said in the language of this tag; English where it is not spoken here."""
    language = language_for(tag)
    spoken = language.tag.split("-")[0].lower()
    return ClientWords(language, _SPOKEN.get(spoken, en.PHRASES))


def client_languages() -> dict[str, ClientPhrases]:
    """Return the phrases of every language."""
    return dict(_SPOKEN)
