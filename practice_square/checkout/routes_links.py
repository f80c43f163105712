"""The calls about payment links."""

from __future__ import annotations

from flask import Response, request

from practice_square.api import api, query_of, reading, writing
from practice_square.checkout import links


@api.post("/online-checkout/payment-links")
def create_payment_link() -> Response:
    base_url = request.host_url.rstrip("/")
    return writing(lambda work, body: links.create_link(work, body, base_url))


@api.get("/online-checkout/payment-links")
def list_payment_links() -> Response:
    return reading(lambda work: links.list_links(work, query_of()))


@api.get("/online-checkout/payment-links/<link_id>")
def get_payment_link(link_id: str) -> Response:
    return reading(lambda work: links.read_link(work, link_id))


@api.put("/online-checkout/payment-links/<link_id>")
def update_payment_link(link_id: str) -> Response:
    return writing(lambda work, body: links.update_link(work, link_id, body))


@api.delete("/online-checkout/payment-links/<link_id>")
def delete_payment_link(link_id: str) -> Response:
    return reading(lambda work: links.delete_link(work, link_id))
