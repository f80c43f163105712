"""A paper's bytes: HTML by Jinja2, PDF/UA by WeasyPrint, fonts and styles from this package only.

The same content gives the same bytes. Knows no network and no files but its own.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from weasyprint import CSS, HTML  # type: ignore[import-untyped]  # it ships no types
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from invoices.colour import pale_ground, readable_accent
from invoices.fit import fit
from invoices.papers import CourseSummary, PageSize, Paper
from invoices.sheet import halves, sheet_page
from invoices.summary import summary_page
from invoices.words import Language, language_for

STYLES_KEPT = 16
# Pango and the shared font configuration are not safe across threads.
_ONE_AT_A_TIME = Lock()
FONTS = (
    "Inter_400Regular.ttf",
    "Inter_600SemiBold.ttf",
    "Inter_400Regular_Italic.ttf",
    "Newsreader_400Regular.ttf",
    "Newsreader_600SemiBold.ttf",
    "Newsreader_400Regular_Italic.ttf",
)


class LockedFetcher(URLFetcher):  # type: ignore[misc]  # untyped base
    """Answers `app:` names of the papers' own fonts; every other address is refused unopened."""

    def __init__(self, assets: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.assets = assets

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002
        name = url.removeprefix("app:")
        if name == url or name not in self.assets:
            raise ValueError("A paper fetches nothing from outside.")
        return URLFetcherResponse(url, self.assets[name], {"Content-Type": "font/ttf"}, 200)


def render(paper: Paper) -> bytes:
    """Draw the paper as PDF. Raises PaperRefused where the content can't become one."""
    with _ONE_AT_A_TIME:
        return _press().pdf(paper)


@cache
def _press() -> Press:
    # WeasyPrint keeps the fonts in a temporary folder until its configuration goes; at exit that is too late.
    atexit.register(_press.cache_clear)
    return Press()


@dataclass(frozen=True)
class ClinicStyle:
    """The few rules that differ between clinics and languages, parsed once per combination."""

    page_size: PageSize
    accent: str
    page_phrase: str

    def css(self) -> str:
        before, rest = self.page_phrase.split("{page}")
        between, after = rest.split("{pages}")
        number = f'"{before}" counter(page) "{between}" counter(pages) "{after}"'
        continued = 'font: 400 12px/16px "Inter", sans-serif; color: #5D6B6A; vertical-align: middle'
        return f"""
            @page {{ size: {self.page_size};
                @top-left {{ content: string(client); {continued} }}
                @top-right {{ content: {number}; {continued} }} }}
            @page :first {{ @top-left {{ content: none }} @top-right {{ content: none }} }}
            .figure, .when, .phone, .lead h2 {{ color: {self.accent} }}
            .next, .lead {{ background: {pale_ground(self.accent)} }}
        """


class Press:
    """Templates, styles and fonts, read once."""

    def __init__(self) -> None:
        folder = files("invoices") / "print"
        self._fetcher = LockedFetcher({name: (folder / "fonts" / name).read_bytes() for name in FONTS})
        self._fonts = FontConfiguration()
        self._templates = Environment(
            loader=PackageLoader("invoices", "print"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["halves"] = halves
        self._style = self._css((folder / "print.css").read_text("utf-8"))
        self._styles: dict[ClinicStyle, CSS] = {}

    def pdf(self, paper: Paper) -> bytes:
        fitted = fit(paper)
        language = language_for(paper.language)
        html = self.html(fitted)
        page = HTML(string=html, url_fetcher=self._fetcher, base_url="app:")
        styles = [self._style, self._clinic_style(fitted, language)]
        pdf = page.write_pdf(stylesheets=styles, font_config=self._fonts, pdf_variant="pdf/ua-1")
        return bytes(pdf)

    def html(self, paper: Paper) -> str:
        language = language_for(paper.language)
        accent = readable_accent(paper.clinic.accent)
        shared = {"paper": paper, "words": language.phrases, "tag": language.tag, "accent": accent}
        if isinstance(paper, CourseSummary):
            page: Any = summary_page(paper, language)
            issued = language.long_date(paper.issued_on)
            template = self._templates.get_template("course_summary.html")
            return template.render(shared, page=page, issued=issued)
        template = self._templates.get_template("aftercare_sheet.html")
        return template.render(shared, page=sheet_page(paper, language))

    def _clinic_style(self, paper: Paper, language: Language) -> CSS:
        accent = readable_accent(paper.clinic.accent)
        style = ClinicStyle(paper.clinic.page_size, accent, language.phrases.page)
        if style not in self._styles:
            if len(self._styles) >= STYLES_KEPT:
                self._styles.clear()
            self._styles[style] = self._css(style.css())
        return self._styles[style]

    def _css(self, text: str) -> CSS:
        return CSS(string=text, url_fetcher=self._fetcher, font_config=self._fonts, base_url="app:")
