"""Where a day is played: a practice Square, Coursekeeper with its web and worker, and one clock that is moved.

All in this process, on free ports of this machine: back-off and late events cost no waiting.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from plugin.bootstrap import open_services
from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.moments import day_at
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import CourseView, PackageView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import living_client_in
from plugin.errors import SquareFailed
from plugin.job_registry import kinds_of
from plugin.jobs import EFFECTS
from plugin.services import Services
from plugin.settings import read_settings
from plugin.square.catalog import publish
from plugin.square.locations import adopt_location
from plugin.square.sync import sync
from plugin.store.creation import upgrade
from plugin.store.people import SquareCustomer
from plugin.store.queues import Inbox, Outbox
from plugin.worker import Worker
from practice_square.control import PracticeControl
from practice_square.demo.packages import default_catalog
from practice_square.serving import running_practice
from tests.clock import HandMovedClock
from tests.servers import served

Json = dict[str, Any]
DESK = Actor("Front desk", Role.OWNER, Source.DESK)
# So many rounds of waiting bring every back-off to its end; more means that something is stuck.
MOST_ROUNDS = 60
_STEP_S = 7
# What is put off for longer than this waits for a person, or for Square to come back.
SOON = timedelta(minutes=6)


class Stage:
    """One clinic for one day, with what a scenario needs to play its part."""

    def __init__(self, services: Services, till: PracticeControl, clock: HandMovedClock) -> None:
        self.services = services
        self.till = till
        self.clock = clock
        self.kept: dict[str, Any] = {}
        self._worker = Worker(
            services, chance=lambda: 0.5, log=structlog.wrap_logger(structlog.ReturnLogger())
        )
        self._customers: dict[str, Json] = {}

    def open_shop(self) -> None:
        """Put the packages on the till."""
        adopt_location(self.services)
        for package in default_catalog(self.services.store, self.act("catalogue")):
            publish(self.services, self.act(f"publish-{package.id}"), package.id)
        for customer in self.till.call("GET", "/v2/customers")["customers"]:
            self._customers[customer.get("given_name", "")] = customer

    def act(self, key: str) -> Act:
        """Return an act of the front desk, under a key of this day."""
        return Act(DESK, self.clock(), f"day:{key}:{secrets.token_hex(8)}")

    def package(self, sessions: int) -> PackageView:
        """Return the package of ten or twelve."""
        rows = list_packages(self.services.store).rows
        return next(one for one in rows if any(each.sessions == sessions for each in one.contents))

    def line(self, sessions: int, quantity: str = "1", **more: Any) -> Json:
        """Return a line of the till's ticket."""
        return {"variation_id": self.package(sessions).square_variation_id, "quantity": quantity, **more}

    def customer_id(self, given: str) -> str:
        """Return a customer's id by their given name."""
        return str(self._customers[given]["id"])

    def client_of(self, given: str) -> str:
        """Return the client a customer at the till is here."""
        with self.services.store.reading() as session:
            link = session.get_one(SquareCustomer, self.customer_id(given))
            return living_client_in(session, link.client_id).id

    def sell(self, *lines: Json, to: str | None = None, **sale: Any) -> Json:
        """Ring up a sale at the till; returns the order."""
        customer = {"customer_id": self.customer_id(to)} if to else {}
        order: Json = self.till.sell(list(lines), **customer, **sale)["order"]
        return order

    def courses_of(self, client_id: str) -> Sequence[CourseView]:
        """Return a client's courses, live ones first."""
        return courses_of_client(self.services.store, client_id, today=self.today())

    def today(self) -> date:
        """Return the clinic's day."""
        return day_at(self.clock(), read_clinic(self.services.store).zone)

    def settle(self) -> None:
        """Let events arrive and work be done until nothing waits but what waits for a person or for faults."""
        for _ in range(MOST_ROUNDS):
            self.till.deliver()
            self.work()
            if not self._is_waiting():
                return
            self.clock.advance(seconds=_STEP_S)

    def work_until(self, is_reached: Callable[[], bool]) -> None:
        """Do what is due, and let time pass, until something is so; the rest of the day shows where it never is."""
        for _ in range(MOST_ROUNDS):
            self.work()
            if is_reached():
                return
            self.clock.advance(seconds=_STEP_S)

    def work(self) -> None:
        """Do what is due now."""
        while self._worker.run_next("inbox") or self._worker.run_next("effects"):
            pass

    def sync(self) -> int | None:
        """Look through Square; None where Square could not be asked."""
        try:
            return len(sync(self.services).found)
        except SquareFailed:
            return None

    def _is_waiting(self) -> bool:
        soon = self.clock() + SOON
        messages = select(Inbox.id).where(Inbox.state == "pending", Inbox.due_at <= soon)
        errands = select(Outbox.id).where(
            Outbox.state == "pending", Outbox.kind.in_(kinds_of(EFFECTS)), Outbox.due_at <= soon
        )
        with self.services.store.reading() as session:
            return any(session.scalar(waiting.limit(1)) is not None for waiting in (messages, errands))


@contextmanager
def open_stage(folder: Path, start: datetime) -> Iterator[Stage]:
    """Open a clinic for a day in an empty folder."""
    clock = HandMovedClock(start.astimezone(UTC))
    settings = {
        "DATABASE_URL": f"sqlite:///{folder / 'coursekeeper.db'}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SQUARE_ACCESS_TOKEN": "practice-access-token",
        "SQUARE_WEBHOOK_SIGNATURE_KEY": "practice-signature-key",
    }
    with _listening() as (address, serve):
        webhooks = f"{address}/square/webhooks"
        with running_practice(folder, webhook_url=webhooks, clock=clock) as practice:
            known = read_settings(
                {**settings, "SQUARE_BASE_URL": practice.base_url, "SQUARE_WEBHOOK_URL": webhooks}
            )
            upgrade(known.database_url)
            services = open_services(known, clock=clock)
            serve(services)
            try:
                stage = Stage(services, practice.control, clock)
                stage.open_shop()
                yield stage
            finally:
                services.close()


@contextmanager
def _listening() -> Iterator[tuple[str, Callable[[Services], None]]]:
    """Hold a port for Coursekeeper's web, which begins to answer once there is a house."""
    from plugin.web.application import make_application

    apps: list[Any] = []

    def answer(environ: Any, start_response: Any) -> Any:
        return apps[0](environ, start_response)

    with served(answer) as address:
        yield address, lambda services: apps.append(make_application(services.settings, services=services))
