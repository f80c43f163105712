"""Inner parts of WeasyPrint taken the short way while a paper is drawn. The bytes stay what they were.

setup.cfg names WeasyPrint to the exact version because of this; a test holds both ways side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import IO, Any

from weasyprint import css, pdf, svg  # type: ignore[import-untyped]  # it ships no types
from weasyprint.css import properties  # type: ignore[import-untyped]


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take them, for one paper at a time."""
    long_ways = css.ComputedStyle, svg.size, pdf.ColorProfile
    css.ComputedStyle, svg.size, pdf.ColorProfile = _FilledStyle, _remembered_size, _closed_profile
    try:
        yield
    finally:
        css.ComputedStyle, svg.size, pdf.ColorProfile = long_ways


_remembered_size = lru_cache(maxsize=4096, typed=True)(svg.size)


def _closed_profile(file: IO[bytes], *others: Any) -> Any:
    """Read the colours of an archive's file; WeasyPrint leaves it open."""
    with file:
        return css.ColorProfile(file, *others)


class _FilledStyle(css.ComputedStyle):  # type: ignore[misc]  # untyped base
    """Knows at once what nothing was said about, instead of working it out one property after the other."""

    def __init__(self, parent_style: Any, cascaded: dict[str, Any], *others: Any) -> None:
        super().__init__(parent_style, cascaded, *others)
        # What is said by direction ("block", "inline") decides other properties than it names.
        if parent_style is not None and _logical_names().isdisjoint(cascaded):
            self.update(_unsaid())
            for name in cascaded:
                self.pop(name, None)


@cache
def _unsaid() -> dict[str, Any]:
    """Return the properties whose value is the initial one wherever nothing is said."""
    depending = (
        properties.INHERITED | properties.INITIAL_NOT_COMPUTED | {"page", "position", "float", "display"}
    )
    return {
        name: value
        for name, value in properties.INITIAL_VALUES.items()
        if name not in depending and not name.startswith("text_decoration_")
    }


@cache
def _logical_names() -> frozenset[str]:
    ways = css.PHYSICAL_FUNCTIONS.values()
    return frozenset(way(block="ttb", inline=inline) for way in ways for inline in ("ltr", "rtl"))
