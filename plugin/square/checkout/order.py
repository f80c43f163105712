"""A sale begun at the desk: its row between two calls, its Square order, and cash or other tender recorded there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import money_text
from plugin.courses.base.work import Work
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.sales.checkouts import CHECKOUT_EMAIL, checkout_for_change
from plugin.errors import NotFound, NotYet, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.customers import ensure_customer
from plugin.square.inbox import receive_order
from plugin.square.locations import adopt_location
from plugin.square.models import Order
from plugin.square.parsing import Json, square_id, unreadable
from plugin.square.sales import is_paid
from plugin.store.selling import Checkout
from plugin.wording import _


class CheckoutCanceled(Exception):
    """The desk has canceled the sale in the meantime, or it has ended: no further call is made."""


def read_row(services: Services, checkout_id: str) -> Checkout:
    """Return the row as it is now; raises NotFound."""
    with services.store.reading() as session:
        row = session.get(Checkout, checkout_id)
        if row is None:
            raise NotFound(_("There is no such sale."))
        session.expunge(row)
    return row


def note_call(services: Services, row: Checkout, call: str) -> None:
    """Record that this call is being made; raises CheckoutCanceled where it no longer should be."""

    def work(session: Session) -> None:
        current = checkout_for_change(session, row.id)
        is_repeated = current.asked_for == call
        if current.ended_at is not None or (current.cancel_asked_at is not None and not is_repeated):
            raise CheckoutCanceled
        current.asked_for = call

    services.store.transact(work)


def save(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Save what Square answered; the call is done. Returns the row."""
    return _change(services, row, lambda current: _set(current, asked_for="", **answer))


def save_waiting(services: Services, row: Checkout, **answer: Any) -> Checkout:
    """Save the answer after which it is the client's turn, and enqueue the e-mail with the address."""

    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        is_first_address = current.url is None and answer.get("url") is not None
        is_asking = current.state == "asking"
        _set(current, asked_for="", problem="", state="waiting" if is_asking else current.state, **answer)
        if is_first_address and current.mail_to and current.cancel_asked_at is None:
            enqueue(
                Work(session, services.store, Act(SQUARE, services.clock(), f"mail:{current.id}")),
                CHECKOUT_EMAIL,
                current.id,
            )
        return current

    return services.store.transact(work)


def note_problem(services: Services, row: Checkout, sentence: str) -> None:
    """Show the desk what delays the sale, "" when that has passed; the reason of an end is not overwritten."""

    def change(current: Checkout) -> None:
        if current.ended_at is None and current.cancel_asked_at is None:
            current.problem = sentence[:400]

    _change(services, row, change)


def plan_end(services: Services, row: Checkout, state: str, problem: str) -> Checkout:
    """Record the state it ends in once it is canceled in Square."""

    def change(current: Checkout) -> None:
        if current.ended_at is None:
            current.cancel_asked_at = current.cancel_asked_at or services.clock()
            _set(current, asked_for="", ends_as=state, problem=problem[:400])

    return _change(services, row, change)


def end(services: Services, row: Checkout, state: str, problem: str = "") -> Checkout:
    """End it, unless it has ended: a sale that is paid stays paid."""

    def change(current: Checkout) -> None:
        if current.ended_at is None:
            reason = (problem or current.problem)[:400]
            _set(current, asked_for="", state=state, ended_at=services.clock(), problem=reason)

    return _change(services, row, change)


def end_canceled(services: Services, row: Checkout) -> Checkout:
    """End what is canceled in Square. An invoice's rest is no longer due; an item opens on what was paid."""

    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        if current.ended_at is None:
            _set(current, asked_for="", state=current.ends_as, ended_at=services.clock())
            if current.way == "invoice" and current.square_order_id is not None:
                act = Act(SQUARE, services.clock(), f"checkout:{current.id}")
                end_collection(Work(session, services.store, act), current.square_order_id)
        return current

    return services.store.transact(work)


