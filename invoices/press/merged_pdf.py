"""Drawn papers merged into one PDF to print at once. Nothing is drawn again.

What screen readers need (the structure of each paper, its language, its links) is preserved.
"""

from io import BytesIO
from typing import BinaryIO

from pikepdf import Array, Dictionary, Name, ObjectStreamMode, OutlineItem, Page, Pdf
from pikepdf.objects import Object


class MergedPdf:
    """Takes papers in the order they are printed; `write` ends it."""

    def __init__(self, title: str, language: str) -> None:
        self._merged = Pdf.new()
        self._root = self._merged.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        self._documents: list[Object] = []
        self._parents: list[int | Object] = []
        self._next_parent = 0
        self._starts: list[tuple[str, int]] = []
        self._title, self._language = title, language

    def add(self, pdf: bytes, title: str) -> None:
        """Add one more paper, named in the outline."""
        paper = Pdf.open(BytesIO(pdf))
        first = len(self._merged.pages)
        self._starts.append((title, first))
        self._merged.pages.extend(paper.pages)
        if "/StructTreeRoot" in paper.Root:
            self._take_over_structure(paper, list(self._merged.pages)[first:])

    def write(self, out: BinaryIO) -> None:
        """Write the PDF. The same papers give the same bytes."""
        self._root.K = Array(self._documents)
        self._root.ParentTree = self._merged.make_indirect(Dictionary(Nums=Array(self._parents)))
        catalog = self._merged.Root
        catalog.StructTreeRoot = self._root
        catalog.MarkInfo = Dictionary(Marked=True)
        catalog.Lang = self._language
        catalog.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        self._merged.docinfo["/Title"] = self._title
        self._claim()
        with self._merged.open_outline() as outline:
            outline.root.extend(OutlineItem(title, page) for title, page in self._starts)
        self._merged.save(
            out, deterministic_id=True, min_version="1.7", object_stream_mode=ObjectStreamMode.generate
        )

    def _claim(self) -> None:
        """Declare the whole, like each paper, as made for screen readers."""
        with self._merged.open_metadata(set_pikepdf_as_editor=False) as xmp:
            xmp.register_xml_namespace("http://www.aiim.org/pdfua/ns/id/", "pdfuaid")
            xmp["dc:title"] = self._title
            xmp["pdfuaid:part"] = "1"

    def _take_over_structure(self, paper: Pdf, pages: list[Page]) -> None:
        # The pages were copied before: page references in the structure now point to the merged ones.
        tree = self._merged.copy_foreign(paper.Root.StructTreeRoot)
        documents = list(tree.K) if isinstance(tree.K, Array) else [tree.K]
        for document in documents:
            document.P = self._root
            document.Lang = str(paper.Root.get("/Lang", self._language))
        self._documents.extend(documents)
        self._renumber(pages, list(tree.ParentTree.Nums))

    def _renumber(self, pages: list[Page], numbered: list[Object]) -> None:
        """Give what the paper counted from 0 the next numbers of the whole."""
        start = self._next_parent
        for number, parent in zip(numbered[::2], numbered[1::2], strict=True):
            self._parents += [start + int(number), parent]
            self._next_parent = max(self._next_parent, start + int(number) + 1)
        for page in pages:
            _shift(page.obj, "/StructParents", start)
            for annotation in page.obj.get("/Annots", Array()):
                _shift(annotation, "/StructParent", start)


def _shift(holder: Object, name: str, start: int) -> None:
    if name in holder:
        holder[name] = start + int(holder[name])
