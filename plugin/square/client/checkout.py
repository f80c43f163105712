"""Calls that sell from the desk: orders of our own, Terminal, payment links, invoices, cash and other tender."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plugin.square.client.asking import Asking
from plugin.square.parsing import Json

_INVOICES_A_PAGE = 200


class CheckoutCalls(Asking):
    """Every way of selling from the desk."""

    def create_order(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Open an order; returns it with Square's totals."""
        return self._one("order", "POST v2/orders", idempotency_key=key, order=wanted)

    def update_order(self, key: str, order_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an order that was made through the API; `changes` carry its version and location."""
        return self._one("order", "PUT v2/orders/{}", order_id, idempotency_key=key, order=changes)

    def pay_order(self, key: str, order_id: str, payment_ids: Sequence[str] = ()) -> Json:
        """Close an order with approved payments, or with none where nothing is due."""
        return self._one(
            "order", "POST v2/orders/{}/pay", order_id, idempotency_key=key, payment_ids=list(payment_ids)
        )

    def create_payment(self, key: str, source_id: str, wanted: Mapping[str, Any]) -> Json:
        """Record a payment for an order: CASH or EXTERNAL. The key has at most 45 characters."""
        return self._one("payment", "POST v2/payments", source_id=source_id, idempotency_key=key, **wanted)

    def create_terminal_checkout(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Ask a Terminal to take the payment of an order."""
        return self._one("checkout", "POST v2/terminals/checkouts", idempotency_key=key, checkout=wanted)

    def terminal_checkout(self, checkout_id: str) -> Json:
        """Return a Terminal checkout; raises SquareNotFound."""
        return self._one("checkout", "GET v2/terminals/checkouts/{}", checkout_id)

    def cancel_terminal_checkout(self, checkout_id: str) -> Json:
        """Cancel a Terminal checkout; refused where it has ended."""
        return self._one("checkout", "POST v2/terminals/checkouts/{}/cancel", checkout_id)

    def devices(self) -> Iterator[list[Json]]:
        """Yield pages of the seller's devices."""
        return self._pages("devices", "GET v2/devices")

    def create_payment_link(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Make a page where an order is paid; returns Square's whole answer, with the order."""
        return self._ask("POST v2/online-checkout/payment-links", idempotency_key=key, **wanted)

    def delete_payment_link(self, link_id: str) -> Json:
        """Delete the page and cancel its order unless that was paid; raises SquareNotFound."""
        return self._ask("DELETE v2/online-checkout/payment-links/{}", link_id)

    def create_invoice(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Draft an invoice for an open order."""
        return self._one("invoice", "POST v2/invoices", idempotency_key=key, invoice=wanted)

    def publish_invoice(self, key: str, invoice_id: str, version: int) -> Json:
        """Publish an invoice; from now on it has an address where it is paid."""
        return self._one(
            "invoice", "POST v2/invoices/{}/publish", invoice_id, idempotency_key=key, version=version
        )

    def invoice(self, invoice_id: str) -> Json:
        """Return an invoice; raises SquareNotFound."""
        return self._one("invoice", "GET v2/invoices/{}", invoice_id)

    def cancel_invoice(self, invoice_id: str, version: int) -> Json:
        """Cancel an invoice; what was paid stays paid."""
        return self._one("invoice", "POST v2/invoices/{}/cancel", invoice_id, version=version)

    def delete_invoice(self, invoice_id: str, version: int) -> None:
        """Delete a draft, and its order with it."""
        self._ask("DELETE v2/invoices/{}", invoice_id, version=version)

    def invoices(self, location_id: str) -> Iterator[list[Json]]:
        """Yield pages of a location's invoices, newest first: Square can't list them by their last change."""
        return self._pages("invoices", "GET v2/invoices", location_id=location_id, limit=_INVOICES_A_PAGE)
