"""Asking Square to collect by invoice: a deposit and a balance, each with its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json

_INVOICES_A_PAGE = 200


class InvoiceCalls(Asking):
    """Square invoices."""

    def create_invoice(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Draft an invoice for an open order."""
        sent: Any = wanted
        return self._one(
            "invoice",
            lambda: self._square.invoices.create(idempotency_key=key, invoice=sent, request_options=ONCE),
        )

    def publish_invoice(self, key: str, invoice_id: str, version: int) -> Json:
        """Have Square collect it; from now on it has an address where it is paid."""
        return self._one(
            "invoice",
            lambda: self._square.invoices.publish(
                invoice_id, idempotency_key=key, version=version, request_options=ONCE
            ),
        )

    def invoice(self, invoice_id: str) -> Json:
        """Return an invoice as it stands; raises SquareNotFound."""
        return self._one("invoice", lambda: self._square.invoices.get(invoice_id, request_options=ONCE))

    def cancel_invoice(self, invoice_id: str, version: int) -> Json:
        """Stop collecting; what was paid stays paid."""
        return self._one(
            "invoice",
            lambda: self._square.invoices.cancel(invoice_id, version=version, request_options=ONCE),
        )

    def delete_invoice(self, invoice_id: str, version: int) -> None:
        """Throw away a draft, and its order with it."""
        self._ask(lambda: self._square.invoices.delete(invoice_id, version=version, request_options=ONCE))

    def invoices(self, location_id: str) -> Iterator[list[Json]]:
        """Yield pages of a location's invoices, newest first: Square can't list them by their last change."""

        def page(cursor: Json) -> Any:
            pager = self._square.invoices.list(
                location_id=location_id, limit=_INVOICES_A_PAGE, request_options=ONCE, **cursor
            )
            # The pager itself ends at an empty page that has a cursor; its raw answer does not.
            return pager.response

        return self._pages("invoices", page)
