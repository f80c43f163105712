"""One simulated clinic: Coursekeeper, its Square, the network between them and its mail, in this thread alone."""

import json
import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from plugin.backups.anchors import HEADS
from plugin.backups.standing import ask_when_due
from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.services import Services
from plugin.square.inbox import check
from plugin.store import Store
from plugin.store.creation import is_current, move, upgrade
from plugin.store.queues import Inbox, Outbox
from plugin.worker import LOOPS, Worker
from practice_square.control import PracticeControl
from practice_square.practice import practice_square_of
from practice_square.sender import Posted, Sender
from tests.clock import HandMovedClock
from tests.square.clinic import NOWHERE, OWNER, Clinic, Silence, house_of, keep, settings_for
from tests.square.practice import TillInProcess, square_in_process
from tests.torture.year.faults import (
    Killed,
    StormyClock,
    StormyLine,
    StormyMail,
    Weather,
    killed_upgrades,
    stormy_database,
)

BEGINS = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
# Every step of the simulation, while anything waits.
TICK = timedelta(minutes=5)
_QUEUES = [loop for loop in LOOPS if loop not in ("backups", "imports", "batches")]
_LATE_EVENT_MINUTES = 120
_LONGEST_LEASE_MINUTES = 5
_MOST_ROUNDS = 20
_BETWEEN_TRANSACTIONS = ("claimed", "fetched", "run")
# The worker's timers run more rarely than in life: nothing waits for them for long, and a year is long.
_ROUGH_MINUTES, _CALM_MINUTES, _ROUGH_LASTS_MINUTES = 30, 720, 120


