"""Calls about the connection itself: tokens, scopes, the merchant, its locations, webhook subscriptions.

A person waits for most of these answers, so each has a short timeout.
"""

from collections.abc import Sequence
from typing import Any

from plugin.square.client.asking import SOON_S, Asking
from plugin.square.parsing import Json, listed, text

_SUBSCRIPTIONS_A_PAGE = 100


class ConnectionCalls(Asking):
    """The seller's permission, the seller, and the webhook subscriptions."""

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
    """Return the scopes a token status names."""
    scopes = status.get("scopes")
    return tuple(text(one) for one in scopes) if isinstance(scopes, list) else ()


def _subscription(url: str, event_types: Sequence[str]) -> dict[str, Any]:
    return {"notification_url": url, "event_types": list(event_types), "enabled": True}
