"""Asking Square to take money for us: orders of our own, Terminal, payment links, invoices, cash."""

from __future__ import annotations

from plugin.square.client.asking import Asking


class CheckoutCalls(Asking):
    """Every way of selling from the desk."""
