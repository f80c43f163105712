"""The client of Square's API, built on its SDK; the only place that opens connections to Square.

One module for each subject. Answers are plain dicts; `plugin.square.models` reads them.
"""

from plugin.square.client.asking import SquareNotFound
from plugin.square.client.bookings import BookingCalls
from plugin.square.client.catalog import CatalogCalls
from plugin.square.client.checkout import CheckoutCalls
from plugin.square.client.connection import ConnectionCalls
from plugin.square.client.customers import CustomerCalls
from plugin.square.client.orders import OrderCalls

__all__ = ["SquareClient", "SquareNotFound"]


class SquareClient(OrderCalls, CustomerCalls, CatalogCalls, CheckoutCalls, BookingCalls, ConnectionCalls):
    """All calls to one Square. Every method raises SquareFailed."""
