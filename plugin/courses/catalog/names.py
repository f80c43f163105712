"""The clinic's names in the languages of its clients: of packages, treatments, focus areas and add-ons.

A translation belongs to the name itself, as in a gettext catalog: a course that was sold under an older name
keeps that name's translation, and what was issued keeps its words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from invoices.language import LANGUAGES, language_for
from plugin.core.text import NAME_LENGTH, folded, optional
from plugin.courses.base.work import Work
from plugin.errors import InvalidField
from plugin.store.visit_notes import NameTranslation

# By language; "" or a missing one: the main name is used.
NamesByLanguage = Mapping[str, str]


class Names:
    """The names in one language; a name without a translation stays as it is."""

    def __init__(self, texts: Mapping[str, str], spoken: str) -> None:
        self._texts = {folded(name): text for name, text in texts.items()}
        self.spoken = spoken

    def __call__(self, name: str) -> str:
        """Return the name in this language."""
        return self._texts.get(folded(name), name)

    def listed(self, names: Iterable[str]) -> str:
        """Return several names in one line."""
        return language_for(self.spoken).with_comma(*map(self, names))


MAIN_NAMES = Names({}, "en")


def names_in(session: Session, language: str) -> Names:
    """Return the names in the language of a tag such as es-MX, in one statement."""
    spoken = language_for(language).locale.language
    rows = select(NameTranslation.name, NameTranslation.text).where(NameTranslation.language == spoken)
    return Names(dict(session.execute(rows).all()), spoken)


def translations_in(session: Session, names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the translations of these names, each by language."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    rows = select(NameTranslation).where(NameTranslation.name.in_(names))
    for row in session.scalars(rows):
        found[row.name][row.language] = row.text
    return {name: found.get(name, {}) for name in names}


def checked_names(names: NamesByLanguage) -> dict[str, str]:
    """Return the translations cleaned, without empty ones; raises InvalidField."""
    if unknown := set(names).difference(LANGUAGES):
        raise InvalidField(f"Names are in {', '.join(LANGUAGES)}, not in {min(unknown)}.", field="names")
    clean = {
        language: optional(text, field=f"name_{language}", called="The name", most=NAME_LENGTH)
        for language, text in names.items()
    }
    return {language: text for language, text in clean.items() if text}


def save_names_in(work: Work, name: str, names: NamesByLanguage) -> None:
    """Replace the translations of a name."""
    work.session.execute(delete(NameTranslation).where(NameTranslation.name == name))
    work.session.add_all(
        NameTranslation(name=name, language=language, text=text)
        for language, text in checked_names(names).items()
    )
    work.session.flush()
