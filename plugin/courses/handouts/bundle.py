"""Many papers in one file, put in one after the other: a ZIP of single papers, or one PDF to print."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from invoices.press.binding import Binding
from plugin.courses.handouts.file_names import Names

PDF = "pdf"
ZIP = "zip"
MIMETYPES = {PDF: "application/pdf", ZIP: "application/zip"}


class Bundle(Protocol):
    """Takes papers by their file name."""

    def add(self, name: str, pdf: bytes) -> None:
        """Put one more paper in."""


@contextmanager
def bundle(form: str, out: BinaryIO, *, packed_at: datetime, language: str) -> Iterator[Bundle]:
    """Give a parcel of this form, complete in `out` once the block ends well; `packed_at` is the clinic's own time."""
    if form == ZIP:
        # A PDF is compressed already.
        with ZipFile(out, "w", ZIP_STORED) as packed:
            yield _Zip(packed, packed_at)
        return
    bound = Binding(f"Papers, {packed_at.date().isoformat()}", language)
    yield _OnePdf(bound)
    bound.write(out)


class _Zip:
    def __init__(self, packed: ZipFile, packed_at: datetime) -> None:
        self._packed = packed
        self._names = Names()
        at = packed_at
        self._at = (at.year, at.month, at.day, at.hour, at.minute, at.second)

    def add(self, name: str, pdf: bytes) -> None:
        entry = ZipInfo(self._names.give(name), self._at)
        # Without it nobody may read the file where it is unpacked.
        entry.external_attr = 0o644 << 16
        self._packed.writestr(entry, pdf)


class _OnePdf:
    def __init__(self, bound: Binding) -> None:
        self._bound = bound

    def add(self, name: str, pdf: bytes) -> None:
        self._bound.add(pdf, name.removesuffix(".pdf"))
