"""Every state a course can be in, each built by the use cases a clinic would, with the numbers it must show.

`STATES` is the table: a name, a function that sells the course and brings it into that state, and what every surface
shows of it, as literals. `World.build(name)` returns the course's id; `World(desk).build_all()` builds them all beside
each other in one database, each for a client of its own. The clock ends at TODAY, whatever a state needed before.
Independent of any screen or paper.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.clients.clients import find_clients
from plugin.courses.clients.contacts import Buyer
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from plugin.courses.sales.sales import Came
from plugin.store.selling import Checkout
from tests.clock import START
from tests.courses.appointments import Appointments
from tests.courses.changes.changing import Changes
from tests.courses.desk import FACIAL, OLGA, SINGLE, TOUCH_UP, Desk, back
from tests.courses.old_book import OldBook, row

TODAY = date(2026, 11, 22)
TEN = "Facial acupuncture, course of 10"
TWELVE = "Facial acupuncture, course of 12"


@dataclass(frozen=True, slots=True)
class Touch:
    """The expected touch-ups: left of those granted, usable today, and the session that opens them."""

    left: int = 2
    granted: int = 2
    usable_now: int = 0
    opens_with: int | None = 12


@dataclass(frozen=True, slots=True)
class Says:
    """Expected words of every surface on a course. `row`: the desk's short words; `why_not`: why nothing can be used.

    `due`: minor units; `numbers`: the session number of each use not undone, oldest first, as history, paper and
    the answer to the tap give it; touch-ups are counted by themselves.
    """

    row: str
    status: str = "open"
    granted: int = 10
    used: int = 0
    left: int = 10
    usable_now: int = 10
    locked: int = 0
    due: int = 0
    due_on: date | None = None
    next_session: int | None = 1
    why_not: str | None = None
    paid: int = 165000
    numbers: tuple[int, ...] = ()
    touch_ups: Touch | None = None


class World:
    """A clinic in which courses get into every state."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.changes = Changes(desk)
        self.store = desk.store
        self._orders = count(1)
        self._packages: dict[str, Any] = {}

    def build_all(self) -> dict[str, Any]:
        """Return the course of each state, by name."""
        return {name: self.build(name) for name in STATES}

    def build(self, name: str) -> str:
        """Sell a course to a client named after the state, bring it there, and return it."""
        course_id = STATES[name].build(self, name)
        self.desk.clock.set(START)
        return course_id

    def on(self, month: int, day: int, *, year: int = 2026) -> None:
        """Make it ten in the morning of that day at the clinic, or nine in winter time."""
        self.desk.clock.set(datetime(year, month, day, 18, tzinfo=UTC))

    def package(self, name: str = TEN, *, sessions: int = 10, touch_ups: int = 0, **more: Any) -> str:
        """Return the package of that name, created and linked to Square the first time."""
        if name not in self._packages:
            self._packages[name] = self.desk.package(
                sessions=sessions, touch_ups=touch_ups, name=name, **more
            )
        return self._packages[name]

    def twelve(self) -> str:
        """Return the package of 12 with 2 touch-ups."""
        return self.package(TWELVE, sessions=12, touch_ups=2)

    def buyer(self, name: str) -> Buyer:
        """Return the client of a state as Square knows them."""
        person = name.replace("_", " ").title()
        return Buyer(f"CUSTOMER-{name}", name=f"{person} Client", email=f"{name}@example.org")

    def person(self, name: str) -> str:
        """Return the client of a state before they have bought anything."""
        act, buyer = self.desk.act(SQUARE), self.buyer(name)
        return (
            self.store.transact(lambda session: client_for_buyer(Work(session, self.store, act), buyer)) or ""
        )

    def sell(
        self,
        name: str,
        package_id: str | None = None,
        *,
        paid: int = 165000,
        order: str | None = None,
        buyer: Buyer | None = None,
        **more: Any,
    ) -> str:
        """Sell a course, of ten sessions by default, to the client of this state."""
        return self.desk.sell(
            package_id or self.package(),
            paid=paid,
            order=order or self.order(),
            buyer=buyer or self.buyer(name),
            **more,
        )

    def order(self) -> str:
        """Return a new order of Square's."""
        return f"STATE-{next(self._orders)}"

    def invoice(self, name: str, *paid: int, due_on: date) -> tuple[str, str]:
        """Sell ten sessions by invoice with so much paid of it by now; return the course and its checkout."""
        desk, order, price = self.desk, self.order(), 165000
        new = NewCheckout(
            self.person(name),
            self.package(),
            "invoice",
            deposit=Money(paid[0], "USD"),
            deposit_due_on=desk.today,
            balance_due_on=due_on,
        )
        checkout_id = start_checkout(self.store, desk.act(), new).id
        self.keep(checkout_id, square_order_id=order, state="waiting")
        sale = desk.sale(desk.line(self.package(), paid=price), order=order, buyer=None)
        so_far = tuple(Came(Money(one, "USD"), desk.clock()) for one in paid)
        return desk.book(replace(sale, came=so_far)).opened[0], checkout_id

    def keep(self, checkout_id: str, **answer: object) -> None:
        """Store what Square answered, as its job does."""
        with self.store.writing() as session:
            kept = session.get_one(Checkout, checkout_id)
            for name, value in answer.items():
                setattr(kept, name, value)

    def use(self, course_id: str, times: int = 1, **wish: Any) -> str:
        """Use so many sessions, each on a visit of its own; return the last entry."""
        return [self.desk.use(course_id, **wish).entry.id for _ in range(times)][-1]

    def touch_up(self, course_id: str) -> str:
        """Return the allowance of the touch-ups."""
        return next(each.id for each in self.desk.course(course_id).allowances if each.kind == "touch_up")

    def client_of(self, course_id: str) -> str:
        """Return whose course it is."""
        return self.desk.course(course_id).client_id or ""


