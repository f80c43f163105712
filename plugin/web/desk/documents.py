"""Invoices, receipts and other stored documents, under readable file names; their list; evidence, and the guides."""

from flask import Response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from plugin.core.acts import require
from plugin.courses.base.keyset import read_order
from plugin.courses.documents import read
from plugin.courses.documents.client_statement import issue_prepaid_balance, statement_of_client
from plugin.courses.documents.content import voucher_letter as letter_of_gift
from plugin.courses.documents.files import document_bytes, reading_copy
from plugin.courses.documents.issuing import invoice_of_course, receipt_of_course, voucher_of_gift
from plugin.courses.documents.statement import Statement, statement_of_course
from plugin.courses.handouts.batches import MIMETYPES, ZIP, paper_file_name, safe_name
from plugin.courses.handouts.cache import guide_pdf
from plugin.courses.reports.evidence import write_evidence
from plugin.staff_languages import staff_language
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, DESK, FRESH_FOR, Screens, current_actor
from plugin.web.actions import act_without_form, redirect_to
from plugin.web.files import file_answer, pdf_answer, written_file
from plugin.web.tables import Sorting, asked_one, asked_search, asked_sorting
from plugin.web.translations import _
from plugin.wording import spoken_tag

SHOWN = 50
_LONGEST_NAME = 80

blueprint = Screens("documents", __name__)


@blueprint.get("/documents/<document_id>.pdf", roles=DESK)
def show(document_id: str) -> Response:
    """Return a document, always the same bytes; with `large`, a copy of it in large print."""
    services = current_services()
    document = read.read_document(services.store, document_id)
    if "large" in request.args:
        pdf = reading_copy(services.store, services.render, document.id)
    else:
        pdf = document_bytes(services.store, services.render, document.id, now=services.clock())
    return pdf_answer(pdf, filename(document), is_framed=True)


@blueprint.get("/courses/<course_id>/invoice.pdf", roles=DESK)
def invoice(course_id: str) -> ResponseReturnValue:
    """Redirect to the invoice of a course, issuing it now if it is not issued yet."""
    return _see(invoice_of_course(current_services().store, act_without_form(), course_id))


@blueprint.get("/courses/<course_id>/receipt.pdf", roles=DESK)
def receipt(course_id: str) -> ResponseReturnValue:
    """Redirect to the receipt of the last payment of a course, issuing those of its sale that are not issued yet."""
    return _see(receipt_of_course(current_services().store, act_without_form(), course_id))


@blueprint.get("/courses/<course_id>/statement.pdf", roles=DESK)
def statement(course_id: str) -> Response:
    """Return the statement of account of the sale of a course, in its current state."""
    services = current_services()
    return _statement(statement_of_course(services.store, services.render, act_without_form(), course_id))


@blueprint.get("/clients/<client_id>/statement.pdf", roles=DESK)
def client_statement(client_id: str) -> Response:
    services = current_services()
    return _statement(statement_of_client(services.store, services.render, act_without_form(), client_id))


@blueprint.get("/clients/<client_id>/prepaid-balance.pdf", roles=DESK)
def prepaid_balance(client_id: str) -> ResponseReturnValue:
    """Redirect to the statement of prepaid balance as of now, issuing it where it is not issued yet."""
    services = current_services()
    secret = services.settings.secret_key.get_secret_value()
    return _see(issue_prepaid_balance(services.store, act_without_form(), client_id, secret=secret))


@blueprint.get("/gifts/<gift_id>/voucher.pdf", roles=DESK)
def voucher(gift_id: str) -> ResponseReturnValue:
    return _see(voucher_of_gift(current_services().store, act_without_form(), gift_id))


@blueprint.get("/gifts/<gift_id>/letter.pdf", roles=DESK)
def voucher_letter(gift_id: str) -> Response:
    """Return the letter that goes with the voucher, to whoever bought the gift."""
    services = current_services()
    made = letter_of_gift(services.store, services.render, act_without_form(), gift_id)
    name = paper_file_name(made.client_name, "voucher letter", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def filename(document: read.DocumentView) -> str:
    """Return a file name that the client recognizes: "Invoice INV-0012, Maria Alvarez.pdf"."""
    safe = "".join(ch for ch in document.client_name if ch.isalnum() or ch in " .-'")[:_LONGEST_NAME].strip()
    numbered = f"{document.called} {document.written_number}"
    return ", ".join(part for part in (numbered, safe) if part) + ".pdf"


def _statement(made: Statement) -> Response:
    name = paper_file_name(made.client_name, "statement of account", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def _see(document_id: str) -> ResponseReturnValue:
    return redirect_to("documents.show", document_id=document_id)


document_list = Screens("document_list", __name__)


@document_list.get("/documents", roles=DESK, endpoint="show")
def find() -> ResponseReturnValue:
    q, kind, sorting = asked_search(), _kind(), _sorting()
    cursor, order = request.args.get("after") or None, read_order(sorting.word, read.ORDERS)
    found = read.find_documents(
        current_services().store, q, kind=kind, order=order, limit=SHOWN, cursor=cursor
    )
    return render_template(
        "owner/documents.html",
        documents=found.rows,
        after=found.cursor,
        is_first=cursor is None,
        kinds=read.KINDS,
        kind=kind,
        q=q,
        sorting=sorting,
        is_asked=bool(q or kind),
    )


@document_list.get("/documents.<ending>", roles=DESK)
def save(ending: str) -> Response:
    order = read_order(_sorting().word, read.ORDERS)
    sheet = read.document_sheet(current_services().store, asked_search(), kind=_kind(), order=order)
    return file_answer(sheet, ending)


def _sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in read.ORDERS.items()})


def _kind() -> str | None:
    return asked_one("kind", read.KINDS)


guides = Screens("guides", __name__)


@guides.get("/guides/<name>.pdf", roles=AT_THE_DESK, endpoint="show")
def guide(name: str) -> Response:
    """Return a guide; the owner's is for owners only."""
    if name == "owner":
        require(current_actor())
    services = current_services()
    language = staff_language(spoken_tag()).locale.language
    pdf = guide_pdf(services.store, services.render, name, now=services.clock(), language=language)
    return pdf_answer(pdf, _("Coursekeeper guide, {name}.pdf", name=name))


evidence = Screens("evidence", __name__)


@evidence.get("/courses/<course_id>/evidence.zip", fresh=FRESH_FOR, endpoint="save")
def save_evidence(course_id: str) -> Response:
    """Return agreement, visits, e-mails, payments and the ledger of a course as a ZIP."""
    services = current_services()
    act = act_without_form()
    made, course = written_file(
        lambda out: write_evidence(services.store, services.render, act, course_id, out)
    )
    name = ", ".join(
        part for part in ("evidence", safe_name(course.client_name or ""), f"{pages.now():%Y-%m-%d}") if part
    )
    return send_file(made, mimetype=MIMETYPES[ZIP], as_attachment=True, download_name=f"{name}.zip")
