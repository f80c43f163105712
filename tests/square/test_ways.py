"""Every way Square can send the same sale, its events in every order and each twice, or none at all: one ledger.

Different by nature, and each checked for itself: when it was sold (offline: three days before it arrived) and in how
many payments (an invoice with a deposit: two). The rest of the ledger is the same to the cent.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from plugin.courses.sales.checkouts import list_checkouts
from plugin.square.checkout.order import read_row
from plugin.square.client import SquareClient
from plugin.square.parsing import rfc3339
from plugin.square.sync import sync
from plugin.store import Store
from plugin.store.backup import backup
from plugin.store.ledger import Course
from tests.clock import HandMovedClock
from tests.square.clinic import Clinic, keep
from tests.square.selling import Json, Selling, open_selling, usd

LATE = timedelta(hours=72)
ONE_COURSE = [
    (
        "Facial acupuncture, course of 10",
        "Ana Souza",
        165000,
        "USD",
        None,
        {"sold": (10, 0), "paid": (0, 165000)},
    )
]


@dataclass(frozen=True)
class Way:
    """How the sale is made; returns its order. `payments` and `is_late` are what differs by nature."""

    sell: Callable[[Selling, Callable[[], None]], str]
    payments: int = 1
    is_late: bool = False


def at_the_till(**sale: Any) -> Callable[[Selling, Callable[[], None]], str]:
    def sell(selling: Selling, begun: Callable[[], None]) -> str:
        begun()
        ana = selling.clinic.till.add_customer(given_name="Ana", family_name="Souza")
        said = {name: one(selling) if callable(one) else one for name, one in sale.items()}
        return str(selling.clinic.sell("ten", customer_id=ana["id"], **said)["id"])

    return sell


def from_the_desk(way: str, *payments: Json, **more: Any) -> Callable[[Selling, Callable[[], None]], str]:
    def sell(selling: Selling, begun: Callable[[], None]) -> str:
        checkout = selling.begin(way, **more)
        selling.clinic.errands()
        begun()
        for payment in payments:
            selling.clinic.clock.advance(seconds=1)
            selling.pay(checkout, **payment)
        return str(read_row(selling.clinic.services, checkout.id).square_order_id)

    return sell


SPLIT = [{"type": "card", "amount": 100000}, {"type": "cash", "amount": 65000}]
WAYS = {
    "till, card": Way(at_the_till()),
    "till, cash": Way(at_the_till(tenders=[{"type": "cash", "amount": 165000}])),
    "till, split": Way(at_the_till(tenders=SPLIT)),
    "till, offline": Way(
        at_the_till(created_at=lambda selling: rfc3339(selling.clinic.clock() - LATE)), is_late=True
    ),
    "cash": Way(from_the_desk("cash", supplied=usd(170000))),
    "other": Way(from_the_desk("other")),
    "terminal": Way(from_the_desk("terminal", {})),
    "link": Way(from_the_desk("link", {"email": "mother@example.org"})),
    "invoice": Way(from_the_desk("invoice", {})),
    "invoice, deposit": Way(from_the_desk("invoice", {}, {}, deposit=usd(50000)), payments=2),
}


@dataclass(frozen=True)
class Recorded:
    """A sale as Square has it, the events it sent of it, and the services as they were before any reached them."""

    order_id: str
    events: list[Json]
    before: Path
    sold_at: datetime
    square: Remembering


class Remembering:
    """Calls the practice Square with the same request once: nothing changes there any more."""

    def __init__(self, square: SquareClient) -> None:
        self._square = square
        self._answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        ask = getattr(self._square, name)

        def asked(*args: Any, **named: Any) -> Any:
            question = f"{name} {args} {named}"
            if question not in self._answers:
                answer = ask(*args, **named)
                self._answers[question] = list(answer) if isinstance(answer, Iterator) else answer
            return self._answers[question]

        return asked


class Recorder:
    """Makes each sale once, however many orders of its events are tried."""

    def __init__(self, selling: Selling, folder: Path) -> None:
        self._selling = selling
        self._folder = folder
        self._recorded: dict[str, Recorded] = {}
        self._store = Store(f"sqlite:///{folder / 'replay.db'}")
        self.clock = HandMovedClock()

    def close(self) -> None:
        self._store.close()

    def of(self, name: str) -> Recorded:
        if name not in self._recorded:
            self._recorded[name] = self._record(name)
        return self._recorded[name]

    def replay(self, recorded: Recorded) -> Clinic:
        """Return services as they were before the sale, beside a Square that has it. One engine for all stays warm."""
        self._store.close()
        for leftover in self._folder.glob("replay.db*"):
            leftover.unlink()
        shutil.copyfile(recorded.before, self._folder / "replay.db")
        self.clock.set(self._selling.clinic.clock())
        square = cast(SquareClient, recorded.square)
        services = replace(self._selling.clinic.services, store=self._store, clock=self.clock, square=square)
        return Clinic(services, self._selling.clinic.till, self.clock)

    def _record(self, name: str) -> Recorded:
        selling, before = self._selling, self._folder / f"{name}.db"
        selling.rest()
        selling.clinic.clock.advance(days=4)
        order_ids: list[str] = []
        events = selling.events(
            lambda: order_ids.append(WAYS[name].sell(selling, lambda: backup(selling.store, before)))
        )
        _forget_messages(before)
        sold_at = selling.clinic.clock() - (LATE if WAYS[name].is_late else timedelta())
        if WAYS[name].payments > 1:
            sold_at -= timedelta(seconds=1)
        return Recorded(order_ids[0], events, before, sold_at, Remembering(selling.clinic.services.square))


@pytest.fixture(scope="module")
def recorder(memory_folder: Path, _migrated_file: Path) -> Iterator[Recorder]:
    with open_selling(memory_folder, _migrated_file) as selling:
        recorder = Recorder(selling, memory_folder)
        began = time.process_time()
        yield recorder
        recorder.close()
        print(f"\n{len(WAYS)} ways x {len(ORDERS)} orders in {time.process_time() - began:.1f} s of work")


def shuffled(events: list[Json]) -> list[Json]:
    return random.Random(7).sample(events * 2, 2 * len(events))


ORDERS: dict[str, Callable[[list[Json]], list[Json]]] = {
    "each twice": lambda events: [one for event in events for one in (event, event)],
    "all twice, backwards": lambda events: [*events, *events][::-1],
    "shuffled, twice": shuffled,
    "swept, then told": lambda events: events,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("way", WAYS)
def test_one_sale_is_one_ledger(recorder: Recorder, way: str, order: str) -> None:
    recorded = recorder.of(way)
    clinic = recorder.replay(recorded)
    if order == "swept, then told":
        _sweep(clinic)
        _is_one_ledger(clinic, recorded, WAYS[way])
    for number, event in enumerate(ORDERS[order](recorded.events)):
        # A second delivery has the id of the first; a second event of Square's has another.
        keep(clinic.services, event if number % 2 else {**event, "event_id": f"{event['event_id']}-{number}"})
        clinic.work()
    _is_one_ledger(clinic, recorded, WAYS[way])


def _is_one_ledger(clinic: Clinic, recorded: Recorded, way: Way) -> None:
    order_id = recorded.order_id
    assert _ledger(clinic, order_id) == ONE_COURSE
    assert _aside(clinic, order_id) == (recorded.sold_at, way.payments)
    assert [one for one in clinic.attention() if one.square_order_id == order_id] == []
    begun = [one for one in list_checkouts(clinic.services.store) if one.square_order_id == order_id]
    assert all((one.state, one.came) == ("paid", usd(165000)) for one in begun)
    assert clinic.is_sound()


def _sweep(clinic: Clinic) -> None:
    sync(clinic.services)
    clinic.work()


def _forget_messages(file: Path) -> None:
    """The desk's job sees its own payments; here the events or the sync must report them."""
    connection = sqlite3.connect(file)
    connection.execute("DELETE FROM inbox")
    connection.commit()
    connection.close()


def _ledger(clinic: Clinic, order_id: str) -> list[tuple[Any, ...]]:
    """Return the order's courses without its ids and its time: package, client, price, currency, how it ended, sums."""
    rows = [row for row in clinic.ledger() if row[0] == order_id]
    return [(*row[3:7], row[8], _sums(row[9])) for row in rows]


def _sums(lines: tuple[tuple[Any, ...], ...]) -> dict[str, tuple[int, int]]:
    """Return by kind the totals of the entries: sessions and money."""
    sums: dict[str, tuple[int, int]] = {}
    sessions = value = 0
    for _position, _seq, kind, sessions_after, value_after in lines:
        before = sums.get(kind, (0, 0))
        sums[kind] = (before[0] + sessions_after - sessions, before[1] + value_after - value)
        sessions, value = sessions_after, value_after
    return sums


def _aside(clinic: Clinic, order_id: str) -> tuple[datetime, int]:
    with clinic.services.store.reading() as session:
        sold_at = session.scalars(select(Course.sold_at).where(Course.square_order_id == order_id)).one()
    lines = next(row[-1] for row in clinic.ledger() if row[0] == order_id)
    return sold_at, sum(1 for line in lines if line[2] == "paid")
