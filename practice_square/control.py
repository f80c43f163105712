"""A small client for the control interface of a running practice Square. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from practice_square.control_call import ControlRefused, Json
from practice_square.control_clinic import ClinicControl

__all__ = ["ControlRefused", "PracticeControl"]


class PracticeControl(ClinicControl):
    """Does at the till what a person would, over HTTP. Amounts are minor units, quantities text."""

    def sell(self, lines: Sequence[Mapping[str, Any]], **sale: Any) -> Json:
        """Ring up a sale. Gives {"order", "payments"}.

        Lines: {"variation_id"} or {"name", "amount"}, with "quantity" "1" unless told, "discount"
        {"percent"} or {"amount"}, "tax_percent", "modifiers" [{"name", "amount", "quantity"}]. Named:
        customer_id, customer_on (payment, order, tender), tenders [{"type", "amount", "tip"}], discount,
        tax_percent, tax_included, service_charges [{"name", "percent" or "amount", "apportioned", "taxable"}],
        card_surcharge (none, LINE_ITEM, APPORTIONED), created_at (offline sale), delivered=False (no webhook).
        """
        return self.call("POST", "/practice/sales", {"lines": [dict(line) for line in lines], **sale})

    def refund_lines(
        self, order_id: str, lines: Mapping[str, str], reason: str | None = None, *, tip: int | None = None
    ) -> Json:
        """Take lines back, {line uid: quantity}, and of the tip an amount.

        Gives {"refunds", "orders"}; the orders are the return orders.
        """
        asked = [{"uid": uid, "quantity": quantity} for uid, quantity in lines.items()]
        body = {"order_id": order_id, "lines": asked, "reason": reason} | ({"tip": tip} if tip else {})
        return self.call("POST", "/practice/refunds", body)

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

    def add_customer(self, **profile: Any) -> Json:
        customer: Json = self.call("POST", "/practice/customers", profile)["customer"]
        return customer

    def merge_customers(self, *customer_ids: str) -> Json:
        """Merge profiles. Gives the new one, with its new id."""
        body = {"customer_ids": list(customer_ids)}
        customer: Json = self.call("POST", "/practice/customers/merge", body)["customer"]
        return customer

    def pair_terminal(self, code: str) -> Json:
        """Sign a new terminal in with a device code. Gives the device."""
        device: Json = self.call("POST", "/practice/terminals/pair", {"code": code})["device"]
        return device

    def show_at_terminal(self, device_id: str) -> Json | None:
        """Let a terminal look for work, as it does by itself while its page is open. Gives the checkout it shows."""
        checkout: Json | None = self.call("POST", f"/practice/terminals/{device_id}/show", {})["checkout"]
        return checkout

    def pay_terminal(self, checkout_id: str, tip: int = 0) -> Json:
        """Tap a card. Gives the checkout, with its payment_ids. A tip only where the checkout asks for one."""
        return self._checkout(checkout_id, "tap", {"tip": tip})

    def cancel_at_terminal(self, checkout_id: str) -> Json:
        """The client presses cancel at the terminal."""
        return self._checkout(checkout_id, "client-cancels", {})

    def leave_terminal(self, checkout_id: str) -> Json:
        """Nobody pays until the terminal gives up: TIMED_OUT, without the wait."""
        return self._checkout(checkout_id, "leave", {})

    def pay_link(self, payment_link_id: str, email: str | None = None, tip: int = 0) -> Json:
        """Pay a payment link by card. Gives {"payment", "order"}."""
        return self.call(
            "POST", f"/practice/payment-links/{payment_link_id}/pay", {"email": email, "tip": tip}
        )

    def pay_invoice(self, invoice_id: str, amount: int | None = None, tender: str = "card") -> Json:
        """Pay what is next due, or an amount; tender card, cash or other. Gives {"invoice", "payment", "order"}."""
        return self.call("POST", f"/practice/invoices/{invoice_id}/pay", {"amount": amount, "tender": tender})

    def exchange(
        self, order_id: str, returned: Mapping[str, str], lines: Sequence[Mapping[str, Any]], **sale: Any
    ) -> Json:
        """Take lines back, {line uid: quantity}, and sell others. Gives {"order", "payments", "refunds"}."""
        back = [{"uid": uid, "quantity": quantity} for uid, quantity in returned.items()]
        sold = {"lines": [dict(line) for line in lines], **sale}
        return self.call(
            "POST", "/practice/exchanges", {"order_id": order_id, "returned": back, "sale": sold}
        )

    def end_refund(self, refund_id: str, status: str) -> Json:
        """Let a refund that `refund_outcome` left pending end: COMPLETED, FAILED or REJECTED."""
        refund: Json = self.call("POST", f"/practice/refunds/{refund_id}/end", {"status": status})["refund"]
        return refund

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
        """Overwrite fields of a stored order, payment, refund, customer, booking or catalog object; null removes."""
        return self.call("POST", "/practice/forge", {"kind": kind, "id": id_, "patch": dict(patch)})

    def reset(self, seed: str | None = None) -> None:
        self.call("POST", "/practice/reset", {"seed": seed})

    def _checkout(self, checkout_id: str, act: str, body: Json) -> Json:
        checkout: Json = self.call("POST", f"/practice/checkouts/{checkout_id}/{act}", body)["checkout"]
        return checkout
