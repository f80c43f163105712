"""A small client for the control interface of a running practice Square. Standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class ControlRefused(Exception):
    """The practice Square said no; `status` and `errors` hold its words."""

    def __init__(self, status: int, errors: list[Json]) -> None:
        super().__init__("; ".join(error.get("detail", "") for error in errors) or f"HTTP {status}")
        self.status = status
        self.errors = errors


class PracticeControl:
    """Does at the till what a person would, over HTTP. Amounts are minor units, quantities text."""

    def __init__(self, base_url: str, access_token: str, timeout_s: float = 30.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._access_token = access_token
        self._timeout_s = timeout_s

    def sell(self, lines: Sequence[Mapping[str, Any]], **sale: Any) -> Json:
        """Ring up a sale. Gives {"order", "payments"}.

        Lines: {"variation_id"} or {"name", "amount"}, with "quantity" "1" unless told, "discount"
        {"percent"} or {"amount"}, "tax_percent". Named: customer_id, customer_on (payment, order, tender),
        tenders [{"type", "amount", "tip"}], discount, tax_percent, tax_included, created_at (offline sale),
        delivered=False (no webhook).
        """
        return self.call("POST", "/practice/sales", {"lines": [dict(line) for line in lines], **sale})

    def refund_lines(self, order_id: str, lines: Mapping[str, str], reason: str | None = None) -> Json:
        """Take lines back: {line uid: quantity}. Gives {"refunds", "orders"}; the orders are the return orders."""
        asked = [{"uid": uid, "quantity": quantity} for uid, quantity in lines.items()]
        return self.call(
            "POST", "/practice/refunds", {"order_id": order_id, "lines": asked, "reason": reason}
        )

    def refund_amount(
        self,
        amount: int,
        *,
        order_id: str | None = None,
        payment_id: str | None = None,
        reason: str | None = None,
    ) -> Json:
        """Give an amount back, of an order or of one payment."""
        body = {"amount": amount, "order_id": order_id, "payment_id": payment_id, "reason": reason}
        return self.call("POST", "/practice/refunds", body)

    def add_customer(self, **profile: str) -> Json:
        customer: Json = self.call("POST", "/practice/customers", profile)["customer"]
        return customer

    def merge_customers(self, *customer_ids: str) -> Json:
        """Merge profiles. Gives the new one, with its new id."""
        body = {"customer_ids": list(customer_ids)}
        customer: Json = self.call("POST", "/practice/customers/merge", body)["customer"]
        return customer

    def faults(self) -> Json:
        return self.call("GET", "/practice/faults")

    def set_faults(self, **faults: Any) -> Json:
        """Change the named faults; with none named, turn all of them off."""
        return self.call("PUT", "/practice/faults", faults)

    def deliver(self, *, withheld: bool = False) -> Json:
        """Send everything that waits, now. Gives {"delivered", "failed", "waiting"}."""
        return self.call("POST", "/practice/deliver", {"withheld": withheld})

    def events(self) -> list[Json]:
        """List deliveries, newest first, with state, attempts, last_answer and the body sent."""
        deliveries: list[Json] = self.call("GET", "/practice/events")["deliveries"]
        return deliveries

    def resend(self, event_id: str) -> None:
        self.call("POST", f"/practice/events/{event_id}/resend", {})

    def forge(self, kind: str, id_: str, patch: Mapping[str, Any]) -> Json:
        """Overwrite fields of a stored order, payment, refund, customer or catalog object; null removes."""
        return self.call("POST", "/practice/forge", {"kind": kind, "id": id_, "patch": dict(patch)})

    def reset(self, seed: str | None = None) -> None:
        self.call("POST", "/practice/reset", {"seed": seed})

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Make one call. Raises ControlRefused for any answer but a 2xx."""
        request = urllib.request.Request(  # noqa: S310 the address is the caller's own
            self._base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self._access_token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._timeout_s) as answer:
                told: Json = json.loads(answer.read())
                return told
        except urllib.error.HTTPError as error:
            with error:
                raise ControlRefused(error.code, _errors(error.read())) from None


def _errors(body: bytes) -> list[Json]:
    try:
        errors: list[Json] = json.loads(body).get("errors", [])
    except ValueError:
        return []
    return errors
