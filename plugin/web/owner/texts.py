"""The aftercare texts, for the owner: status, editing beside a preview, restoring."""

from functools import partial
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.aftercare import sources
from invoices.papers import AftercareSheet
from plugin.courses.handouts import texts
from plugin.courses.handouts.cache import drawn
from plugin.courses.handouts.drafts import draft_sheet
from plugin.courses.handouts.text_check import claims_in, missing_step, odd_row
from plugin.courses.handouts.texts import TextView
from plugin.web import current_services, pages
from plugin.web.access import TREATS, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.forms import IntervalForm, TextForm, VersionForm
from plugin.web.owner.letterhead import on_screen, why_not
from plugin.web.refusals import Refusal
from plugin.web.tables import pdf_answer, whole_number
from plugin.web.translations import _, ngettext
from plugin.wording import spoken_tag

# In their own languages.
LANGUAGES = {"en": "English", "es": "Español", "zh": "简体中文"}

blueprint = Screens("texts", __name__)


@blueprint.get("/clinic/papers/texts", roles=TREATS)
def show(refusal: Refusal | None = None, treatment_id: str = "") -> ResponseReturnValue:
    """Show the status of the text of each treatment in each language."""
    treatments = texts.list_texts(current_services().store)
    return render_template(
        "owner/texts.html",
        treatments=treatments,
        to_review=sum(not text.is_reviewed for each in treatments for text in each.texts),
        languages=LANGUAGES,
        form_for=partial(_interval_form, refusal, treatment_id),
    )


@blueprint.post("/clinic/papers/texts/<treatment_id>/interval", refused=show)
def suggest(treatment_id: str) -> ResponseReturnValue:
    """Save the suggested number of days between visits."""
    days = IntervalForm.sent().suggested_days.data
    texts.suggest_days(current_services().store, current_act(), treatment_id, days)
    return redirect_to(
        "texts.show",
        _("Saved.") if days else _("Saved. The papers suggest nothing."),
        _anchor=f"t-{treatment_id}",
    )


