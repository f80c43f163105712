"""The language of a name by its script, for the right glyphs and the right voice. Uses no dictionary."""

from __future__ import annotations

import re

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_ALL_LATIN = re.compile("[\u0000-\u058f\u1e00-\u2e7f]*")
# First match: Japanese and Korean names may have Chinese characters, Chinese ones neither kana nor hangul.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318f\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("km", re.compile("[\u1780-\u17ff]")),
)


def language_of_letters(text: str) -> str:
    """Return a language tag, or "" where many languages use the script."""
    if _ALL_LATIN.fullmatch(text):
        return ""
    return next((tag for tag, letters in _SCRIPTS if letters.search(text)), "")


@pass_context
def lang(context: Context, text: str) -> Markup:
    """Write the `lang` attribute of an element that contains `text`, where it is not the paper's own language."""
    tag = language_of_letters(text)
    if not tag or context["tag"].split("-")[0] == tag:
        return Markup("")
    return Markup(' lang="{}"').format(tag)
