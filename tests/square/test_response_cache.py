"""H2: Square continues to fail one call in four; a refund is booked after a few tries all the same."""

import random
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from plugin.square.response_cache import KEPT_FOR, MOST_EVENTS, ResponseCache
from plugin.store.queues import Inbox
from tests.clock import HandMovedClock
from tests.square.clinic import Clinic, house_of, keep
from tests.square.selling import Json, Selling

MANY = 25


class Flaky(httpx.BaseTransport):
    """Fails one request in four, by a seeded chance, and counts what it carried."""

    def __init__(self, line: httpx.BaseTransport, seed: int) -> None:
        self._line = line
        self._chance = random.Random(seed)
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._chance.random() < 0.25:
            error = {"category": "API_ERROR", "code": "GENERIC", "detail": "made to fail"}
            return httpx.Response(500, json={"errors": [error]}, request=request)
        self.asked += 1
        return self._line.handle_request(request)


@pytest.fixture
def flaky(selling: Selling) -> Iterator[tuple[Clinic, Flaky]]:
    """The shop's clinic behind a line that fails."""
    assert selling.line is not None
    line = Flaky(selling.line, seed=2)
    services = house_of(selling.clinic.services.settings, selling.store, selling.clinic.clock, line)
    yield Clinic(services, selling.clinic.till, selling.clinic.clock), line
    services.close()


def test_refunds_are_booked_after_a_few_tries_though_one_call_in_four_fails(
    selling: Selling, flaky: tuple[Clinic, Flaky]
) -> None:
    """H2."""
    till, (clinic, line) = selling.clinic.till, flaky
    orders: list[Json] = []
    selling.hear(selling.events(lambda: orders.extend(_sell(selling) for _ in range(MANY))))
    told = selling.events(
        lambda: [till.refund_lines(one["id"], {one["line_items"][0]["uid"]: "1"}) for one in orders]
    )
    refunds = [event for event in told if event["type"] == "refund.updated"]
    for event in refunds:
        keep(clinic.services, event)
    for _ in range(40):
        clinic.work()
        clinic.clock.advance(seconds=20)
    tries = _tries(clinic, {event["event_id"] for event in refunds})
    assert {row[8] for row in clinic.ledger() if row[0] in {one["id"] for one in orders}} == {"refunded"}
    assert len(tries) == MANY
    assert sum(tries) / MANY < 3.5
    assert max(tries) <= 8
    # Nothing that was answered is requested twice.
    assert line.asked <= 6 * MANY


def _sell(selling: Selling) -> Json:
    ana = selling.clinic.till.add_customer(given_name="Ana", family_name="Souza")
    return selling.clinic.sell("ten", customer_id=ana["id"])


def _tries(clinic: Clinic, event_ids: set[str]) -> list[int]:
    with clinic.services.store.reading() as session:
        rows = session.scalars(select(Inbox).where(Inbox.event_id.in_(event_ids)))
        return [row.attempts for row in rows if row.state == "done"]


class Asked:
    """A Square that answers with its number of calls."""

    def __init__(self) -> None:
        self.times = 0

    def order(self, order_id: str) -> dict[str, object]:
        self.times += 1
        return {"id": order_id, "times": self.times}

    def order_updated(self, order_id: str) -> str:
        return f"changed {order_id}"


def _times(answers: ResponseCache, square: Asked, message: str, clock: HandMovedClock) -> object:
    return answers.asking(message, square, clock()).order("O")["times"]  # type: ignore[arg-type]


def test_an_answer_is_kept_for_its_message_alone_and_not_for_ever(clock: HandMovedClock) -> None:
    answers, square = ResponseCache(), Asked()
    assert [_times(answers, square, one, clock) for one in ("a", "a", "b", "a")] == [1, 1, 2, 1]
    answers.forget("a")
    assert _times(answers, square, "a", clock) == 3
    clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    assert _times(answers, square, "a", clock) == 4
    clock.advance(seconds=-3600)
    assert _times(answers, square, "a", clock) == 5
    for many in range(MOST_EVENTS):
        _times(answers, square, f"m{many}", clock)
    assert _times(answers, square, "a", clock) == 6 + MOST_EVENTS


def test_what_is_no_single_object_is_always_asked(clock: HandMovedClock) -> None:
    square = ResponseCache().asking("a", Asked(), clock())  # type: ignore[arg-type]
    assert square.order_updated("O") == "changed O"  # type: ignore[attr-defined]
