"""Asking Square to take money for us: orders of our own, Terminal, payment links, cash and other tender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json


class CheckoutCalls(Asking):
    """Every way of selling from the desk, but for invoices."""

    def create_order(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Open an order; returns it as Square reckons it."""
        sent: Any = wanted
        return self._one(
            "order",
            lambda: self._square.orders.create(idempotency_key=key, order=sent, request_options=ONCE),
        )

    def update_order(self, key: str, order_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an order that was made through the API; `changes` carry its version and location."""
        sent: Any = changes
        return self._one(
            "order",
            lambda: self._square.orders.update(
                order_id, idempotency_key=key, order=sent, request_options=ONCE
            ),
        )

    def pay_order(self, key: str, order_id: str, payment_ids: Sequence[str] = ()) -> Json:
        """Close an order with approved payments, or with none where nothing is to pay."""
        return self._one(
            "order",
            lambda: self._square.orders.pay(
                order_id, idempotency_key=key, payment_ids=list(payment_ids), request_options=ONCE
            ),
        )

    def create_payment(self, key: str, source_id: str, wanted: Mapping[str, Any]) -> Json:
        """Record a payment for an order: CASH or EXTERNAL. The key has at most 45 characters."""
        sent: Any = dict(wanted)
        return self._one(
            "payment",
            lambda: self._square.payments.create(
                source_id=source_id, idempotency_key=key, **sent, request_options=ONCE
            ),
        )

    def create_terminal_checkout(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Ask a Terminal to take the money of an order."""
        sent: Any = wanted
        return self._one(
            "checkout",
            lambda: self._square.terminal.checkouts.create(
                idempotency_key=key, checkout=sent, request_options=ONCE
            ),
        )

    def terminal_checkout(self, checkout_id: str) -> Json:
        """Return what a Terminal was asked, as it stands; raises SquareNotFound."""
        return self._one(
            "checkout", lambda: self._square.terminal.checkouts.get(checkout_id, request_options=ONCE)
        )

    def cancel_terminal_checkout(self, checkout_id: str) -> Json:
        """Have a Terminal stop asking; refused where it has ended."""
        return self._one(
            "checkout", lambda: self._square.terminal.checkouts.cancel(checkout_id, request_options=ONCE)
        )

    def devices(self) -> Iterator[list[Json]]:
        """Yield pages of the seller's Terminals."""

        def page(cursor: Json) -> Any:
            # The pager itself ends at an empty page that has a cursor; its raw answer does not.
            return self._square.devices.list(request_options=ONCE, **cursor).response

        return self._pages("devices", page)

    def create_payment_link(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Make a page where an order is paid; returns Square's whole answer, the order among it."""
        sent: Any = dict(wanted)
        return self._ask(
            lambda: self._square.checkout.payment_links.create(
                idempotency_key=key, **sent, request_options=ONCE
            )
        )

    def delete_payment_link(self, link_id: str) -> Json:
        """Take the page away and cancel its order unless that was paid; raises SquareNotFound."""
        return self._ask(lambda: self._square.checkout.payment_links.delete(link_id, request_options=ONCE))
