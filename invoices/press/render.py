"""A paper's bytes: PDF by WeasyPrint, fonts and styles from this package only.

The same content gives the same bytes. Makes no network call and opens no files but its own. Invoices and credit
notes become archival files, PDF/A-3a and PDF/UA-1 at once, with their XML attached: WeasyPrint claims one of the two;
the other claim, and what Factur-X requires, is added to the metadata (XMP).
"""

from __future__ import annotations

import atexit
import hashlib
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from threading import Lock
from types import MappingProxyType
from typing import Any

import pydyf  # type: ignore[import-untyped]  # it ships no types
from weasyprint import (  # type: ignore[import-untyped]  # it ships no types
    CSS,
    HTML,
    Attachment,
    Document,
)
from weasyprint.document import DocumentMetadata  # type: ignore[import-untyped]
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from invoices.e_invoice import FILE_NAME, NORM
from invoices.pages.density import Density, densities_of, of_several_pages
from invoices.pages.fit import fit
from invoices.papers import CreditNote, Invoice, Logo, Paper, PaperRefused
from invoices.press.glyphs import with_boxes
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.structure import complete

ARCHIVED = "pdf/a-3a"
_END = b"</rdf:RDF>"


class _Metadata(DocumentMetadata):  # type: ignore[misc]  # untyped base
    """Adds to WeasyPrint's metadata, inside the one description that readers of XMP evaluate."""

    said: bytes

    def generate_rdf_metadata(self, *claim: Any) -> bytes:
        rdf, end, rest = super().generate_rdf_metadata(*claim).rpartition(_END)
        return bytes(rdf + self.said + end + rest)


def archived(document: Document, paper: Invoice | CreditNote) -> bytes:
    """Draw the paper as the archive's file. Raises PaperRefused where its XML can't be made."""
    document.metadata = _Metadata(**vars(document.metadata))
    document.metadata.said = _said("electronic.xmp" if paper.is_electronic else "archived.xmp")
    attachments = [_electronic(paper)] if paper.is_electronic else []
    drawn = document.write_pdf(pdf_variant=ARCHIVED, attachments=attachments, finisher=_finished)
    return bytes(drawn)


