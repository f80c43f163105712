"""A desk that sells on Square's other screens, and the people who pay there. Independent of the tests."""

import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.money import Money
from plugin.courses.base.read import read_course
from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import create_client, read_client
from plugin.courses.sales.book import courses_of_order_in
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import (
    NewCheckout,
    cancel_checkout,
    list_checkouts,
    list_terminals,
    read_checkout,
    start_checkout,
)
from plugin.errors import MailFailed
from plugin.mail import Letter
from plugin.square.checkout.order import read_row
from plugin.square.checkout.terminal import refresh_terminals
from plugin.square.sync import sync
from plugin.store import Store
from plugin.store.selling import Checkout
from practice_square.serving import running_practice
from tests.clock import HandMovedClock
from tests.square.clinic import LOCATION, NOWHERE, Clinic, house_of, keep, settings_for
from tests.square.network import Line
from tests.square.practice import TillInProcess

Json = dict[str, Any]
DEB = Actor("Deb", Role.DESK, Source.DESK)
_numbers = itertools.count(1)


class Letters:
    """Stores the e-mails it receives, and refuses those to `refused@…`."""

    is_ready = True

    def __init__(self) -> None:
        self.sent: list[Letter] = []

    def send(self, letter: Letter) -> None:
        if letter.to.startswith("refused@"):
            raise MailFailed("The mail server refuses this letter for good.", permanent=True)
        self.sent.append(letter)


class Selling:
    """Begins sales at the desk of a clinic, runs its outbox jobs, and pays where its clients would."""

    def __init__(self, clinic: Clinic, line: Line | None = None, letters: Sequence[Letter] = ()) -> None:
        self.clinic = clinic
        self.line = line
        self.letters = letters
        self.store = clinic.services.store
        self.location_id = LOCATION
        self.began_at = clinic.clock()
        refresh_terminals(clinic.services)

    def act(self) -> Act:
        return Act(DEB, self.clinic.clock(), f"selling-{next(_numbers)}")

    def client(self, name: str = "Ana Souza", **contact: str) -> str:
        return create_client(self.store, self.act(), name=name, **contact).id

    def begin(
        self,
        way: str,
        client_id: str | None = None,
        *,
        package_id: str | None = None,
        act: Act | None = None,
        **more: Any,
    ) -> CheckoutView:
        extra: Json = {"other": {"tender": "Bank transfer"}}.get(way, {})
        new = NewCheckout(
            client_id=client_id or self.client(),
            package_id=package_id or self.clinic.packages["ten"].id,
            way=way,
            **{**extra, **more},
        )
        return start_checkout(self.store, act or self.act(), new)

    def go(self, checkout: CheckoutView | None = None) -> None:
        """Run the due outbox jobs for Square, then handle the resulting events."""
        self.clinic.errands()
        self.clinic.work()

    def after(self, seconds: float) -> None:
        self.clinic.clock.advance(seconds=seconds)
        self.go()

    def now(self, checkout: CheckoutView) -> CheckoutView:
        return read_checkout(self.store, checkout.id)

    def cancel(self, checkout: CheckoutView) -> CheckoutView:
        return cancel_checkout(self.store, self.act(), checkout.id)

    def row(self, checkout: CheckoutView) -> Checkout:
        return read_row(self.clinic.services, checkout.id)

    def rest(self) -> None:
        """End what waits, so that the next test begins with nothing to do."""
        if self.line is not None:
            self.line.faults.clear()
        waiting = list_checkouts(self.store, open_only=True)
        for one in waiting:
            self.cancel(one)
        if waiting:
            self.after(5)
        self.clinic.clock.advance(hours=1)

    def show(self) -> None:
        """Let the Terminal poll, as it does by itself."""
        device = list_terminals(self.store)[0].device_id
        self.clinic.till.show_at_terminal(device)

    def events(self, deed: Callable[[], object]) -> list[Json]:
        """Return the events that Square sends for what is done meanwhile, oldest first."""
        before = {one["event_id"] for one in self.clinic.till.events()}
        deed()
        told = [one for one in self.clinic.till.events() if one["event_id"] not in before]
        return [json.loads(one["body"]) for one in reversed(told)]

    def hear(self, events: Iterable[Json]) -> None:
        """Have these events arrive one after the other, each handled before the next."""
        for event in events:
            keep(self.clinic.services, event)
            self.clinic.work()

    def sync(self) -> None:
        sync(self.clinic.services)
        self.clinic.work()

    def object_of(self, checkout: CheckoutView) -> str:
        return self.row(checkout).square_object_id or ""

    def courses(self, checkout: CheckoutView) -> list[CourseView]:
        return self._read(self.now(checkout).course_ids)

    def courses_of(self, order_id: str) -> list[CourseView]:
        with self.store.reading() as session:
            ids = courses_of_order_in(session, order_id)
        return self._read(ids)

    def _read(self, course_ids: Sequence[str]) -> list[CourseView]:
        today = self.clinic.clock().date()
        return [read_course(self.store, one, today=today) for one in course_ids]

    def square_id(self, client_id: str) -> str:
        return read_client(self.store, client_id).square_customer_id or ""

    def order(self, checkout: CheckoutView) -> Json:
        return self.clinic.services.square.order(self.row(checkout).square_order_id or "")

    def pay(self, checkout: CheckoutView, **how: Any) -> None:
        """Pay as the client would, on whichever screen it is."""
        till = self.clinic.till
        if checkout.way == "terminal":
            till.pay_terminal(self.object_of(checkout))
        elif checkout.way == "link":
            till.pay_link(self.object_of(checkout), **how)
        elif checkout.way == "invoice":
            till.pay_invoice(self.object_of(checkout), **how)


@contextmanager
def open_selling(folder: Path, migrated: Path) -> Iterator[Selling]:
    """A clinic on SQLite and a practice Square in the same process, whose webhooks never arrive."""
    clock = HandMovedClock()
    shutil.copyfile(migrated, folder / "coursekeeper.db")
    with (
        running_practice(folder, seed="items", webhook_url=NOWHERE, clock=clock) as practice,
        Store(f"sqlite:///{folder / 'coursekeeper.db'}") as store,
    ):
        till = TillInProcess(practice.app)
        till.set_faults(has_withheld_events=True)
        line = Line(practice.app)
        mail = Letters()
        services = replace(house_of(settings_for(practice.base_url), store, clock, line), mail=mail)
        clinic = Clinic(services, till, clock)
        clinic.open_shop()
        try:
            yield Selling(clinic, line, mail.sent)
        finally:
            services.close()


def usd(amount: int) -> Money:
    return Money(amount, "USD")
