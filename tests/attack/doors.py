"""Every route by every method and everybody: access, the token of forms, redirects, forged and split headers, bodies.

Who may open what is said in one place, the table of tests/web/test_access.py.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from plugin.store.agreements import Agreement
from plugin.store.documents import Document
from plugin.store.ledger import Course, Entry, Visit
from plugin.store.offers import Package
from plugin.store.people import Client, Staff
from plugin.store.queues import Attention
from plugin.store.selling import Checkout
from plugin.store.tables import METADATA
from plugin.web.api.openapi import CALLS
from tests.attack.tally import Tally, is_broken
from tests.web.test_access import DOORS, OPEN_BLUEPRINTS, WHO, address_of, is_let_in
from tests.web.visitor import Visitor, email_of

EVERYBODY = ("nobody", *Role)
_ROWS: dict[str, Any] = {
    "client_id": Client,
    "course_id": Course,
    "entry_id": Entry,
    "visit_id": Visit,
    "package_id": Package,
    "document_id": Document,
    "agreement_id": Agreement,
    "checkout_id": Checkout,
    "item_id": Attention,
    "staff_id": Staff,
}
# They record that somebody came, which is meant.
_LOGS = frozenset(
    {"activity", "client_opening", "sign_in", "limit_hit", "pin_tries", "shared_device", "heartbeat"}
)
_TOO_LARGE = b"x=" + b"y" * (3 * 1024 * 1024)
_ELSEWHERE, _FORGED = "evil.example", "forged.example"
_NAMES = ("next", "then", "back", "to", "url", "wanted", "here")
_EVIL = "&".join(f"{name}=//{_ELSEWHERE}/x" for name in _NAMES)
_SPLIT = "&".join(f"{name}=/x%0d%0aX-Injected:%20yes" for name in _NAMES)
_EVIL_HEADERS = {
    "Host": _FORGED,
    "X-Forwarded-Host": _FORGED,
    "X-Forwarded-Prefix": f"//{_FORGED}",
    "X-Original-URL": "/clinic/settings",
    "X-Rewrite-URL": "/clinic/settings",
    "X-HTTP-Method-Override": "DELETE",
    "X-Forwarded-For": "127.0.0.1",
    "Script-Name": f"//{_FORGED}",
}
_JUNK: tuple[dict[str, str], ...] = (
    {},
    {
        "key": "k",
        "client_id": "' OR 1=1 --",
        "course_id": "../../etc/passwd",
        "amount": "9" * 400,
        "sessions": "-1",
        "date": "0000-00-00",
        "on": "2026-13-45",
        "name": "<script>alert(1)</script>",
        "email": "a@b\r\nBcc: all@example.org",
        "note": "\U0001f600" * 5000,
        "reason": "\x01\x7f",
        "language": "../es",
    },
)


@dataclass
class Somebody:
    """A visitor of one role with the token of their forms, who signs in again where an act has ended it."""

    app: Flask
    role: str
    _visitor: Visitor = field(init=False)
    _token: str = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Sign in again, in a new browser."""
        self._visitor = Visitor(self.app)
        if self.role != "nobody":
            answer = self._visitor.sign_in(email_of(Role(self.role)))
            assert answer.status_code == HTTPStatus.FOUND, (self.role, answer.status_code)
        page = self._visitor.page("/sign-in" if self.role == "nobody" else "/account")
        self._token = next(form.fields["csrf_token"] for form in page.forms if "csrf_token" in form.fields)

    @property
    def token(self) -> str:
        """Return the token of the forms of this session."""
        return self._token

    def open(self, address: str, method: str, **more: Any) -> TestResponse:
        """Send a request as it stands, without following where it leads."""
        return self._visitor.client.open(address, method=method, buffered=True, **more)


