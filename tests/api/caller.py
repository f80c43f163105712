"""A program that calls the interface with a token, and checks every answer against the document."""

import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.api.schema_check import ADDRESS, Promise


class Caller:
    """Sends JSON; `token` None sends no token."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self._app = app
        self.token = token
        self._promise = _promise_of(app)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
        return self.send("POST", path, body, key=key)

    def put(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
        return self.send("PUT", path, body, key=key)

    def send_text(self, method: str, path: str, text: str | bytes, **headers: str) -> TestResponse:
        """Send a body as it stands; `content_type` and other headers by name."""
        content_type = headers.pop("content_type", "application/json")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, data=text, content_type=content_type, headers=sent)

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any
    ) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            options |= {"data": json.dumps(body), "content_type": "application/json"}
        client = self._app.test_client(use_cookies=False)
        response = client.open(f"{ADDRESS}{path}", method=method, headers=headers, buffered=True, **options)
        self._promise.check(method, path, response)
        return response


def _promise_of(app: Flask) -> Promise:
    """Return what the application's document promises; read once for each application."""
    kept: Promise | None = app.extensions.get("tests.promise")
    if kept is None:
        kept = Promise(app.test_client().get(f"{ADDRESS}/openapi.json").get_json())
        app.extensions["tests.promise"] = kept
    return kept


def refusal(response: TestResponse) -> tuple[int, str, str | None]:
    """Return an error answer's status, code and field; the message is there and is a sentence."""
    error = response.get_json()["error"]
    assert list(error) == ["code", "field", "message"]
    assert error["message"].strip().endswith((".", "$"))
    return response.status_code, error["code"], error["field"]
