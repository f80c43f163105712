"""Handler of Terminal checkout events: the desk's sale is checked at once. A payment is booked from its order."""

from sqlalchemy import select

from plugin.courses.base.work import Work
from plugin.courses.sales.checkouts import hasten
from plugin.services import Services
from plugin.square.events.effects import Effects
from plugin.square.parsing import Json, square_id
from plugin.store.selling import Checkout


def handle_terminal_checkout_updated(services: Services, data: Json) -> Effects:
    """Run the job of the sale that the Terminal was asked for; it reads what the Terminal answers."""
    begun_as = Checkout.square_object_id == square_id(data.get("id"), "Terminal checkout id")
    with services.store.reading() as session:
        checkout_id = session.scalar(select(Checkout.id).where(begun_as))
    if checkout_id is None:
        return Effects(says="That Terminal checkout was not begun here; its payment has its own event.")

    def run_now(work: Work) -> str:
        row = work.session.get(Checkout, checkout_id, with_for_update=True)
        if row is None or row.ended_at is not None:
            return "That sale has ended."
        hasten(work, row.id)
        return "The desk’s sale is looked at now."

    return Effects((run_now,))
