"""The permissions we ask the seller for: only those in use, each with its purpose and what is lost without it."""

from collections.abc import Collection
from dataclasses import dataclass

from plugin.wording import N_


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of Square's."""

    name: str
    serves: str
    loss: str


SCOPES = (
    Scope(
        "MERCHANT_PROFILE_READ",
        N_("Your business, its locations and its address."),
        N_("Coursekeeper can’t tell which locations sell."),
    ),
    Scope(
        "ITEMS_READ",
        N_("Notice changes of price or name in Square."),
        N_("A package changed in Square goes unnoticed."),
    ),
    Scope(
        "ITEMS_WRITE",
        N_("Publish packages to Square POS."),
        N_("Packages can’t be published to Square POS from here."),
    ),
    Scope("ORDERS_READ", N_("See what was sold."), N_("No course opens automatically.")),
    Scope(
        "PAYMENTS_READ",
        N_("See what was paid and refunded."),
        N_("No course opens, and no refund takes its sessions along."),
    ),
    Scope(
        "CUSTOMERS_READ",
        N_("See who bought."),
        N_("Sales come without a client, and Square’s directory can’t be searched."),
    ),
    Scope(
        "CUSTOMERS_WRITE",
        N_("Add new clients, and write the balance on their profiles."),
        N_("New clients are not added to Square; no balance on Square profiles."),
    ),
    Scope(
        "ORDERS_WRITE", N_("Sell from the desk."), N_("Selling from the desk does not work; Square POS does.")
    ),
    Scope(
        "PAYMENTS_WRITE",
        N_("Square Terminal, payment links, recorded cash, refunds."),
        N_("Neither selling nor refunding from the desk works; Square POS does both."),
    ),
    Scope("DEVICES_READ", N_("Find your Square Terminals."), N_("No Terminal can be chosen at the desk.")),
    Scope(
        "INVOICES_READ",
        N_("See what was paid on invoices."),
        N_("A course on an invoice opens only when all is paid."),
    ),
    Scope("INVOICES_WRITE", N_("Send invoices with a deposit."), N_("No invoice can be sent from the desk.")),
    Scope(
        "APPOINTMENTS_READ", N_("Today’s arrivals from Square Appointments."), N_("Today shows no arrivals.")
    ),
    Scope("APPOINTMENTS_ALL_READ", N_("Arrivals of the whole team."), N_("Today shows no arrivals.")),
    Scope(
        "APPOINTMENTS_BUSINESS_SETTINGS_READ",
        N_("Who gives which appointment."),
        N_("Arrivals come without the practitioner’s name."),
    ),
    Scope(
        "EMPLOYEES_READ", N_("The names of your team."), N_("Arrivals come without the practitioner’s name.")
    ),
    Scope(
        "DISPUTES_READ",
        N_("Notice that a bank questions a payment."),
        N_("A disputed payment does not flag its course."),
    ),
)

_BOOKING = (
    Scope(
        "APPOINTMENTS_WRITE",
        N_("Book planned visits in Square Appointments."),
        N_("Planned visits are not booked in Square."),
    ),
    Scope(
        "APPOINTMENTS_ALL_WRITE",
        N_("Book them in the calendar of the whole team."),
        N_("Planned visits are not booked in Square."),
    ),
)


def scopes_in_use(*, books: bool = False) -> tuple[Scope, ...]:
    """Return the permissions in use; `books`: the clinic has planned visits booked in Square."""
    return (*SCOPES, *_BOOKING) if books else SCOPES


def wanted(*, books: bool = False) -> str:
    """Return the permissions as Square's permission page expects them."""
    return " ".join(scope.name for scope in scopes_in_use(books=books))


def missing(granted: Collection[str], *, books: bool = False) -> tuple[Scope, ...]:
    """Return the scopes the seller has not granted; none where Square did not list the granted ones."""
    if not granted:
        return ()
    return tuple(scope for scope in scopes_in_use(books=books) if scope.name not in granted)


def lacks_booking(granted: Collection[str]) -> bool:
    """Return whether a permission to book appointments is missing."""
    return bool(granted) and any(scope.name not in granted for scope in _BOOKING)
