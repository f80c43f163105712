"""A language for tests in which every message of a catalog is in Cyrillic letters: Latin ones are not translated.

It takes the place of Greek, whose dates, countries and currencies have no Latin letters either. The product does not
know of it.
"""

import re
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from invoices import language as of_clients
from plugin import staff_languages, stored_sentences

TAG = "el"
_LETTERS = str.maketrans(
    string.ascii_letters, "".join(chr(first + place) for first in (0x430, 0x410) for place in range(26))
)
# What is filled in, and the markup of a message, stay as they are.
_KEPT = re.compile(r"\{[^{}]*\}|<[^<>]*>|&\w+;|[A-Za-z]+")
_CLIENTS = Path(of_clients.__file__).parent / "locale"


def marked(message: str) -> str:
    """Return a message as the language has it."""
    return _KEPT.sub(
        lambda part: part[0].translate(_LETTERS) if part[0][0] not in "{<&" else part[0], message
    )


def write_catalog(known: Path, written: Path) -> None:
    """Write the catalog with all messages of another language's."""
    with known.open("rb") as file:
        messages = [each for each in read_po(file) if each.id]
    catalog = Catalog(locale=TAG)
    for each in messages:
        said = marked(each.id) if isinstance(each.id, str) else tuple(map(marked, each.id))
        catalog.add(each.id, said, locations=each.locations, context=each.context)
    with written.open("wb") as file:
        write_po(file, catalog)


@contextmanager
def spoken_here(folder: Path) -> Iterator[None]:
    """Let Greek be the language for a while, for staff and clients; its catalogs are written to `folder`."""
    staff, clients = folder / "staff", folder / "clients"
    for written, known in ((staff, staff_languages.CATALOGS), (clients, _CLIENTS)):
        written.mkdir()
        write_catalog(known / "es.po", written / f"{TAG}.po")
    compiled = of_clients.compiled_catalog(clients / f"{TAG}.po", TAG)
    known_catalog = of_clients._catalog
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(staff_languages.STAFF_LANGUAGES, TAG, "Ελληνικά")
        patch.setattr(staff_languages, "CATALOGS", staff)
        patch.setattr(of_clients, "LANGUAGES", (*of_clients.LANGUAGES, TAG))
        patch.setattr(of_clients, "_catalog", lambda tag: compiled if tag == TAG else known_catalog(tag))
        _forget()
        yield
    _forget()


def _forget() -> None:
    # Kept by language, some from files that are elsewhere now.
    staff_languages._catalog.cache_clear()
    staff_languages.script_words.cache_clear()
    stored_sentences._messages.cache_clear()
    stored_sentences._in_words.cache_clear()
    of_clients._language_for.cache_clear()