def _new(world: World, name: str) -> str:
    return world.sell(name)


def _half_used(world: World, name: str) -> str:
    world.on(10, 1)
    course_id = world.sell(name)
    for day in (3, 10, 17, 24, 31):
        world.on(10, day)
        world.use(course_id)
    return course_id


def _part_paid(world: World, name: str) -> str:
    return world.invoice(name, 50000, due_on=date(2026, 12, 28))[0]


def _part_paid_used(world: World, name: str) -> str:
    world.on(11, 20)
    course_id = _part_paid(world, name)
    world.use(course_id, 3)
    return course_id


def _overdue(world: World, name: str) -> str:
    world.on(11, 1)
    course_id, _ = world.invoice(name, 50000, due_on=date(2026, 11, 15))
    world.use(course_id)
    return course_id


def _gift_waiting(world: World, name: str) -> str:
    course_id = world.sell(name, world.package("Pair of facials", sessions=2), paid=33000)
    world.changes.give(course_id, code="7KQMX3FD92HT")
    return course_id


def _gift_redeemed(world: World, name: str) -> str:
    course_id = world.sell("giver_of_a_gift", world.package("Pair of facials", sessions=2), paid=33000)
    world.changes.give(course_id, code="ABCDEFGH2345")
    return world.changes.redeem("ABCDEFGH2345", world.person(name)).course.id


def _shared(world: World, name: str) -> str:
    course_id = world.sell(name)
    sister = world.desk.client("Sister Guest")
    world.changes.share(course_id, sister)
    world.use(course_id, client_id=sister)
    return course_id


def _transferred_out(world: World, name: str) -> str:
    course_id = world.sell(name)
    world.use(course_id, 3)
    world.changes.transfer(course_id, world.desk.client("Receiver Of Seven"))
    return course_id


def _transferred_in(world: World, name: str) -> str:
    given = world.sell("giver_of_seven", world.package())
    world.use(given, 3)
    course_id = world.changes.transfer(given, world.person(name)).course.id
    world.use(course_id, 2)
    return course_id


