"""Course summary and aftercare sheet: shown to print under a readable file name; every paper sent by e-mail."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from plugin.core.acts import Role
from plugin.courses.documents.paper_emails import PaperKind, send_paper
from plugin.courses.handouts import cache
from plugin.courses.handouts.batches import safe_name
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, DESK, Screens
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice
from plugin.web.desk import clients
from plugin.web.desk.forms import PaperMailForm
from plugin.web.files import pdf_answer
from plugin.web.translations import N_, _

blueprint = Screens("papers", __name__)


# The papers of a course: endpoint, kind and file name.
_PAPERS = (
    ("summary", cache.SUMMARY, N_("Course summary")),
    ("welcome", cache.WELCOME, N_("Welcome sheet")),
    ("planner", cache.PLANNER, N_("Visit planner")),
    ("next_visit", cache.NEXT_VISIT, N_("Next visit")),
    ("aftercare", cache.AFTERCARE, N_("Aftercare")),
    ("help_card", cache.HELP_CARD, N_("Help card")),
)
# The papers that are sent by e-mail, each as it is when it is sent: endpoint, kind, address, and who may.
_MAILED: tuple[tuple[str, PaperKind, str, tuple[Role, ...]], ...] = (
    ("mail_summary", "summary", "/courses/<course_id>/summary", AT_THE_DESK),
    ("mail_welcome", "welcome", "/courses/<course_id>/welcome", AT_THE_DESK),
    ("mail_planner", "planner", "/courses/<course_id>/planner", AT_THE_DESK),
    ("mail_aftercare", "aftercare", "/visits/<visit_id>/aftercare", AT_THE_DESK),
    ("mail_document", "document", "/documents/<document_id>", DESK),
    ("mail_statement", "statement", "/documents/<document_id>/statement", DESK),
    ("mail_client_statement", "client_statement", "/clients/<client_id>/statement", DESK),
    ("mail_prepaid_balance", "prepaid", "/clients/<client_id>/prepaid-balance", DESK),
)


def _mail(kind: PaperKind, **ids: str) -> ResponseReturnValue:
    """Send a paper to the client it is about; `ids`: the one id in its address."""
    (paper_id,) = ids.values()
    services, form = current_services(), PaperMailForm.sent()
    sent = send_paper(services.store, current_act(), kind, paper_id, has_mail=services.mail.is_ready)
    said = _("{paper} is being sent to {email}. The history will say when it is sent.")
    flash_notice(Notice(said.format(paper=sent.called, email=sent.client.email)))
    return clients.after_deed(form.client_id.data or sent.client.id)


def _paper(kind: str, called: str, course_id: str) -> Response:
    """Return a paper; aftercare sheet and help card are of the last visit unless `visit` names another."""
    services = current_services()
    paper = cache.hand_out(
        services.store,
        services.render,
        act_without_form(),
        course_id,
        kind,
        visit_id=(request.args.get("visit") or None) if kind in (cache.AFTERCARE, cache.HELP_CARD) else None,
        language=request.args.get("language") or None,
        large_print=True if "large" in request.args else None,
        public_url=services.settings.public_url,
    )
    return pdf_answer(paper.pdf, _filename(_(called), paper.client_name), is_framed=True)


def _filename(called: str, client_name: str) -> str:
    """Return a file name that the client recognizes: "Course summary, Maria Alvarez, 2026-11-22.pdf"."""
    today = pages.today()
    return ", ".join(part for part in (called, safe_name(client_name), today.isoformat()) if part) + ".pdf"


def _view(answer: Callable[..., Any], *known: str) -> Callable[..., Any]:
    # The check of the form's token asks every view for its name.
    return update_wrapper(partial(answer, *known), answer)


for _endpoint, _kind, _called in _PAPERS:
    _rule = f"/courses/<course_id>/{_endpoint.replace('_', '-')}.pdf"
    blueprint.add_url_rule(_rule, _endpoint, _view(_paper, _kind, _called), roles=AT_THE_DESK)
for _endpoint, _mailed, _place, _roles in _MAILED:
    blueprint.add_url_rule(
        f"{_place}/email",
        _endpoint,
        _view(_mail, _mailed),
        methods=["POST"],
        roles=_roles,
        refused=clients.page_again,
    )