def _change(services: Services, row: Checkout, change: Callable[[Checkout], None]) -> Checkout:
    def work(session: Session) -> Checkout:
        current = checkout_for_change(session, row.id)
        change(current)
        return current

    return services.store.transact(work)


def _set(current: Checkout, **values: Any) -> None:
    for name, value in values.items():
        setattr(current, name, value)


ORDER = "order"
CREDIT = "credit"


def with_customer(services: Services, row: Checkout) -> Checkout:
    """Set the client's profile and the location in the row. Only an invoice needs a profile."""
    if row.asked_for:
        # A call is repeated with the same body: Square refuses a key with another one.
        return row
    if row.square_location_id is None:
        row = save(services, row, square_location_id=location_of(services))
    if row.square_customer_id is not None:
        return row
    try:
        customer_id = ensure_customer(services, row.client_id, f"{row.id}-customer")
    except SquareFailed as error:
        if not error.permanent or row.way == "invoice":
            raise
        return row
    return save(services, row, square_customer_id=customer_id)


def with_order(services: Services, row: Checkout) -> Checkout:
    """Create the order, and set it in the row with the total that Square computed."""
    if row.square_order_id is not None:
        return row
    row = with_customer(services, row)
    note_call(services, row, ORDER)
    return save_order(services, row, services.square.create_order(f"{row.id}-order", order_wanted(row)))


def order_wanted(row: Checkout) -> Json:
    """Return the request for the order: the same at each try."""
    line: Json = {"catalog_object_id": row.square_variation_id, "quantity": str(row.quantity)}
    wanted: Json = {
        "location_id": row.square_location_id,
        "reference_id": row.id,
        "line_items": [line],
    }
    if credit := _credit(row):
        line["applied_discounts"] = [{"discount_uid": CREDIT}]
        wanted["discounts"] = [
            {
                "uid": CREDIT,
                "name": _("Credit from your course"),
                "type": "FIXED_AMOUNT",
                "amount_money": {"amount": credit, "currency": row.currency},
                "scope": "LINE_ITEM",
            }
        ]
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})


def save_order(services: Services, row: Checkout, answer: Json, **more: object) -> Checkout:
    """Save the order that Square created; raises SquareFailed, permanent, for another currency or another credit."""
    order = Order.read(answer)
    if order.total is None:
        raise unreadable("order without a total")
    if order.total.currency != row.currency:
        reason = _(
            "Square sells in {currency}, the package is priced in {currency2}.",
            currency=order.total.currency,
            currency2=row.currency,
        )
        save(services, row, square_order_id=order.id, **more)
        raise SquareFailed(reason, permanent=True, code="foreign_currency")
    if _discount(order) != _credit(row):
        save(services, row, square_order_id=order.id, **more)
        reason = _(
            "Square deducts another amount than the credit: its price of the package has changed. Begin again."
        )
        raise SquareFailed(reason, permanent=True, code="credit_changed")
    notice = _notice(read_clinic(services.store), order, Money(row.amount, row.currency))
    return save(services, row, square_order_id=order.id, amount=order.total.amount, notice=notice, **more)


def _credit(row: Checkout) -> int:
    return int((row.credit_for or {}).get("discount", 0))


def _discount(order: Order) -> int:
    """Return what our own discount took off; any other discount is the seller's."""
    ours = [one.applied for one in order.discounts if one.uid == CREDIT]
    return sum(one.amount for one in ours if one is not None)


def read_order(services: Services, row: Checkout) -> Order:
    """Return the order as it is in Square now."""
    return Order.read(services.square.order(square_id(row.square_order_id, "order id")))


def paid_of(order: Order) -> int:
    """Return what is paid of the order, minor units."""
    return sum(tender.amount.amount for tender in order.tenders if tender.is_captured and tender.amount)


def is_sold(services: Services, row: Checkout) -> bool:
    """Return whether the order is paid; if so an event is added that books it, webhooks or not."""
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    return False


