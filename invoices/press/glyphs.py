"""Characters that no font of this machine has, found before printing: their script, and the package to install.

Queries fontconfig, as the renderer does, and never loads the renderer. A character drawn without a
font would be a reference to no glyph, which PDF/UA-1 forbids: a box is printed instead.
"""

import ctypes
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from threading import Lock
from typing import Any, TypeVar

from invoices.papers import Paper

T = TypeVar("T")

# In every bundled weight of Inter.
BOX = "\u25a1"
# Ranges that Inter has completely; a test compares. Most names need no further look-up.
_BUNDLED = re.compile(
    "[\t\n\r -~\u00a0-\u0148\u014a-\u01bf\u1ea0-\u1ef9\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]*"
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_VARIATIONS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LIBRARIES = {
    "linux": ("libfontconfig.so.1",),
    "darwin": (
        "libfontconfig.1.dylib",
        "/opt/homebrew/lib/libfontconfig.1.dylib",
        "/usr/local/lib/libfontconfig.1.dylib",
    ),
}
_SYSTEM, _APPLICATION = 0, 1
_LOOKING = Lock()


@dataclass(frozen=True)
class Package:
    """What installs the font of a script: Debian's and Ubuntu's package, Homebrew's cask."""

    apt: str
    brew: str


@dataclass(frozen=True)
class Missing:
    """Characters of one script that would print as boxes; `package` has their font, "" where none is known."""

    script: str
    package: str
    sample: str

    @property
    def sentence(self) -> str:
        """Return what the papers will show, and what to do about it."""
        letters = _CALLED.get(self.script, f"{self.script} letters")
        said = f"{letters} such as {self.sample} come out as empty boxes on the papers"
        if not self.package:
            return f"{said}; write the name without them."
        return f"{said}: install {self.package} where Coursekeeper runs, then start it again. Invoices wait for it."


_CALLED = {"Emoji": "Emoji", "Symbol": "Signs", "Chinese": "Chinese characters", "Unknown": "Unknown letters"}
_EAST_ASIAN = Package("fonts-noto-cjk", "font-noto-sans-cjk")
_EMOJI = Package("fonts-noto-color-emoji", "font-noto-color-emoji")
_SYMBOLS = Package("fonts-noto-core", "font-noto-sans-symbols-2")
# By the first word of a character's Unicode name.
_PACKAGES = {
    "CJK": ("Chinese", _EAST_ASIAN),
    "KANGXI": ("Chinese", _EAST_ASIAN),
    "BOPOMOFO": ("Chinese", _EAST_ASIAN),
    "FULLWIDTH": ("Chinese", _EAST_ASIAN),
    "HIRAGANA": ("Japanese", _EAST_ASIAN),
    "KATAKANA": ("Japanese", _EAST_ASIAN),
    "HALFWIDTH": ("Japanese", _EAST_ASIAN),
    "HANGUL": ("Korean", _EAST_ASIAN),
}
_PICTURES = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")


@cache
def is_printed(character: str) -> bool:
    """Return whether a font of this machine has the character; without fontconfig, each counts as printed."""
    with _LOOKING:
        fonts = _fonts()
    return fonts is None or fonts.have(ord(character))


def missing(paper: Paper, *, has: Callable[[str], bool] = is_printed) -> tuple[Missing, ...]:
    """Return the characters of a paper that no font here has, one line for each script."""
    return missing_in(_texts(paper), has=has)


def missing_in(texts: Iterable[str], *, has: Callable[[str], bool] = is_printed) -> tuple[Missing, ...]:
    """Return the same for some texts."""
    found: dict[str, Missing] = {}
    for text in texts:
        if _BUNDLED.fullmatch(text):
            continue
        for character in dict.fromkeys(text):
            if not (_is_unseen(character) or has(character)):
                lack = _lack_of(character)
                found.setdefault(lack.script, lack)
    return tuple(found.values())


def with_boxes(paper: T, *, has: Callable[[str], bool] = is_printed) -> T:
    """Return the paper with a box for each character that no font here has; an emoji without one is left out."""

    def drawable(value: Any) -> Any:
        if isinstance(value, str):
            return value if _BUNDLED.fullmatch(value) else "".join(_drawn(ch, has) for ch in value)
        if isinstance(value, tuple):
            return tuple(drawable(each) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{field.name: drawable(getattr(value, field.name)) for field in fields(value)}
            )
        return value

    whole: T = drawable(paper)
    return whole


def _drawn(character: str, has: Callable[[str], bool]) -> str:
    if _is_unseen(character) or has(character):
        return character
    return "" if _PICTURES.match(character) else BOX


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _lack_of(character: str) -> Missing:
    name = unicodedata.name(character, "")
    if not name:
        return Missing("Unknown", "", character)
    if _PICTURES.match(character):
        return Missing("Emoji", _on_this_machine(_EMOJI), character)
    if not unicodedata.category(character).startswith(("L", "M", "N")):
        return Missing("Symbol", _on_this_machine(_SYMBOLS), character)
    script = name.split()[0]
    called, package = _PACKAGES.get(script, (script.title(), None))
    fonts = package or Package("fonts-noto-core", f"font-noto-sans-{script.lower()}")
    return Missing(called, _on_this_machine(fonts), character)


def _on_this_machine(package: Package) -> str:
    return package.brew if sys.platform == "darwin" else package.apt


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or bool(_VARIATIONS.match(character))


class _Fonts:
    """The character sets of all fonts, read from fontconfig once: ours and this machine's."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._has_char = library.FcCharSetHasChar
        self._has_char.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        self._sets = list(_character_sets(library))

    def have(self, code_point: int) -> bool:
        return any(self._has_char(each, code_point) for each in self._sets)


class _FontSet(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_int),
        ("room", ctypes.c_int),
        ("fonts", ctypes.POINTER(ctypes.c_void_p)),
    )


@cache
def _fonts() -> _Fonts | None:
    library = next(filter(None, map(_opened, _LIBRARIES.get(sys.platform, ()))), None)
    return _Fonts(library) if library else None


def _opened(name: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _character_sets(library: ctypes.CDLL) -> Iterator[int]:
    """Yield pointers that live as long as the configuration, which is never freed."""
    library.FcInitLoadConfigAndFonts.restype = ctypes.c_void_p
    library.FcConfigAppFontAddFile.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.FcConfigGetFonts.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
    library.FcPatternGetCharSet.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_void_p),
    ]
    configuration = library.FcInitLoadConfigAndFonts()
    for font in (files("invoices") / "print" / "fonts").iterdir():
        if font.name.endswith(".ttf"):
            with as_file(font) as path:
                library.FcConfigAppFontAddFile(configuration, str(path).encode())
    for kind in (_APPLICATION, _SYSTEM):
        fonts = library.FcConfigGetFonts(configuration, kind)
        for index in range(fonts.contents.count if fonts else 0):
            letters = ctypes.c_void_p()
            found = library.FcPatternGetCharSet(
                fonts.contents.fonts[index], b"charset", 0, ctypes.byref(letters)
            )
            if found == 0 and letters.value:
                yield letters.value
