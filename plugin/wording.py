"""Gettext for what people read, in the language of whoever reads it.

English unless a language was set: the API, the command line and the worker speak English, the screens set the
language of the person. Placeholders are in braces: `_("{name} is already in use.", name=name)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from functools import partial
from gettext import NullTranslations
from typing import Protocol


class Translations(Protocol):
    """A language with its catalog. `tag` is "" where none was chosen."""

    @property
    def tag(self) -> str: ...
    @property
    def catalog(self) -> NullTranslations: ...
    def filled(self, message: str, values: Mapping[str, object]) -> str: ...


@dataclass(frozen=True)
class _Unset:
    tag: str = ""
    catalog: NullTranslations = field(default_factory=NullTranslations)

    def filled(self, message: str, values: Mapping[str, object]) -> str:
        return message.format(**values) if values else message


_UNSET = _Unset()
Finder = Callable[[], Translations]
# Found at the first sentence: to learn a person's language may take a read of the database.
_finder: ContextVar[Finder] = ContextVar("finder", default=lambda: _UNSET)


class Later(str):
    """A text that is put into words where it is shown, by `str()` or a format; stored and compared, it is English.

    What use cases say is stored, sent by the API and logged in English, and read on a screen in another language.
    """

    _render: Callable[[], str]

    @classmethod
    def of(cls, english: str, render: Callable[[], str]) -> Later:
        """Return a text by its English and the function that writes it in the language of the moment."""
        text = cls(english)
        text._render = render
        return text

    def __str__(self) -> str:
        return self._render()

    def __add__(self, more: str) -> str:
        return Later.of(f"{self[:]}{more[:]}", lambda: f"{self}{more}")

    def __radd__(self, before: str) -> str:
        return Later.of(f"{before[:]}{self[:]}", lambda: f"{before}{self}")

    def __format__(self, spec: str) -> str:
        return format(self._render(), spec)


def joined(texts: Iterable[str], between: str = " ") -> str:
    """Join sentences, each translated where they are shown; `" ".join` leaves them in English."""
    parts = tuple(texts)
    return Later.of(between.join(parts), lambda: between.join(map(str, parts)))


def first_sentence(text: str) -> str:
    """Return a text up to its first period, in the language in which it is shown."""
    return Later.of(_up_to_period(text[:]), lambda: _up_to_period(str(text)))


def N_(message: str, **values: object) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for translation where it is shown."""
    return Later.of(_UNSET.filled(message, _in_english(values)), partial(gettext, message, **values))


def N_n(one: str, other: str, n: int, **values: object) -> str:  # noqa: N802
    """Mark a sentence in the form that fits `n`, which fills `{n}`."""
    english = _UNSET.filled(one if abs(n) == 1 else other, {"n": f"{n:,}", **_in_english(values)})
    return Later.of(english, partial(ngettext, one, other, n, **values))


def gettext(message: str, **values: object) -> str:
    """Translate a sentence and fill it in."""
    # A page has hundreds, most without values.
    language = _finder.get()()
    text = language.catalog.gettext(message)
    return language.filled(text, values) if values else text


def pgettext(context: str, message: str, **values: object) -> str:
    """Translate a sentence whose meaning depends on its place; `context` names the place."""
    language = _finder.get()()
    return language.filled(language.catalog.pgettext(context, message), values)


def ngettext(one: str, other: str, n: int, **values: object) -> str:
    """Translate the form that fits `n`, which fills `{n}`."""
    language = _finder.get()()
    return language.filled(language.catalog.ngettext(one, other, abs(n)), {"n": f"{n:,}", **values})


def npgettext(context: str, one: str, other: str, n: int, **values: object) -> str:
    """Translate the form that fits `n`, where `context` distinguishes the sentence from another."""
    language = _finder.get()()
    text = language.catalog.npgettext(context, one, other, abs(n))
    return language.filled(text, {"n": f"{n:,}", **values})


# Below the screens every sentence waits for its reader.
_ = N_


def spoken() -> Translations:
    """Return the language; one tag may have two catalogs, for staff and for clients."""
    return _finder.get()()


def spoken_tag() -> str:
    """Return the tag of the language, "" where none was set."""
    return _finder.get()().tag


def speak(find: Finder) -> Token[Finder]:
    """Set how the language is found from now on, in this thread or task."""
    return _finder.set(find)


def stop_speaking() -> None:
    _finder.set(lambda: _UNSET)


@contextmanager
def speaking(language: Translations) -> Iterator[None]:
    """Speak a language for a while, such as for an e-mail."""
    token = _finder.set(lambda: language)
    try:
        yield
    finally:
        _finder.reset(token)


def _up_to_period(text: str) -> str:
    return f"{text.partition('.')[0]}."


def _in_english(values: dict[str, object]) -> dict[str, object]:
    return {name: value[:] if isinstance(value, Later) else value for name, value in values.items()}
