"""Calls of Square’s API: orders, customers, catalog, checkout, appointments, and the connection itself."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from plugin.core.batches import batched
from plugin.core.money import Money
from plugin.square.client.asking import ANSWER_TIMEOUT_S, SOON_S, Asking, SquareNotFound
from plugin.square.parsing import Json, listed, record, rfc3339, text
from plugin.wording import _

_BOOKINGS_A_PAGE = 100
# As many bookings as Square takes in one request; for customers it names no limit.
MOST_BY_ID = 100
_MOST_OBJECTS = 1000
_INVOICES_A_PAGE = 200
_SUBSCRIPTIONS_A_PAGE = 100
MOST_ON_A_PAGE = 100
MOST_LOCATIONS = 10
_ORDERS_A_PAGE = 200
_REFUNDS_A_PAGE = 100


class SquareClient(Asking):
    """All calls to one Square. All raise SquareFailed, with the code square_plan where a paid plan is missing."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Square writes one catalog change of a seller at a time, and so do we.
        self._writing = threading.Lock()

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

    def customer(self, customer_id: str) -> Json:
        """Return a customer; an id from before a merge returns the new profile. Raises SquareNotFound."""
        return self._one("customer", "GET v2/customers/{}", customer_id)

    def customers_with(
        self,
        field: str,
        value: str,
        *,
        is_exact: bool = True,
        most: int = 20,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> list[Json]:
        """Return the first profiles whose phone_number, email_address or reference_id is, or contains, the value.

        Square has no filter by name.
        """
        answer = self._ask(
            "POST v2/customers/search",
            query={"filter": {field: {"exact" if is_exact else "fuzzy": value}}},
            limit=most,
            timeout_s=timeout_s,
        )
        return listed(answer.get("customers"), "customers")[:most]

    def customers_updated(self, since: datetime | None) -> Iterator[list[Json]]:
        """Yield the profiles changed since then, page by page; all of them for None."""
        query = {"filter": {"updated_at": {"start_at": rfc3339(since)}}} if since is not None else {}
        return self._pages("customers", "POST v2/customers/search", query=query, limit=MOST_ON_A_PAGE)

    def customers_by_id(self, customer_ids: Sequence[str]) -> dict[str, Json]:
        """Return those of these profiles that Square has, by the id asked for; at most a hundred."""
        answer = self._ask("POST v2/customers/bulk-retrieve", customer_ids=customer_ids)
        responses = record(answer.get("responses") or {}, "responses")
        found = {id_: one.get("customer") for id_, one in responses.items() if isinstance(one, dict)}
        return {id_: profile for id_, profile in found.items() if isinstance(profile, dict)}

    def create_customer(self, key: str, profile: Mapping[str, str]) -> Json:
        return self._one("customer", "POST v2/customers", idempotency_key=key, **profile)

    def update_customer(self, customer_id: str, changes: Mapping[str, str | None], version: int) -> Json:
        """Change fields of a profile, None clearing one; returns it. Only the current id is accepted."""
        return self._one("customer", "PUT v2/customers/{}", customer_id, **changes, version=version)

    def customer_attribute_definition(self, attribute: str) -> Json:
        """Return how a custom attribute is defined; raises SquareNotFound."""
        return self._one(
            "custom_attribute_definition", "GET v2/customers/custom-attribute-definitions/{}", attribute
        )

    def define_customer_attribute(self, key: str, definition: Mapping[str, Any]) -> Json:
        """Define a custom attribute for profiles; refused where its key is taken."""
        return self._one(
            "custom_attribute_definition",
            "POST v2/customers/custom-attribute-definitions",
            custom_attribute_definition=definition,
            idempotency_key=key,
        )

    def set_customer_attribute(self, key: str, customer_id: str, attribute: str, value: str) -> Json:
        """Write one custom attribute of a profile, whatever it was; raises SquareNotFound."""
        return self._one(
            "custom_attribute",
            "POST v2/customers/{}/custom-attributes/{}",
            customer_id,
            attribute,
            custom_attribute={"value": value},
            idempotency_key=key,
        )

    def delete_customer_attribute(self, customer_id: str, attribute: str) -> None:
        """Delete one custom attribute of a profile; raises SquareNotFound."""
        self._ask("DELETE v2/customers/{}/custom-attributes/{}", customer_id, attribute)

    def catalog_object(self, object_id: str) -> Json:
        """Return a catalog object with its current version; raises SquareNotFound, also for a deleted one."""
        found = self._one("object", "GET v2/catalog/object/{}", object_id)
        if found.get("is_deleted") is True:
            raise SquareNotFound(_("Square has deleted that item."), permanent=True, code="square_not_found")
        return found

    def catalog_items_named(self, name: str) -> list[Json]:
        """Return the live items of exactly this name."""
        query = {"exact_query": {"attribute_name": "name", "attribute_value": name}}
        return self._all("objects", "POST v2/catalog/search", object_types=["ITEM"], query=query)

    def catalog_objects(self, object_ids: Sequence[str]) -> list[Json]:
        """Return those of the objects that exist, deleted ones too."""
        found: list[Json] = []
        for some in batched(object_ids, _MOST_OBJECTS):
            answer = self._ask(
                "POST v2/catalog/batch-retrieve", object_ids=some, include_deleted_objects=True
            )
            found += listed(answer.get("objects"), "objects")
        return found

    def catalog_items_with(self, words: str, *, most: int, timeout_s: float) -> list[Json]:
        """Return the first items whose name, or a variation's, contains the words."""
        answer = self._ask(
            "POST v2/catalog/search-catalog-items",
            text_filter=words,
            limit=most,
            timeout_s=timeout_s,
        )
        return listed(answer.get("items"), "items")[:most]

    def upsert_catalog_object(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Write one catalog object; returns Square's whole answer, with the new ids in `id_mappings`."""
        with self._writing:
            return self._ask("POST v2/catalog/object", idempotency_key=key, object=wanted)

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

    def booking(self, booking_id: str) -> Json:
        """Return an appointment; raises SquareNotFound."""
        return self._one("booking", "GET v2/bookings/{}", booking_id)

    def bookings(
        self, begins: datetime, ends: datetime, location_id: str | None, *, customer_id: str | None = None
    ) -> Iterator[list[Json]]:
        """Yield pages of the appointments that start in this time, at most 31 days; None: of all locations, clients."""
        return self._pages(
            "bookings",
            "GET v2/bookings",
            # Left out, Square lists from now on: the morning's appointments would be missing.
            start_at_min=rfc3339(begins),
            start_at_max=rfc3339(ends),
            limit=_BOOKINGS_A_PAGE,
            **({"location_id": location_id} if location_id else {}),
            **({"customer_id": customer_id} if customer_id else {}),
        )

    def bookings_by_id(self, booking_ids: Sequence[str]) -> list[Json]:
        """Return those of these appointments that Square has, at most a hundred."""
        answer = self._ask("POST v2/bookings/bulk-retrieve", booking_ids=booking_ids)
        found = record(answer.get("bookings") or {}, "bookings")
        answers = listed(list(found.values()), "booking answers")
        return listed([one["booking"] for one in answers if one.get("booking")], "bookings")

    def free_times(
        self,
        begins: datetime,
        ends: datetime,
        *,
        location_id: str,
        service_id: str,
        team_member_id: str | None,
        booking_id: str | None = None,
    ) -> list[Json]:
        """Return the free times of a service in this time, a day to 32 days long; None: with anybody.

        `booking_id`: those that this appointment could be moved to, whose own service and team member count.
        """
        segment: dict[str, Any] = {"service_variation_id": service_id}
        if team_member_id:
            segment["team_member_id_filter"] = {"any": [team_member_id]}
        wish: Json = {"location_id": location_id, "segment_filters": [segment]}
        if booking_id:
            wish = {"booking_id": booking_id}
        wish["start_at_range"] = {"start_at": rfc3339(begins), "end_at": rfc3339(ends)}
        answer = self._ask("POST v2/bookings/availability/search", query={"filter": wish})
        return listed(answer.get("availabilities"), "availabilities")

    def create_booking(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Book an appointment; the same key and appointment again return the same one."""
        return self._one("booking", "POST v2/bookings", booking=wanted, idempotency_key=key)

    def update_booking(self, key: str, booking_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an appointment, with the `version` that was read; raises SquareFailed where that is not current."""
        return self._one("booking", "PUT v2/bookings/{}", booking_id, booking=changes, idempotency_key=key)

    def cancel_booking(self, key: str, booking_id: str, version: int) -> Json:
        return self._one(
            "booking", "POST v2/bookings/{}/cancel", booking_id, booking_version=version, idempotency_key=key
        )

    def business_booking_profile(self) -> Json:
        """Return how the seller takes bookings."""
        return self._one(
            "business_booking_profile", "GET v2/bookings/business-booking-profile", timeout_s=SOON_S
        )

    def bookable_team(self) -> list[Json]:
        """Return the booking profiles of the team members who can be booked."""
        return self._all(
            "team_member_booking_profiles",
            "GET v2/bookings/team-member-booking-profiles",
            bookable_only=True,
            limit=_BOOKINGS_A_PAGE,
            timeout_s=SOON_S,
        )

    def services(self) -> list[Json]:
        """Return the catalog items that can be booked, with their variations."""
        return self._all(
            "items",
            "POST v2/catalog/search-catalog-items",
            product_types=["APPOINTMENTS_SERVICE"],
            limit=_BOOKINGS_A_PAGE,
            timeout_s=SOON_S,
        )

    def team_member(self, team_member_id: str) -> Json:
        """Return a member of the seller's team; raises SquareNotFound."""
        return self._one("team_member", "GET v2/team-members/{}", team_member_id)

    def token_status(self) -> Json:
        """Return the scopes of our token, its merchant and its end (none for a personal token)."""
        return self._ask("POST oauth2/token/status", timeout_s=SOON_S)

    def merchant(self) -> Json:
        """Return the business our token belongs to."""
        return self._one("merchant", "GET v2/merchants/me", timeout_s=SOON_S)

    def location(self, location_id: str) -> Json:
        """Return a location; "main" is the merchant's first."""
        return self._one("location", "GET v2/locations/{}", location_id)

    def locations(self) -> list[Json]:
        return listed(self._ask("GET v2/locations").get("locations"), "locations")

    def obtain_token(self, *, client_id: str, client_secret: str = "", **grant: str) -> Json:
        """Return tokens for a code or a refresh token; raises SquareFailed, square_sign_in where it is not valid.

        `grant`: grant_type, code, redirect_uri, code_verifier, refresh_token as the flow asks.
        """
        if client_secret:
            grant["client_secret"] = client_secret
        # The body authenticates this call: our token, which may have expired, is not sent.
        return self._ask_unsigned("POST oauth2/token", timeout_s=SOON_S, client_id=client_id, **grant)

    def revoke_token(self, *, client_id: str, client_secret: str, access_token: str) -> None:
        """End the seller's permission, with every token made from it."""
        self._ask_unsigned(
            "POST oauth2/revoke",
            timeout_s=SOON_S,
            authorization=f"Client {client_secret}",
            client_id=client_id,
            access_token=access_token,
        )

    def subscriptions(self) -> list[Json]:
        """Return our application's webhook subscriptions, disabled ones too."""
        return self._all(
            "subscriptions",
            "GET v2/webhooks/subscriptions",
            include_disabled=True,
            limit=_SUBSCRIPTIONS_A_PAGE,
            timeout_s=SOON_S,
        )

    def subscription(self, subscription_id: str) -> Json:
        """Return one subscription with its signature key; raises SquareNotFound."""
        return self._one(
            "subscription", "GET v2/webhooks/subscriptions/{}", subscription_id, timeout_s=SOON_S
        )

    def create_subscription(
        self, key: str, *, name: str, url: str, event_types: Sequence[str], api_version: str
    ) -> Json:
        """Have Square send these events to this address; returns the subscription with its signature key."""
        wanted = {**_subscription(url, event_types), "name": name, "api_version": api_version}
        return self._one(
            "subscription",
            "POST v2/webhooks/subscriptions",
            subscription=wanted,
            idempotency_key=key,
            timeout_s=SOON_S,
        )

    def change_subscription(self, subscription_id: str, *, url: str, event_types: Sequence[str]) -> Json:
        """Have a subscription send these events to this address; raises SquareNotFound."""
        return self._one(
            "subscription",
            "PUT v2/webhooks/subscriptions/{}",
            subscription_id,
            subscription=_subscription(url, event_types),
            timeout_s=SOON_S,
        )

    def test_subscription(self, subscription_id: str, event_type: str) -> Json:
        """Have Square send a sample event now; return what it sent and our response."""
        answer = self._ask(
            "POST v2/webhooks/subscriptions/{}/test", subscription_id, event_type=event_type, timeout_s=SOON_S
        )
        # Nested in Square's OpenAPI document, at the root in the SDK: both are read.
        nested = answer.get("subscription_test_result")
        return nested if isinstance(nested, dict) else answer


def granted_scopes(status: Json) -> tuple[str, ...]:
    scopes = status.get("scopes")
    return tuple(text(one) for one in scopes) if isinstance(scopes, list) else ()


def _subscription(url: str, event_types: Sequence[str]) -> dict[str, Any]:
    return {"notification_url": url, "event_types": list(event_types), "enabled": True}
