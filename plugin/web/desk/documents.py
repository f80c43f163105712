"""Invoices, credit notes, receipts and vouchers at the desk: the stored PDF, under a readable file name."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue

from plugin.courses.documents.client_statement import statement_of_client
from plugin.courses.documents.files import document_bytes, reading_copy
from plugin.courses.documents.on_demand import invoice_of_course, receipt_of_course, voucher_of_gift
from plugin.courses.documents.prepaid import issue_prepaid_balance
from plugin.courses.documents.read import DocumentView, read_document
from plugin.courses.documents.statement import Statement, statement_of_course
from plugin.courses.documents.voucher_letter import voucher_letter as letter_of_gift
from plugin.courses.handouts.bundle import paper_file_name
from plugin.web import current_services, pages
from plugin.web.access import DESK, Screens
from plugin.web.actions import act_without_form, redirect_to
from plugin.web.files import pdf_answer

_LONGEST_NAME = 80

blueprint = Screens("documents", __name__)


@blueprint.get("/documents/<document_id>.pdf", roles=DESK)
def show(document_id: str) -> Response:
    """Return a document, always the same bytes; with `large`, a copy of it in large print."""
    services = current_services()
    document = read_document(services.store, document_id)
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
    """Return the statement of account of all that was billed to a client."""
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
    """Redirect to the voucher of a gift."""
    return _see(voucher_of_gift(current_services().store, act_without_form(), gift_id))


@blueprint.get("/gifts/<gift_id>/letter.pdf", roles=DESK)
def voucher_letter(gift_id: str) -> Response:
    """Return the letter that goes with the voucher, to whoever bought the gift."""
    services = current_services()
    made = letter_of_gift(services.store, services.render, act_without_form(), gift_id)
    name = paper_file_name(made.client_name, "voucher letter", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def filename(document: DocumentView) -> str:
    """Return a file name that the client recognizes: "Invoice INV-0012, Maria Alvarez.pdf"."""
    safe = "".join(ch for ch in document.client_name if ch.isalnum() or ch in " .-'")[:_LONGEST_NAME].strip()
    numbered = f"{document.called} {document.written_number}"
    return ", ".join(part for part in (numbered, safe) if part) + ".pdf"


def _statement(made: Statement) -> Response:
    name = paper_file_name(made.client_name, "statement of account", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def _see(document_id: str) -> ResponseReturnValue:
    return redirect_to("documents.show", document_id=document_id)
