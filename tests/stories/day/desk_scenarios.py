"""The parts of the day that are begun at the desk: Terminal, link, cash, invoice, refunds, appointments, a dispute."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from plugin.core.money import Money
from plugin.courses.refunds.desk_refunds import NewRefund, refund_quote, start_refund
from plugin.courses.sales.checkouts import NewCheckout, cancel_checkout, read_checkout, start_checkout
from plugin.courses.visits.booked_visits import use_booking
from plugin.courses.visits.no_shows import decide_no_show
from plugin.square.checkout.terminal import refresh_terminals
from plugin.store.selling import Checkout
from tests.stories.day.harness import Stage

Play = Callable[[Stage], object]


def at_terminal(to: str, sessions: int, then: Callable[[Stage, str], object]) -> Play:
    """Return the play of a sale that goes to the Terminal, and what is done there."""

    def play(stage: Stage) -> None:
        refresh_terminals(stage.services)
        then(stage, _begun(stage, to, sessions, "terminal"))

    return play


def card(stage: Stage, checkout_id: str) -> None:
    """The client taps a card."""
    stage.till.pay_terminal(checkout_id)


def client_cancels(stage: Stage, checkout_id: str) -> None:
    """The client presses cancel."""
    stage.till.cancel_at_terminal(checkout_id)


def nobody_pays(stage: Stage, checkout_id: str) -> None:
    """The Terminal gives up by itself."""
    stage.till.leave_terminal(checkout_id)


def by_link(stage: Stage) -> None:
    """A payment link is paid an hour later, on a phone."""
    link_id = _begun(stage, "Renée", 12, "link")
    stage.clock.advance(minutes=50)
    stage.till.pay_link(link_id)


def in_cash(stage: Stage) -> None:
    """Cash is handed over at the desk; Square counts the change."""
    _begun(stage, "Priya", 10, "cash", supplied=_usd(170000))


def by_bank(stage: Stage) -> None:
    """Money came by bank transfer."""
    _begun(stage, "Carol", 10, "other", tender="Bank transfer")


def invoice_with_deposit(stage: Stage) -> None:
    """An invoice is sent, and its deposit paid."""
    stage.kept["invoice"] = _begun(stage, "Jo", 12, "invoice", deposit=_usd(50000))
    stage.till.pay_invoice(stage.kept["invoice"])


def balance_of_invoice(stage: Stage) -> None:
    """The rest of the invoice is paid."""
    stage.till.pay_invoice(stage.kept["invoice"])


def second_invoice(stage: Stage) -> None:
    """Of another invoice only the deposit is paid today."""
    stage.till.pay_invoice(_begun(stage, "Grace", 10, "invoice", deposit=_usd(33000)))


def called_off(stage: Stage) -> None:
    """A link nobody paid is called off at the desk."""
    begun = _begin(stage, "Ana", 12, "link")
    cancel_checkout(stage.services.store, stage.act("cancel"), begun)


def refund(given: str) -> Play:
    """Return the play of a refund begun at the desk, by the formula of the course's terms."""

    def play(stage: Stage) -> None:
        course = next(one for one in stage.courses_of(stage.client_of(given)) if one.is_live and one.used)
        quote = refund_quote(stage.services.store, course.id, today=stage.today())
        wish = NewRefund(course.id, quote.values[quote.formula].amount, "Moving abroad", quote.formula.value)
        start_refund(stage.services.store, stage.act("refund"), wish)

    return play


def book_two(stage: Stage) -> None:
    """Two appointments are made in Square for this afternoon."""
    for name, given in (("comes", "Ana"), ("stays away", "Siobhán")):
        start = (stage.clock() + timedelta(minutes=40)).strftime("%Y-%m-%dT%H:%M:00Z")
        stage.kept[name] = stage.till.book(start, customer_id=stage.customer_id(given))["id"]


def comes(stage: Stage) -> None:
    """The booked client comes: one tap."""
    use_booking(stage.services.store, stage.act("arrive"), stage.kept["comes"])


def stays_away(stage: Stage) -> None:
    """The other one does not, and is charged a session."""
    stage.till.set_booking_status(stage.kept["stays away"], "NO_SHOW")
    stage.settle()
    decide_no_show(stage.services.store, stage.act("no-show"), stage.kept["stays away"], "charge")


def disputed(stage: Stage) -> None:
    """A bank questions a card payment."""
    order = stage.sell(stage.line(10), to="Alexandrina Wilhelmina")
    stage.settle()
    stage.till.open_dispute(order["tenders"][0]["id"])


def price_changed(stage: Stage) -> None:
    """Somebody changes a price in Square's Dashboard; ours stays what it was until the owner decides."""
    variation_id = stage.package(10).square_variation_id or ""
    stage.till.edit_variation(variation_id, price=170000)


def _begin(stage: Stage, to: str, sessions: int, way: str, **more: Any) -> str:
    """Begin a sale at the desk and let Square be asked until it waits for the client; return its id."""
    new = NewCheckout(stage.client_of(to), stage.package(sessions).id, way, **more)
    begun = start_checkout(stage.services.store, stage.act(f"sell-{to}"), new)
    stage.work_until(lambda: read_checkout(stage.services.store, begun.id).state != "asking")
    return begun.id


def _begun(stage: Stage, to: str, sessions: int, way: str, **more: Any) -> str:
    """Begin a sale; return the id of what Square made of it: a Terminal checkout, a link, an invoice, a payment."""
    checkout_id = _begin(stage, to, sessions, way, **more)
    with stage.services.store.reading() as session:
        return str(session.get_one(Checkout, checkout_id).square_object_id)


def _usd(amount: int) -> Money:
    return Money(amount, "USD")
