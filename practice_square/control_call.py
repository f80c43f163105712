"""One call to the control interface of a running practice Square. Standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


class ControlRefused(Exception):
    """The practice Square said no; `status` and `errors` hold its words."""

    def __init__(self, status: int, errors: list[Json]) -> None:
        super().__init__("; ".join(error.get("detail", "") for error in errors) or f"HTTP {status}")
        self.status = status
        self.errors = errors


class ControlCaller:
    """Knows where the practice Square is and how to ask it."""

    def __init__(self, base_url: str, access_token: str, timeout_s: float = 30.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._access_token = access_token
        self._timeout_s = timeout_s

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Make one call. Raises ControlRefused for any answer but a 2xx."""
        request = urllib.request.Request(  # noqa: S310 the address is the caller's own
            self._base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self._access_token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._timeout_s) as answer:
                told: Json = json.loads(answer.read())
                return told
        except urllib.error.HTTPError as error:
            with error:
                raise ControlRefused(error.code, _errors(error.read())) from None


def _errors(body: bytes) -> list[Json]:
    try:
        errors: list[Json] = json.loads(body).get("errors", [])
    except ValueError:
        return []
    return errors
