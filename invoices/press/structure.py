"""What WeasyPrint leaves out of the structure tree: languages, scopes, bullets, places of figures, words of links
and of scripts that are shaped.

One pass over the finished document, as WeasyPrint's `finisher`: nothing of the drawing changes. The leaves of
the tree are the pieces of text in reading order, as are those of the laid-out boxes: so each finds its element of HTML.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pydyf  # type: ignore[import-untyped]  # it ships no types
from weasyprint import Document  # type: ignore[import-untyped]
from weasyprint.formatting_structure import boxes  # type: ignore[import-untyped]

from invoices.pages.text import language_of_piece

POINTS_PER_PIXEL = 0.75
_BULLET = "li::before"
# Scripts whose glyphs stand in another order or number than their letters: a reader gets no words from the glyphs.
_SHAPED = re.compile("[\u0590-\u0dff\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefc]")
_RIGHT_TO_LEFT_MARK = "\u200f"


def complete(document: Document, pdf: pydyf.PDF) -> None:
    """Complete the structure tree of a laid-out document before it is written."""
    tree = _Tree(pdf)
    leaves = list(tree.leaves(tree.document))
    pieces = [(*piece, page.height) for page in document.pages for piece in _pieces(page._page_box)]
    spoken: dict[int, str] = {}
    for leaf, (piece, matrix, page_height) in zip(leaves, pieces, strict=True):
        if leaf["S"] == "/Figure":
            # Turn a box in CSS pixels from the top into points from the bottom of the page.
            left, top, right, bottom = leaf["A"]["BBox"]
            corners = ((left, top), (right, bottom))
            (x1, y1), (x2, y2) = (matrix.transform_point(*each) for each in corners) if matrix else corners
            sides = (min(x1, x2), page_height - max(y1, y2), max(x1, x2), page_height - min(y1, y2))
            leaf["A"]["BBox"] = pydyf.Array(round(each * POINTS_PER_PIXEL, 2) for each in sides)
        if piece.element_tag == _BULLET:
            item = tree.label_item(leaf)
            continues = piece.element.get("data-continues") is not None
            tree.continue_list(item) if continues else tree.start_list(item)
        if isinstance(piece, boxes.TextBox) and _SHAPED.search(piece.text):
            leaf["ActualText"] = pydyf.String(piece.text.replace(_RIGHT_TO_LEFT_MARK, ""))
        spoken[id(leaf)] = _language_of(piece, document.metadata.lang)
    for element in tree.elements:
        if element["S"] == "/TH":
            element["A"]["Scope"] = "/Column" if tree.grandparent(element)["S"] == "/THead" else "/Row"
    tree.mark_languages(tree.document, spoken, document.metadata.lang)
    # Say in words where a link leads: its title in the HTML, or the words one clicks on.
    for box, _ in chain.from_iterable(_boxes(page._page_box) for page in document.pages):
        if box.link_annotation and box.element is not None:
            said = box.element.get("title") or "".join(box.element.itertext()).strip()
            box.link_annotation["Contents"] = pydyf.String(said or box.element.get("href"))


class _Tree:
    """The structure elements that WeasyPrint made, by their references."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self.elements: list[Any] = [
            each for each in pdf.objects if isinstance(each, dict) and each.get("Type") == "/StructElem"
        ]
        self._by_reference = {each.reference: each for each in self.elements}
        self._list: Any = None
        self.document = next(each for each in self.elements if each["S"] == "/Document")

    def kids(self, element: Any) -> Iterator[Any]:
        """Yield the elements right below."""
        return (self._by_reference[kid] for kid in element["K"] if kid in self._by_reference)

    def leaves(self, element: Any) -> Iterator[Any]:
        """Yield the elements that hold content, in reading order, once for each piece of it."""
        for kid in element["K"]:
            if isinstance(kid, int):
                yield element
            elif kid in self._by_reference:
                yield from self.leaves(self._by_reference[kid])

    def grandparent(self, element: Any) -> Any:
        """Return the element two steps above."""
        return self._by_reference[self._by_reference[element["P"]]["P"]]

    def label_item(self, leaf: Any) -> Any:
        """Move a bullet from the body of its list item before it, as the item's label; return the item."""
        label = self._by_reference[leaf["P"]]
        body = self._by_reference[label["P"]]
        while body["S"] != "/LBody":
            label, body = body, self._by_reference[body["P"]]
        item = self._by_reference[body["P"]]
        body["K"].remove(label.reference)
        item["K"].insert(0, label.reference)
        label["S"], label["P"] = "/Lbl", item.reference
        return item

    def start_list(self, item: Any) -> None:
        """Note the list that a next column may continue."""
        self._list = self._by_reference[item["P"]]

    def continue_list(self, item: Any) -> None:
        """Move an item to the end of the list that began in the column before."""
        self._remove(item)
        self._list["K"].append(item.reference)
        item["P"] = self._list.reference

    def _remove(self, element: Any) -> None:
        """Remove an element, and those above that it leaves empty."""
        above = self._by_reference[element["P"]]
        above["K"].remove(element.reference)
        if not above["K"]:
            self._remove(above)

    def mark_languages(self, element: Any, spoken: dict[int, str], around: str) -> None:
        """Mark each element whose whole text is in one language other than the one around it."""
        tongues = {spoken[id(leaf)] for leaf in self.leaves(element)}
        if len(tongues) == 1 and (tongue := tongues.pop()) != around:
            element["Lang"] = pydyf.String(tongue)
        elif tongues:
            for kid in self.kids(element):
                self.mark_languages(kid, spoken, around)


def _boxes(box: Any, around: Any = None) -> Iterator[tuple[Any, Any]]:
    """Yield a box and all below it, in the order of the tree, each with the matrix that turns it, None for none."""
    box = getattr(box, "_box", box)
    own = box.transformation_matrix
    matrix = own @ around if own and around else own or around
    yield box, matrix
    for kid in getattr(box, "children", ()):
        if not isinstance(kid, boxes.MarginBox):
            yield from _boxes(kid, matrix)


def _pieces(page: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the boxes whose content is tagged, with their matrices."""
    return (each for each in _boxes(page) if isinstance(each[0], boxes.TextBox | boxes.ReplacedBox))


def _language_of(piece: Any, paper: str) -> str:
    marked = str(piece.style["lang"])
    if marked != paper or not isinstance(piece, boxes.TextBox):
        return marked
    return language_of_piece(piece.text, paper)
