"""The permissions we ask the seller for: only those in use, each with its purpose and what is lost without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of Square's."""

    name: str
    serves: str
    loss: str


SCOPES = (
    Scope(
        "MERCHANT_PROFILE_READ",
        "Your business, its locations and its address.",
        "Coursekeeper can't tell which locations sell.",
    ),
    Scope(
        "ITEMS_READ",
        "Notice changes of price or name in Square.",
        "A package changed in Square goes unnoticed.",
    ),
    Scope(
        "ITEMS_WRITE",
        "Publish packages to Square POS.",
        "Packages can't be published to Square POS from here.",
    ),
    Scope("ORDERS_READ", "See what was sold.", "No course opens automatically."),
    Scope(
        "PAYMENTS_READ",
        "See what was paid and refunded.",
        "No course opens, and no refund takes its sessions along.",
    ),
    Scope(
        "CUSTOMERS_READ",
        "See who bought.",
        "Sales come without a client, and Square's directory can't be searched.",
    ),
    Scope(
        "CUSTOMERS_WRITE",
        "Add new clients, and write the balance on their profiles.",
        "New clients are not added to Square; no balance on Square profiles.",
    ),
    Scope("ORDERS_WRITE", "Sell from the desk.", "Selling from the desk does not work; Square POS does."),
    Scope(
        "PAYMENTS_WRITE",
        "Square Terminal, payment links, recorded cash, refunds.",
        "Neither selling nor refunding from the desk works; Square POS does both.",
    ),
    Scope("DEVICES_READ", "Find your Square Terminals.", "No Terminal can be chosen at the desk."),
    Scope(
        "INVOICES_READ",
        "See what was paid on invoices.",
        "A course on an invoice opens only when all is paid.",
    ),
    Scope("INVOICES_WRITE", "Send invoices with a deposit.", "No invoice can be sent from the desk."),
    Scope("APPOINTMENTS_READ", "Today's arrivals from Square Appointments.", "Today shows no arrivals."),
    Scope("APPOINTMENTS_ALL_READ", "Arrivals of the whole team.", "Today shows no arrivals."),
    Scope(
        "APPOINTMENTS_BUSINESS_SETTINGS_READ",
        "Who gives which appointment.",
        "Arrivals come without the practitioner's name.",
    ),
    Scope("EMPLOYEES_READ", "The names of your team.", "Arrivals come without the practitioner's name."),
    Scope(
        "DISPUTES_READ",
        "Notice that a bank questions a payment.",
        "A disputed payment does not flag its course.",
    ),
)


def wanted() -> str:
    """Return the permissions as Square's permission page expects them."""
    return " ".join(scope.name for scope in SCOPES)


def missing(granted: Collection[str]) -> tuple[Scope, ...]:
    """Return the scopes the seller has not granted; none where Square did not list the granted ones."""
    return tuple(scope for scope in SCOPES if scope.name not in granted) if granted else ()