def _electronic(paper: Invoice | CreditNote) -> Attachment:
    # Imported late: only a few clinics have electronic invoices.
    from invoices.e_invoice.facturx import xml_of

    return Attachment(
        string=xml_of(paper).decode("utf-8"),
        name=FILE_NAME,
        description=f"{paper.number}, {NORM}",
        created=_start_of(paper.issued_on),
        modified=_start_of(paper.issued_on),
        relationship="Alternative",
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


@cache
def _said(name: str) -> bytes:
    return (files("invoices") / "print" / "xmp" / name).read_bytes()


def _finished(document: Document, pdf: Any) -> None:
    complete(document, pdf)
    _name_attachments_once(pdf)


def _name_attachments_once(pdf: Any) -> None:
    """Name each attachment once among the associated files, where WeasyPrint 70 names it twice, as text/xml."""
    if "AF" not in pdf.catalog:
        return
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for part in pdf.objects:
        if isinstance(part, pydyf.Stream) and part.extra.get("Type") == "/EmbeddedFile":
            # The type that Factur-X requires, whatever this machine's type of .xml.
            part.extra["Subtype"] = "/text#2fxml"


MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 1_000_000
# Every PNG starts with its signature and a first chunk with its width and height.
_HEAD = struct.Struct(">8s4s4sII")
_SIGNATURE, _FIRST_CHUNK = b"\x89PNG\r\n\x1a\n", b"IHDR"


def pictures_of(paper: Paper, assets: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the assets the paper shows. Raises PaperRefused where they differ from what the paper states."""
    logo = paper.clinic.logo
    if logo is None:
        return {}
    if logo.sha256 not in assets:
        raise PaperRefused("The clinic’s logo was not handed over with the paper; send the logo again.")
    png = assets[logo.sha256]
    if len(png) > MOST_BYTES or not 0 < logo.width * logo.height <= MOST_PIXELS:
        raise PaperRefused(
            f"A logo may have {MOST_PIXELS} pixels and {MOST_BYTES} bytes; send a smaller one."
        )
    if not _is_what_it_says(png, logo):
        raise PaperRefused("The clinic’s logo is not the picture that the paper names; send the logo again.")
    return {logo.sha256: png}


def _is_what_it_says(png: bytes, logo: Logo) -> bool:
    if len(png) < _HEAD.size or hashlib.sha256(png).hexdigest() != logo.sha256:
        return False
    signature, _, chunk, width, height = _HEAD.unpack_from(png)
    return (signature, chunk, width, height) == (_SIGNATURE, _FIRST_CHUNK, logo.width, logo.height)


NO_ASSETS: Mapping[str, bytes] = MappingProxyType({})
STYLES_KEPT = 16
VARIANT = "pdf/ua-1"
_ONE_AT_A_TIME = Lock()


class LockedFetcher(URLFetcher):  # type: ignore[misc]  # untyped base
    """Answers `app:` names of the papers' own fonts and of the clinic's logo; all else is refused unopened."""

    def __init__(self, assets: Mapping[str, bytes | Traversable]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.assets = assets

    def knowing(self, more: Mapping[str, bytes]) -> LockedFetcher:
        """Return a fetcher that answers these as well."""
        return LockedFetcher({**self.assets, **more}) if more else self

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002
        name = url.removeprefix("app:")
        if name == url or name not in self.assets:
            raise ValueError("A paper fetches nothing from outside.")
        kind = "font/ttf" if name.endswith(".ttf") else "image/png"
        asset = self.assets[name]
        # WeasyPrint asks for a font once and keeps it in a file: held here, they would take 7 MB.
        body = asset if isinstance(asset, bytes) else asset.read_bytes()
        return URLFetcherResponse(url, body, {"Content-Type": kind}, 200)


def render(paper: Paper, assets: Mapping[str, bytes] = NO_ASSETS) -> bytes:
    """Draw the paper as PDF; `assets`: the PNG of its logo by SHA-256. Raises PaperRefused where it can't be one."""
    with the_press() as press:
        return press.pdf(paper, assets)


@contextmanager
def the_press() -> Iterator[Press]:
    """Lend this process's press to one at a time: Pango and the shared fonts are not safe across threads."""
    with _ONE_AT_A_TIME:
        yield _press()


@cache
def _press() -> Press:
    # WeasyPrint deletes its temporary folder of fonts with its configuration; at exit that is too late.
    atexit.register(_press.cache_clear)
    return Press()


class Press:
    """Styles and fonts, read once."""

    def __init__(self) -> None:
        fonts = files("invoices") / "print" / "fonts"
        self._fetcher = LockedFetcher(
            {each.name: each for each in fonts.iterdir() if each.name.endswith(".ttf")}
        )
        self._fonts = FontConfiguration()
        self._style = self._css(shared_css())
        self._large: CSS | None = None
        self._styles: dict[str, CSS] = {}

    def pdf(self, paper: Paper, assets: Mapping[str, bytes]) -> bytes:
        """Draw the paper; an invoice or credit note as an archival file. Raises PaperRefused."""
        fitted = with_boxes(fit(paper))
        if isinstance(fitted, Invoice | CreditNote) and not fitted.clinic.large_print:
            return archived(self._laid_out(fitted, assets, ARCHIVED), fitted)
        return bytes(
            self._laid_out(fitted, assets, VARIANT).write_pdf(pdf_variant=VARIANT, finisher=complete)
        )

    def laid_out(self, paper: Paper, assets: Mapping[str, bytes]) -> Document:
        """Lay the paper out in pages, not yet drawn. Raises PaperRefused."""
        return self._laid_out(with_boxes(fit(paper)), assets, VARIANT)

    def _laid_out(self, fitted: Paper, assets: Mapping[str, bytes], variant: str) -> Document:
        """Lay the paper out in the most generous density that fits on one page."""
        fetcher = self._fetcher.knowing(pictures_of(fitted, assets))
        styles = [self._shared_style(fitted), self._own_style(own_css(fitted))]

        def in_density(density: Density) -> Document:
            page = HTML(string=html_of(fitted, density), url_fetcher=fetcher, base_url="app:")
            return page.render(stylesheets=styles, font_config=self._fonts, pdf_variant=variant)

        tried = map(in_density, densities_of(fitted))
        fitting = (document for document in tried if len(document.pages) == 1)
        return next(fitting, None) or in_density(of_several_pages(fitted))

    def _shared_style(self, fitted: Paper) -> CSS:
        """Return the styles of all papers, read a second time only where someone needs large print."""
        if not fitted.clinic.large_print:
            return self._style
        self._large = self._large or self._css(shared_css(is_large=True))
        return self._large

    def _own_style(self, css: str) -> CSS:
        if css not in self._styles:
            if len(self._styles) >= STYLES_KEPT:
                self._styles.clear()
            self._styles[css] = self._css(css)
        return self._styles[css]

    def _css(self, text: str) -> CSS:
        return CSS(string=text, url_fetcher=self._fetcher, font_config=self._fonts, base_url="app:")
