"""The letterhead, for the owner: address, logo, color, size, numbering; and a paper on the screen as printed."""

import re
from dataclasses import replace
from importlib.resources import files
from typing import Any, cast, get_args
from urllib.parse import quote

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.e_invoice import why_not as why_not_e_invoices
from invoices.pages.colour import readable_accent
from invoices.pages.fit import fit
from invoices.papers import Paper, PaperRefused
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.version import papers_version
from plugin.courses.base.clinic import change_clinic, checked_clinic
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import paper_refusal
from plugin.courses.documents.series import Numbered, SeriesView, read_series, save_series
from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.drafts import draft_summary, switch_e_invoices
from plugin.courses.handouts.logos import LARGEST_FILE, logo_png, remove_logo, set_logo
from plugin.errors import InvalidField, NotFound
from plugin.web import current_services, pages
from plugin.web.access import TREATS, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.headers import let_our_page_frame, let_page_hold_frame
from plugin.web.owner.forms import LetterheadForm, LogoForm, NumbersForm, SwitchForm
from plugin.web.refusals import Refusal
from plugin.web.setup.clinic import countries
from plugin.web.tables import pdf_answer
from plugin.web.translations import _

# Inches and millimeters in CSS pixels, 96 to the inch.
_PIXELS = {"letter": (816, 1056), "a4": (794, 1123)}
_OURS = re.compile(r'url\("app:([A-Za-z0-9_]+\.ttf)"\)')

looks = Screens("looks", __name__)


def on_screen(paper: Paper, said: str = "") -> Response:
    """Return the paper as a page that our own pages may frame; `said` is a note beside it."""
    try:
        fitted = fit(paper)
    except PaperRefused as error:
        raise InvalidField(paper_refusal(error).message) from None
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


@looks.get("/papers/looks/shared.css", roles=TREATS)
def shared() -> Response:
    return _style(_OURS.sub(_font_address, shared_css()))


@looks.get("/papers/looks/own.css", roles=TREATS)
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


@looks.get("/papers/looks/<name>", roles=TREATS)
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


# The logo, and room for the rest of the form; a slightly larger file still gets an error message.
LARGEST_FORM = LARGEST_FILE + 1024 * 1024
# Country codes for groups of countries, for tests, or for no country.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})

blueprint = Screens("letterhead", __name__)


@blueprint.get("/clinic/papers")
def show(refusal: Refusal | None = None, kind: str = "") -> ResponseReturnValue:
    """Show the letterhead, and a preview of a paper."""
    let_page_hold_frame()
    return render_template(
        "owner/papers.html",
        **_forms(refusal, kind),
        said=_said(pages.clinic()),
        no_e_invoices=_why_no_e_invoices(),
    )


@blueprint.post("/clinic/papers", refused=show)
def save() -> ResponseReturnValue:
    change_clinic(current_services().store, current_act(), LetterheadForm.sent().changes)
    return redirect_to(
        "letterhead.show",
        _("Saved. Papers made from now on look like this; issued documents stay as they are."),
    )


@blueprint.get("/clinic/papers/preview")
def preview() -> Response:
    """Show a course summary as it looks now."""
    clinic = pages.clinic()
    return on_screen(draft_summary(clinic), _said(clinic))


@blueprint.post("/clinic/papers/preview", refused=why_not)
def try_out() -> Response:
    """Show a course summary with the values of the form. Nothing is saved."""
    clinic = _draft()
    return on_screen(draft_summary(clinic), _said(clinic))


@blueprint.post("/clinic/papers/paper.pdf", refused=show)
def draw() -> Response:
    services = current_services()
    paper = draft_summary(_draft())
    return pdf_answer(drawn(services.store, services.render, paper))


@blueprint.post("/clinic/papers/logo", refused=show)
def send_logo() -> ResponseReturnValue:
    sent = request.files.get("logo")
    data = sent.stream.read(LARGEST_FILE + 1) if sent else b""
    set_logo(current_services().store, current_act(), data)
    return redirect_to("letterhead.show", _("The logo is on the papers made from now on."), _anchor="logo")


