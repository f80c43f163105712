"""Asking Square about our connection: tokens, scopes, the merchant, webhook subscriptions."""

from __future__ import annotations

from plugin.square.client.asking import Asking


class ConnectionCalls(Asking):
    """How we are let in, and how Square tells us of events."""
