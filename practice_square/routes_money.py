"""The calls about orders, payments and refunds."""

from __future__ import annotations

from flask import Response

from practice_square import listings, order_search, orders, payments, refunds
from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.order_shapes import PAY
from practice_square.shapes import checked


@api.post("/orders")
def create_order() -> Response:
    return writing(orders.create_order)


@api.post("/orders/calculate")
def calculate_order() -> Response:
    body = body_of()
    return reading(lambda work: orders.calculate_order(work, body))


@api.post("/orders/batch-retrieve")
def batch_retrieve_orders() -> Response:
    body = body_of()
    return reading(lambda work: orders.retrieve_orders(work, body))


@api.post("/orders/search")
def search_orders() -> Response:
    body = body_of()
    return reading(lambda work: order_search.search_orders(work, body))


@api.get("/orders/<order_id>")
def get_order(order_id: str) -> Response:
    return reading(lambda work: orders.read_order(work, order_id))


@api.put("/orders/<order_id>")
def update_order(order_id: str) -> Response:
    return writing(lambda work, body: orders.update_order(work, order_id, body))


@api.post("/orders/<order_id>/pay")
def pay_order(order_id: str) -> Response:
    return writing(lambda work, body: payments.pay_order(work, order_id, checked(body, PAY)))


@api.post("/payments")
def create_payment() -> Response:
    return writing(payments.create_payment)


@api.get("/payments")
def list_payments() -> Response:
    return reading(lambda work: listings.list_payments(work, query_of()))


@api.get("/payments/<payment_id>")
def get_payment(payment_id: str) -> Response:
    return reading(lambda work: {"payment": payments.read_payment(work, payment_id)})


@api.post("/payments/<payment_id>/cancel")
def cancel_payment(payment_id: str) -> Response:
    return writing(lambda work, _: payments.cancel_payment(work, payment_id))


@api.post("/payments/<payment_id>/complete")
def complete_payment(payment_id: str) -> Response:
    return writing(lambda work, body: payments.complete_payment(work, payment_id, body))


@api.post("/refunds")
def refund_payment() -> Response:
    return writing(refunds.refund_payment)


@api.get("/refunds")
def list_refunds() -> Response:
    return reading(lambda work: listings.list_refunds(work, query_of()))


@api.get("/refunds/<refund_id>")
def get_refund(refund_id: str) -> Response:
    return reading(lambda work: {"refund": refunds.read_refund(work, refund_id)})