@blueprint.post("/clinic/papers/logo/removal", refused=show)
def take_logo_off() -> ResponseReturnValue:
    """Show the name instead of a logo again."""
    remove_logo(current_services().store, current_act())
    return redirect_to(
        "letterhead.show", _("The logo is off. The papers are headed by the clinic’s name."), _anchor="logo"
    )


@blueprint.get("/clinic/papers/logos/<sha256>.png", roles=TREATS)
def logo(sha256: str) -> Response:
    return Response(logo_png(current_services().store, sha256), mimetype="image/png")


@blueprint.post("/clinic/papers/numbers/<kind>", refused=show)
def number(kind: str) -> ResponseReturnValue:
    """Save the numbering of invoices or credit notes."""
    if kind not in get_args(Numbered):
        raise NotFound(_("Nothing is numbered like that."))
    form = NumbersForm.sent()
    series = save_series(
        current_services().store,
        current_act(),
        cast(Numbered, kind),
        prefix=form.prefix.data,
        first=form.first.number,
    )
    return redirect_to(
        "letterhead.show",
        _("Saved. The next one is {next_number}.", next_number=series.next_number),
        _anchor="numbers",
    )


@blueprint.post("/clinic/papers/e-invoices", refused=show)
def make_e_invoices() -> ResponseReturnValue:
    """Switch the XML data of invoices on or off."""
    is_on = SwitchForm.sent().is_on
    switch_e_invoices(current_services().store, current_act(), is_on=is_on)
    return redirect_to(
        "letterhead.show",
        _("Invoices carry their data from now on.") if is_on else _("Invoices are plain PDF again."),
        _anchor="e-invoices",
    )


@blueprint.post("/clinic/papers/next-course", refused=show)
def offer_next_course() -> ResponseReturnValue:
    """Switch the offer of another course after the last session on or off."""
    is_on = SwitchForm.sent().is_on
    change_clinic(current_services().store, current_act(), {"offers_next_course": is_on})
    return redirect_to(
        "letterhead.show",
        _("The summary after the last session names the package and its price from now on.")
        if is_on
        else _("The summary after the last session names no price."),
        _anchor="next-course",
    )


def _draft() -> ClinicView:
    """Return the clinic with the values of the form; fields that were not sent keep their value."""
    typed = LetterheadForm.sent().changes
    return checked_clinic(replace(pages.clinic(), **typed))


def _forms(refusal: Refusal | None, kind: str) -> dict[str, Any]:
    """Return the forms of the page; a refusal belongs to one of them, or to none: `refusal`."""
    is_of_letterhead = refusal is not None and "page_size" in refusal.typed
    is_of_logo = refusal is not None and refusal.field == "logo"
    series = read_series(current_services().store)
    letterhead = LetterheadForm.shown(refusal if is_of_letterhead else None, of=pages.clinic())
    letterhead.country.choices = countries()
    return {
        "form": letterhead,
        "logo_form": LogoForm.shown(refusal if is_of_logo else None, suffix="-file"),
        "numbers": [(each, _numbers_form(each, refusal if each.kind == kind else None)) for each in series],
        "refusal": None if is_of_letterhead or is_of_logo or kind else refusal,
    }


def _numbers_form(series: SeriesView, refusal: Refusal | None) -> NumbersForm:
    return NumbersForm.shown(refusal, suffix=f"-{series.kind}", of=series)


def _said(clinic: ClinicView) -> str:
    """Return the note on a color that can't be printed as it is."""
    printed = readable_accent(clinic.accent)
    if printed == clinic.accent.upper():
        return ""
    return _(
        "{color} is too pale to read on white paper. The papers print it darker, as {printed}.",
        color=clinic.accent.upper(),
        printed=printed,
    )


def _why_no_e_invoices() -> str:
    why = why_not_e_invoices(clinic_on_paper(pages.clinic()))
    return str(paper_refusal(why).message) if why else ""