@dataclass
class Sweep:
    """One run over the routes of an application; `who`: by endpoint, who may open it."""

    app: Flask
    services: Services
    who: Mapping[str, frozenset[Any]]
    tally: Tally

    def run(self, rules: Sequence[Rule], everybody: Sequence[str] = EVERYBODY) -> Tally:
        """Try every rule as everybody, and return what was possible that should not be."""
        stranger, ids = Somebody(self.app, "nobody"), ids_of(self.services.store)
        for role in everybody:
            visitor = Somebody(self.app, role)
            for rule in rules:
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    if method == "GET":
                        self._read(visitor, rule, ids)
                    else:
                        self._write(visitor, stranger, rule, method, ids)
        return self.tally

    def _read(self, visitor: Somebody, rule: Rule, ids: Mapping[str, str]) -> None:
        address, name = address_of(rule, ids), f"GET {rule.rule} as {visitor.role}"
        if rule.endpoint not in DOORS:
            self._access(visitor, rule, name, lambda: visitor.open(address, "GET"))
        for query in (_EVIL, _SPLIT):
            answer = visitor.open(f"{address}?{query}", "GET", headers=_EVIL_HEADERS)
            self.tally.check("led or forged", not led_astray(answer), f"{name}: {led_astray(answer)}")
            self.tally.check("no error", not is_broken(answer.status_code), f"{name}: {answer.status_code}")
        traced = visitor.open(address, "TRACE")
        self.tally.check("method", traced.status_code in _REFUSED, f"TRACE {rule.rule}: {traced.status_code}")

    def _write(
        self, visitor: Somebody, stranger: Somebody, rule: Rule, method: str, ids: Mapping[str, str]
    ) -> None:
        name = f"{method} {rule.rule} as {visitor.role}"
        real, unknown = address_of(rule, ids), address_of(rule, {})
        before = written(self.services.store)
        for kind, token in (("without token", ""), ("foreign token", stranger.token)):
            if token and visitor.role == "nobody":
                continue
            answer = visitor.open(real, method, data={"csrf_token": token, "key": secrets.token_hex(8)})
            self.tally.check(kind, answer.status_code in _REFUSED, f"{name}: {answer.status_code}")
        may = visitor.role in self.who.get(rule.endpoint, EVERYBODY)
        if not may:
            answer = visitor.open(
                real, method, data={"csrf_token": visitor.token, "key": secrets.token_hex(8)}
            )
            self.tally.check("role", answer.status_code in _REFUSED, f"{name}: {answer.status_code}")
        after = written(self.services.store)
        self.tally.check("nothing written", before == after, f"{name}: {_differ(before, after)}")
        for junk in _JUNK if rule.endpoint not in DOORS else ():
            self._access(visitor, rule, name, partial(_sent, visitor, unknown, method, junk))
        large = visitor.open(
            f"{unknown}?{_EVIL}",
            method,
            data=_TOO_LARGE,
            content_type="application/x-www-form-urlencoded",
            headers=_EVIL_HEADERS,
        )
        self.tally.check("too large", large.status_code in _REFUSED, f"{name}: {large.status_code}")
        self.tally.check("led or forged", not led_astray(large), f"{name}: {led_astray(large)}")

    def _access(self, visitor: Somebody, rule: Rule, name: str, send: Callable[[], TestResponse]) -> None:
        may = visitor.role in self.who.get(rule.endpoint, EVERYBODY)
        answer = send()
        if is_let_in(answer) != may:
            # An act before this one may have ended the sign-in.
            visitor.begin()
            answer = send()
        self.tally.check("access", is_let_in(answer) == may, f"{name}: {answer.status_code}")
        self.tally.check("no error", not is_broken(answer.status_code), f"{name}: {answer.status_code}")


def _sent(visitor: Somebody, address: str, method: str, junk: Mapping[str, str]) -> TestResponse:
    return visitor.open(address, method, data={**junk, "csrf_token": visitor.token})


# What refuses; a redirect to the sign-in is one too, and what a door answers to a wrong form.
_REFUSED = frozenset({302, 303, 400, 401, 403, 404, 405, 413, 415, 422, 429})


def sweep_screens(app: Flask, services: Services) -> Tally:
    """Try every screen of the staff and of clients."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] != "api"]
    ours = [rule for rule in rules if rule.endpoint.split(".")[0] not in OPEN_BLUEPRINTS]
    return Sweep(app, services, WHO, Tally("every route x method x role x token of forms")).run(ours).done()


def sweep_api(app: Flask, services: Services, tokens: Mapping[str, str]) -> Tally:
    """Try every call of the API with a token of each role, none, and ones that are none."""
    tally, ids = Tally("every API call x role x token"), ids_of(services.store)
    senders = {**tokens, "nobody": "", "guess": "ck_" + "a" * 40, "huge": "ck_" + "a" * 4000}
    for call in CALLS:
        address = "/api/v1" + "".join(
            f"/{ids.get(part[1:-1], 'unknown') if part.startswith('{') else part}"
            for part in call.path.strip("/").split("/")
        )
        for who, token in senders.items():
            may = who in {Role.OWNER, *call.roles}
            # A body that no call takes: what is asked here is only who may come so far.
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = app.test_client(use_cookies=False).open(
                address, method=call.method, json={"unforeseen": 1}, headers=headers
            )
            is_right = (answer.status_code not in (401, 403)) if may else answer.status_code in (401, 403)
            said = f"{call.method} {call.path} as {who}: {answer.status_code}"
            tally.check("access", is_right, said)
            tally.check("no error", not is_broken(answer.status_code), said)
    return tally.done()


def led_astray(answer: TestResponse) -> str:
    """Return where the answer leads that is not ours, or which header it let in; "" for neither."""
    where = urlsplit(answer.headers.get("Location", ""))
    if where.netloc and where.netloc not in ("localhost", "127.0.0.1"):
        return f"leads to {where.netloc}"
    if "X-Injected" in answer.headers:
        return "a header was split"
    if _FORGED in answer.text or _FORGED in str(answer.headers):
        return "repeats a forged host"
    return ""


def ids_of(store: Store) -> dict[str, str]:
    """Return an id that leads somewhere, for each kind of id that is there."""
    with store.reading() as session:
        found = {name: session.scalar(select(model.id).limit(1)) for name, model in _ROWS.items()}
    return {name: str(id_) for name, id_ in found.items() if id_ is not None}


def written(store: Store) -> dict[str, int]:
    """Return how many rows each table has, but for those that record who came."""
    with store.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in METADATA.tables.items()
            if name not in _LOGS
        }


def _differ(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} {count} to {after[name]}" for name, count in before.items() if after[name] != count
    )
