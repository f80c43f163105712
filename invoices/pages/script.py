"""The language of a name by its script, for the right glyphs and the right voice. Uses no dictionary."""

import re

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_ALL_LATIN = re.compile("[\u0000-\u036f\u1e00-\u1eff\u2000-\u2e7f]*")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2}")
_WITHOUT_LATIN = {"zh", "ja", "ko"}
# First match: Japanese and Korean names may have Chinese characters, Chinese ones neither kana nor hangul.
# Of the languages that share a script the most spoken one: its voice reads the others, an English one reads none.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318f\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("km", re.compile("[\u1780-\u17ff]")),
)


def language_of_letters(text: str) -> str:
    """Return a language tag; "" for Latin letters, which too many languages share."""
    if _ALL_LATIN.fullmatch(text):
        return ""
    return next((tag for tag, letters in _SCRIPTS if letters.search(text)), "")


def language_of_piece(text: str, around: str) -> str:
    """Return the tag of a text inside one of the language `around`, which is itself where nothing tells another.

    A name inside a sentence does not turn the sentence into another language.
    """
    own = around.split("-")[0]
    if _ALL_LATIN.fullmatch(text):
        return "en" if own in _WITHOUT_LATIN and _LATIN_WORD.search(text) else around
    tag = language_of_letters(text)
    return around if not tag or tag == own or _LATIN_WORD.search(text) else tag


@pass_context
def lang(context: Context, text: str) -> Markup:
    """Write the `lang` attribute of an element that contains `text`, where it is not the paper's own language."""
    tag = language_of_letters(text)
    if not tag or context["tag"].split("-")[0] == tag:
        return Markup("")
    return Markup(' lang="{}"').format(tag)


@pass_context
def named(context: Context, sentence: str) -> Markup:
    """Write a sentence with the `lang` of each word in it whose letters are of another language."""
    pieces = re.split("([^\u0000-\u036f\u1e00-\u1eff\u2000-\u2e7f]+)", sentence)
    return Markup("").join(
        Markup("<span{}>{}</span>").format(lang(context, piece), piece) if lang(context, piece) else piece
        for piece in pieces
    )
