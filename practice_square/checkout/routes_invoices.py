"""The calls about invoices."""

from __future__ import annotations

from flask import Response, request

from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.checkout import invoice_lists, invoices
from practice_square.refusals import Refusal


@api.post("/invoices")
def create_invoice() -> Response:
    return writing(invoices.create_invoice)


@api.get("/invoices")
def list_invoices() -> Response:
    return reading(lambda work: invoice_lists.list_invoices(work, query_of()))


@api.post("/invoices/search")
def search_invoices() -> Response:
    body = body_of()
    return reading(lambda work: invoice_lists.search_invoices(work, body))


@api.get("/invoices/<invoice_id>")
def get_invoice(invoice_id: str) -> Response:
    return reading(lambda work: invoices.read_invoice(work, invoice_id))


@api.put("/invoices/<invoice_id>")
def update_invoice(invoice_id: str) -> Response:
    return writing(lambda work, body: invoices.update_invoice(work, invoice_id, body))


@api.post("/invoices/<invoice_id>/publish")
def publish_invoice(invoice_id: str) -> Response:
    base_url = request.host_url.rstrip("/")
    return writing(lambda work, body: invoices.publish_invoice(work, invoice_id, body, base_url))


@api.post("/invoices/<invoice_id>/cancel")
def cancel_invoice(invoice_id: str) -> Response:
    return writing(lambda work, body: invoices.cancel_invoice(work, invoice_id, body))


@api.delete("/invoices/<invoice_id>")
def delete_invoice(invoice_id: str) -> Response:
    version = query_of().get("version")
    if version is not None and not version.isdigit():
        raise Refusal("EXPECTED_INTEGER", "Expected an integer value.", field="version")
    wanted = None if version is None else int(version)
    return reading(lambda work: invoices.delete_invoice(work, invoice_id, wanted))
