"""A paper's bytes: PDF by WeasyPrint, fonts and styles from this package only.

The same content gives the same bytes. Makes no network call and opens no files but its own.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from threading import Lock
from types import MappingProxyType
from typing import Any

from weasyprint import CSS, HTML, Document  # type: ignore[import-untyped]  # it ships no types
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from invoices.pages.density import Density, densities_of, of_several_pages
from invoices.pages.fit import fit
from invoices.papers import CreditNote, Invoice, Paper
from invoices.press.archive import ARCHIVED, archived
from invoices.press.glyphs import with_boxes
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.pictures import pictures_of
from invoices.press.structure import complete

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
