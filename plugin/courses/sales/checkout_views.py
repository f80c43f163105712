"""Views of a checkout begun at the desk: what is sold, its progress, and what it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import String, bindparam, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.events import SaleBooked
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.store.prepared import Prepared
from plugin.store.tables import Allowance, Checkout, Course, Entry, Package, PublicOrder, Terminal

# A sale rung up just before the desk began to wait for it counts too.
RUNG_UP_BEFORE = timedelta(minutes=15)
# How long a checkout may wait for its sale on Square POS.
LONGEST_AT_TILL = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class TerminalView:
    """A Square Terminal for a checkout; `status` is Square's value, such as AVAILABLE."""

    device_id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class OfferedSale:
    """A sale of the same package that may be this one: without a client, or rung up a little too early."""

    order_id: str
    course_ids: tuple[str, ...]
    sold_at: datetime
    paid: Money


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """One sale begun at the desk; state asking, waiting, paid, canceled, timed_out or failed.

    `amount` is the amount due computed by Square, tax included (our price until Square has answered).
    `problem` is what blocks it, or why it ended; `notice` is a warning for the desk that does not block it.
    """

    id: str
    client_id: str
    client_name: str
    package_id: str
    package_name: str
    quantity: int
    way: str
    state: str
    amount: Money
    came: Money
    supplied: Money | None
    change: Money | None
    deposit: Money | None
    deposit_due_on: date | None
    balance_due_on: date | None
    tender: str
    device_name: str
    url: str | None
    mail_to: str | None
    mailed_at: datetime | None
    problem: str
    notice: str
    is_canceling: bool
    created_at: datetime
    by: str
    ended_at: datetime | None
    square_order_id: str | None
    course_ids: tuple[str, ...]
    offered: tuple[OfferedSale, ...]
    # For a course sold in exchange: the credit taken off the price, and how much of it is refunded.
    credit: Money | None = None
    goes_back: Money | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it is still in progress."""
        return self.ended_at is None

    @property
    def to_come(self) -> Money:
        """Return the balance due."""
        return Money(max(0, self.amount.amount - self.came.amount), self.amount.currency)


def view_of(session: Session, row: Checkout) -> CheckoutView:
    client = living_client_in(session, row.client_id)
    return from_row(
        CheckoutView,
        row,
        client_id=client.id,
        client_name=client.name,
        package_name=session.get_one(Package, row.package_id).name,
        amount=Money(row.amount, row.currency),
        came=Money(row.came, row.currency),
        supplied=_money(row.supplied, row),
        change=_change(row),
        deposit=_money(row.deposit, row),
        device_name=_device_name(session, row),
        is_canceling=row.cancel_asked_at is not None and row.ended_at is None,
        course_ids=courses_of_checkout_in(session, row),
        offered=_offered(session, row),
        credit=_money(row.credit_for["discount"], row) if row.credit_for else None,
        goes_back=_money(row.credit_for["goes_back"] or None, row) if row.credit_for else None,
    )


def courses_of_checkout_in(session: Session, row: Checkout) -> tuple[str, ...]:
    if row.square_order_id is None:
        return ()
    rows = select(Course.id).where(
        Course.square_order_id == row.square_order_id, Course.package_id == row.package_id
    )
    return tuple(session.scalars(rows.order_by(Course.square_line_uid, Course.unit)))


def _money(amount: int | None, row: Checkout) -> Money | None:
    return None if amount is None else Money(amount, row.currency)


def _change(row: Checkout) -> Money | None:
    if row.way != "cash" or row.supplied is None or row.supplied < row.amount:
        return None
    return Money(row.supplied - row.amount, row.currency)


def _device_name(session: Session, row: Checkout) -> str:
    terminal = session.get(Terminal, row.square_device_id) if row.square_device_id else None
    return terminal.name if terminal is not None else ""


def _offered(session: Session, row: Checkout) -> tuple[OfferedSale, ...]:
    if row.way != "till" or row.ended_at is not None:
        return ()
    taken = select(Checkout.square_order_id).where(Checkout.square_order_id.is_not(None))
    wanted = (
        select(Course)
        .where(
            Course.package_id == row.package_id,
            or_(Course.client_id.is_(None), Course.client_id == row.client_id),
            Course.closed_as.is_(None),
            Course.square_order_id.not_in(taken),
            Course.booked_at >= row.created_at - RUNG_UP_BEFORE,
        )
        .order_by(Course.booked_at.desc(), Course.id)
    )
    by_order: dict[str, list[Course]] = {}
    for course in session.scalars(wanted):
        by_order.setdefault(course.square_order_id or "", []).append(course)
    return tuple(_sale(session, order_id, courses) for order_id, courses in by_order.items())


def _sale(session: Session, order_id: str, courses: list[Course]) -> OfferedSale:
    ids = tuple(course.id for course in courses)
    paid = session.scalars(
        select(Entry.value_delta)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .where(Allowance.course_id.in_(ids), Entry.kind == Kind.PAID.value)
    )
    with_tax = sum(paid) + sum(course.tax_paid or 0 for course in courses)
    return OfferedSale(order_id, ids, courses[0].sold_at, Money(with_tax, courses[0].currency))


class BegunCheckout(NamedTuple):
    """A checkout begun at the desk that an order completes."""

    id: str
    client_id: str
    way: str


class PageOrder(NamedTuple):
    """An order of the public page, with what the client typed there; empty once it was deleted."""

    id: str
    name: str
    phone: str
    email: str
    language: str


def begun_of_order_in(session: Session, square_order_id: str) -> tuple[list[BegunCheckout], PageOrder | None]:
    """Return the checkouts begun at the desk, and the order of the public page, that this order completes."""
    session.flush()
    rows = _BEGUN.all(session.connection(), {"order_id": square_order_id})
    begun = [BegunCheckout(*row[:3]) for row in rows if row.checkout_id is not None]
    return begun, next((PageOrder(*row[3:]) for row in rows if row.public_order_id is not None), None)


_ORDER = select(bindparam("order_id", type_=String).label("id")).subquery()
_BEGUN = Prepared(
    select(
        Checkout.id.label("checkout_id"),
        Checkout.client_id,
        Checkout.way,
        PublicOrder.id.label("public_order_id"),
        PublicOrder.name,
        PublicOrder.phone,
        PublicOrder.email,
        PublicOrder.language,
    )
    .select_from(_ORDER)
    .outerjoin(Checkout, Checkout.square_order_id == _ORDER.c.id)
    .outerjoin(PublicOrder, PublicOrder.square_order_id == _ORDER.c.id)
)


def begun_for_in(session: Session, begun: Iterable[BegunCheckout]) -> str | None:
    """Return the client of these checkouts; None for an order that began at Square POS."""
    client_id = next((row.client_id for row in begun if row.way != "till"), None)
    return living_client_in(session, client_id).id if client_id is not None else None


def settle_checkouts(work: Work, sale: SaleBooked) -> None:
    """Mark the checkouts of this booked order paid, or paid in part so far."""
    order_id, so_far = sale.square_order_id, sale.paid_so_far
    begun = [work.session.get_one(Checkout, each) for each in sale.checkout_ids]
    for row in begun:
        _came(row, work.act, so_far)
    if so_far is None and not any(row.way != "till" for row in begun):
        _settle_at_till(work.session, work.act, order_id, {row.package_id for row in begun})
    work.session.flush()


def _came(row: Checkout, act: Act, came: Money | None) -> None:
    if row.state == "paid":
        return
    if came is not None:
        row.came = max(row.came, came.amount)
        return
    # A payment made before the cancellation requested at the desk is a sale, whatever the row's state.
    row.state, row.came, row.problem = "paid", row.amount, ""
    row.ended_at = act.now


def sold_at_till_in(session: Session, act: Act, row: Checkout, square_order_id: str) -> None:
    """Mark a checkout as paid by this order of Square POS, which may have applied a discount."""
    charged = Course.price + func.coalesce(Course.tax, 0)
    prices = select(func.coalesce(func.sum(charged), 0)).where(
        Course.square_order_id == square_order_id, Course.package_id == row.package_id
    )
    row.square_order_id, row.amount = square_order_id, int(session.scalar(prices) or 0)
    _came(row, act, None)


_AT_TILL = Prepared(
    select(Course.id.label("course_id"), Checkout.id.label("checkout_id"))
    .join(Checkout, (Checkout.client_id == Course.client_id) & (Checkout.package_id == Course.package_id))
    .where(
        Course.square_order_id == bindparam("order_id"),
        Checkout.way == "till",
        Checkout.ended_at.is_(None),
        Checkout.created_at <= Course.booked_at,
    )
    .order_by(Course.id, Checkout.created_at.desc(), Checkout.id.desc())
)


def _settle_at_till(session: Session, act: Act, square_order_id: str, settled: set[str]) -> None:
    """Settle one checkout for each package of the order: the client's newest that waits for Square POS."""
    session.flush()
    for waiting in _AT_TILL.all(session.connection(), {"order_id": square_order_id}):
        course = session.get_one(Course, waiting.course_id)
        row = session.get_one(Checkout, waiting.checkout_id)
        # Only checkouts begun shortly before the sale was booked: an older sale's event may repeat.
        is_recent = row.created_at >= course.booked_at - LONGEST_AT_TILL
        if is_recent and course.package_id not in settled:
            sold_at_till_in(session, act, row, square_order_id)
            settled.add(course.package_id)
