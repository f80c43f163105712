"""The calls about terminals: devices, their codes, and checkouts."""

from __future__ import annotations

from flask import Response

from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.checkout import devices, terminal


@api.get("/devices")
def list_devices() -> Response:
    return reading(lambda work: devices.list_devices(work, query_of()))


@api.get("/devices/<device_id>")
def get_device(device_id: str) -> Response:
    return reading(lambda work: devices.read_device(work, device_id))


@api.post("/devices/codes")
def create_device_code() -> Response:
    return writing(devices.create_code)


@api.get("/devices/codes")
def list_device_codes() -> Response:
    return reading(lambda work: devices.list_codes(work, query_of()))


@api.get("/devices/codes/<code_id>")
def get_device_code(code_id: str) -> Response:
    return reading(lambda work: devices.read_code(work, code_id))


@api.post("/terminals/checkouts")
def create_terminal_checkout() -> Response:
    return writing(terminal.create_checkout)


@api.post("/terminals/checkouts/search")
def search_terminal_checkouts() -> Response:
    body = body_of()
    return reading(lambda work: terminal.search_checkouts(work, body))


@api.get("/terminals/checkouts/<checkout_id>")
def get_terminal_checkout(checkout_id: str) -> Response:
    return reading(lambda work: terminal.read_checkout(work, checkout_id))


@api.post("/terminals/checkouts/<checkout_id>/cancel")
def cancel_terminal_checkout(checkout_id: str) -> Response:
    return writing(lambda work, _: terminal.cancel_checkout(work, checkout_id))


@api.post("/terminals/checkouts/<checkout_id>/dismiss")
def dismiss_terminal_checkout(checkout_id: str) -> Response:
    return writing(lambda work, _: terminal.dismiss_checkout(work, checkout_id))
