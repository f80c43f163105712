"""Calls about orders, payments, refunds and disputes."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from plugin.core.money import Money
from plugin.square.client.asking import Asking
from plugin.square.parsing import Json, rfc3339

MOST_LOCATIONS = 10
_ORDERS_A_PAGE = 200
_REFUNDS_A_PAGE = 100


class OrderCalls(Asking):
    """What was sold, paid, refunded and disputed."""

    def order(self, order_id: str) -> Json:
        """Return an order; raises SquareNotFound."""
        return self._one("order", "GET v2/orders/{}", order_id)

    def payment(self, payment_id: str) -> Json:
        """Return a payment; raises SquareNotFound."""
        return self._one("payment", "GET v2/payments/{}", payment_id)

    def refund(self, refund_id: str) -> Json:
        """Return a refund; raises SquareNotFound."""
        return self._one("refund", "GET v2/refunds/{}", refund_id)

    def dispute(self, dispute_id: str) -> Json:
        """Return a dispute; raises SquareNotFound."""
        return self._one("dispute", "GET v2/disputes/{}", dispute_id)

    def refund_payment(self, *, key: str, payment_id: str, amount: Money, reason: str) -> Json:
        """Refund money of one payment, however it was paid; the same key again returns the same refund."""
        return self._one(
            "refund",
            "POST v2/refunds",
            idempotency_key=key,
            payment_id=payment_id,
            amount_money={"amount": amount.amount, "currency": amount.currency},
            reason=reason,
        )

    def orders_updated(self, location_ids: Sequence[str], since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the orders changed since then, of at most ten locations."""
        query = {
            "filter": {"date_time_filter": {"updated_at": {"start_at": rfc3339(since)}}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }
        return self._pages(
            "orders", "POST v2/orders/search", location_ids=location_ids, query=query, limit=_ORDERS_A_PAGE
        )

    def refunds_updated(self, since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the refunds changed since then, of all locations."""
        return self._pages(
            "refunds",
            "GET v2/refunds",
            updated_at_begin_time=rfc3339(since),
            sort_field="UPDATED_AT",
            sort_order="ASC",
            limit=_REFUNDS_A_PAGE,
        )

    def disputes(self) -> Iterator[list[Json]]:
        """Yield pages of all disputes: Square lists them by no date."""
        return self._pages("disputes", "GET v2/disputes")
