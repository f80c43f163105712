"""Preview a text or a letterhead on a paper before it is saved. Pure; no I/O."""

from dataclasses import replace

from invoices.papers import AftercareSheet, AllowanceKind, CourseSummary
from plugin.courses.base.views import ClinicView
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.example import example_summary
from plugin.courses.handouts.text_check import clean_markdown, sheet_with

_KINDS: dict[str, AllowanceKind] = {"touch_up": "touch_up", "add_on": "add_on"}


def draft_sheet(
    clinic: ClinicView,
    *,
    treatment: str,
    kind: str,
    language: str,
    markdown: str,
    is_reviewed: bool,
) -> AftercareSheet:
    """Return a sample client's aftercare sheet with this text; raises InvalidField."""
    sheet = sheet_with(clean_markdown(markdown), language)
    return replace(
        sheet,
        clinic=clinic_on_paper(clinic),
        treatment=treatment,
        kind=_KINDS.get(kind, "main"),
        text=replace(sheet.text, reviewed=is_reviewed),
    )


def draft_summary(clinic: ClinicView) -> CourseSummary:
    """Return a sample client's course summary under this letterhead, in the clinic's language."""
    return example_summary(clinic_on_paper(clinic), language=clinic.language, currency=clinic.currency)