class World:
    """The clinic and everything beside it. Nothing here reads the wall clock, waits, or starts a thread."""

    def __init__(
        self,
        services: Services,
        mail: StormyMail,
        till: PracticeControl,
        sender: Sender,
        weather: Weather,
        clock: HandMovedClock,
    ) -> None:
        self.services, self.mail, self.till, self.weather, self._clock = services, mail, till, weather, clock
        self._sender, self._stop = sender, threading.Event()
        self._on_their_way: list[tuple[int, int, str, str]] = []
        self._numbers = count()
        self.restarts = 0
        self._start_worker()
        self._ran_at = [-math.inf] * len(self._timers)

    @property
    def store(self) -> Store:
        """Return the clinic's database."""
        return self.services.store

    def _start_worker(self) -> None:
        chance = self.weather.chance.random
        self.worker = Worker(self.services, self._overtaken, chance=chance, log=Silence())
        self._other = Worker(self.services, chance=chance, log=Silence())
        self._timers = [
            (do, every_s)
            for do, every_s in self.worker.timers(self._stop)
            if _function(do) is not ask_when_due
        ]

    def take_event(self, _url: str, body: bytes, headers: dict[str, str], _timeout_s: float) -> Posted:
        """Carry an event of Square's: at once, or late, several times, out of order, or never."""
        signature = headers["x-square-hmacsha256-signature"]
        is_stormy = self.weather.strength("events")
        if self.weather.strikes("events"):
            return Posted(self.weather.chance.choice([0, 200]), "lost on the way")
        for _ in range(self.weather.chance.randint(1, 3) if is_stormy else 1):
            late = self.weather.chance.randrange(_LATE_EVENT_MINUTES) if is_stormy else 0
            arrival = (self.weather.minute + late, next(self._numbers), body.decode(), signature)
            self._on_their_way.append(arrival)
        return Posted(200)

    def run(self) -> None:
        """Let events arrive, and the worker do what is due."""
        self.work()
        for do in self._take_due():
            self._survive(do)

    def work(self) -> None:
        """Let Square send, events arrive, and the worker empty its queues."""
        self._sending()
        self._arriving()
        self._survive(self._drain)

    def upgrade_from(self, revision: str) -> None:
        """Restart on a database as an older version left it; where the upgrade is ended, it is begun again."""
        url = self.store.url.render_as_string(hide_password=False)
        self.store.close()
        move(url, revision)
        # That version knew no seals.
        (self.services.settings.data_folder / HEADS).unlink(missing_ok=True)
        while not is_current(self.store):
            with suppress(Killed), self.running(), killed_upgrades(self.weather):
                upgrade(url)
            self.restarts += 1
        self.store.close()
        self._start_worker()

    def _survive(self, do: Callable[[], object]) -> None:
        try:
            with self.running():
                do()
        except Killed:
            self.restarts += 1
            self._start_worker()
        except OperationalError:
            # As in the worker's own loop: the next round tries again.
            return

    def _take_due(self) -> Iterator[Callable[[], object]]:
        now = self.weather.minute
        for number, (do, every_s) in enumerate(self._timers):
            every = (
                every_s / 60 if self.weather.was_rough(_ROUGH_MINUTES) else max(every_s / 60, _CALM_MINUTES)
            )
            if now - self._ran_at[number] >= every:
                self._ran_at[number] = now
                yield do

    def _drain(self) -> None:
        # Not for ever: while workers overtake each other the clock moves on, and makes more work due.
        for _ in range(_MOST_ROUNDS):
            done = [self.worker.run_next(loop) for loop in _QUEUES]
            if not any(done):
                return

    def _overtaken(self, step: str) -> None:
        """Let the worker hang in the middle of its work until its lease is over, and another one begin the same."""
        # At the other steps it holds a transaction, for which another would wait.
        if step in _BETWEEN_TRANSACTIONS and self.weather.strikes("workers"):
            minutes = self.weather.chance.choice([0, _LONGEST_LEASE_MINUTES])
            # The weather has the same time, or the people would do later and later in the day what they do.
            self._clock.advance(minutes=minutes)
            self.weather.minute += minutes
            for loop in _QUEUES:
                self._other.run_next(loop)

    def _sending(self) -> None:
        with self.running():
            self._sender.flush()

    def _arriving(self) -> None:
        arrived = sorted(each for each in self._on_their_way if each[0] <= self.weather.minute)
        self._on_their_way = [each for each in self._on_their_way if each[0] > self.weather.minute]
        for arrival in arrived:
            try:
                with self.running():
                    check(self.services, arrival[2].encode(), arrival[3])
                    keep(self.services, json.loads(arrival[2]))
            except (Killed, OperationalError):
                # Square was not answered: it sends again.
                self._on_their_way.append((self.weather.minute + 1, *arrival[1:]))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the weather strike while the program itself runs."""
        self.weather.is_running = True
        try:
            yield
        finally:
            self.weather.is_running = False

    def waiting(self) -> int:
        """Return how many events and jobs are not done, on the way or in the queues."""
        with self.store.reading() as session:
            rows = [
                session.scalar(select(func.count()).where(table.state == "pending"))
                for table in (Inbox, Outbox)
            ]
        return len(self._on_their_way) + sum(each or 0 for each in rows)


def _function(do: Any) -> Any:
    return getattr(do, "func", do)


@contextmanager
def open_world(
    store: Store, folder: Path, weather: Weather
) -> Iterator[tuple[World, HandMovedClock, Clinic]]:
    """Open a clinic with the starting catalog in Square; its Square's file is in this folder."""
    clock, ids = HandMovedClock(BEGINS), random.Random(0)
    with ExitStack() as stack:
        square, settings = stack.enter_context(
            square_in_process(folder, clock=clock, make_id=lambda: f"{ids.getrandbits(100):025X}"[:22])
        )
        line, mail = StormyLine(square, weather), StormyMail(weather)
        given = settings_for("http://127.0.0.1:9", NOWHERE, SECRET_KEY="s" * 48, DATA_DIR=str(folder))
        services = house_of(given, store, StormyClock(clock, weather), transport=line)  # type: ignore[arg-type]  # moved by the weather
        stack.callback(services.close)
        services = replace(services, mail=mail)
        sender = Sender(practice_square_of(square).store, settings, lambda *told: world.take_event(*told))
        world = World(services, mail, TillInProcess(square), sender, weather, clock)
        clinic = Clinic(services, world.till, clock)
        _open_shop(clinic)
        world.run()
        stack.enter_context(stormy_database(store, weather))
        yield world, clock, clinic


def _open_shop(clinic: Clinic) -> None:
    store, act = clinic.services.store, Act(OWNER, BEGINS, "clinic")
    known = replace(
        read_clinic(store), name="Jade Room", time_zone="UTC", address="1 Pine St\nOakland, CA 94607"
    )
    save_clinic(store, act, known)
    clinic.open_shop()


def desk_staff(store: Store) -> Actor:
    """Add who stands at the desk."""
    person = add_staff(
        store, email="deb@example.org", name="Deb", role=Role.DESK, password_hash="no", now=BEGINS
    )
    return Actor(person.name, Role.DESK, Source.DESK, person.id)
