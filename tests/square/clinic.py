"""A clinic beside a practice Square: its services, its packages in Square, its webhooks received over HTTP.
Independent of the tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import select
from werkzeug.wrappers import Request, Response

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.attention.items import list_attention
from plugin.courses.audit import audit
from plugin.courses.base.inbox import receive
from plugin.courses.base.views import AttentionView, PackageView
from plugin.courses.catalog.packages import list_variation
from plugin.errors import BadSignature
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.square.catalog import publish
from plugin.square.connection.tokens import open_square
from plugin.square.inbox import HEADER, check
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client
from plugin.store.queues import Inbox
from plugin.vault import Vault
from plugin.worker import Worker
from practice_square.control import PracticeControl
from practice_square.demo.packages import default_catalog
from practice_square.serving import local_server
from tests.clock import HandMovedClock

Json = dict[str, Any]
OWNER = Actor("Olive", Role.OWNER, Source.DESK)
TOKEN = "practice-access-token"
KEY = "practice-signature-key"
LOCATION = "LPRACTICE0001"
# Where no webhook ever arrives.
NOWHERE = "http://127.0.0.1:9/square/webhooks"


class Silence:
    """A log that no one reads."""

    def info(self, _event: str, **_told: object) -> None: ...

    def warning(self, _event: str, **_told: object) -> None: ...

    def error(self, _event: str, **_told: object) -> None: ...


def settings_for(square_url: str, webhook_url: str = NOWHERE, **more: str) -> Settings:
    return read_settings(
        {
            "SQUARE_BASE_URL": square_url,
            "SQUARE_ACCESS_TOKEN": TOKEN,
            "SQUARE_WEBHOOK_SIGNATURE_KEY": KEY,
            "SQUARE_WEBHOOK_URL": webhook_url,
            **more,
        }
    )


def house_of(
    settings: Settings,
    store: Store,
    clock: HandMovedClock,
    transport: httpx.BaseTransport | None = None,
) -> Services:
    """Services without paper workers; close their `square` after use."""
    vault = Vault(settings.encryption_keys.get_secret_value())
    square = open_square(settings, store, vault, clock, transport=transport)
    return Services(
        settings, store, clock, lambda _paper, _assets=None: b"%PDF-", square, square.close, vault
    )


class Clinic:
    """One clinic's services and the Square beside them."""

    def __init__(self, services: Services, till: PracticeControl, clock: HandMovedClock) -> None:
        self.services = services
        self.till = till
        self.clock = clock
        self.packages: dict[str, PackageView] = {}

    def open_shop(self) -> None:
        """Publish the starting catalog to Square."""
        act = Act(OWNER, self.clock(), "opening")
        for package in default_catalog(self.services.store, act):
            name = "ten" if "10" in package.name else "twelve"
            self.packages[name] = publish(self.services, act, package.id)

    def line(self, name: str, quantity: str = "1", **more: Any) -> Json:
        return {"variation_id": self.packages[name].square_variation_id, "quantity": quantity, **more}

    def sell(self, *names: str, **sale: Any) -> Json:
        """Ring up one of each; returns the order."""
        order: Json = self.till.sell([self.line(name) for name in names], **sale)["order"]
        return order

    def link(self, name: str, square_variation_id: str) -> None:
        """Link an item the clinic sells already to this package."""
        list_variation(
            self.services.store,
            Act(OWNER, self.clock(), "linking"),
            self.packages[name].id,
            square_variation_id=square_variation_id,
            square_item_id=None,
            square_version=None,
        )

    def worker(self, at_step: Callable[[str], None] = lambda name: None) -> Worker:
        return Worker(self.services, at_step, chance=lambda: 0.0, log=Silence())

    def hear(self) -> None:
        """Have Square deliver every pending event."""
        while self.till.deliver()["waiting"]:
            continue

    def work(self, at_step: Callable[[str], None] = lambda name: None) -> None:
        worker = self.worker(at_step)
        while worker.run_next("inbox"):
            pass

    def errands(self, at_step: Callable[[str], None] = lambda name: None) -> None:
        """Run the outbox jobs for Square that are due now."""
        worker = self.worker(at_step)
        while worker.run_next("effects"):
            pass

    def papers(self) -> None:
        """Issue and draw the pending papers, fetching from Square first where needed."""
        worker = self.worker()
        while worker.run_next("documents") or worker.run_next("effects"):
            pass

    def catch_up(self, *, seconds: float = 0) -> None:
        """Receive events, then handle them; with `seconds`, once more when those have passed."""
        self.hear()
        self.work()
        if seconds:
            self.clock.advance(seconds=seconds)
            self.work()

    def ledger(self) -> list[tuple[Any, ...]]:
        """Every course with its entries, without ids and in an order independent of chance."""
        with self.services.store.reading() as session:
            courses = session.scalars(select(Course)).all()
            names = {client.id: client.name for client in session.scalars(select(Client))}
            told = [
                (
                    course.square_order_id,
                    course.square_line_uid,
                    course.unit,
                    course.package_name,
                    names.get(course.client_id or ""),
                    course.price,
                    course.currency,
                    course.sold_at,
                    course.closed_as,
                    tuple(
                        (position, entry.seq, entry.kind, entry.sessions_after, entry.value_after)
                        for position, entry in session.execute(
                            select(Allowance.position, Entry)
                            .join(Entry, Entry.allowance_id == Allowance.id)
                            .where(Allowance.course_id == course.id)
                            .order_by(Allowance.position, Entry.seq)
                        )
                    ),
                )
                for course in courses
            ]
        return sorted(told, key=lambda row: (row[0], row[1], row[2]))

    def attention(self) -> list[AttentionView]:
        return list(list_attention(self.services.store).rows)

    def messages(self) -> list[tuple[str, str, str]]:
        """Type, state and outcome of every event, in the order they were received."""
        with self.services.store.reading() as session:
            rows = session.scalars(select(Inbox).order_by(Inbox.id))
            return [(row.event_type, row.state, row.outcome) for row in rows]

    def is_sound(self) -> bool:
        return audit(self.services.store) == ()


def keep(services: Services, event: Json) -> bool:
    """Add an event to the inbox as the webhook does."""
    return receive(
        services.store,
        event_id=event["event_id"],
        event_type=event["type"],
        body=json.dumps(event),
        now=services.clock(),
    )


class Ear:
    """Receives webhooks over HTTP as the web part does: signature first, then the inbox."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self.refused = 0
        self._busy = threading.Lock()
        self._server = local_server(self._answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/square/webhooks"

    def _answer(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = request.get_data()
        with self._busy:
            return Response(status=self._take(body, request.headers.get(HEADER)))(environ, start_response)

    def _take(self, body: bytes, signature: str | None) -> int:
        if self.services is None:
            return 503
        try:
            check(self.services, body, signature)
        except BadSignature:
            self.refused += 1
            return 403
        keep(self.services, json.loads(body))
        return 200

    def forget(self) -> None:
        """Stop receiving for a clinic: a late event must not open its database again."""
        with self._busy:
            self.services = None

    @contextmanager
    def listening(self) -> Iterator[Ear]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(timeout=10)
