"""The client of the control interface of a running practice Square. Standard library only."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class ControlRefused(Exception):
    """The practice Square refused; `status` and `errors` are its answer."""

    def __init__(self, status: int, errors: list[Json]) -> None:
        super().__init__("; ".join(error.get("detail", "") for error in errors) or f"HTTP {status}")
        self.status = status
        self.errors = errors


class PracticeControl:
    """The acts of staff, clients, seller and bank over HTTP. Amounts are minor units, quantities strings."""

    def __init__(self, base_url: str, access_token: str, timeout_s: float = 30.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._access_token = access_token
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Make one call; raises ControlRefused for any answer but a 2xx."""
        request = urllib.request.Request(  # noqa: S310 the address is the caller's own
            self._base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self._access_token}", "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                answer: Json = json.loads(response.read())
                return answer
        except urllib.error.HTTPError as error:
            with error:
                raise ControlRefused(error.code, _errors(error.read())) from None

    def _one(self, name: str, method: str, path: str, /, **body: Any) -> Json:
        """Return one field of the answer, an object."""
        found: Json = self.call(method, f"/practice{path}", body)[name]
        return found

    def _all(self, name: str, method: str, path: str, /, **body: Any) -> list[Any]:
        """Return one field of the answer, a list."""
        found: list[Any] = self.call(method, f"/practice{path}", body)[name]
        return found

    # Sales, refunds and customers

    def sell(self, lines: Sequence[Mapping[str, Any]], **sale: Any) -> Json:
        """Ring up a sale. Returns {"order", "payments"}.

        Lines: {"variation_id"} or {"name", "amount"}, with "quantity" (default "1"), "discount" {"percent"} or
        {"amount"}, "tax_percent", "modifiers" [{"name", "amount", "quantity"}]. Named: customer_id, customer_on
        (payment, order, tender), tenders [{"type", "amount", "tip"}], discount, tax_percent, tax_included,
        service_charges [{"name", "percent" or "amount", "apportioned", "taxable"}], card_surcharge (none, LINE_ITEM,
        APPORTIONED), created_at (offline sale), delivered=False (no webhook).
        """
        return self.call("POST", "/practice/sales", {"lines": [dict(line) for line in lines], **sale})

    def refund_lines(
        self, order_id: str, lines: Mapping[str, str], reason: str | None = None, *, tip: int | None = None
    ) -> Json:
        """Return lines, {line uid: quantity}, and an amount of the tip.

        Returns {"refunds", "orders"}; the orders are the return orders.
        """
        body = {"order_id": order_id, "lines": _returned(lines), "reason": reason}
        return self.call("POST", "/practice/refunds", body | ({"tip": tip} if tip else {}))

    def refund_amount(
        self,
        amount: int,
        *,
        order_id: str | None = None,
        payment_id: str | None = None,
        reason: str | None = None,
    ) -> Json:
        """Refund an amount, of an order or of one payment."""
        body = {"amount": amount, "order_id": order_id, "payment_id": payment_id, "reason": reason}
        return self.call("POST", "/practice/refunds", body)

    def end_refund(self, refund_id: str, status: str) -> Json:
        """End a refund that `refund_outcome` left pending: COMPLETED, FAILED or REJECTED."""
        return self._one("refund", "POST", f"/refunds/{refund_id}/end", status=status)

    def exchange(
        self, order_id: str, returned: Mapping[str, str], lines: Sequence[Mapping[str, Any]], **sale: Any
    ) -> Json:
        """Return lines, {line uid: quantity}, and sell others. Returns {"order", "payments", "refunds"}."""
        sold = {"lines": [dict(line) for line in lines], **sale}
        body = {"order_id": order_id, "returned": _returned(returned), "sale": sold}
        return self.call("POST", "/practice/exchanges", body)

    def add_customer(self, **profile: Any) -> Json:
        """Add a profile to the customer directory."""
        return self._one("customer", "POST", "/customers", **profile)

    def merge_customers(self, *customer_ids: str) -> Json:
        """Merge profiles. Returns the new one, with its new id."""
        return self._one("customer", "POST", "/customers/merge", customer_ids=list(customer_ids))

    def unmerge_customer(self, customer_id: str, *, has_new_ids: bool = False) -> list[Json]:
        """Restore the profiles that were merged into this one, under their old ids by default."""
        return self._all("customers", "POST", f"/customers/{customer_id}/unmerge", has_new_ids=has_new_ids)

    def delete_customer(self, customer_id: str) -> None:
        """Delete a profile."""
        self.call("DELETE", f"/practice/customers/{customer_id}")

    def recover_customer(self, customer_id: str) -> Json:
        """Restore a deleted profile."""
        return self._one("customer", "POST", f"/customers/{customer_id}/recover")

    # Terminals, payment links, invoices

    def pair_terminal(self, code: str) -> Json:
        """Sign a new terminal in with a device code. Returns the device."""
        return self._one("device", "POST", "/terminals/pair", code=code)

    def show_at_terminal(self, device_id: str) -> Json | None:
        """Let a terminal poll, as it does while its page is open. Returns the checkout it shows."""
        return self._one("checkout", "POST", f"/terminals/{device_id}/show")

    def pay_terminal(self, checkout_id: str, tip: int = 0) -> Json:
        """Tap a card. Returns the checkout, with its payment_ids. A tip only where the checkout asks for one."""
        return self._one("checkout", "POST", f"/checkouts/{checkout_id}/tap", tip=tip)

    def cancel_at_terminal(self, checkout_id: str) -> Json:
        """Press cancel at the terminal, as the client."""
        return self._one("checkout", "POST", f"/checkouts/{checkout_id}/client-cancels")

    def leave_terminal(self, checkout_id: str) -> Json:
        """Let the terminal time out, without the wait: TIMED_OUT."""
        return self._one("checkout", "POST", f"/checkouts/{checkout_id}/leave")

    def pay_link(self, payment_link_id: str, email: str | None = None, tip: int = 0) -> Json:
        """Pay a payment link by card. Returns {"payment", "order"}."""
        path = f"/practice/payment-links/{payment_link_id}/pay"
        return self.call("POST", path, {"email": email, "tip": tip})

    def pay_invoice(self, invoice_id: str, amount: int | None = None, tender: str = "card") -> Json:
        """Pay what is next due, or an amount; tender card, cash or other. Returns {"invoice", "payment", "order"}."""
        return self.call("POST", f"/practice/invoices/{invoice_id}/pay", {"amount": amount, "tender": tender})

    # Faults and deliveries

    def faults(self) -> Json:
        """Return the faults."""
        return self.call("GET", "/practice/faults")

    def set_faults(self, **faults: Any) -> Json:
        """Change the named faults; with none named, turn all of them off."""
        return self.call("PUT", "/practice/faults", faults)

    def deliver(self, *, withheld: bool = False) -> Json:
        """Send every queued event now. Returns {"delivered", "failed", "waiting"}."""
        return self.call("POST", "/practice/deliver", {"withheld": withheld})

    def events(self) -> list[Json]:
        """List deliveries, newest first, with state, attempts, last_answer and the body sent."""
        deliveries: list[Json] = self.call("GET", "/practice/events")["deliveries"]
        return deliveries

    def resend(self, event_id: str) -> None:
        """Send an event again."""
        self.call("POST", f"/practice/events/{event_id}/resend", {})

    def forge(self, kind: str, id_: str, patch: Mapping[str, Any]) -> Json:
        """Overwrite fields of a stored order, payment, refund, customer, booking or catalog object; null removes."""
        return self.call("POST", "/practice/forge", {"kind": kind, "id": id_, "patch": dict(patch)})

    def reset(self, seed: str | None = None) -> None:
        """Reset to a seed."""
        self.call("POST", "/practice/reset", {"seed": seed})

    # Calendar, custom attributes, disputes, catalog, access

    def team(self) -> list[Json]:
        """List the team members, in the order they were added."""
        members: list[Json] = self.call("GET", "/practice/team")["team_members"]
        return members

    def add_team_member(self, given_name: str, family_name: str) -> Json:
        """Add a team member."""
        return self._one("team_member", "POST", "/team", given_name=given_name, family_name=family_name)

    def set_appointments_plan(self, plan: str) -> None:
        """Subscribe the seller to a plan of Square Appointments: plus, free (nobody books by the API) or none."""
        self.call("PUT", "/practice/appointments-plan", {"plan": plan})

    def book(
        self,
        start_at: str,
        *,
        customer_id: str | None = None,
        variation_id: str | None = None,
        team_member_id: str | None = None,
        **booking: Any,
    ) -> Json:
        """Book as the seller does; service and team member default to the first.

        Also: status, duration_minutes, customer_note, seller_note.
        """
        ids = {"customer_id": customer_id, "variation_id": variation_id, "team_member_id": team_member_id}
        return self._one("booking", "POST", "/bookings", start_at=start_at, **ids, **booking)

    def set_booking_status(self, booking_id: str, status: str) -> Json:
        """Accept, decline, cancel (by customer or seller), mark NO_SHOW, or undo that."""
        return self._one("booking", "POST", f"/bookings/{booking_id}/status", status=status)

    def attributes(self, customer_id: str) -> list[Json]:
        """List what the directory shows on a profile: [{"name", "value"}]."""
        found = self.call("GET", f"/practice/customers/{customer_id}/attributes")
        attributes: list[Json] = found["attributes"]
        return attributes

    def open_dispute(self, payment_id: str, reason: str = "NOT_AS_DESCRIBED", **dispute: Any) -> Json:
        """Dispute a card payment. Named: amount (default all), state (default EVIDENCE_REQUIRED)."""
        return self._one("dispute", "POST", "/disputes", payment_id=payment_id, reason=reason, **dispute)

    def move_dispute(self, dispute_id: str, state: str) -> Json:
        """Move a dispute on: PROCESSING, then WON or LOST; or ACCEPTED."""
        return self._one("dispute", "POST", f"/disputes/{dispute_id}/state", state=state)

    def edit_variation(self, id_: str, *, price: int | None = None, name: str | None = None) -> Json:
        """Change a variation in the Dashboard; every edit sends catalog.version.updated."""
        return self._one("object", "PUT", f"/variations/{id_}", price=price, name=name)

    def edit_item(self, id_: str, *, name: str | None = None, is_archived: bool | None = None) -> Json:
        """Change an item in the Dashboard."""
        return self._one("object", "PUT", f"/items/{id_}", name=name, is_archived=is_archived)

    def delete_item(self, id_: str) -> list[str]:
        """Delete an item or a variation. Returns the deleted ids."""
        deleted: list[str] = self.call("DELETE", f"/practice/items/{id_}")["deleted_object_ids"]
        return deleted

    def authorize(
        self, scopes: str, *, code_challenge: str | None = None, redirect_uri: str | None = None
    ) -> str:
        """Grant the application these scopes (space-separated) without the page. Returns the code."""
        body = {"scopes": scopes, "code_challenge": code_challenge, "redirect_uri": redirect_uri}
        return str(self.call("POST", "/practice/access", body)["code"])

    def revoke_access(self, revoker_type: str = "MERCHANT") -> None:
        """End the application's permission from the seller's side (MERCHANT) or Square's (SQUARE)."""
        self.call("POST", "/practice/access/revoke", {"revoker_type": revoker_type})


def _returned(lines: Mapping[str, str]) -> list[Json]:
    return [{"uid": uid, "quantity": quantity} for uid, quantity in lines.items()]


def _errors(body: bytes) -> list[Json]:
    try:
        errors: list[Json] = json.loads(body).get("errors", [])
    except ValueError:
        return []
    return errors
