"""Settings of the clinic that depend on what its papers can contain."""

from invoices.e_invoice import why_not
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import change_clinic_in, clinic_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.handouts.content import clinic_on_paper
from plugin.errors import Refused


@allowed()
def switch_e_invoices(work: Work, *, is_on: bool) -> None:
    """Turn Factur-X data in invoices on or off; raises Refused while the clinic lacks what that needs."""
    clinic = clinic_in(work.session)
    if is_on and (lacking := why_not(clinic_on_paper(clinic))):
        raise Refused(lacking, code="no_e_invoices")
    change_clinic_in(work.session, {"has_e_invoices": is_on})
    if clinic.has_e_invoices != is_on:
        before, after = ("off", "on") if is_on else ("on", "off")
        record_in(work, Did.SETTING_CHANGED, subject_id="clinic.has_e_invoices", before=before, after=after)
