"""How wide a text is, before it is laid out: counted in Latin letters."""

from __future__ import annotations

import unicodedata


def width_of(text: str) -> int:
    """Return the width in Latin letters: a Chinese character takes the room of two."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)
