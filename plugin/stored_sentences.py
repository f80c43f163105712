"""Sentences that were stored in English, such as the lines of a history, put into the language of who reads them.

A sentence is recognized by the message it was made from; its values are those of its blanks.
"""

import re
import string
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache

from babel.messages.catalog import Message

from plugin.staff_languages import read_catalog, staff_language
from plugin.wording import N_, N_n

# What a message must have besides its blanks, so that it is recognized by more than a comma.
_FEWEST_LETTERS = 4
_DAY = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4}")
_NUMBER = r"-?\d[\d,]*"
_SENTENCES = re.compile(r"(?<=[.?!]) ")
# As versions before stored them; they are written in other words now, and read in other languages still.
_REWORDED = (
    N_("Ends on {end}; before it ended on {end2}", end="", end2=""),
    N_("Ends on {end}; before it ended never", end=""),
    N_("Ends never; before it ended on {end2}", end2=""),
    N_n(
        "No end set: {n} month begins with the first visit",
        "No end set: {n} months begin with the first visit",
        1,
    ),
    N_n(
        "Ends on {ends}: {n} month from the first visit",
        "Ends on {ends}: {n} months from the first visit",
        1,
        ends="",
    ),
    N_("It expires on {end} already.", end=""),
    N_("Gift for {recipient_name} taken back", recipient_name=""),
    N_("{said}: forgiven", said=""),
    N_("stands on its sale in Square at {now} now", now=""),
    N_("Close the course if it was taken off the sale; leave it if only the ticket was tidied up."),
    N_("Only the ticket was tidied up"),
    N_("The exchange stands. Give the money back in Square, or another way."),
    N_("This paper waits for a missing font. {said}", said=""),
)
# A message with blanks: what stands before each and at the end, its pattern, the forms of its translation.
_Filled = tuple[list[str], re.Pattern[str], tuple[str, ...]]


def in_words(text: str, tag: str) -> str:
    """Return a stored sentence in a language of the screens; as it is where it is not one of ours."""
    return _in_words(text, tag) if tag and staff_language(tag).locale.language != "en" else text


@lru_cache(maxsize=4096)
def _in_words(text: str, tag: str) -> str:
    # Each by itself first: a blank at the end of one would take in the next.
    parts = [_sentence(part, tag) for part in _SENTENCES.split(text)]
    if all(parts):
        return " ".join(filter(None, parts))
    return _sentence(text, tag) or text


def _sentence(text: str, tag: str) -> str | None:
    if _DAY.fullmatch(text):
        # What a person typed may look like a day and be none.
        with suppress(ValueError):
            return staff_language(tag).medium_date(datetime.strptime(text, "%b %d, %Y").date())  # noqa: DTZ007
    fixed, patterns = _messages(staff_language(tag).locale.language)
    plain = _plain(text)
    if plain in fixed:
        return fixed[plain]
    for literals, pattern, forms in patterns:
        # Cheaper than the pattern, which may try every place for each of its blanks.
        if not plain.startswith(literals[0]) or not all(each in plain for each in literals):
            continue
        if found := pattern.fullmatch(text):
            values = {name: _in_words(value, tag) for name, value in found.groupdict().items()}
            # A singular may say its number in words.
            is_one = len(forms) == 1 or found.groupdict().get("n", "1") == "1"
            return staff_language(tag).filled(forms[0 if is_one else 1], values)
    return None


@cache
def _messages(language: str) -> tuple[dict[str, str], list[_Filled]]:
    fixed, patterns = {}, []
    for message in read_catalog(language):
        for english in _stored(message):
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            if "{" not in english:
                fixed[_plain(english)] = forms[0]
            elif sum(map(str.isalpha, re.sub(r"\{[^}]*\}", "", english))) >= _FEWEST_LETTERS:
                literals = [_plain(literal) for literal, *_ in string.Formatter().parse(english)]
                patterns.append((literals, _pattern(english, message), forms))
    return fixed, sorted(patterns, key=lambda each: len(each[1].pattern), reverse=True)


def _plain(text: str) -> str:
    # Version 0.1.0 wrote the one where the other is written now.
    return text.replace("’", "'")


def _stored(message: Message) -> Iterator[str]:
    below = [
        file
        for file, _ in message.locations
        if file.startswith(("plugin/", "invoices/")) and "plugin/web/" not in file
    ]
    if message.id and below and not message.context:
        yield from [message.id] if isinstance(message.id, str) else message.id


def _pattern(english: str, message: Message) -> re.Pattern[str]:
    parts, seen = "", set[str]()
    # As `N_n` writes it; other messages may have words of any kind in a blank of this name.
    shapes = {"n": _NUMBER} if message.pluralizable else {}
    for literal, name, _, _ in string.Formatter().parse(english):
        parts += re.escape(literal).replace("’", "['’]")
        if name is not None:
            parts += f"(?P={name})" if name in seen else f"(?P<{name}>{shapes.get(name, '.+?')})"
            seen.add(name or "")
    return re.compile(parts, re.DOTALL)
