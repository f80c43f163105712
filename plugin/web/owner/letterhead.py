"""The letterhead, for the owner: address, logo, color, paper size, and numbering."""

from dataclasses import replace
from typing import Any, cast, get_args

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.e_invoice import why_not as why_not_e_invoices
from invoices.pages.colour import readable_accent
from plugin.courses.base.clinic import change_clinic, checked_clinic
from plugin.courses.base.views import ClinicView
from plugin.courses.documents.series import Numbered, SeriesView, read_series, save_series
from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.drafts import draft_summary, switch_e_invoices
from plugin.courses.handouts.logos import LARGEST_FILE, logo_png, remove_logo, set_logo
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import TREATS, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.files import pdf_answer
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.forms import LetterheadForm, LogoForm, NumbersForm, SwitchForm
from plugin.web.owner.preview import on_screen, why_not
from plugin.web.refusals import Refusal
from plugin.web.setup.clinic import countries
from plugin.web.translations import N_, _

# The logo, and room for the rest of the form; a slightly larger file still gets an error message.
LARGEST_FORM = LARGEST_FILE + 1024 * 1024
# Country codes for groups of countries, for tests, or for no country.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})

blueprint = Screens("letterhead", __name__)


# What the invoices say is missing, to be found by gettext.
WHY_NO_E_INVOICES = (
    N_("An electronic invoice needs the clinic’s country: say it under Documents first."),
    N_("An electronic invoice needs the clinic’s legal name: say it under Documents first."),
    N_("An electronic invoice needs the clinic’s address: say it under Documents first."),
    N_("An electronic invoice needs the clinic’s tax number: say it under Documents first."),
)


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
    return why and _(why)