def close_order(services: Services, row: Checkout) -> bool:
    """Cancel the order unless it is paid; True where it is a sale after all."""
    if row.square_order_id is None:
        return False
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    if order.state not in ("OPEN", "DRAFT") or paid_of(order) > 0:
        return False
    changes = {"location_id": order.location_id, "version": order.version, "state": "CANCELED"}
    try:
        services.square.update_order(f"{row.id}-void-{order.version}", order.id, changes)
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused because it has just been paid, or because it can't be canceled: then it stays unpaid.
        return is_sold(services, row)
    return False


def _is_sale(order: Order, row: Checkout) -> bool:
    # Of a part-paid invoice that was canceled Square leaves one custom amount: paid, but no sale of the package.
    sold = [line.get("catalog_object_id") for line in order.lines]
    return is_paid(order) and (not sold or row.square_variation_id in sold)


def location_of(services: Services) -> str:
    """Return the location that sales are made at; raises NotYet."""
    found = services.settings.square_location_id or read_clinic(services.store).square_location_id
    if found is None:
        adopt_location(services)
        found = read_clinic(services.store).square_location_id
    if found is None:
        raise NotYet(_("Square does not show the clinic’s location yet."))
    return found


def _notice(clinic: ClinicView, order: Order, expected: Money) -> str:
    total = order.total or expected
    tax = order.tax or Money(0, total.currency)
    asked, ours = (money_text(one, clinic) for one in (total, expected))
    if total == expected:
        return ""
    if total == expected + tax:
        added = money_text(tax, clinic)
        return _("{added} tax is added in Square: {asked} due.", added=added, asked=asked)
    return _(
        "Square charges {asked} for this, not {ours} as the package says. Square’s amount is due.",
        asked=asked,
        ours=ours,
    )


PAYMENT = "payment"
NOTHING = "nothing"


def record_payment(services: Services, row: Checkout) -> Checkout:
    """Record what the client has paid; raises SquareFailed, permanent, where it is too little."""
    _check_enough(services, row)
    note_call(services, row, PAYMENT)
    source = "CASH" if row.way == "cash" else "EXTERNAL"
    answer = services.square.create_payment(f"{row.id}-pay", source, _wanted(row))
    return save_waiting(services, row, square_object_id=square_id(answer.get("id"), "payment id"))


def pay_nothing(services: Services, row: Checkout) -> str | RunAgain:
    """Close an order on which nothing is due."""
    if not is_sold(services, row):
        note_call(services, row, NOTHING)
        close_without_payment(services, row)
    return check_payment(services, row)


def close_without_payment(services: Services, row: Checkout) -> Checkout:
    services.square.pay_order(f"{row.id}-nothing", square_id(row.square_order_id, "order id"))
    return save_waiting(services, row)


def check_payment(services: Services, row: Checkout) -> str | RunAgain:
    """Check whether the order shows the payment, and enqueue its booking."""
    if is_sold(services, row):
        return _("Paid; the sale is booked next.")
    return RunAgain(1, _("Paid; Square does not show it on the order yet."))


def _check_enough(services: Services, row: Checkout) -> None:
    if row.way != "cash" or row.supplied is None or row.supplied >= row.amount:
        return
    clinic = read_clinic(services.store)
    due, given = (money_text(Money(amount, row.currency), clinic) for amount in (row.amount, row.supplied))
    reason = _(
        "{due} is due, {given} was given. Nothing was recorded; begin again with the right amount.",
        due=due,
        given=given,
    )
    raise SquareFailed(reason, permanent=True, code="too_little")


def _wanted(row: Checkout) -> Json:
    due = {"amount": row.amount, "currency": row.currency}
    wanted: Json = {
        "amount_money": due,
        "order_id": row.square_order_id,
        "location_id": row.square_location_id,
        "reference_id": row.id,
    }
    if row.square_customer_id:
        wanted["customer_id"] = row.square_customer_id
    if row.way == "cash":
        supplied = row.amount if row.supplied is None else row.supplied
        return wanted | {"cash_details": {"buyer_supplied_money": due | {"amount": supplied}}}
    return wanted | {"external_details": {"type": "OTHER", "source": row.tender}}
