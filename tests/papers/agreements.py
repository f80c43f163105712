"""Course agreements as they are shown and as they are signed."""

from datetime import date

from invoices.papers import CourseAgreement, from_json
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula, Terms
from plugin.courses.agreements.prepare import agreement_content, agreement_pdf
from tests.courses.agreements.agreeing import Agreeing
from tests.papers.clinic import PaperClinic

SHOWN = date(2026, 11, 28)
FORFEITED = Terms(
    expires_after_months=18,
    expires_from=ExpiresFrom.FIRST_USE,
    refund_formula=RefundFormula.DISCOUNT_FORFEITED,
    no_show=NoShow.CHARGE,
    forgiven_no_shows=1,
)


def shown(clinic: PaperClinic, language: str = "en", terms: Terms | None = None) -> CourseAgreement:
    """One to read and sign, with the period of the European Union to change one's mind."""
    agreeing = _agreeing(clinic, language, terms)
    return agreement_content(clinic.store, agreeing.prepare("distance").id)


def signed(clinic: PaperClinic, language: str = "en", *, way: str = "drawn") -> CourseAgreement:
    """The signed copy of one."""
    agreeing = _agreeing(clinic, language, FORFEITED)
    done = agreeing.sign(agreeing.prepare("distance"), name="Harriet Vale", way=way)
    paper = from_json(agreement_pdf(clinic.store, done.id).decode())
    assert isinstance(paper, CourseAgreement)
    return paper


def _agreeing(clinic: PaperClinic, language: str, terms: Terms | None) -> Agreeing:
    clinic.go_to(SHOWN)
    client_id = clinic.desk.client("Harriet Vale", language=language)
    name = "Facial acupuncture, course of 12"
    package = {"name": name, "touch_ups": 2, "terms": terms or Terms()}
    return Agreeing(clinic.desk, client_id=client_id, change_of_mind="eu_distance", **package)
