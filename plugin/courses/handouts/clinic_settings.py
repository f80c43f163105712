"""Settings of the clinic that depend on what its papers can contain."""

from invoices.e_invoice import why_not
from plugin.core.acts import Act, require
from plugin.courses.base.activity import Did, record_activity
from plugin.courses.base.clinic import change_clinic_in, clinic_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.errors import Refused
from plugin.store import Store


def switch_e_invoices(store: Store, act: Act, *, is_on: bool) -> None:
    """Turn Factur-X data in invoices on or off; raises Refused while the clinic lacks what that needs."""
    require(act.actor)
    with store.writing() as session:
        lacking = why_not(clinic_on_paper(clinic_in(session))) if is_on else ""
        if lacking:
            raise Refused(lacking, code="no_e_invoices")
        before = clinic_in(session).has_e_invoices
        change_clinic_in(session, {"has_e_invoices": is_on})
        if before != is_on:
            words = {True: "on", False: "off"}
            record_activity(
                session,
                store,
                act,
                Did.SETTING_CHANGED,
                subject_id="clinic.has_e_invoices",
                before=words[before],
                after=words[is_on],
            )
