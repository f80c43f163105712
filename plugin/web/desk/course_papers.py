"""Course summary and aftercare sheet: shown to print under a readable file name; every paper sent by e-mail."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.base.clinic import local_date
from plugin.courses.documents.paper_emails import PaperKind, send_paper
from plugin.courses.handouts.bundle import safe_name
from plugin.courses.handouts.cache import AFTERCARE, NEXT_VISIT, PLANNER, SUMMARY, WELCOME, hand_out
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice
from plugin.web.desk import clients
from plugin.web.desk.forms import PaperMailForm
from plugin.web.files import name_file
from plugin.web.headers import let_our_page_frame
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import _

blueprint = Blueprint("papers", __name__)


@blueprint.get("/courses/<course_id>/summary.pdf")
@allow(*AT_THE_DESK)
def summary(course_id: str) -> Response:
    """Return the course summary."""
    return _paper(course_id, SUMMARY, _("Course summary"))


@blueprint.get("/courses/<course_id>/welcome.pdf")
@allow(*AT_THE_DESK)
def welcome(course_id: str) -> Response:
    """Return the welcome sheet."""
    return _paper(course_id, WELCOME, _("Welcome sheet"))


@blueprint.get("/courses/<course_id>/planner.pdf")
@allow(*AT_THE_DESK)
def planner(course_id: str) -> Response:
    """Return the visit planner."""
    return _paper(course_id, PLANNER, _("Visit planner"))


@blueprint.get("/courses/<course_id>/next-visit.pdf")
@allow(*AT_THE_DESK)
def next_visit(course_id: str) -> Response:
    """Return the card of the next visit alone."""
    return _paper(course_id, NEXT_VISIT, _("Next visit"))


@blueprint.get("/courses/<course_id>/aftercare.pdf")
@allow(*AT_THE_DESK)
def aftercare(course_id: str) -> Response:
    """Return the aftercare sheet of a visit, the last one unless `visit` names another."""
    return _paper(course_id, AFTERCARE, _("Aftercare"), visit_id=request.args.get("visit") or None)


def _page_again(refusal: Refusal, **_: str) -> ResponseReturnValue:
    return clients.refused(refusal.typed.get("client_id"), refusal)


@blueprint.post("/courses/<course_id>/summary/email")
@allow(*AT_THE_DESK)
@refused_shows(_page_again)
def mail_summary(course_id: str) -> ResponseReturnValue:
    """Send the course summary to its client."""
    return _mail("summary", course_id)


@blueprint.post("/courses/<course_id>/welcome/email")
@allow(*AT_THE_DESK)
@refused_shows(_page_again)
def mail_welcome(course_id: str) -> ResponseReturnValue:
    """Send the welcome sheet to the course's client."""
    return _mail("welcome", course_id)


@blueprint.post("/courses/<course_id>/planner/email")
@allow(*AT_THE_DESK)
@refused_shows(_page_again)
def mail_planner(course_id: str) -> ResponseReturnValue:
    """Send the visit planner to the course's client."""
    return _mail("planner", course_id)


@blueprint.post("/visits/<visit_id>/aftercare/email")
@allow(*AT_THE_DESK)
@refused_shows(_page_again)
def mail_aftercare(visit_id: str) -> ResponseReturnValue:
    """Send the aftercare sheet of a visit to who attended."""
    return _mail("aftercare", visit_id)


@blueprint.post("/documents/<document_id>/email")
@allow(Role.DESK)
@refused_shows(_page_again)
def mail_document(document_id: str) -> ResponseReturnValue:
    """Send an invoice, credit note or voucher to the client it was issued to."""
    return _mail("document", document_id)


@blueprint.post("/documents/<document_id>/statement/email")
@allow(Role.DESK)
@refused_shows(_page_again)
def mail_statement(document_id: str) -> ResponseReturnValue:
    """Send the statement of account of an invoice, as it is when it is sent."""
    return _mail("statement", document_id)


@blueprint.post("/clients/<client_id>/statement/email")
@allow(Role.DESK)
@refused_shows(_page_again)
def mail_client_statement(client_id: str) -> ResponseReturnValue:
    """Send the statement of account of all that was billed to a client, as it is when it is sent."""
    return _mail("client_statement", client_id)


@blueprint.post("/clients/<client_id>/prepaid-balance/email")
@allow(Role.DESK)
@refused_shows(_page_again)
def mail_prepaid_balance(client_id: str) -> ResponseReturnValue:
    """Send the statement of prepaid balance of a client, as it is when it is sent."""
    return _mail("prepaid", client_id)


def _mail(kind: PaperKind, paper_id: str) -> ResponseReturnValue:
    services, form = current_services(), PaperMailForm.sent()
    sent = send_paper(services.store, current_act(), kind, paper_id, has_mail=services.mail.is_ready)
    said = _("{paper} is being sent to {email}. The history will say when it is sent.")
    flash_notice(Notice(said.format(paper=sent.called, email=sent.client.email)))
    return clients.after_deed(form.client_id.data or sent.client.id)


def _paper(course_id: str, kind: str, called: str, visit_id: str | None = None) -> Response:
    services = current_services()
    paper = hand_out(
        services.store,
        services.render,
        act_without_form(),
        course_id,
        kind,
        visit_id=visit_id,
        language=request.args.get("language") or None,
        large_print=True if "large" in request.args else None,
        public_url=services.settings.public_url,
    )
    # The page that prints it embeds it in a frame.
    let_our_page_frame()
    response = Response(paper.pdf, mimetype="application/pdf")
    return name_file(response, _filename(called, paper.client_name))


def _filename(called: str, client_name: str) -> str:
    """Return a file name that the client recognizes: "Course summary, Maria Alvarez, 2026-11-22.pdf"."""
    today = local_date(pages.clinic(), pages.now())
    return ", ".join(part for part in (called, safe_name(client_name), today.isoformat()) if part) + ".pdf"
