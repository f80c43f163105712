"""A small clinic for the interface's tests: it has clients and sells packages as Square would tell of it."""

import itertools
from dataclasses import replace
from datetime import datetime

from plugin.core.acts import SQUARE, Act, Actor, Role, Source
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package, list_variation
from plugin.courses.clients.clients import create_client
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.sale_record import save_sale_in
from plugin.courses.sales.book import book
from plugin.courses.sales.sales import Came, Sale, SaleLine
from plugin.services import Services
from tests.courses.documents.sales import sold_line, sold_sale
from tests.replay import once

OWNER = Actor("Olga", Role.OWNER, Source.DESK)
SINGLE = Money(16500, "USD")


class Shop:
    """Everything it makes it names by id."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._numbers = itertools.count(1)
        act = self.act(OWNER)
        once(services.store, act, lambda: self._open(act))

    def _open(self, act: Act) -> None:
        store = self.services.store
        clinic = replace(read_clinic(store), name="Jade Room", time_zone="America/Los_Angeles")
        save_clinic(store, act, clinic)

    def act(self, actor: Actor = SQUARE) -> Act:
        return Act(actor, self.services.clock(), f"shop:{next(self._numbers)}")

    def client(self, name: str = "Ana Souza", **contact: str) -> str:
        return create_client(self.services.store, self.act(OWNER), name=name, **contact).id

    def package(self, *, sessions: int = 12, touch_ups: int = 0, terms: Terms | None = None) -> str:
        """Make a package and put it on the till, as variation `var-{id}`."""
        contents = [NewContent("Facial acupuncture, 60 min", sessions, SINGLE)]
        if touch_ups:
            contents.append(NewContent("Touch-up, 45 min", touch_ups, SINGLE, usable_from_session=sessions))
        new = NewPackage(f"Course of {sessions}", Money(sessions * 16500, "USD"), contents, terms or Terms())
        acts = self.act(OWNER), self.act(OWNER)
        return once(self.services.store, (acts, new), lambda: self._package(new, *acts))

    def _package(self, new: NewPackage, made: Act, listed: Act) -> str:
        package_id = create_package(self.services.store, made, new).id
        list_variation(
            self.services.store,
            listed,
            package_id,
            square_variation_id=f"var-{package_id}",
            square_item_id=f"item-{package_id}",
            square_version=1,
        )
        return package_id

    def sell(
        self,
        package_id: str,
        *,
        to: str | None = "Ana Souza",
        paid: int = 198000,
        at: datetime | None = None,
        is_recorded: bool = True,
        tax: int = 0,
        deposit: int | None = None,
    ) -> str:
        """Sell a package on Square to a buyer of this name, or to nobody; return the course.

        `tax` is in the price of the net `paid`; of an invoice only a deposit has come.
        """
        number, now = next(self._numbers), self.services.clock()
        money = Money(paid, "USD")
        line = SaleLine("line", f"var-{package_id}", "A course", 1, "1", money, tax, tax)
        sale = Sale(
            square_order_id=f"order-{number}",
            square_location_id="L1",
            paid_at=at or now,
            total=Money(paid + tax, "USD"),
            lines=(line,),
            buyer=Buyer(f"customer-{to}", name=to) if to else None,
            came=(Came(Money(deposit, "USD"), now),) if deposit is not None else (),
        )
        acts = self.act(), self.act()
        return once(
            self.services.store, (acts, sale, is_recorded), lambda: self._sell(sale, paid, is_recorded, *acts)
        )

    def _sell(self, sale: Sale, paid: int, is_recorded: bool, recorded: Act, booked: Act) -> str:
        if is_recorded:
            self._record(recorded, sale.square_order_id, paid)
        return book(self.services.store, booked, sale).opened[0]

    def record(self, order: str, paid: int) -> None:
        """Keep the sale as Square has it, for its invoice."""
        self._record(self.act(), order, paid)

    def _record(self, act: Act, order: str, paid: int) -> None:
        sale = sold_sale(order, sold_line("line", paid))
        self.services.store.transact(lambda session: save_sale_in(session, act, sale))

    def course(self, *, sessions: int = 12, touch_ups: int = 0, to: str | None = "Ana Souza") -> str:
        """Make a package and sell it once."""
        return self.sell(self.package(sessions=sessions, touch_ups=touch_ups), to=to, paid=sessions * 16500)
