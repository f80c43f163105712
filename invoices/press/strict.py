"""A paper's page read as the strict XML its template is, and styled with what can apply to it.

The bytes drawn are those of a page read as HTML; only the way there is shorter. Leans on WeasyPrint's inner
parts, which setup.cfg therefore names to the exact version; a test holds the two ways side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cache
from typing import Any
from xml.etree import ElementTree

from cssselect2 import ElementWrapper, Matcher  # type: ignore[import-untyped]  # it ships no types
from weasyprint import CSS, HTML  # type: ignore[import-untyped]
from weasyprint.html import UA_STYLESHEET  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]

_SVG = "{http://www.w3.org/2000/svg}"
# A drawing draws itself; as text, its parts would be laid out first and thrown away.
_DRAWINGS = "svg > * { display: none }"
# Every element would get styles of its own for each of these, and no paper has notes at its foot.
_NOTES = {"footnote-call", "footnote-marker", "note-call", "note-marker", "note-callback"}
_PSEUDO_ELEMENT = 3


class StrictPage(HTML):  # type: ignore[misc]  # untyped base
    """A page from one of our own templates. Raises ParseError where it is not well-formed."""

    def __init__(self, text: str, url_fetcher: URLFetcher) -> None:
        root = ElementTree.fromstring(text)  # noqa: S314  # our own template; it declares no entities
        self.base_url = "app:"
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.wrapper_element = _Element.from_html_root(root)
        self.etree_element = root

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:  # noqa: ARG002
        return [_basic_styles()]


class _Element(ElementWrapper):  # type: ignore[misc]  # untyped base
    """Keeps the inside of a drawing from being styled."""

    def iter_children(self) -> Iterator[Any]:
        tag = self.etree_element.tag
        return iter(()) if tag.startswith(_SVG) and tag != f"{_SVG}svg" else super().iter_children()


@cache
def _basic_styles() -> CSS:
    """Return WeasyPrint's own styles without those for what no paper has."""
    styles = copy(UA_STYLESHEET)
    styles.matcher = _without_notes(UA_STYLESHEET.matcher)
    styles.matcher.other_selectors += CSS(string=_DRAWINGS).matcher.other_selectors
    return styles


def _without_notes(matcher: Matcher) -> Matcher:
    wanted = copy(matcher)
    others = [entry for entry in matcher.other_selectors if entry[_PSEUDO_ELEMENT] not in _NOTES]
    wanted.other_selectors = [entry for entry in others if entry[_PSEUDO_ELEMENT] != "marker"]
    markers = [entry for entry in others if entry[_PSEUDO_ELEMENT] == "marker"]
    by_name = matcher.lower_local_name_selectors
    wanted.lower_local_name_selectors = {**by_name, "li": [*by_name["li"], *markers]}
    return wanted