def _touch_ups_transferred_in(world: World, name: str) -> str:
    given = world.sell("giver_of_touch_ups", world.twelve(), paid=198000)
    world.use(given, 12)
    parts = {world.touch_up(given): 2}
    course_id = world.changes.transfer(given, world.person(name), parts=parts).course.id
    world.use(course_id)
    return course_id


def _exchanged_away(world: World, name: str) -> str:
    return _exchange(world, name)[0]


def _exchanged_into(world: World, name: str) -> str:
    return _exchange(world, name)[1]


def _exchange(world: World, name: str) -> tuple[str, str]:
    """Give a course of ten with five used, worth $825.00, for one of twelve."""
    desk, order = world.desk, world.order()
    world.on(11, 20)
    old = world.sell(name)
    world.use(old, 5)
    new = NewCheckout(world.client_of(old), world.twelve(), "cash", exchanges=old)
    checkout_id = start_checkout(world.store, desk.act(), new).id
    world.keep(checkout_id, square_order_id=order, state="waiting")
    line = desk.line(world.twelve(), paid=198000 - 82500)
    (course_id,) = desk.book(desk.sale(line, order=order, buyer=None)).opened
    return old, course_id


def _on_hold(world: World, name: str) -> str:
    world.on(11, 1)
    course_id = world.sell(name)
    world.use(course_id, 2)
    world.on(11, 10)
    world.changes.freeze(course_id)
    return course_id


def _expiring(world: World, name: str) -> str:
    """Sell a course of twelve that expires on November 5."""
    world.on(9, 1)
    terms = Terms(expires_on=date(2026, 11, 5))
    course_id = world.sell(name, world.package("Autumn course", sessions=12, terms=terms), paid=198000)
    world.on(9, 8)
    world.use(course_id)
    return course_id


def _extended(world: World, name: str) -> str:
    course_id = _expiring(world, name)
    world.on(11, 10)
    world.changes.extend(course_id, date(2027, 3, 1))
    return course_id


def _expired_written_off(world: World, name: str) -> str:
    course_id = _expiring(world, name)
    world.on(11, 10)
    world.changes.write_off(course_id)
    return course_id


def _finished(world: World, name: str) -> str:
    world.on(11, 20)
    course_id = world.sell(name)
    world.use(course_id, 10)
    return course_id


def _touch_ups_closed(world: World, name: str) -> str:
    course_id = world.sell(name, world.twelve(), paid=198000)
    world.use(course_id)
    return course_id


def _touch_ups_open(world: World, name: str) -> str:
    world.on(11, 20)
    course_id = world.sell(name, world.twelve(), paid=198000)
    world.use(course_id, 13)
    return course_id


def _goodwill(world: World, name: str) -> str:
    """B17: a goodwill session and an undo."""
    course_id = world.sell(name)
    world.changes.adjust(course_id, 1)
    used = world.use(course_id)
    world.desk.undo(used)
    world.use(course_id)
    return course_id


def _undone(world: World, name: str) -> str:
    course_id = world.sell(name)
    first = world.use(course_id)
    world.use(course_id)
    world.desk.undo(first)
    return course_id


def _entered_late(world: World, name: str) -> str:
    world.on(11, 1)
    course_id = world.sell(name)
    world.on(11, 20)
    world.use(course_id)
    world.use(course_id, visited_on=date(2026, 11, 5))
    return course_id


def _refunded(world: World, name: str) -> str:
    order = world.order()
    course_id = world.sell(name, order=order)
    world.use(course_id, 2)
    world.desk.refund(order, 165000, back(), total=165000, refund_id=f"R-{name}", return_order=f"RO-{name}")
    return course_id


def _by_amount(world: World, name: str, amount: int) -> str:
    order = world.order()
    course_id = world.sell(name, order=order)
    world.use(course_id, 2)
    world.desk.refund(order, amount, total=165000, refund_id=f"R-{name}", return_order=None)
    return course_id


