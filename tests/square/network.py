"""Lines between the services and a practice Square in the same process: one without a socket and a thread for each
call, a seventh of what such a test costs, and one whose every call can be made to fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Not sent; sent, but its answer lost; refused for a while; answered with something that is no answer.
FAULTS = ("timeout before", "timeout after", "500", "429", "409", "garbage")


class Direct(httpx.BaseTransport):
    """Carries requests to the application; one that it cuts is a connection that was cut."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = httpx.WSGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._app.handle_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error), request=request) from None


class Line(httpx.BaseTransport):
    """Carries requests, records them, and fails those chosen by the test."""

    def __init__(self, app: Flask) -> None:
        self._app = httpx.WSGITransport(app=app, raise_app_exceptions=False)
        self.calls: list[str] = []
        # How the next calls of each name fail, one after the other.
        self.faults: dict[str, list[str]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = _name(request)
        self.calls.append(call)
        waiting = self.faults.get(call)
        return self._fail(request, waiting.pop(0)) if waiting else self._app.handle_request(request)

    def _fail(self, request: httpx.Request, how: str) -> httpx.Response:
        if how in ("timeout after", "garbage"):
            self._app.handle_request(request).read()
        if how.startswith("timeout"):
            raise httpx.ReadTimeout("no answer", request=request)
        if how == "garbage":
            return httpx.Response(200, text="<html>down for a moment</html>", request=request)
        error = {"category": "API_ERROR", "code": "GENERIC", "detail": "made to fail"}
        return httpx.Response(int(how), json={"errors": [error]}, request=request)


def _name(request: httpx.Request) -> str:
    """Name a call by its method and its path, ids left out."""
    parts = request.url.path.strip("/").split("/")
    said = [
        part if re.fullmatch(r"[a-z0-9-]{2,24}", part) and not part.isdigit() else "{id}" for part in parts
    ]
    return f"{request.method} /{'/'.join(said)}"
