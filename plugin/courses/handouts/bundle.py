"""Papers of many clients in one file, a PDF or a ZIP, and the file name of each paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from plugin.wording import _

if TYPE_CHECKING:
    from invoices.press.merged_pdf import MergedPdf

# A file name has at most 255 bytes; the paper, the day and the extension follow the name.
_LONGEST_NAME = 150
_FORBIDDEN = frozenset('\\/:*?"<>|')


def safe_name(name: str) -> str:
    """Return the name without what a folder refuses or a shell interprets, "" if nothing is left."""
    text = unicodedata.normalize("NFC", name)
    kept = "".join(ch for ch in text if ch not in _FORBIDDEN and unicodedata.category(ch)[0] != "C")
    fitting = " ".join(kept.split()).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return fitting.strip(" .-~")


def paper_file_name(client_name: str, called: str, day: date) -> str:
    """Return a recognizable name: "Margaret Osei, course summary, 2026-11-23.pdf"."""
    return ", ".join(part for part in (safe_name(client_name), called, day.isoformat()) if part) + ".pdf"


class Names:
    """Returns each name once; a repeated one, ignoring case, gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, name: str) -> str:
        """Return this name, or the first numbered one that is free."""
        stem, dot, ending = name.rpartition(".")
        chosen, number = name, 1
        while chosen.casefold() in self._given:
            number += 1
            chosen = f"{stem} ({number}){dot}{ending}"
        self._given.add(chosen.casefold())
        return chosen


PDF = "pdf"
ZIP = "zip"
MIMETYPES = {PDF: "application/pdf", ZIP: "application/zip"}


class Bundle(Protocol):
    """Collects papers by their file name."""

    def add(self, name: str, pdf: bytes) -> None:
        """Add one more paper."""


@contextmanager
def bundle(form: str, out: BinaryIO, *, packed_at: datetime, language: str) -> Iterator[Bundle]:
    """Yield a bundle of this form, complete in `out` once the block succeeds.

    `packed_at` is the clinic's local time.
    """
    if form == ZIP:
        # A PDF is compressed already.
        with ZipFile(out, "w", ZIP_STORED) as packed:
            yield _Zip(packed, packed_at)
        return
    # Imported where it is needed: few papers are merged, and what merges them takes 2 MB.
    from invoices.press.merged_pdf import MergedPdf

    bound = MergedPdf(_("Papers, {isoformat}", isoformat=packed_at.date().isoformat()), language)
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
        # Without it the unpacked file can't be read.
        entry.external_attr = 0o644 << 16
        self._packed.writestr(entry, pdf)


class _OnePdf:
    def __init__(self, bound: MergedPdf) -> None:
        self._bound = bound

    def add(self, name: str, pdf: bytes) -> None:
        self._bound.add(pdf, name.removesuffix(".pdf"))