def _refund_asked(world: World, name: str) -> str:
    return _by_amount(world, name, 33000)


def _refunded_in_part(world: World, name: str) -> str:
    course_id = _by_amount(world, name, 33000)
    item = next(each for each in world.desk.questions() if course_id in each.course_ids)
    world.desk.answer(item.id, "take_sessions", sessions=2)
    return course_id


def _refunded_by_amount(world: World, name: str) -> str:
    return _by_amount(world, name, 165000)


def _imported(world: World, name: str) -> str:
    world.twelve()
    person = world.buyer(name)
    cells = row(person.name, phone="", email=person.email, bought="12", left="5")
    OldBook(world.desk).bring_in(cells)
    (found,) = find_clients(world.store, person.name, today=world.desk.today).rows
    (course,) = courses_of_client(world.store, found.client.id, today=world.desk.today)
    world.use(course.id)
    return course.id


def _invoice_canceled(world: World, name: str) -> str:
    course_id, checkout_id = world.invoice(name, 50000, due_on=date(2026, 12, 28))
    desk, order_id = world.desk, world.desk.course(course_id).square_order_id or ""
    world.keep(checkout_id, state="canceled", ended_at=desk.clock())
    act = desk.act(SQUARE)
    world.store.transact(lambda session: end_collection(Work(session, world.store, act), order_id))
    return course_id


def _disputed(world: World, name: str) -> str:
    order = world.order()
    course_id = world.sell(name, order=order)
    desk, money = world.desk, Money(165000, "USD")
    told = DisputeRecord(
        f"D-{name}", "PROCESSING", money, "NOT_RECEIVED", START, f"P-{name}", order, 1, desk.clock()
    )
    act = desk.act()
    desk.store.transact(lambda session: save_dispute(Work(session, desk.store, act), told))
    return course_id


def _no_show(world: World, name: str) -> str:
    world.on(11, 1)
    course_id = world.sell(name)
    world.use(course_id)
    world.on(11, 8)
    calendar = Appointments(world.desk)
    calendar.told(
        f"B-{name}", start_at=world.desk.clock(), status="NO_SHOW", square_customer_id=f"CUSTOMER-{name}"
    )
    calendar.missed("charge", f"B-{name}")
    world.on(11, 15)
    world.use(course_id)
    return course_id


def _unassigned(world: World, name: str) -> str:
    return world.desk.sell(world.package(), paid=165000, order=world.order(), buyer=None)


def _allowed_ahead(world: World, name: str) -> str:
    course_id = _part_paid(world, name)
    world.changes.allow(course_id, 2)
    return course_id


def _free(world: World, name: str) -> str:
    return world.sell(name, paid=0)


def _part_paid_on_hold(world: World, name: str) -> str:
    world.on(11, 10)
    course_id, _ = world.invoice(name, 50000, due_on=date(2026, 12, 28))
    world.changes.freeze(course_id)
    return course_id


def _two_treatments(world: World, name: str) -> str:
    """A course of two main treatments, whose sessions are counted together."""
    contents = (
        NewContent(FACIAL, 6, Money(SINGLE, "USD"), kind="main"),
        NewContent("Body acupuncture, 60 min", 4, Money(SINGLE, "USD"), kind="main"),
    )
    new = NewPackage("Face and body", Money(165000, "USD"), contents, Terms())
    desk = world.desk
    package_id = create_package(desk.store, desk.act(OLGA), new).id
    desk.list_on_till(package_id, f"var-{package_id}")
    course_id = world.sell(name, package_id)
    body = desk.course(course_id).allowances[1].id
    world.use(course_id)
    world.use(course_id, allowance_id=body)
    return course_id


@dataclass(frozen=True, slots=True)
class State:
    """How a course gets into it, and what is shown of it then."""

    build: Callable[[World, str], str]
    says: Says


_DEPOSIT: dict[str, Any] = {
    "status": "part_paid",
    "paid": 50000,
    "due": 115000,
    "due_on": date(2026, 12, 28),
    "locked": 7,
}

