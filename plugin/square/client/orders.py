"""Asking Square about orders, payments and refunds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from plugin.core.money import Money
from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json, rfc3339

MOST_LOCATIONS = 10
_ORDERS_A_PAGE = 200
_REFUNDS_A_PAGE = 100


class OrderCalls(Asking):
    """What was sold, paid and given back."""

    def order(self, order_id: str) -> Json:
        """Return an order as it stands; raises SquareNotFound."""
        return self._one("order", lambda: self._square.orders.get(order_id, request_options=ONCE))

    def payment(self, payment_id: str) -> Json:
        """Return a payment as it stands; raises SquareNotFound."""
        return self._one("payment", lambda: self._square.payments.get(payment_id, request_options=ONCE))

    def refund(self, refund_id: str) -> Json:
        """Return a refund as it stands; raises SquareNotFound."""
        return self._one("refund", lambda: self._square.refunds.get(refund_id, request_options=ONCE))

    def refund_payment(self, *, key: str, payment_id: str, amount: Money, reason: str) -> Json:
        """Give back money of one payment, however it was paid; the same key again answers the same refund."""
        return self._one(
            "refund",
            lambda: self._square.refunds.refund_payment(
                idempotency_key=key,
                payment_id=payment_id,
                amount_money={"amount": amount.amount, "currency": amount.currency},
                reason=reason,
                request_options=ONCE,
            ),
        )

    def orders_updated(self, location_ids: Sequence[str], since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the orders touched since then, of at most ten locations."""
        query: Any = {
            "filter": {"date_time_filter": {"updated_at": {"start_at": rfc3339(since)}}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }

        def page(cursor: Json) -> Any:
            return self._square.orders.search(
                location_ids=location_ids, query=query, limit=_ORDERS_A_PAGE, request_options=ONCE, **cursor
            )

        return self._pages("orders", page)

    def refunds_updated(self, since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the refunds touched since then, of all locations."""

        def page(cursor: Json) -> Any:
            pager = self._square.refunds.list(
                updated_at_begin_time=rfc3339(since),
                sort_field="UPDATED_AT",
                sort_order="ASC",
                limit=_REFUNDS_A_PAGE,
                request_options=ONCE,
                **cursor,
            )
            # The pager itself ends at an empty page that has a cursor; its raw answer does not.
            return pager.response

        return self._pages("refunds", page)
