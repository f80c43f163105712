"""Preview a text, a letterhead or a package on a paper before it is saved. Pure; no I/O."""

from dataclasses import replace
from datetime import date
from enum import StrEnum

from invoices import papers
from invoices.e_invoice import why_not
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import change_clinic_in, clinic_in
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import paper_money, paper_refusal
from plugin.courses.base.work import Work, allowed
from plugin.courses.catalog.packages import NewContent, NewPackage, kind_of_content
from plugin.courses.catalog.terms_text import gift_sentences, terms_sentences
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.text_check import CLIENT, clean_markdown, example_summary, sheet_with
from plugin.errors import Refused

_KINDS: dict[str, papers.AllowanceKind] = {"touch_up": "touch_up", "add_on": "add_on"}


def draft_sheet(
    clinic: ClinicView,
    *,
    treatment: str,
    kind: str,
    language: str,
    markdown: str,
    is_reviewed: bool,
) -> papers.AftercareSheet:
    """Return a sample client's aftercare sheet with this text; raises InvalidField."""
    sheet = sheet_with(clean_markdown(markdown), language)
    return replace(
        sheet,
        clinic=clinic_on_paper(clinic),
        treatment=treatment,
        kind=_KINDS.get(kind, "main"),
        text=replace(sheet.text, reviewed=is_reviewed),
    )


def draft_summary(clinic: ClinicView) -> papers.CourseSummary:
    """Return a sample client's course summary under this letterhead, in the clinic's language."""
    return example_summary(clinic_on_paper(clinic), language=clinic.language, currency=clinic.currency)


_GIVER = "June Park"
_CODE = "ABCDEFGH2345"


class PackagePaper(StrEnum):
    """The paper to preview a package on."""

    SUMMARY = "summary"
    VOUCHER = "voucher"


def draft_package_summary(
    clinic: ClinicView, package: NewPackage, *, language: str, today: date
) -> papers.CourseSummary:
    """Return the course summary of a sample client who buys the package today."""
    main = [each for each in package.contents if _kind(each) == "main"] or list(package.contents)
    total, terms = sum(each.sessions for each in main), package.terms
    expires_on = terms.expiry(today)
    return papers.CourseSummary(
        clinic=clinic_on_paper(clinic),
        client_name=CLIENT,
        issued_on=today,
        package_name=package.name,
        sessions_left=total,
        sessions_total=total,
        sold_on=today,
        paid=paper_money(package.price),
        language=language,
        allowances=tuple(_allowance(each) for each in package.contents),
        expires_on=expires_on,
        expires_after_first_visit=terms.waits_for_first_use and expires_on is None,
        terms=terms_sentences(
            terms,
            language,
            prices=[(each.treatment, each.single_price) for each in package.contents],
            has_expiry=expires_on is None and terms.waits_for_first_use,
        ),
    )


def draft_package_voucher(
    clinic: ClinicView, package: NewPackage, *, language: str, today: date
) -> papers.GiftVoucher:
    """Return the voucher of a sample client who gives the package away today."""
    terms, good_until = package.terms, package.terms.expiry(today)
    is_counted_from_first = terms.waits_for_first_use and good_until is None
    return papers.GiftVoucher(
        clinic=clinic_on_paper(clinic),
        package_name=package.name,
        contents=tuple(
            papers.GiftContent(each.treatment, each.sessions, _kind(each)) for each in package.contents
        ),
        giver_name=_GIVER,
        recipient_name=CLIENT,
        code=_CODE,
        issued_on=today,
        good_until=good_until,
        months_from_first_visit=terms.expires_after_months if is_counted_from_first else None,
        terms=gift_sentences(terms, language),
        language=language,
        # On a screen nothing stands on its head.
        form="pages",
    )


def _allowance(each: NewContent) -> papers.Allowance:
    return papers.Allowance(
        treatment=each.treatment,
        granted=each.sessions,
        used=0,
        left=each.sessions,
        kind=_kind(each),
        usable_from_session=each.usable_from_session,
        stamps=papers.stamps(granted=each.sessions, used_on=(), left=each.sessions),
    )


def _kind(each: NewContent) -> papers.AllowanceKind:
    return _KINDS.get(each.kind or kind_of_content(each), "main")


@allowed()
def switch_e_invoices(work: Work, *, is_on: bool) -> None:
    """Turn Factur-X data in invoices on or off; raises Refused while the clinic lacks what that needs."""
    clinic = clinic_in(work.session)
    if is_on and (lacking := why_not(clinic_on_paper(clinic))):
        raise Refused(paper_refusal(lacking).message, code="no_e_invoices")
    change_clinic_in(work.session, {"has_e_invoices": is_on})
    if clinic.has_e_invoices != is_on:
        before, after = ("off", "on") if is_on else ("on", "off")
        record_in(work, Did.SETTING_CHANGED, subject_id="clinic.has_e_invoices", before=before, after=after)