STATES: dict[str, State] = {
    "new": State(_new, Says("10 of 10 left")),
    "half_used": State(
        _half_used,
        Says("5 of 10 left", used=5, left=5, usable_now=5, next_session=6, numbers=(1, 2, 3, 4, 5)),
    ),
    "part_paid": State(_part_paid, Says("3 usable now, 7 locked", usable_now=3, **_DEPOSIT)),
    "part_paid_used": State(
        _part_paid_used,
        Says(
            "0 usable now, 7 locked",
            used=3,
            left=7,
            usable_now=0,
            next_session=4,
            why_not="not_paid_for",
            numbers=(1, 2, 3),
            **_DEPOSIT,
        ),
    ),
    "part_paid_overdue": State(
        _overdue,
        Says(
            "2 usable now, 7 locked",
            used=1,
            left=9,
            usable_now=2,
            next_session=2,
            numbers=(1,),
            **{**_DEPOSIT, "due_on": date(2026, 11, 15)},
        ),
    ),
    "gift_waiting": State(
        _gift_waiting,
        Says(
            "Not usable: waits as a gift for Bea Wong",
            granted=2,
            left=2,
            usable_now=0,
            paid=33000,
            why_not="waits_as_gift",
        ),
    ),
    "gift_redeemed": State(_gift_redeemed, Says("2 of 2 left", granted=2, left=2, usable_now=2, paid=33000)),
    "shared": State(
        _shared, Says("9 of 10 left", used=1, left=9, usable_now=9, next_session=2, numbers=(1,))
    ),
    "transferred_out": State(
        _transferred_out,
        Says(
            "Transferred",
            status="transferred",
            used=3,
            left=0,
            usable_now=0,
            next_session=None,
            why_not="transferred",
            numbers=(1, 2, 3),
        ),
    ),
    "transferred_in": State(
        _transferred_in,
        Says(
            "5 of 7 left",
            granted=7,
            used=2,
            left=5,
            usable_now=5,
            paid=0,
            next_session=3,
            numbers=(1, 2),
        ),
    ),
    "touch_ups_transferred_in": State(
        _touch_ups_transferred_in,
        Says(
            "1 touch-up left",
            granted=2,
            used=1,
            left=1,
            usable_now=1,
            paid=0,
            next_session=2,
            numbers=(1,),
            touch_ups=Touch(left=1, usable_now=1, opens_with=None),
        ),
    ),
    "exchanged_away": State(
        _exchanged_away,
        Says(
            "Transferred",
            status="transferred",
            used=5,
            left=0,
            usable_now=0,
            next_session=None,
            why_not="transferred",
            numbers=(1, 2, 3, 4, 5),
        ),
    ),
    "exchanged_into": State(
        _exchanged_into,
        Says("12 of 12 left", granted=12, left=12, usable_now=12, paid=115500, touch_ups=Touch()),
    ),
    "on_hold": State(
        _on_hold,
        Says(
            "On hold since Nov 10, 8 of 10 left",
            status="frozen",
            used=2,
            left=8,
            usable_now=0,
            next_session=3,
            why_not="frozen",
            numbers=(1, 2),
        ),
    ),
    "expired": State(
        _expiring,
        Says(
            "11 sessions not used, expired Nov 5, 2026",
            status="expired",
            granted=12,
            used=1,
            left=11,
            usable_now=0,
            paid=198000,
            next_session=2,
            why_not="expired",
            numbers=(1,),
        ),
    ),
    "extended": State(
        _extended,
        Says(
            "11 of 12 left",
            granted=12,
            used=1,
            left=11,
            usable_now=11,
            paid=198000,
            next_session=2,
            numbers=(1,),
        ),
    ),
    "expired_written_off": State(
        _expired_written_off,
        Says(
            "0 of 12 left",
            status="finished",
            granted=12,
            used=1,
            left=0,
            usable_now=0,
            paid=198000,
            next_session=None,
            why_not="none_left",
            numbers=(1,),
        ),
    ),
    "finished": State(
        _finished,
        Says(
            "0 of 10 left",
            status="finished",
            used=10,
            left=0,
            usable_now=0,
            next_session=None,
            why_not="none_left",
            numbers=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        ),
    ),
    "touch_ups_closed": State(
        _touch_ups_closed,
        Says(
            "11 of 12 left",
            granted=12,
            used=1,
            left=11,
            usable_now=11,
            paid=198000,
            next_session=2,
            numbers=(1,),
            touch_ups=Touch(),
        ),
    ),
    "touch_ups_open": State(
        _touch_ups_open,
        Says(
            "1 touch-up left",
            granted=12,
            used=12,
            left=0,
            usable_now=0,
            paid=198000,
            next_session=None,
            numbers=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1),
            touch_ups=Touch(left=1, usable_now=1),
        ),
    ),
    "goodwill": State(
        _goodwill,
        Says("10 of 11 left", granted=11, used=1, left=10, usable_now=10, next_session=2, numbers=(1,)),
    ),
    "used_then_undone": State(
        _undone, Says("9 of 10 left", used=1, left=9, usable_now=9, next_session=2, numbers=(1,))
    ),
    "entered_late": State(
        _entered_late, Says("8 of 10 left", used=2, left=8, usable_now=8, next_session=3, numbers=(1, 2))
    ),
    "refunded_whole": State(
        _refunded,
        Says(
            "Refunded",
            status="refunded",
            used=2,
            left=0,
            usable_now=0,
            next_session=None,
            why_not="refunded",
            numbers=(1, 2),
        ),
    ),
    "refund_asked_about": State(
        _refund_asked, Says("8 of 10 left", used=2, left=8, usable_now=8, next_session=3, numbers=(1, 2))
    ),
    "refunded_in_part": State(
        _refunded_in_part,
        Says("6 of 10 left", used=2, left=6, usable_now=6, next_session=3, numbers=(1, 2)),
    ),
    "refunded_by_amount": State(
        _refunded_by_amount,
        Says(
            "Refunded",
            status="refunded",
            used=2,
            left=0,
            usable_now=0,
            next_session=None,
            why_not="refunded",
            numbers=(1, 2),
        ),
    ),
    "imported_half_used": State(
        _imported,
        Says(
            "4 of 12 left",
            granted=12,
            used=8,
            left=4,
            usable_now=4,
            paid=198000,
            next_session=9,
            numbers=(8,),
            touch_ups=Touch(),
        ),
    ),
    "invoice_canceled_half_paid": State(
        _invoice_canceled,
        Says("3 usable now, 7 locked", usable_now=3, **{**_DEPOSIT, "due": 0, "due_on": None}),
    ),
    "disputed": State(_disputed, Says("10 of 10 left")),
    "no_show_charged": State(
        _no_show,
        Says("7 of 10 left", used=3, left=7, usable_now=7, next_session=4, numbers=(1, 2, 3)),
    ),
    "unassigned": State(_unassigned, Says("10 of 10 left", usable_now=0, why_not="unassigned")),
    "allowed_ahead": State(
        _allowed_ahead, Says("5 usable now, 5 locked", usable_now=5, **{**_DEPOSIT, "locked": 5})
    ),
    "free": State(_free, Says("10 of 10 left", paid=0)),
    "part_paid_on_hold": State(
        _part_paid_on_hold,
        Says(
            "On hold since Nov 10, 10 of 10 left",
            usable_now=0,
            why_not="frozen",
            **{**_DEPOSIT, "status": "frozen"},
        ),
    ),
    "two_treatments": State(
        _two_treatments,
        Says("8 of 10 left", used=2, left=8, usable_now=8, next_session=3, numbers=(1, 2)),
    ),
}

__all__ = ["STATES", "TODAY", "TOUCH_UP", "Says", "State", "Touch", "World"]
