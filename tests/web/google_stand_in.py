"""A stand-in for Google's Wallet API on 127.0.0.1. It takes only what Google documents.

The fields are those of the REST resources genericobject and genericclass, the claims those of “Working with JWTs” and
of “Using OAuth 2.0 for server to server applications”.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from plugin.wallet.google import Endpoints
from tests.webhooks.receiver import say

Json = dict[str, Any]
TOKEN = "ya29.of-an-hour"
_ID = re.compile(r"\d{1,30}\.[A-Za-z0-9._-]+\Z")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_STATES = {"ACTIVE", "COMPLETED", "EXPIRED", "INACTIVE"}
_TEXT_FIELDS = {"genericType", "logo", "notifications", "barcode", "heroImage", "validTimeInterval"}
_LOCALIZED = ("cardTitle", "header", "subheader")
_FIELDS = {"id", "classId", "state", "hexBackgroundColor", "textModulesData", *_LOCALIZED, *_TEXT_FIELDS}


def wrong_with(made: Json, *, is_whole: bool) -> list[str]:
    """Return what Google would refuse in a generic object; `is_whole`: all required fields must be there."""
    found = [f"no such field: {name}" for name in made.keys() - _FIELDS]
    if is_whole:
        found += [
            f"required: {name}" for name in ("id", "classId", "cardTitle", "header") if name not in made
        ]
    found += [f"bad {name}" for name in ("id", "classId") if name in made and not _ID.match(str(made[name]))]
    found += [f"bad {name}" for name in _LOCALIZED if name in made and not _is_localized(made[name])]
    if "hexBackgroundColor" in made and not _COLOR.match(str(made["hexBackgroundColor"])):
        found.append("bad color")
    if "state" in made and made["state"] not in _STATES:
        found.append("bad state")
    if made.get("validTimeInterval") and not _is_interval(made["validTimeInterval"]):
        found.append("bad validTimeInterval")
    rows = made.get("textModulesData", [])
    if not all(each.keys() <= {"id", "header", "body", "localizedHeader", "localizedBody"} for each in rows):
        found.append("bad text module")
    return found


def _is_interval(value: Any) -> bool:
    """Return whether it is a TimeInterval, whose dates have an offset."""
    dates = [each["date"] for each in value.values()]
    return value.keys() <= {"start", "end"} and all(datetime.fromisoformat(each).tzinfo for each in dates)


def _is_localized(value: Any) -> bool:
    default = value.get("defaultValue", {}) if isinstance(value, dict) else {}
    return bool(default.get("language")) and bool(default.get("value"))


@dataclass
class Google:
    """`objects` by id; `called`: method and path of each call; `broken`: the status of every answer, if set."""

    key: RSAPublicKey
    email: str
    issuer: str
    endpoints: Endpoints = field(default_factory=Endpoints)
    objects: dict[str, Json] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    broken: int = 0
    is_invited: bool = True

    def save(self, link: str) -> str:
        """Do what Google does once the client agrees; return the id of the object."""
        claims = self.read(link.removeprefix("https://pay.google.com/gp/v/save/"))
        assert (claims["iss"], claims["aud"], claims["typ"]) == (self.email, "google", "savetowallet")
        (saved,) = claims["payload"]["genericObjects"]
        (of_class,) = claims["payload"]["genericClasses"]
        assert wrong_with(saved, is_whole=True) == []
        assert saved["classId"] == of_class["id"]
        assert of_class["id"].startswith(f"{self.issuer}.")
        self.objects[saved["id"]] = saved
        return str(saved["id"])

    def read(self, token: str) -> Json:
        """Return the claims of a token signed by the clinic's key; raises InvalidSignature."""
        header, claims, signature = token.split(".")
        self.key.verify(_decoded(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
        assert json.loads(_decoded(header)) == {"alg": "RS256", "typ": "JWT"}
        told: Json = json.loads(_decoded(claims))
        return told

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Json]:
        """Return the status and body of an answer."""
        self.called.append(f"{method} {path}")
        if self.broken:
            return self.broken, {}
        if path == "/token":
            return self._token(body)
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {}
        if not self.is_invited:
            return 403, {}
        _empty, _version, kind, resource = path.split("/")
        if kind == "genericClass":
            return 404, {}
        if resource not in self.objects:
            return 404, {}
        changed = json.loads(body)
        if wrong := wrong_with(changed, is_whole=False):
            return 400, {"error": {"message": "; ".join(wrong)}}
        self.objects[resource] |= changed
        return 200, self.objects[resource]

    def _token(self, body: bytes) -> tuple[int, Json]:
        sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        try:
            claims = self.read(sent["assertion"])
        except (InvalidSignature, KeyError, ValueError):
            return 400, {"error": "invalid_grant"}
        is_right = (
            sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            and claims["iss"] == self.email
            and claims["aud"] == "https://oauth2.googleapis.com/token"
            and claims["scope"] == "https://www.googleapis.com/auth/wallet_object.issuer"
            and 0 < claims["exp"] - claims["iat"] <= 3600
        )
        return (200, {"access_token": TOKEN, "expires_in": 3599}) if is_right else (400, {})


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def serving(google: Google) -> Iterator[Google]:
    """Run the stand-in for the time of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = google.answer(self.command, self.path, self.headers, body)
            say(self, status, json.dumps(told).encode())

        def do_GET(self) -> None:
            self._any()

        def do_POST(self) -> None:
            self._any()

        def do_PATCH(self) -> None:
            self._any()

        def log_message(self, *_told: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        google.endpoints = Endpoints(f"{base}/token", f"{base}/v1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield google
        finally:
            server.shutdown()
            thread.join()
