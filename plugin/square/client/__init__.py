"""Asking Square over HTTP with its own SDK. The only place that opens connections to Square.

One module for one subject; must not know what the answers are used for.
"""

from __future__ import annotations

from plugin.square.client.asking import SquareNotFound
from plugin.square.client.bookings import BookingCalls
from plugin.square.client.catalog import CatalogCalls
from plugin.square.client.checkout import CheckoutCalls
from plugin.square.client.connection import ConnectionCalls
from plugin.square.client.customers import CustomerCalls
from plugin.square.client.disputes import DisputeCalls
from plugin.square.client.invoices import InvoiceCalls
from plugin.square.client.orders import OrderCalls
from plugin.square.client.places import PlaceCalls

__all__ = ["SquareClient", "SquareNotFound"]


class SquareClient(
    OrderCalls,
    CustomerCalls,
    CatalogCalls,
    PlaceCalls,
    CheckoutCalls,
    InvoiceCalls,
    BookingCalls,
    DisputeCalls,
    ConnectionCalls,
):
    """All that Coursekeeper asks of one Square. Every method raises SquareFailed; answers are plain dicts."""
