"""Asking Square Appointments who comes when."""

from __future__ import annotations

from plugin.square.client.asking import Asking


class BookingCalls(Asking):
    """Appointments and who gives them."""
