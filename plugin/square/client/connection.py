"""Asking Square about our connection: tokens, scopes, the merchant, webhook subscriptions.

A person waits for most of these answers, so each is given up after seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from square.core.request_options import RequestOptions

from plugin.square.client.asking import Asking
from plugin.square.parsing import Json, text

SOON = RequestOptions(max_retries=0, timeout_in_seconds=4)
_SUBSCRIPTIONS_A_PAGE = 100


class ConnectionCalls(Asking):
    """How we are let in, and how Square tells us of events."""

    def token_status(self) -> Json:
        """Return the scopes of our token, its merchant and its end (none for a personal token)."""
        return self._ask(lambda: self._square.o_auth.retrieve_token_status(request_options=SOON))

    def merchant(self) -> Json:
        """Return the business our token belongs to."""
        return self._one("merchant", lambda: self._square.merchants.get("me", request_options=SOON))

    def obtain_token(self, *, client_id: str, client_secret: str = "", **grant: str) -> Json:
        """Return tokens for a code or a refresh token; raises SquareFailed, square_sign_in where it is worth nothing.

        `grant`: grant_type, code, redirect_uri, code_verifier, refresh_token as the flow asks.
        """
        given: dict[str, Any] = dict(grant)
        if client_secret:
            given["client_secret"] = client_secret
        # Who we are stands in the body: our token, which may have ended, is no business of this call.
        return self._told(
            lambda: self._outside.o_auth.obtain_token(client_id=client_id, request_options=SOON, **given)
        )

    def revoke_token(self, *, client_id: str, client_secret: str, access_token: str) -> None:
        """End the seller's permission, with every token made from it."""
        asked = RequestOptions(**SOON, additional_headers={"Authorization": f"Client {client_secret}"})
        self._told(
            lambda: self._outside.o_auth.revoke_token(
                client_id=client_id, access_token=access_token, request_options=asked
            )
        )

    def subscriptions(self) -> list[Json]:
        """Return our application's webhook subscriptions, also those that are switched off."""

        def page(cursor: Json) -> Any:
            # The pager itself ends at an empty page that has a cursor; its raw answer does not.
            return self._square.webhooks.subscriptions.list(
                include_disabled=True, limit=_SUBSCRIPTIONS_A_PAGE, request_options=SOON, **cursor
            ).response

        return [one for found in self._pages("subscriptions", page) for one in found]

    def subscription(self, subscription_id: str) -> Json:
        """Return one subscription with its signature key; raises SquareNotFound."""
        return self._one(
            "subscription",
            lambda: self._square.webhooks.subscriptions.get(subscription_id, request_options=SOON),
        )

    def create_subscription(
        self, key: str, *, name: str, url: str, event_types: Sequence[str], api_version: str
    ) -> Json:
        """Have Square send these events to this address; returns the subscription with its signature key."""
        wanted: Any = {
            "name": name,
            "notification_url": url,
            "event_types": list(event_types),
            "api_version": api_version,
            "enabled": True,
        }
        return self._one(
            "subscription",
            lambda: self._square.webhooks.subscriptions.create(
                subscription=wanted, idempotency_key=key, request_options=SOON
            ),
        )

    def change_subscription(self, subscription_id: str, *, url: str, event_types: Sequence[str]) -> Json:
        """Have a subscription send these events to this address; raises SquareNotFound."""
        wanted: Any = {"notification_url": url, "event_types": list(event_types), "enabled": True}
        return self._one(
            "subscription",
            lambda: self._square.webhooks.subscriptions.update(
                subscription_id, subscription=wanted, request_options=SOON
            ),
        )

    def test_subscription(self, subscription_id: str, event_type: str) -> Json:
        """Have Square send a sample event now; returns what it sent and how that was answered."""
        answer = self._ask(
            lambda: self._square.webhooks.subscriptions.test(
                subscription_id, event_type=event_type, request_options=SOON
            )
        )
        # Described as nested, said by the SDK's authors to come at the root: both are read.
        nested = answer.get("subscription_test_result")
        return nested if isinstance(nested, dict) else answer


def granted_scopes(status: Json) -> tuple[str, ...]:
    """Return the scopes a token status names."""
    scopes = status.get("scopes")
    return tuple(text(one) for one in scopes) if isinstance(scopes, list) else ()
