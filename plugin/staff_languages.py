"""The languages of the screens and of e-mails to staff. Their catalogs are `locale/*.po`, apart from the clients'."""

from dataclasses import replace
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from invoices.language import Language, compiled_catalog, language_for, spoken_in

# Each in its own words.
STAFF_LANGUAGES = {"en": "English", "es": "Español"}
CATALOGS = Path(__file__).parent / "locale"


def staff_language(*wanted: str) -> Language:
    """Return the first of these languages that the screens are written in; English if none is."""
    known = (tag for tag in map(spoken_in, wanted) if tag in STAFF_LANGUAGES)
    tag = next(known, "en")
    return replace(language_for(tag), catalog=_catalog(tag))


@cache
def script_words(tag: str) -> dict[str, str]:
    """Return what the scripts of the screens say, from English; nothing for English itself."""
    if spoken_in(tag) not in STAFF_LANGUAGES or spoken_in(tag) == "en":
        return {}
    said = [
        each
        for each in read_catalog(spoken_in(tag))
        if any(file.endswith(".js") for file, _ in each.locations)
    ]
    return {str(each.id): str(each.string) for each in said}


def read_catalog(tag: str) -> Catalog:
    """Return the messages of a language with their translations."""
    with (CATALOGS / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag)


@cache
def _catalog(tag: str) -> NullTranslations:
    return NullTranslations() if tag == "en" else compiled_catalog(CATALOGS / f"{tag}.po", tag)
