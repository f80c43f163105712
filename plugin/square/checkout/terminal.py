"""Sales on a Square Terminal, and the list of Terminals."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import is_sold, note_call, plan_end, save_waiting
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, optional_moment, readable, record, records, square_id, text, words
from plugin.store.selling import Checkout, Terminal
from plugin.wording import N_, _

TERMINAL = "terminal"
# Square ends an unanswered request after five minutes; ours is the wider net.
LONGEST_WAIT = timedelta(minutes=6)
# The Devices API prefixes this to the id that a checkout needs.
_PREFIX = "device:"
_SOON_S = 2.0
_LATER_S = 5.0
_NOT_IN_TIME = N_("The client did not pay at the Terminal in time.")
_PAID = N_("Paid at the Terminal; Square does not show it on the order yet.")
_CANCELED_BY = {
    "BUYER_CANCELED": ("canceled", N_("The client canceled at the Terminal.")),
    "SELLER_CANCELED": ("canceled", ""),
    "TIMED_OUT": ("timed_out", _NOT_IN_TIME),
}


def create_checkout(services: Services, row: Checkout) -> Checkout:
    """Have the Terminal ask for the payment."""
    note_call(services, row, TERMINAL)
    answer = services.square.create_terminal_checkout(f"{row.id}-terminal", _wanted(row))
    return save_waiting(
        services, row, square_object_id=square_id(answer.get("id"), _("Terminal checkout id"))
    )


def check(services: Services, row: Checkout) -> str | RunAgain:
    """Read the Terminal checkout and act on its status."""
    answer = services.square.terminal_checkout(square_id(row.square_object_id, _("Terminal checkout id")))
    status = text(answer.get("status"))
    if status == "COMPLETED":
        if is_sold(services, row):
            return _("Paid at the Terminal; the sale is booked next.")
        return RunAgain(_SOON_S, _PAID)
    if status == "CANCELED":
        state, reason = _CANCELED_BY.get(text(answer.get("cancel_reason")), ("canceled", ""))
        plan_end(services, row, row.ends_as if row.cancel_asked_at else state, row.problem or reason)
        return RunAgain(0, _("The Terminal checkout has ended."))
    # From when the Terminal was asked: before that, Square may have been down for long.
    waited = services.clock() - (
        optional_moment(answer.get("created_at"), "checkout created_at") or row.created_at
    )
    if waited > LONGEST_WAIT and row.cancel_asked_at is None:
        plan_end(services, row, "timed_out", _NOT_IN_TIME)
        return RunAgain(0, _("The Terminal checkout is canceled."))
    soon = waited < timedelta(seconds=30)
    return RunAgain(
        _SOON_S if soon else _LATER_S, _("The Terminal is {value}.", value=status.lower() or "asked")
    )


def cancel(services: Services, row: Checkout) -> RunAgain | None:
    """Cancel the Terminal checkout; None once it is. The client may just have paid."""
    if row.square_object_id is None:
        return None
    answer = _canceled(services, row.square_object_id)
    status = text(answer.get("status")) if answer is not None else "CANCELED"
    if status == "CANCELED":
        return None
    if status == "COMPLETED":
        return None if is_sold(services, row) else RunAgain(_SOON_S, _PAID)
    return RunAgain(1, _("The Terminal is stopping."))


def _canceled(services: Services, checkout_id: str) -> Json | None:
    try:
        return services.square.cancel_terminal_checkout(checkout_id)
    except SquareNotFound:
        return None
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused where it has ended: its status shows whether it is a sale.
        return services.square.terminal_checkout(checkout_id)


def _wanted(row: Checkout) -> Json:
    wanted: Json = {
        "amount_money": {"amount": row.amount, "currency": row.currency},
        "device_options": {"device_id": row.square_device_id},
        "order_id": row.square_order_id,
        "reference_id": row.id,
    }
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})


@dataclass(frozen=True, slots=True)
class _Device:
    """A device of the seller, a Terminal or another kind."""

    id: str
    is_terminal: bool
    name: str
    status: str
    location_id: str | None


def refresh_terminals(services: Services) -> int:
    """Read the list of Terminals from Square; return how many there are. Raises SquareFailed."""
    devices = [device for page in services.square.devices() for device in page]
    terminals = [one for one in readable(_device_of, devices, "device") if one.is_terminal]

    def work(session: Session) -> None:
        known = {row.square_device_id: row for row in session.scalars(select(Terminal))}
        for row in known.values():
            row.is_active = False
        for device in terminals:
            _save(session, services, known, device)

    services.store.transact(work)
    return len(terminals)


def _device_of(answer: Json) -> _Device:
    attributes = record(answer.get("attributes") or {}, "device attributes")
    return _Device(
        id=square_id(answer.get("id"), "device id").removeprefix(_PREFIX),
        is_terminal=text(attributes.get("type")) in ("TERMINAL", ""),
        name=words(attributes.get("name"), 120) or "Square Terminal",
        status=text(record(answer.get("status") or {}, "device status").get("category"))[:40],
        location_id=_location(answer),
    )


def _save(session: Session, services: Services, known: dict[str, Terminal], device: _Device) -> None:
    row = known.get(device.id)
    if row is None:
        row = known[device.id] = Terminal(square_device_id=device.id)
        session.add(row)
    row.name, row.status, row.square_location_id = device.name, device.status, device.location_id
    row.is_active, row.seen_at = True, services.clock()


def _location(device: Json) -> str | None:
    for component in records(device.get("components"), "device components"):
        details = record(component.get("application_details") or {}, "application_details")
        if details.get("session_location"):
            return square_id(details["session_location"], "session_location")
    return None
