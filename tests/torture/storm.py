"""Webhooks under fire: each several times, shuffled, forged ones between, Square failing one call in four.

The ledger is the same, row by row, as when each event came once, in order, to a Square that always answered.
"""

import json
import math
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from sqlalchemy import func, select

from plugin import create_app
from plugin.square.inbox import HEADER
from plugin.store import Store
from plugin.store.queues import Inbox
from practice_square.control import PracticeControl
from practice_square.events import sign
from practice_square.practice import practice_square_of
from tests.clock import HandMovedClock
from tests.square.clinic import KEY, NOWHERE, Clinic, Json, house_of, settings_for
from tests.square.network import Line
from tests.square.practice import TillInProcess, square_in_process
from tests.torture.databases import Fresh

_MOST_TIMES, _FORGED, _WORK_BETWEEN = 5, 0.1, 0.3
# Of the time, the part in which the quiet clinic books; under fire each event comes several times.
_QUIET_SHARE, _AT_ONCE = 0.35, 500
# A job that failed waits longer each time, at most hours.
_WAIT_HOURS, _MOST_WAITS = 6, 60


@dataclass(frozen=True)
class StormRun:
    """How many events there were, how many were sent in all, what was refused, and what came out otherwise.

    `given_up` are events whose every try failed; the sync after the storm makes up for them.
    """

    events: int
    sent: int
    forged: int
    forged_taken: int
    given_up: int
    wrong_rows: tuple[object, ...]
    is_sound: bool

    @property
    def is_right(self) -> bool:
        return self.is_sound and not (self.forged_taken or self.wrong_rows)


def storm(fresh: Fresh, folder: Path, *, seed: int, events: int, ends_at: float = math.inf) -> StormRun:
    """Sell until there are so many events, and book them twice: in a quiet clinic, and in one under fire.

    `ends_at`, of the monotonic clock: there are fewer events where the machine is too slow for all of them.
    """
    sells_until = time.monotonic() + (ends_at - time.monotonic()) * _QUIET_SHARE
    chance, clock = random.Random(seed), HandMovedClock()
    with square_in_process(folder, clock=clock) as (square, _settings):
        line, till = FlakyLine(square, random.Random(seed)), TillInProcess(square)
        calm, under_fire = fresh(), fresh()
        with _clinic(calm, line, till, clock) as clinic:
            clinic.open_shop()
            clinic.work()
            packages = clinic.packages
        _copy(calm, under_fire)
        register, told = _Register(square, till, packages, chance), list[str]()
        with _clinic(calm, line, till, clock) as clinic:
            endpoint = _WebhookEndpoint(clinic)
            while len(told) < events and time.monotonic() < sells_until:
                new = register.sell_until(min(events, len(told) + _AT_ONCE))[len(told) :]
                for body in new:
                    assert endpoint.send(body, sign(KEY, NOWHERE, body)) < 300
                clinic.work()
                told += new
            till.set_faults()
            _finish(clinic)
            expected = Counter(clinic.ledger())
        with _clinic(under_fire, line, till, clock) as clinic:
            return _under_fire(clinic, told, chance, expected, line, ends_at)


class FlakyLine(Line):
    """Fails this part of the calls that the clinic makes to Square."""

    def __init__(self, square: Flask, chance: random.Random) -> None:
        super().__init__(square)
        self.failing, self._chance = 0.0, chance

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._chance.random() < self.failing:
            return httpx.Response(503, request=request)
        return super().handle_request(request)


def _under_fire(
    clinic: Clinic,
    told: list[str],
    chance: random.Random,
    expected: Counter[Any],
    line: FlakyLine,
    ends_at: float,
) -> StormRun:
    endpoint, worker = _WebhookEndpoint(clinic), clinic.worker()
    line.failing = 0.25
    sent = [body for body in told for _ in range(chance.randint(1, _MOST_TIMES))]
    chance.shuffle(sent)
    forged = taken = 0
    arrived = Counter[str]()
    for body in sent:
        # Each comes at least once; where the time is over, no more often.
        if arrived[body] and time.monotonic() > ends_at:
            continue
        arrived[body] += 1
        assert endpoint.send(body, sign(KEY, NOWHERE, body)) < 300
        if chance.random() < _FORGED:
            forged += 1
            taken += endpoint.send(*_forged(body, chance)) < 300
        if chance.random() < _WORK_BETWEEN:
            worker.run_next("inbox")
    given_up = _finish(clinic)
    # Square answers again: the next sync finds what was given up on.
    line.failing = 0.0
    clinic.worker().sync()
    _finish(clinic)
    found = Counter(clinic.ledger())
    wrong = (*(found - expected).elements(), *(expected - found).elements())
    return StormRun(len(told), arrived.total(), forged, taken, given_up, wrong, clinic.is_sound())


