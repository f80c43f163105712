"""Asking Square about the people in its directory."""

from __future__ import annotations

from plugin.square.client.asking import ONCE, Asking
from plugin.square.fields import Json


class CustomerCalls(Asking):
    """The seller's customers."""

    def customer(self, customer_id: str) -> Json:
        """Return a customer; an id from before a merge answers as the new one. Raises SquareNotFound."""
        return self._one("customer", lambda: self._square.customers.get(customer_id, request_options=ONCE))
