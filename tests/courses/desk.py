"""A small clinic for the ledger's tests: it sells packages as Square would report it, and uses them at its desk."""

import itertools
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from plugin.core.acts import SQUARE, Act, Actor, Role, Source
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, CourseView, Reversed, Used
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package, list_variation
from plugin.courses.clients.clients import create_client
from plugin.courses.clients.contacts import Buyer
from plugin.courses.refunds.refund import refund_sale
from plugin.courses.sales.book import book
from plugin.courses.sales.sales import Booking, Came, Refund, ReturnLine, Sale, SaleLine
from plugin.courses.visits.reverse import reverse
from plugin.courses.visits.use import UseSession, use_session
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.replay import once

OLGA = Actor("Olga", Role.OWNER, Source.DESK)
DEB = Actor("Deb", Role.DESK, Source.DESK)

FACIAL = "Facial acupuncture, 60 min"
TOUCH_UP = "Touch-up, 45 min"
SINGLE = 16500
# More charges than any day of a test has.
MANY = 10_000
ANA = Buyer("CUSTOMER-ANA", name="Ana Souza", phone="+14155550123", email="ana@example.org")


class Desk:
    """Everything it creates it names by id; every act has a new key unless one is given."""

    def __init__(self, store: Store, clock: HandMovedClock) -> None:
        self.store = store
        self.clock = clock
        self._numbers = itertools.count(1)
        self.describe(name="Jade Room", time_zone="America/Los_Angeles")

    def describe(self, **details: Any) -> None:
        """Save these details of the clinic."""
        act = self.act(OLGA)
        once(
            self.store,
            (act, details),
            lambda: save_clinic(self.store, act, replace(read_clinic(self.store), **details)),
        )

    @property
    def today(self) -> date:
        return day_at(self.clock(), read_clinic(self.store).zone)

    def act(self, actor: Actor = DEB, *, key: str | None = None) -> Act:
        return Act(actor, self.clock(), key or f"desk-{next(self._numbers)}")

    def client(self, name: str = "Ana Souza", **contact: str) -> str:
        act = self.act()
        return once(
            self.store,
            ("client", act, name, contact),
            lambda: create_client(self.store, act, name=name, **contact).id,
        )

    def package(
        self,
        *,
        sessions: int = 12,
        touch_ups: int = 0,
        name: str = "",
        terms: Terms | None = None,
        currency: str = "USD",
    ) -> str:
        """Create a package and link it to Square, as variation `var-{id}`."""
        single = Money(SINGLE, currency)
        contents = [NewContent(FACIAL, sessions, single, kind="main")]
        if touch_ups:
            contents.append(
                NewContent(TOUCH_UP, touch_ups, single, usable_from_session=sessions, kind="touch_up")
            )
        name = name or f"Facial acupuncture, course of {sessions}"
        new = NewPackage(name, Money(sessions * SINGLE, currency), tuple(contents), terms or Terms())
        acts = self.act(OLGA), self.act(OLGA)
        return once(self.store, (acts, new), lambda: self._package(new, *acts))

    def _package(self, new: NewPackage, made: Act, listed: Act) -> str:
        package_id = create_package(self.store, made, new).id
        self.list_on_till(package_id, f"var-{package_id}", listed)
        return package_id

    def list_on_till(self, package_id: str, variation_id: str, act: Act | None = None) -> None:
        list_variation(
            self.store,
            act or self.act(OLGA),
            package_id,
            square_variation_id=variation_id,
            square_item_id=f"item-{package_id}",
            square_version=1,
        )

    def line(
        self, package_id: str, *, paid: int = 198000, quantity: int | None = 1, uid: str = "L1", **other: Any
    ) -> SaleLine:
        said = {"name": "A course", "quantity_text": str(quantity), "currency": "USD", **other}
        money = Money(paid, said["currency"])
        return SaleLine(uid, f"var-{package_id}", said["name"], quantity, said["quantity_text"], money)

    def sale(
        self,
        *lines: SaleLine,
        order: str | None = None,
        buyer: Buyer | None = ANA,
        paid_at: datetime | None = None,
        total: int | None = None,
    ) -> Sale:
        order = order or f"ORDER-{next(self._numbers)}"
        paid = sum(line.total.amount for line in lines) if total is None else total
        currency = lines[0].total.currency if lines else "USD"
        return Sale(order, "LOCATION", paid_at or self.clock(), Money(paid, currency), lines, buyer)

    def sell_by_invoice(
        self, package_id: str | None = None, *, deposit: int, net: int, tax: int = 0, tax_in_price: int = 0
    ) -> tuple[str, Sale]:
        """Sell one course by invoice of which a deposit is paid, tax included; return it and the sale paid in full."""
        line = self.line(package_id or self.package(), paid=net)
        taxed = replace(line, tax=tax, tax_in_price=tax_in_price)
        sale = self.sale(taxed, total=net + tax)
        part = replace(sale, came=(Came(Money(deposit, sale.total.currency), sale.paid_at),))
        return self.book(part).opened[0], sale

    def book(self, sale: Sale) -> Booking:
        return book(self.store, self.act(SQUARE), sale)

    def sell(
        self,
        package_id: str | None = None,
        *,
        paid: int = 198000,
        order: str | None = None,
        buyer: Buyer | None = ANA,
        paid_at: datetime | None = None,
        tax: int = 0,
        tax_in_price: int = 0,
    ) -> str:
        """Sell one course and return it; `paid` is net, `tax` was paid with it."""
        line = self.line(package_id or self.package(), paid=paid)
        line = replace(line, tax=tax, tax_in_price=tax_in_price)
        sale = self.sale(line, order=order, buyer=buyer, paid_at=paid_at, total=paid + tax)
        act = self.act(SQUARE)
        return once(self.store, (act, sale), lambda: book(self.store, act, sale).opened[0])

    def use(
        self, course_id: str, *, key: str | None = None, actor: Actor = DEB, known: int = MANY, **wish: Any
    ) -> Used:
        """Use a session; a second one of a day is intended, unless fewer known charges are given."""
        act = self.act(actor, key=key)
        return use_session(self.store, act, UseSession(course_id, **wish), known_charges=known)

    def undo(self, entry_id: str, *, key: str | None = None, reason: str = "Wrong client") -> Reversed:
        return reverse(self.store, self.act(key=key), entry_id, reason)

    def refund(
        self,
        order: str,
        amount: int,
        *lines: ReturnLine,
        total: int = 198000,
        refund_id: str = "REFUND-1",
        return_order: str | None = "RETURN-1",
        status: str = "COMPLETED",
        reason: str = "Moved away",
        **tips: Any,
    ) -> str:
        given = Refund(
            refund_id,
            order,
            return_order,
            Money(amount, "USD"),
            Money(total, "USD"),
            status,
            self.clock(),
            reason,
            lines,
            **tips,
        )
        return refund_sale(self.store, self.act(SQUARE), given)

    def course(self, course_id: str) -> CourseView:
        return read_course(self.store, course_id, today=self.today)

    def balance(self, course_id: str) -> tuple[int, int]:
        """Return the main sessions left and their deferred revenue, in cents."""
        course = self.course(course_id)
        return course.left, course.value_left.amount

    def questions(self, *, resolved: bool = False) -> tuple[AttentionView, ...]:
        return list_attention(self.store, resolved=resolved).rows

    def answer(
        self, item_id: str, decision: str | None = None, *, key: str | None = None, **said: Any
    ) -> AttentionView:
        wish = Resolution(reason="Talked to the client", decision=decision, **said)
        return resolve(self.store, self.act(key=key), item_id, wish)


def back(uid: str = "L1", quantity: int = 1, *, line: str = "R1") -> ReturnLine:
    """Return a line of a return order that returns line `uid` of the sale."""
    return ReturnLine(line, uid, quantity)