def _forged(body: str, chance: random.Random) -> tuple[str, str | None]:
    """Return a body that Square never sent, with no signature, a wrong one, or that of the body it was made from."""
    event = json.loads(body)
    other = json.dumps({**event, "event_id": f"forged-{chance.random()}"})
    return other, chance.choice([None, "", sign("another-key", NOWHERE, other), sign(KEY, NOWHERE, body)])


def _finish(clinic: Clinic) -> int:
    """Work until nothing waits, letting the pauses between tries pass; return how many events were given up on."""
    for _ in range(_MOST_WAITS):
        clinic.work()
        clinic.errands()
        if not _count(clinic, "pending"):
            break
        clinic.clock.advance(hours=_WAIT_HOURS)
    return _count(clinic, "failed")


def _count(clinic: Clinic, state: str) -> int:
    with clinic.services.store.reading() as session:
        return session.scalar(select(func.count()).where(Inbox.state == state)) or 0


class _WebhookEndpoint:
    """The webhook endpoint of the real application."""

    def __init__(self, clinic: Clinic) -> None:
        self._client = create_app(services=clinic.services).test_client()

    def send(self, body: str, signature: str | None) -> int:
        headers = {} if signature is None else {HEADER: signature}
        answer = self._client.post(
            "/square/webhooks", data=body, headers=headers, content_type="application/json"
        )
        return answer.status_code


@contextmanager
def _clinic(url: str, line: Line, till: PracticeControl, clock: HandMovedClock) -> Iterator[Clinic]:
    settings = settings_for("http://127.0.0.1:9", NOWHERE, SECRET_KEY="s" * 48)
    with Store(url) as store:
        services = house_of(settings, store, clock, line)
        try:
            yield Clinic(services, till, clock)
        finally:
            services.close()


def _copy(source: str, target: str) -> None:
    """Copy one SQLite database over another; both are closed."""
    shutil.copyfile(source.removeprefix("sqlite:///"), target.removeprefix("sqlite:///"))


class _Register:
    """Rings up what clients buy, and gives some of it back."""

    def __init__(self, square: Flask, till: PracticeControl, packages: Json, chance: random.Random) -> None:
        self._square, self._till, self._packages, self._chance = square, till, packages, chance
        self._people: list[str] = []
        self._orders: list[Json] = []
        till.set_faults(has_withheld_events=True)

    def sell_until(self, events: int) -> list[str]:
        """Sell, refund and merge until Square has so many events to tell; return the bodies of all, in order."""
        told = self._events()
        while len(told) < events:
            # An act has two to four.
            for _ in range(max(1, (events - len(told)) // 4)):
                self.act()
            told = self._events()
        return told

    def _events(self) -> list[str]:
        with practice_square_of(self._square).work() as work:
            rows = work.sql.execute("SELECT body FROM deliveries WHERE state = 'withheld' ORDER BY n")
            return [body for (body,) in rows]

    def act(self) -> None:
        chosen = self._chance.random()
        if chosen < 0.15 or not self._people:
            self._people.append(
                self._till.add_customer(given_name="Ana", family_name=f"L. {len(self._people)}")["id"]
            )
        elif chosen < 0.85 or not self._orders:
            self._sell()
        elif chosen < 0.97:
            self._give_back(self._orders.pop(self._chance.randrange(len(self._orders))))
        elif len(self._people) > 2:
            self._till.merge_customers(self._people.pop(), self._people.pop())

    def _sell(self) -> None:
        names = self._chance.choices(["ten", "twelve"], k=self._chance.choice([1, 1, 1, 2]))
        lines = [
            {"variation_id": self._packages[name].square_variation_id, "quantity": "1"} for name in names
        ]
        sale = {"customer_id": self._chance.choice(self._people)} if self._chance.random() < 0.9 else {}
        self._orders.append(self._till.sell(lines, **sale)["order"])

    def _give_back(self, order: Json) -> None:
        uid = self._chance.choice(order["line_items"])["uid"]
        self._till.refund_lines(order["id"], {uid: "1"})
