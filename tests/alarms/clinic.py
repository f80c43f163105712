"""A clinic whose alarms go to a list instead of a mail server."""

from collections.abc import Mapping
from typing import Any, cast

from plugin.alarms import registry
from plugin.alarms.condition import Condition
from plugin.alarms.registry import conditions
from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.clinic import save_hours
from plugin.courses.square_health import connection_in
from plugin.errors import MailFailed
from plugin.mail import Letter
from plugin.services import Services
from plugin.settings import read_settings
from plugin.square.client import SquareClient
from plugin.store import Store
from plugin.store.queues import Sweep
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.square.clinic import Silence

OLGA = Actor("Olga", Role.OWNER, Source.DESK)
CONNECTED = {"SQUARE_ENVIRONMENT": "sandbox", "SQUARE_ACCESS_TOKEN": "token"}
ALWAYS = OpeningHours(((Interval(0, 1440),),) * 7)


class Postbox:
    """Takes letters, or fails as it is told."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.is_ready = True
        self.failure: MailFailed | None = None

    def send(self, letter: Letter) -> None:
        if self.failure is not None:
            raise self.failure
        self.letters.append(letter)

    @property
    def subjects(self) -> list[tuple[str, str]]:
        return [(letter.to, letter.subject) for letter in self.letters]


class Watched:
    """One clinic, open around the clock, with an owner who gets alarms."""

    def __init__(self, store: Store, clock: HandMovedClock, environment: Mapping[str, str]) -> None:
        self.clock, self.postbox, self.store = clock, Postbox(), store
        settings = read_settings({"DATABASE_URL": str(store.url), **environment})
        self.services = Services(
            settings, store, clock, cast(Any, None), cast(SquareClient, None), store.close, mail=self.postbox
        )
        save_hours(store, Act(OLGA, clock(), "hours"), ALWAYS)
        self.hire("olga@example.org", Role.OWNER)

    def hire(self, email: str, role: Role) -> None:
        add_staff(self.store, email=email, name=email, role=role, password_hash="x", now=self.clock())

    def fail_square(self, code: str = "square_down") -> None:
        with self.store.writing() as session:
            row = connection_in(session)
            row.failing_since, row.failing_code = self.clock(), code

    def mend_square(self) -> None:
        with self.store.writing() as session:
            row = connection_in(session)
            row.failing_since, row.failing_code = None, ""

    def synced(self) -> None:
        now = self.clock()
        with self.store.writing() as session:
            session.add(Sweep(id=self.store.new_id(), since=now, started_at=now, finished_at=now, found=[]))

    def condition(self, name: str) -> Condition:
        return next(each for each in conditions(self.services, self.clock()) if each.name == name)

    def look(self, minutes: int, *, delivers: bool = True) -> int:
        """Look once a minute for so long, and deliver, as the worker does; return to how many it was told."""
        told = 0
        for _ in range(minutes):
            if self.clock().minute % 15 == 0:
                self.synced()
            told += registry.look(self.services)
            if delivers:
                self.deliver()
            self.clock.advance(minutes=1)
        return told

    def deliver(self) -> None:
        worker = Worker(self.services, chance=lambda: 0.0, log=Silence())
        while worker.run_next("effects"):
            pass

    def silence_of(self, minutes: float) -> None:
        """Square fails for so long already."""
        self.clock.advance(minutes=-minutes)
        self.fail_square()
        self.clock.advance(minutes=minutes)
