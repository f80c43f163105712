"""Asking Square about disputed payments."""

from __future__ import annotations

from plugin.square.client.asking import Asking


class DisputeCalls(Asking):
    """Payments a client's bank has questioned."""
