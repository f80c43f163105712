"""A paper on the screen as it will be printed: its HTML, styles and fonts, served from our own address."""

import re
from dataclasses import replace
from importlib.resources import files
from urllib.parse import quote

from flask import Response, abort, request, url_for

from invoices.pages.fit import fit
from invoices.papers import Paper, PaperRefused
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.version import papers_version
from plugin.courses.handouts.drafts import draft_summary
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.access import TREATS, Screens
from plugin.web.headers import let_our_page_frame
from plugin.web.refusals import Refusal

# Inches and millimeters in CSS pixels, 96 to the inch.
_PIXELS = {"letter": (816, 1056), "a4": (794, 1123)}
_OURS = re.compile(r'url\("app:([A-Za-z0-9_]+\.ttf)"\)')

blueprint = Screens("looks", __name__)


def on_screen(paper: Paper, said: str = "") -> Response:
    """Return the paper as a page that our own pages may frame; `said` is a note beside it."""
    try:
        fitted = fit(paper)
    except PaperRefused as error:
        raise InvalidField(str(error)) from None
    logo = fitted.clinic.logo
    address = url_for("letterhead.logo", sha256=logo.sha256) if logo else ""
    page = html_of(fitted, logo_address=address).replace("</head>", f"{_links(fitted)}</head>", 1)
    let_our_page_frame()
    response = Response(page, mimetype="text/html")
    response.headers["X-Said"] = quote(said)
    return response


def why_not(refusal: Refusal) -> Response:
    """Return why there is no such paper, in one sentence."""
    return Response(refusal.message, mimetype="text/plain")


@blueprint.get("/papers/looks/shared.css", roles=TREATS)
def shared() -> Response:
    return _style(_OURS.sub(_font_address, shared_css()))


@blueprint.get("/papers/looks/own.css", roles=TREATS)
def own() -> Response:
    """Return the styles that depend on clinic and language, and on the paper size."""
    asked = request.args
    size = asked.get("size", "")
    if size not in _PIXELS:
        abort(404)
    clinic = replace(
        pages.clinic(),
        accent=asked.get("accent", ""),
        page_size=size,
        language=asked.get("language", "en"),
    )
    width, height = _PIXELS[size]
    return _style(f"{own_css(draft_summary(clinic))}\nbody {{ width: {width}px; min-height: {height}px }}\n")


@blueprint.get("/papers/looks/<name>", roles=TREATS)
def font(name: str) -> Response:
    fonts = {file.name: file for file in (files("invoices") / "print" / "fonts").iterdir()}
    if name not in fonts or not name.endswith(".ttf"):
        abort(404)
    return Response(fonts[name].read_bytes(), mimetype="font/ttf")


def _links(paper: Paper) -> str:
    clinic = paper.clinic
    # Nothing in it needs escaping: a color, one of two sizes, the tag of a language.
    own_address = url_for(
        "looks.own", accent=clinic.accent, size=clinic.page_size, language=paper.language, v=_edition()
    )
    addresses = (url_for("looks.shared", v=_edition()), pages.asset("paper.css"), own_address)
    return "".join(
        f'<link rel="stylesheet" href="{address.replace("&", "&amp;")}">\n' for address in addresses
    )


def _font_address(found: re.Match[str]) -> str:
    return f'url("{url_for("looks.font", name=found[1], v=_edition())}")'


def _edition() -> str:
    return papers_version()[:12]


def _style(css: str) -> Response:
    return Response(css, mimetype="text/css")
