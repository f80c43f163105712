"""What a screen reader reads of a paper: its structure tree, with the text that PDFium finds in each piece of it."""

import ctypes
from collections import defaultdict
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from invoices.pages.density import of_several_pages
from invoices.pages.fit import fit
from invoices.papers import Paper
from invoices.press.html import html_of

# Labels of list items are made by the style; drawings have words of their own.
_UNREAD_TAGS = {"/Figure", "/Lbl"}
_UNREAD_ELEMENTS = {"head", "svg"}
_UNSEEN = str.maketrans("", "", "\u200b\u200f\u2060\u00ad")
Content = tuple[tuple[int, int], int]


def read(pdf: bytes, *, without: Collection[str] = ()) -> str:
    """Return the characters of the structure tree in its order, without spaces and without some elements."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        found = _content_of(pdf, opened)
        return _plain("".join(_read(opened.Root.StructTreeRoot.K, found, {*_UNREAD_TAGS, *without}, None)))


def said(paper: Paper, *, without: Collection[str] = (), is_long: bool = False) -> str:
    """Return the characters that the paper's HTML says, in its order, without spaces and without some elements.

    `is_long`: as it is laid out on several pages, in another order.
    """
    reader = _Words({*_UNREAD_ELEMENTS, *without})
    reader.feed(html_of(fit(paper), of_several_pages(paper) if is_long else None))
    return _plain("".join(reader.words))


def _plain(text: str) -> str:
    return "".join(text.translate(_UNSEEN).split())


class _Words(HTMLParser):
    def __init__(self, unread: set[str]) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unread, self._inside = unread, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in self._unread

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag in self._unread

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)


def _read(node: Any, found: dict[Content, str], unread: set[str], page: Any) -> Iterator[str]:
    if isinstance(node, pikepdf.Array):
        for each in node:
            yield from _read(each, found, unread, page)
    elif not isinstance(node, pikepdf.Dictionary):
        yield found[page, int(node)]
    elif "/S" in node and str(node.S) not in unread:
        if "/ActualText" in node:
            yield str(node.ActualText)
        elif "/K" in node:
            yield from _read(node.K, found, unread, node.Pg.objgen if "/Pg" in node else page)


def _content_of(pdf: bytes, opened: pikepdf.Pdf) -> dict[Content, str]:
    """Return the text of each piece of marked content, by its page and number."""
    found: dict[Content, str] = defaultdict(str)
    document = pypdfium2.PdfDocument(pdf)
    for page, mark in zip(document, opened.pages, strict=True):
        letters = page.get_textpage()
        for piece in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
            number = pdfium.FPDFPageObj_GetMarkedContentID(piece.raw)
            found[mark.obj.objgen, number] += _text(piece, letters)
    document.close()
    return found


def _text(piece: Any, letters: Any) -> str:
    size = pdfium.FPDFTextObj_GetText(piece.raw, letters.raw, None, 0)
    letter_codes = (ctypes.c_ushort * (size // 2))()
    pdfium.FPDFTextObj_GetText(piece.raw, letters.raw, letter_codes, size)
    # At the end of a line PDFium notes a hyphen in a way of its own.
    return bytes(letter_codes).decode("utf-16-le").rstrip("\0").replace("\x02", "-")