@blueprint.get("/clinic/papers/texts/<treatment_id>/<language>")
def edit(treatment_id: str, language: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show one text as a form, beside its paper; `version` shows an earlier one, to save it again."""
    let_page_hold_frame()
    text = _text(treatment_id, language)
    form = _form(text, refusal)
    return render_template(
        "owner/text.html",
        text=text,
        language_name=LANGUAGES.get(language, language),
        languages=LANGUAGES,
        form=form,
        said=_said(form.markdown.typed, language),
        sources=sources(spoken_tag()),
    )


@blueprint.post("/clinic/papers/texts/<treatment_id>/<language>", refused=edit)
def save(treatment_id: str, language: str) -> ResponseReturnValue:
    form = TextForm.sent()
    saved = texts.save_text(
        current_services().store,
        current_act(),
        treatment_id,
        language,
        form.markdown.data,
        is_reviewed=form.reviewed.data,
        seen_version=form.seen_version,
    )
    promises = claims_in(form.markdown.data)
    mind = (
        " " + _("Look once more at “{words}”: it reads like a promise.", words=promises[0][:80])
        if promises
        else ""
    )
    return redirect_to(
        "texts.edit",
        _(
            "Version {version} is saved and on the papers from now on.{more}",
            version=saved.version,
            more=mind,
        ),
        treatment_id=treatment_id,
        language=language,
    )


@blueprint.post("/clinic/papers/texts/<treatment_id>/<language>/start", refused=edit)
def restart(treatment_id: str, language: str) -> ResponseReturnValue:
    seen = TextForm.sent().seen_version
    texts.start_over(current_services().store, current_act(), treatment_id, language, seen_version=seen)
    return redirect_to(
        "texts.edit",
        _("The starting text is on the papers again. What you wrote stays in the list of versions."),
        treatment_id=treatment_id,
        language=language,
    )


@blueprint.get("/clinic/papers/texts/<treatment_id>/<language>/review", roles=TREATS)
def read(treatment_id: str, language: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sheet as clients get it, to be reviewed."""
    let_page_hold_frame()
    text = texts.read_treatment_text(current_services().store, treatment_id, language)
    return render_template(
        "owner/text_review.html",
        text=text,
        languages=LANGUAGES,
        language_name=LANGUAGES.get(language, language),
        said=_said(text.markdown, language),
        refusal=refusal,
        sources=sources(spoken_tag()),
    )


@blueprint.post("/clinic/papers/texts/<treatment_id>/<language>/review", roles=TREATS, refused=read)
def review(treatment_id: str, language: str) -> ResponseReturnValue:
    """Record that the person signed in has reviewed the text."""
    seen = VersionForm.sent().seen_version
    saved = texts.review_text(
        current_services().store, current_act(), treatment_id, language, seen_version=seen
    )
    return redirect_to(
        "texts.read",
        _(
            "Reviewed. Sheets name {name} and version {version} from now on.",
            name=saved.reviewer,
            version=saved.version,
        ),
        treatment_id=treatment_id,
        language=language,
    )


@blueprint.get("/clinic/papers/texts/<treatment_id>/<language>/preview", roles=TREATS)
def preview(treatment_id: str, language: str) -> Response:
    text = _text(treatment_id, language)
    return on_screen(
        _sheet(text, text.markdown, is_reviewed=text.is_reviewed), _said(text.markdown, language)
    )


@blueprint.post("/clinic/papers/texts/<treatment_id>/<language>/preview", refused=why_not)
def try_out(treatment_id: str, language: str) -> Response:
    """Show the sheet with the text as typed. Nothing is saved."""
    return on_screen(_draft(treatment_id, language), _said(TextForm.sent().markdown.data, language))


@blueprint.post("/clinic/papers/texts/<treatment_id>/<language>/paper.pdf", refused=edit)
def draw(treatment_id: str, language: str) -> Response:
    services = current_services()
    pdf = drawn(services.store, services.render, _draft(treatment_id, language))
    return pdf_answer(pdf)


def _text(treatment_id: str, language: str) -> TextView:
    wanted = whole_number(request.args.get("version", ""), 6)
    return texts.read_treatment_text(current_services().store, treatment_id, language, wanted)


def _draft(treatment_id: str, language: str) -> AftercareSheet:
    text = texts.read_treatment_text(current_services().store, treatment_id, language)
    form = TextForm.sent()
    return _sheet(text, form.markdown.data, is_reviewed=form.reviewed.data)


def _sheet(text: TextView, markdown: str, *, is_reviewed: bool) -> AftercareSheet:
    of_text: dict[str, Any] = {"treatment": text.treatment, "kind": text.kind, "language": text.language}
    return draft_sheet(pages.clinic(), markdown=markdown, is_reviewed=is_reviewed, **of_text)


def _form(text: TextView, refusal: Refusal | None) -> TextForm:
    """Return the form of a text, as it was sent where it was refused.

    After a version conflict, saving again overwrites the newest version knowingly; after an error in the text,
    the form keeps the version that was seen.
    """
    form = TextForm.shown(refusal, markdown=text.markdown, reviewed=False, version=str(text.newest))
    if refusal is not None and refusal.field != "markdown":
        form.version.data = str(text.newest)
    return form


def _interval_form(
    refusal: Refusal | None, refused: str, treatment_id: str, days: int | None
) -> IntervalForm:
    wrong = refusal if treatment_id == refused else None
    return IntervalForm.shown(wrong, suffix=f"-{treatment_id}", suggested_days=days)


def _said(markdown: str, language: str) -> str:
    """Return a note about a promise or a missing emergency step in the text; the text is saved all the same."""
    said = (_said_of_promises(markdown), missing_step(markdown, language), odd_row(markdown))
    return " ".join(filter(None, said))


def _said_of_promises(markdown: str) -> str:
    promises = claims_in(markdown)
    if not promises:
        return ""
    more = (
        " " + ngettext("So does {n} more.", "So do {n} more.", len(promises) - 1) if len(promises) > 1 else ""
    )
    return _(
        "“{words}” reads like a promise of a result.{more} It is better not to promise any.",
        words=promises[0][:120],
        more=more,
    )
